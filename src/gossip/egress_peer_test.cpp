// The lanes between peers: who passes whom, bounds, and what spends credit. OAP-5.18
#include <gtest/gtest.h>

#include "gossip/egress.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::gossip::testing {
namespace {

constexpr LaneBound kWide{1000, 1U << 20U};

RunRef frame_of(std::size_t size, CorrId number) {
  const std::vector<std::uint8_t> payload(size);
  return RunRef::make(oap::make_frame(oap::kEvent, {}, number, payload), 1,
                      static_cast<std::uint32_t>(size));
}

class PeerEgress : public ::testing::Test {
 protected:
  PeerEgress() { egress_.become_peer(); }

  bool push(PeerLane lane, CorrId number, std::size_t size = 10, bool counted = true) {
    return egress_.push_peer(lane, {frame_of(size, number), counted, now_}, kWide);
  }

  // The numbers of the frames of one gather.
  std::vector<CorrId> gather(std::size_t max_bytes, std::int64_t* credit = nullptr) {
    egress_.stage(max_bytes, credit);
    std::array<IoPiece, kStageEntries> pieces;
    std::vector<CorrId> numbers;
    std::size_t size = 0;
    for (std::size_t i = 0, count = egress_.pieces(pieces); i < count; ++i) {
      numbers.push_back(oap::read_header(static_cast<const std::uint8_t*>(pieces[i].data)).corr);
      size += pieces[i].size;
    }
    egress_.wrote(size);
    return numbers;
  }

