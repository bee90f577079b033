// Lanes: bounds, exact counts, gaps, reserves, fair service, credit. OAP-4.43 to 4.45, OAP-5.*.
#include "gossip/egress.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

#include "gossip/egress_model.hpp"
#include "oap/parser.hpp"

namespace ron::gossip::testing {
namespace {

constexpr std::uint32_t kAny = oap::kMaxFrame;

// A gossip frame of `size` payload bytes; lane and number are in the header, to be told apart.
Wire frame_of(std::size_t size, unsigned lane = 0, std::uint64_t number = 0) {
  const Wire payload(size, static_cast<std::uint8_t>(lane));
  const Slice frame = oap::make_frame(oap::kEvent, {0, lane}, number + 1, payload);
  return {frame.bytes().begin(), frame.bytes().end()};
}

RunRef run_of(const std::vector<Wire>& frames) {
  Wire all;
  std::size_t largest = 0;
  for (const Wire& frame : frames) {
    all.insert(all.end(), frame.begin(), frame.end());
    largest = std::max(largest, frame.size() - oap::kHeaderSize);
  }
  return RunRef::make(Slice::copy_of(all, nullptr), static_cast<std::uint32_t>(frames.size()),
                      static_cast<std::uint32_t>(largest));
}

RunRef many(std::size_t count, std::size_t size, unsigned lane, std::uint64_t first = 0) {
  std::vector<Wire> frames;
  for (std::size_t i = 0; i < count; ++i) frames.push_back(frame_of(size, lane, first + i));
  return run_of(frames);
}

// All staged bytes.
Wire staged(const Egress& egress) {
  std::vector<IoPiece> pieces(100'000);
  const std::size_t count = egress.pieces(pieces);
  Wire all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* at = static_cast<const std::uint8_t*>(pieces[i].data);
    all.insert(all.end(), at, at + pieces[i].size);
  }
  return all;
}

struct Told {
  std::uint64_t lagged = 0;  // 0: a publication or answer
  unsigned lane = 0;
  std::uint64_t number = 0;
  std::size_t size = 0;  // on the wire
  bool resp = false;
};

std::vector<Told> read(const Wire& wire) {
  std::vector<Told> told;
  oap::Parser parser(oap::kMaxFrame, nullptr);
  Slice input = Slice::copy_of(wire, nullptr);
  for (;;) {
    const auto next = parser.next(input);
    if (!next || !*next) break;
    const oap::Header& header = (*next)->header;
    Told one{0, static_cast<unsigned>(header.tenant.lo), header.corr - 1, header.wire_size(),
             header.has(oap::kResp)};
    if (header.corr == 0) {
      one = {*oap::read_lagged(*oap::read_message((*next)->payload())), 0, 0, 0, false};
    }
    told.push_back(one);
  }
  EXPECT_FALSE(parser.mid_frame());
  return told;
}

std::vector<Told> take_all(Egress& egress, std::int64_t* credit = nullptr) {
  Wire all;
  for (;;) {
    egress.stage(64 * 1024, credit);
    const Wire part = staged(egress);
    if (part.empty()) break;
    all.insert(all.end(), part.begin(), part.end());
    egress.wrote(part.size());
  }
  return read(all);
}

// "3 1-2 L5": publications 3, 1 and 2, and a gap of five.
std::string order(const std::vector<Told>& told) {
  std::string text;
  for (const Told& one : told) {
    if (!text.empty()) text += ' ';
    text += one.lagged > 0 ? "L" + std::to_string(one.lagged) : std::to_string(one.number);
  }
  return text;
}

LaneLimits small(DropPolicy policy, std::uint32_t frames = 4) {
  LaneLimits limits;
  limits.gossip_frames = frames;
  limits.policy = policy;
  return limits;
}

TEST(Egress, OwnsNothingWhenIdle) {
  Egress egress;
  EXPECT_TRUE(egress.idle());
  EXPECT_FALSE(egress.sendable(true));
  egress.push(0, many(3, 10, 0), kAny, {});
  egress.push_answer(run_of({frame_of(5)}));
  EXPECT_FALSE(egress.idle());
  take_all(egress);
  EXPECT_TRUE(egress.idle());
  egress.note_lost(1, 2);
  EXPECT_FALSE(egress.idle());
  egress.drop_gossip();
  EXPECT_TRUE(egress.idle());
  LaneLimits none = small(DropPolicy::kDisconnect, 0);
  EXPECT_TRUE(egress.push(0, many(1, 10, 0), kAny, none).disconnect);
  EXPECT_TRUE(egress.idle());
  EXPECT_EQ(egress.staged_bytes() + egress.answers() + egress.gossip_frames(), 0U);
}

TEST(Egress, NewestIsShedAndTheGapStandsAtTheEnd) {  // OAP-5.19 OAP-4.43 OAP-4.45
  Egress egress;
  const LaneLimits limits = small(DropPolicy::kNewest);
  PushResult result = egress.push(0, many(6, 10, 0), kAny, limits);
  EXPECT_EQ(result.queued, 4U);
  EXPECT_EQ(result.shed_full, 2U);
  result = egress.push(0, many(3, 10, 0, 6), kAny, limits);
  EXPECT_EQ(result.queued, 0U);
  EXPECT_EQ(result.shed_full, 3U);
  egress.stage(60, nullptr);  // two frames make room for two after the gap
  egress.wrote(egress.staged_bytes());
  egress.push(0, many(3, 10, 0, 9), kAny, limits);
  EXPECT_EQ(order(take_all(egress)), "2 3 L5 9 10 L1");
  EXPECT_TRUE(egress.idle());
}

TEST(Egress, OldestIsShedAndTheGapStandsInFront) {  // OAP-5.19 OAP-4.43 OAP-4.45
  Egress egress;
  const LaneLimits limits = small(DropPolicy::kOldest);
  PushResult result = egress.push(0, many(6, 10, 0), kAny, limits);
  EXPECT_EQ(result.queued, 6U);
  EXPECT_EQ(result.shed_full, 2U) << "of those already queued";
  result = egress.push(0, many(1, 10, 0, 6), kAny, limits);
  EXPECT_EQ(result.shed_full, 1U);
  EXPECT_EQ(order(take_all(egress)), "L3 3 4 5 6");
}

TEST(Egress, OldestMergesTheGapsItMeets) {
  Egress egress;
  const LaneLimits limits = small(DropPolicy::kOldest, 3);
  egress.push(0, many(1, 10, 0, 0), kAny, limits);
  egress.note_lost(0, 7);
  egress.push(0, many(2, 10, 0, 1), kAny, limits);
  egress.push(0, many(1, 10, 0, 3), kAny, limits);  // sheds 0, which stood before the gap
  EXPECT_EQ(order(take_all(egress)), "L8 1 2 3");
}

TEST(Egress, NothingOldIsGivenUpInVain) {
  Egress egress;
  LaneLimits limits = small(DropPolicy::kOldest, 1000);
  limits.gossip_bytes = 3200;
  egress.push(0, many(5, 100, 0), kAny, limits);
  const PushResult result = egress.push(0, many(1, 3300, 0, 5), kAny, limits);
  EXPECT_EQ(result.queued, 0U);
  EXPECT_EQ(result.shed_full, 1U);
  EXPECT_EQ(order(take_all(egress)), "0 1 2 3 4 L1");
}

TEST(Egress, DisconnectTellsAndCountsTheRest) {  // OAP-5.19
  Egress egress;
  const PushResult result = egress.push(0, many(6, 10, 0), kAny, small(DropPolicy::kDisconnect));
  EXPECT_TRUE(result.disconnect);
  EXPECT_EQ(result.queued, 4U);
  EXPECT_EQ(result.shed_full, 2U);
}

TEST(Egress, AFrameOverMaxFrameIsAGapWhereItStood) {  // OAP-4.43 OAP-3.19
  Egress egress;
  const RunRef run = run_of({frame_of(10, 0, 0), frame_of(101, 0, 1), frame_of(500, 0, 2),
                             frame_of(100, 0, 3), frame_of(101, 0, 4)});
  const PushResult result = egress.push(0, run, 100, {});
  EXPECT_EQ(result.queued, 2U);
  EXPECT_EQ(result.shed_too_large, 3U);
  EXPECT_EQ(result.shed_full, 0U);
  EXPECT_EQ(order(take_all(egress)), "0 L2 3 L1");
}

TEST(Egress, ACompressedFrameCountsByItsInflatedSize) {  // OAP-1.13
  Egress egress;
  const Wire wire = frame_of(50);
  const RunRef run = RunRef::make(Slice::copy_of(wire, nullptr), 1, 400);
  EXPECT_EQ(egress.push(0, run, 399, {}).shed_too_large, 1U);
  EXPECT_EQ(egress.push(0, run, 400, {}).queued, 1U);
}

TEST(Egress, AFloodLeavesEachOtherLaneItsReserve) {  // OAP-5.13
  for (const auto policy : {DropPolicy::kNewest, DropPolicy::kOldest}) {
    Egress egress;
    LaneLimits limits = small(policy, 3200);
    limits.gossip_bytes = 1U << 20U;
    for (int i = 0; i < 50; ++i) egress.push(3, many(100, 10, 3), kAny, limits);
    EXPECT_EQ(egress.gossip_frames(), 3200U - 7 * 100);
    EXPECT_FALSE(egress.has_room(3, 1, 41, limits));
    for (unsigned lane = 0; lane < kGossipLanes; ++lane) {
      if (lane == 3) continue;
      EXPECT_TRUE(egress.has_room(lane, 100, 4100, limits));
      EXPECT_FALSE(egress.has_room(lane, 101, 4100, limits));
      EXPECT_EQ(egress.push(lane, many(100, 10, lane), kAny, limits).queued, 100U);
    }
    EXPECT_EQ(egress.gossip_frames(), 3200U);
    EXPECT_FALSE(egress.has_room(4, 1, 41, limits));
    EXPECT_EQ(egress.push(4, many(5, 10, 4), kAny, limits).shed_full, 5U);
    EXPECT_EQ(egress.gossip_frames(), 3200U);
  }
}

TEST(Egress, TheReserveHoldsInBytesToo) {  // OAP-5.13
  Egress egress;
  LaneLimits limits;
  limits.gossip_bytes = 32'000;
  egress.push(0, many(400, 69, 0), kAny, limits);  // 100 bytes on the wire
  EXPECT_EQ(egress.gossip_bytes(), 25'000U);
  EXPECT_EQ(egress.push(1, many(20, 69, 1), kAny, limits).queued, 10U);
  EXPECT_EQ(egress.gossip_bytes(), 26'000U);
}

TEST(Egress, HasRoomTellsWhatPushWouldDo) {
  const LaneLimits limits = small(DropPolicy::kNewest, 64);  // the others are promised 7 x 2
  Egress fresh;
  EXPECT_TRUE(fresh.has_room(0, 50, 100, limits));
  EXPECT_FALSE(fresh.has_room(0, 51, 100, limits));
  EXPECT_EQ(fresh.push(0, many(64, 10, 0), kAny, limits).queued, 50U);
  EXPECT_FALSE(fresh.has_room(0, 1, 1, limits));
}

TEST(Egress, AnswersAreNeverShedAndPassWaitingGossip) {  // OAP-5.15 OAP-5.7
  Egress egress;
  std::int64_t credit = 0;
  const LaneLimits limits;
  egress.push(0, many(10, 100, 0), kAny, limits);
  for (std::uint64_t i = 0; i < 1000; ++i) egress.push_answer(run_of({frame_of(20, 9, i)}));
  EXPECT_EQ(egress.answers(), 1000U);
  EXPECT_TRUE(egress.sendable(false));
  const auto got = take_all(egress, &credit);
  EXPECT_EQ(got.size(), 1000U);
  EXPECT_EQ(egress.answers(), 0U);
  EXPECT_FALSE(egress.sendable(false));
  EXPECT_TRUE(egress.sendable(true));
  EXPECT_EQ(egress.gossip_frames(), 10U);
}

TEST(Egress, CreditIsOverdrawnByAtMostOneFrame) {  // OAP-5.8
  for (const std::int64_t window : {1, 130, 131, 132, 655, 1000}) {
    Egress egress;
    std::int64_t credit = window;
    egress.push(2, many(10, 100, 2), kAny, {});  // 131 on the wire
    const auto count = static_cast<std::int64_t>(take_all(egress, &credit).size());
    EXPECT_EQ(count, (window + 130) / 131);
    EXPECT_EQ(credit, window - count * 131);
    EXPECT_LE(credit, 0);
    EXPECT_GT(credit, -131);
    credit += 131 * 20;
    EXPECT_EQ(static_cast<std::int64_t>(take_all(egress, &credit).size()), 10 - count);
  }
}

TEST(Egress, AGapPassesWithoutCredit) {  // OAP-4.44 OAP-5.7
  Egress egress;
  std::int64_t credit = 0;
  egress.note_lost(5, 3);
  egress.push(5, many(1, 10, 5), kAny, {});
  EXPECT_TRUE(egress.sendable(false));
  EXPECT_EQ(order(take_all(egress, &credit)), "L3");
  EXPECT_FALSE(egress.sendable(false));
}

TEST(Egress, WroteTellsWhatWentAtEveryCut) {
  Egress whole;
  const auto fill = [](Egress& egress) {
    egress.push_answer(run_of({frame_of(3, 9, 0)}));
    egress.push(1, many(2, 4, 1), kAny, {});
    egress.note_lost(1, 11);
    egress.push(1, many(1, 5, 1, 2), kAny, {});
    egress.stage(1 << 20, nullptr);
  };
  fill(whole);
  const Wire all = staged(whole);
  for (std::size_t cut = 1; cut <= all.size(); ++cut) {
    Egress egress;
    fill(egress);
    Sent sum;
    Wire wire;
    while (egress.staged_bytes() > 0) {
      const Wire left = staged(egress);
      ASSERT_EQ(left.size(), egress.staged_bytes());
      const std::size_t take = std::min(cut, left.size());
      wire.insert(wire.end(), left.begin(), left.begin() + static_cast<std::ptrdiff_t>(take));
      const Sent sent = egress.wrote(take);
      sum.frames += sent.frames;
      sum.answers += sent.answers;
      sum.lagged += sent.lagged;
      sum.gossip += sent.gossip;
    }
    EXPECT_EQ(wire, all);
    EXPECT_EQ(sum.frames, 5U);
    EXPECT_EQ(sum.answers, 1U);
    EXPECT_EQ(sum.lagged, 11U);
    EXPECT_EQ(sum.gossip, 3U);
    EXPECT_TRUE(egress.idle());
  }
}

TEST(Egress, PiecesFillWhatTheyAreGiven) {
  Egress egress;
  for (unsigned lane = 0; lane < 5; ++lane) egress.push(lane, many(1, 10, lane), kAny, {});
  egress.stage(1 << 20, nullptr);
  std::array<IoPiece, 3> three;
  EXPECT_EQ(egress.pieces(three), 3U);
  egress.wrote(41 * 3);
  EXPECT_EQ(egress.pieces(three), 2U);
}

TEST(Egress, AnEndedSessionKeepsAnswersAndTheStage) {
  Egress egress;
  egress.push(0, many(2, 10, 0), kAny, {});
  egress.stage(1, nullptr);  // one frame stands on the stage, whole
  egress.push_answer(run_of({frame_of(5, 9, 7)}));
  egress.note_lost(0, 4);
  egress.drop_gossip();
  EXPECT_EQ(egress.gossip_frames(), 0U);
  EXPECT_EQ(egress.gossip_bytes(), 0U);
  EXPECT_EQ(order(take_all(egress)), "0 7");
}

// ---- fair service ------------------------------------------------------------------------------

struct Service {
  std::size_t gather;
  std::array<std::size_t, kGossipLanes> frame_sizes;
};

// With every lane always full, bytes served to two lanes differ by at most what one visit can:
// a quantum and the frames that begin and end it. // OAP-5.14
void expect_fair(const Service& service) {
  constexpr std::size_t kQuantum = 16 * 1024;
  Egress egress;
  LaneLimits limits;
  limits.gossip_frames = 1'000'000;
  limits.gossip_bytes = 64U << 20U;
  std::size_t largest = 0;
  std::array<std::uint64_t, kGossipLanes> served{};
  for (const std::size_t size : service.frame_sizes) largest = std::max(largest, size);
  const auto refill = [&] {
    for (unsigned lane = 0; lane < kGossipLanes; ++lane) {
      const std::size_t size = service.frame_sizes[lane];
      const std::size_t count = (1U << 20U) / size + 1;
      while (
          egress.push(lane, many(count, size - oap::kHeaderSize, lane), kAny, limits).shed_full ==
          0) {
      }
    }
    egress.push_answer(run_of({frame_of(100, 9)}));
  };
  refill();
  std::array<std::uint64_t, kGossipLanes> before = served;
  for (std::size_t sum = 0; sum < (12U << 20U);) {
    egress.stage(service.gather, nullptr);
    const Wire wire = staged(egress);
    for (const Told& one : read(wire)) {
      if (one.lagged == 0 && one.lane < kGossipLanes) served[one.lane] += one.size;
    }
    egress.wrote(wire.size());
    sum += wire.size();
    if (egress.gossip_bytes() < (32U << 20U)) refill();
    const auto [low, high] = std::ranges::minmax(served);
    ASSERT_LE(high - low, kQuantum + largest) << "gather " << service.gather;
  }
  for (unsigned lane = 0; lane < kGossipLanes; ++lane) EXPECT_GT(served[lane], before[lane]);
}

TEST(EgressService, LanesGetEqualBytesHoweverLargeTheirFrames) {  // OAP-5.14 OAP-5.16
  for (const std::size_t gather : {std::size_t{1024}, std::size_t{65'536}}) {
    expect_fair({gather, {100, 100, 100, 100, 100, 100, 100, 100}});
    expect_fair({gather, {60, 200, 1000, 5000, 16'384, 16'385, 40'000, 100'000}});
  }
}

TEST(EgressService, AnAnswerNeverWaitsBehindAFlood) {  // OAP-5.14
  Egress egress;
  LaneLimits limits;
  for (unsigned lane = 0; lane < kGossipLanes; ++lane) {
    egress.push(lane, many(1000, 470, lane), kAny, limits);
  }
  egress.stage(1, nullptr);
  egress.wrote(egress.staged_bytes());
  egress.push_answer(run_of({frame_of(5, 9, 7)}));
  std::size_t before = 0;
  for (bool found = false; !found;) {
    egress.stage(4096, nullptr);
    const Wire wire = staged(egress);
    ASSERT_FALSE(wire.empty());
    for (const Told& one : read(wire)) {
      if (one.lane == 9) found = true;
      if (!found) before += one.size;
    }
    egress.wrote(wire.size());
  }
  EXPECT_LE(before, kGossipLanes * (16U * 1024 + 501));
}

TEST(EgressService, ACreditBlockedLaneSavesNothingUp) {
  Egress egress;
  std::int64_t credit = 0;
  egress.push(0, many(3000, 69, 0), kAny, {});
  for (int i = 0; i < 100; ++i) {
    egress.push_answer(run_of({frame_of(5, 9)}));
    egress.stage(65'536, &credit);
    egress.wrote(egress.staged_bytes());
  }
  egress.push(1, many(3000, 69, 1), kAny, {});
  credit = 1 << 20;
  std::map<unsigned, std::size_t> got;
  egress.stage(32 * 1024, &credit);
  for (const Told& one : read(staged(egress))) got[one.lane] += one.size;
  EXPECT_LE(got[0], 17U * 1024);
}

// ---- against the naive twin --------------------------------------------------------------------

class Twins {
 public:
  Twins() {
    limits_.policy = static_cast<DropPolicy>(*rc::gen::inRange(0, 3));
    limits_.gossip_frames = *rc::gen::element(0U, 3U, 20U, 64U, 300U);
    limits_.gossip_bytes = *rc::gen::element(200U, 2000U, 20'000U, 200'000U);
    limited_ = *rc::gen::arbitrary<bool>();
    credit_ = model_credit_ = *rc::gen::inRange(0, 5000);
  }

  void step() {
    switch (*rc::gen::inRange(0, 14)) {
      case 0: push_answer(); break;
      case 1: note_lost(); break;
      case 2: give_credit(); break;
      case 3:
      case 4: stage(); break;
      case 5:
      case 6: write(); break;
      case 7:
        if (*rc::gen::inRange(0, 10) == 0) {
          egress_.drop_gossip();
          model_.drop_gossip();
        }
        break;
      case 8:
      case 9: egress_.pack(*rc::gen::inRange(0U, kGossipLanes), nullptr); break;
      default: push(); break;
    }
    compare();
  }

 private:
  void push() {
    const auto lane = *rc::gen::inRange(0U, kGossipLanes);
    const auto count = *rc::gen::inRange<std::size_t>(1, 12);
    const auto max_frame = *rc::gen::element(200U, 1500U, kAny);
    std::vector<Wire> wires;
    std::vector<ModelFrame> frames;
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto payload =
          *rc::gen::weightedOneOf<std::uint32_t>({{6, rc::gen::inRange(0U, 250U)},
                                                  {2, rc::gen::inRange(0U, 3000U)},
                                                  {1, rc::gen::inRange(0U, 30'000U)}});
      wires.push_back(frame_of(payload, lane, ++number_));
      frames.push_back({wires.back(), payload});
      largest = std::max(largest, payload);
    }
    RunRef run = run_of(wires);
    if (count == 1 && *rc::gen::arbitrary<bool>()) {  // compressed: larger than it looks
      frames[0].payload = run->largest = largest * 3;
    }
    const bool room =
        egress_.has_room(lane, static_cast<std::uint32_t>(count), run->bytes.size(), limits_);
    const PushResult got = egress_.push(lane, run, max_frame, limits_);
    const PushResult want = model_.push(lane, frames, max_frame, limits_);
    RC_ASSERT(got.queued == want.queued);
    RC_ASSERT(got.shed_full == want.shed_full);
    RC_ASSERT(got.shed_too_large == want.shed_too_large);
    RC_ASSERT(got.disconnect == want.disconnect);
    if (limits_.policy != DropPolicy::kOldest) {
      RC_ASSERT(got.queued + got.shed_full + got.shed_too_large == count);
    }
    if (room) RC_ASSERT(got.shed_full == 0U);
  }
  void push_answer() {
    const Wire wire = frame_of(*rc::gen::inRange<std::size_t>(0, 300), 9, ++number_);
    egress_.push_answer(run_of({wire}));
    model_.push_answer(wire);
  }
  void note_lost() {
    const auto lane = *rc::gen::inRange(0U, kGossipLanes);
    const auto lost = *rc::gen::inRange(1, 100);
    egress_.note_lost(lane, static_cast<std::uint64_t>(lost));
    model_.gap(lane, static_cast<std::uint64_t>(lost));
  }
  void give_credit() {
    const auto bytes = *rc::gen::inRange(0, 20'000);
    credit_ += bytes;
    model_credit_ += bytes;
  }
  void stage() {
    const auto bytes = *rc::gen::element<std::size_t>(1, 100, 1024, 16'384, 65'536);
    egress_.stage(bytes, limited_ ? &credit_ : nullptr);
    model_.stage(bytes, limited_ ? &model_credit_ : nullptr);
  }
  void write() {
    if (egress_.staged_bytes() == 0) return;
    const auto bytes = *rc::gen::inRange<std::size_t>(1, egress_.staged_bytes() + 1);
    egress_.wrote(bytes);
    model_.wrote(bytes);
  }
  void compare() {
    const Wire wire = staged(egress_);
    RC_ASSERT(wire.size() == egress_.staged_bytes());
    RC_ASSERT(std::ranges::equal(wire, model_.out()));
    RC_ASSERT(credit_ == model_credit_);
    RC_ASSERT(egress_.idle() == model_.empty());
    RC_ASSERT(egress_.sendable(true) == model_.sendable(true));
    RC_ASSERT(egress_.sendable(false) == model_.sendable(false));
    RC_ASSERT(egress_.answers() == model_.frames(EgressModel::kAnswers));
    std::size_t bytes = 0;
    std::uint32_t frames = 0;
    for (unsigned lane = 0; lane < kGossipLanes; ++lane) {
      bytes += model_.bytes(lane);
      frames += model_.frames(lane);
      RC_ASSERT(egress_.has_room(lane, 1, 100, limits_) == model_.fits(lane, 100, limits_));
    }
    RC_ASSERT(egress_.gossip_bytes() == bytes);
    RC_ASSERT(egress_.gossip_frames() == frames);
    RC_ASSERT(bytes <= limits_.gossip_bytes);
    RC_ASSERT(frames <= limits_.gossip_frames);
  }

  Egress egress_;
  EgressModel model_;
  LaneLimits limits_;
  bool limited_ = false;
  std::int64_t credit_ = 0;
  std::int64_t model_credit_ = 0;
  std::uint64_t number_ = 0;
};

RC_GTEST_PROP(EgressProperty, EqualsTheNaiveTwin, ()) {
  Twins twins;
  const auto step_count = *rc::gen::inRange(0, 120);
  for (int i = 0; i < step_count; ++i) twins.step();
}

// Every publication pushed to a lane is either read by the other side or counted, at its place.
RC_GTEST_PROP(EgressProperty, NothingIsSilent, ()) {  // OAP-4.42 OAP-4.45
  Egress egress;
  const LaneLimits limits = small(*rc::gen::element(DropPolicy::kNewest, DropPolicy::kOldest), 40);
  std::array<std::uint64_t, kGossipLanes> pushed{};
  std::array<std::uint64_t, kGossipLanes> seen{};
  const auto check = [&](const std::vector<Told>& told) {
    std::uint64_t lost = 0;
    for (const Told& one : told) {
      lost += one.lagged;
      if (one.lagged > 0) continue;
      // Only one lane is used at a time, so a gap belongs to the lane of what follows.
      RC_ASSERT(one.number == seen[one.lane] + lost);
      seen[one.lane] = one.number + 1;
      lost = 0;
    }
    return lost;
  };
  const auto lane = *rc::gen::inRange(0U, kGossipLanes);
  const auto step_count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < step_count; ++i) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 30);
    egress.push(lane, many(count, 10, lane, pushed[lane]), kAny, limits);
    pushed[lane] += count;
    if (*rc::gen::inRange(0, 3) == 0) {
      egress.stage(*rc::gen::inRange<std::size_t>(1, 1000), nullptr);
      seen[lane] += check(read(staged(egress)));
      egress.wrote(egress.staged_bytes());
    }
  }
  seen[lane] += check(take_all(egress));
  RC_ASSERT(seen[lane] == pushed[lane]);
}

TEST(egress, messages_that_wait_one_by_one_are_joined) {
  constexpr std::size_t kCount = 4000;
  constexpr std::size_t kFrame = 200;
  SlabMeter meter;
  LanePool pool(&meter);
  Egress egress(&pool);
  const LaneLimits limits;
  for (std::size_t i = 0; i < kCount; ++i) {
    egress.push(2, RunRef::make(Slice::copy_of(frame_of(kFrame, 2, i), &meter), 1, kFrame), kAny,
                limits);
    egress.pack(2, &meter);
  }
  const std::size_t waiting = egress.gossip_bytes();
  EXPECT_LE(meter.live_bytes, waiting + waiting / 20) << "a twentieth for everything else";
  EXPECT_EQ(egress.gossip_frames(), kCount);
  const auto told = take_all(egress);
  ASSERT_EQ(told.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(told[i].number, i);
  EXPECT_EQ(meter.live_bytes, 0U);
}

TEST(egress, what_others_hold_too_is_not_joined) {
  Egress one;
  Egress other;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const RunRef run = many(1, 10, 0, i);
    one.push(0, run, kAny, {});
    if (i == 4) other.push(0, run, kAny, {});
    one.pack(0, nullptr);
  }
  one.note_lost(0, 3);
  one.pack(0, nullptr);
  EXPECT_EQ(order(take_all(one)), "0 1 2 3 4 5 6 7 8 9 L3");
  EXPECT_EQ(order(take_all(other)), "4");
}

TEST(egress, charges_its_tables_and_gives_them_back) {
  SlabMeter meter;
  LanePool pool(&meter);
  Egress egress(&pool);
  const LaneLimits limits;
  for (unsigned i = 0; i < 1000; ++i) egress.push(i % 8, many(1, 10, 0), kAny, limits);
  const std::size_t full = meter.live_bytes;
  EXPECT_GE(full, 1000U * 32);
  EXPECT_LE(full, 2 * 1024U * 48);
  egress.stage(1 << 20, nullptr);
  std::vector<IoPiece> pieces(2000);
  EXPECT_EQ(egress.pieces(pieces), kStageEntries) << "the stage takes no more than is written soon";
  while (egress.staged_bytes() > 0) {
    egress.wrote(egress.staged_bytes());
    egress.stage(1 << 20, nullptr);
  }
  EXPECT_TRUE(egress.idle());
  EXPECT_EQ(meter.live_bytes, 0U);
  egress.push(0, many(100, 10, 0), kAny, limits);
  egress.push(1, many(1, 10, 0), kAny, limits);
  egress.drop_gossip();
  EXPECT_EQ(meter.live_bytes, 0U);
}

TEST(egress, a_message_alone_finds_the_tables_of_the_one_before) {
  constexpr std::size_t kTable = 4 * 32;
  SlabMeter meter;
  LanePool pool(&meter);
  const auto drain = [](Egress& egress) {
    egress.stage(1 << 20, nullptr);
    egress.wrote(egress.staged_bytes());
  };
  Egress first(&pool), second(&pool);
  first.push(0, many(1, 10, 0), kAny, {});
  EXPECT_EQ(meter.live_bytes, kTable);
  drain(first);
  EXPECT_EQ(meter.live_bytes, 0U) << "in the pool they are nobody's";
  second.push(0, many(1, 10, 0), kAny, {});
  EXPECT_EQ(meter.live_bytes, 2 * kTable) << "that of the lane, and of the stage";
  drain(second);
  EXPECT_EQ(meter.live_bytes, 0U);
}

}  // namespace
}  // namespace ron::gossip::testing