  Egress egress_;
  Instant now_;
};

TEST_F(PeerEgress, ControlPassesWhateverWaits) {
  for (CorrId i = 0; i < 100; ++i) push(PeerLane::kOwn, 1, 1000);
  for (CorrId i = 0; i < 100; ++i) push(PeerLane::kRelay, 2, 1000);
  gather(4000);
  for (int i = 0; i < 3; ++i) egress_.push_answer(frame_of(10, 9));
  const auto next = gather(4000);
  ASSERT_GE(next.size(), 3U);
  EXPECT_EQ((std::vector<CorrId>(next.begin(), next.begin() + 3)), (std::vector<CorrId>{9, 9, 9}));
}

TEST_F(PeerEgress, OthersShareByWeightAndNobodyStarves) {
  constexpr std::size_t kSize = 1000 - oap::kHeaderSize;
  for (int i = 0; i < 900; ++i) {
    push(PeerLane::kOwn, 1, kSize);
    push(PeerLane::kRelay, 2, kSize);
    push(PeerLane::kLazy, 3, kSize);
  }
  std::map<CorrId, int> sent;
  for (int i = 0; i < 10; ++i) {
    for (const CorrId number : gather(60'000)) ++sent[number];
  }
  EXPECT_GT(sent[1], sent[2] * 3 / 2);  // 64 : 32 : 8
  EXPECT_GT(sent[2], sent[3] * 3);
  EXPECT_GT(sent[3], 20);
}

TEST_F(PeerEgress, AFullLaneLosesTheNewestAndNoOther) {
  const LaneBound two{2, 1000};
  const auto push_two = [&](PeerLane lane, CorrId number) {
    return egress_.push_peer(lane, {frame_of(10, number)}, two);
  };
  EXPECT_TRUE(push_two(PeerLane::kRelay, 1));
  EXPECT_TRUE(push_two(PeerLane::kRelay, 2));
  EXPECT_FALSE(push_two(PeerLane::kRelay, 3));
  EXPECT_TRUE(push_two(PeerLane::kOwn, 4));
  EXPECT_EQ(egress_.held(PeerLane::kRelay).frames, 2U);
  EXPECT_EQ(egress_.held(PeerLane::kRelay).bytes, 2 * (oap::kHeaderSize + 10));
  EXPECT_EQ(egress_.held(PeerLane::kLazy).frames, 0U);
  EXPECT_EQ(gather(1 << 20), (std::vector<CorrId>{4, 1, 2})) << "and no word about the gap";
  EXPECT_TRUE(egress_.idle());
}

TEST_F(PeerEgress, BytesAreBoundedButAnEmptyLaneTakesAnyFrame) {
  const LaneBound small{100, 200};
  EXPECT_TRUE(egress_.push_peer(PeerLane::kOwn, {frame_of(5000, 1)}, small));
  EXPECT_FALSE(egress_.push_peer(PeerLane::kOwn, {frame_of(1, 2)}, small));
}

TEST_F(PeerEgress, OnlyCountedFramesWaitForCredit) {
  push(PeerLane::kLazy, 1, 10, false);
  push(PeerLane::kRelay, 2);
  push(PeerLane::kRelay, 3);
  std::int64_t credit = 1;
  EXPECT_EQ(gather(1 << 20, &credit), (std::vector<CorrId>{2, 1}));
  EXPECT_EQ(credit, 1 - static_cast<std::int64_t>(oap::kHeaderSize + 10));
  EXPECT_FALSE(egress_.sendable(false));
  EXPECT_TRUE(egress_.sendable(true));
  push(PeerLane::kLazy, 4, 10, false);
  EXPECT_TRUE(egress_.sendable(false));
  push(PeerLane::kLazy, 5, 10, false);
  egress_.pack(static_cast<unsigned>(PeerLane::kLazy), nullptr);  // none of these is joined
  EXPECT_EQ(gather(1 << 20, &credit), (std::vector<CorrId>{4, 5}));
}

TEST_F(PeerEgress, WhatHasWaitedTooLongLeavesTheHead) {
  using namespace std::chrono_literals;
  push(PeerLane::kRelay, 1);
  push(PeerLane::kOwn, 9);
  now_ = now_ + 1s;
  push(PeerLane::kRelay, 2);
  now_ = now_ + 1s;
  push(PeerLane::kRelay, 3);
  EXPECT_EQ(egress_.shed_late(PeerLane::kRelay, now_, 2s).frames, 0U) << "just in time";
  const Late late = egress_.shed_late(PeerLane::kRelay, now_ + 500ms, 1s);
  EXPECT_EQ(late.frames, 2U);
  EXPECT_EQ(late.longest, 2500ms);
  EXPECT_EQ(egress_.held(PeerLane::kRelay).frames, 1U);
  EXPECT_EQ(egress_.gossip_bytes(), 2 * (oap::kHeaderSize + 10));
  EXPECT_EQ(gather(1 << 20), (std::vector<CorrId>{9, 3}));
  EXPECT_EQ(egress_.shed_late(PeerLane::kRelay, now_ + 1h, 1s).frames, 0U);
  push(PeerLane::kRelay, 4);
  EXPECT_EQ(egress_.shed_late(PeerLane::kRelay, now_ + 3s, 1s).frames, 1U);
  EXPECT_TRUE(egress_.idle()) << "and owns nothing";
}

TEST_F(PeerEgress, HowLongPublicationsWaitIsNoted) {
  using namespace std::chrono_literals;
  LatencyHistogram waits;
  push(PeerLane::kOwn, 1);
  push(PeerLane::kLazy, 2);
  egress_.push_answer(frame_of(10, 3));
  now_ = now_ + 3ms;
  push(PeerLane::kRelay, 4);
  egress_.stage(1 << 20, nullptr, now_ + 1ms, waits);
  EXPECT_EQ(waits.counts[2], 1U) << "1 ms";
  EXPECT_EQ(waits.counts[4], 1U) << "4 ms";
  EXPECT_EQ(waits.sum, 5ms) << "announcements and answers do not count";
  push(PeerLane::kRelay, 5);
  gather(1 << 20);
  EXPECT_EQ(waits.sum, 5ms) << "nobody asked";
}

}  // namespace
}  // namespace ron::gossip::testing
