#include "mesh/gaps.hpp"

#include <gtest/gtest.h>

#include "mesh/relay_rig.hpp"

namespace ron::mesh {
namespace {

using testing::RelayRig;

constexpr Instant at(Duration time) { return Instant(time); }

class GapsOfOne : public ::testing::Test {
 protected:
  GapsOfOne() : epoch_(origins_.touch(kFrom, {})) {
    origins_.prove(epoch_, oap::make_frame(oap::kEvent, {}, 0, oap::write_unlink()));
  }
  void see(std::uint64_t seq) { origins_.touch(epoch_, seq).state = Entry::State::kSeen; }
  std::vector<Gap> tick(Duration time) {
    std::vector<Gap> told;
    gaps_.tick(origins_, at(time), told);
    return told;
  }

  static constexpr OriginEpoch kFrom{{1}, 7};
  Origins origins_{RelayLimits{}, 1};
  Epoch& epoch_;
  Gaps gaps_;
};

TEST_F(GapsOfOne, WhatDidNotComeInTimeIsToldOnce) {
  see(1);
  gaps_.passed_over(origins_, kFrom, 2, 9, {}, at(30s));
  for (const std::uint64_t seq : {2U, 5U, 9U, 10U}) see(seq);
  EXPECT_TRUE(tick(29s).empty());
  EXPECT_TRUE(tick(30s).empty()) << "a second for company";
  const auto told = tick(31s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].from, kFrom);
  EXPECT_EQ(told[0].first, 3U);
  EXPECT_EQ(told[0].last, 8U);
  EXPECT_EQ(told[0].count, 5U);
  EXPECT_EQ(gaps_.lost(), 5U);
  gaps_.passed_over(origins_, kFrom, 3, 8, {}, at(40s));
  tick(40s);
  EXPECT_TRUE(tick(42s).empty()) << "known";
}

TEST_F(GapsOfOne, WhatWasGivenUpIsNotToldAgainWhenItsTimeComes) {
  gaps_.passed_over(origins_, kFrom, 1, 3, {}, at(30s));
  see(4);
  Entry& entry = origins_.touch(epoch_, 2);
  gaps_.given_up(kFrom, entry, 2, at(5s));
  gaps_.given_up(kFrom, entry, 2, at(5s));
  const auto told = tick(6s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].count, 1U);
  EXPECT_EQ(told[0].first, 2U);
  see(1);
  tick(30s);
  const auto rest = tick(31s);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].count, 1U);
  EXPECT_EQ(rest[0].first, 3U);
}

TEST_F(GapsOfOne, RangesThatGrowAreOneAndTooManyAreJudgedEarly) {
  see(1'000'000);
  for (std::uint64_t seq = 2; seq < 100; ++seq)
    gaps_.passed_over(origins_, kFrom, seq, seq, {}, at(30s));
  EXPECT_EQ(gaps_.waiting(), 1U);
  for (std::uint64_t i = 0; i < 2 * Gaps::kWaiting; ++i) {
    gaps_.passed_over(origins_, kFrom, 200 + 2 * i, 200 + 2 * i, {}, at(30s));
    EXPECT_LE(gaps_.waiting(), Gaps::kWaiting);
  }
  EXPECT_GE(gaps_.lost(), 98 + Gaps::kWaiting);
}

TEST_F(GapsOfOne, ALieIsNoGapAndALongOutageIsCheap) {
  gaps_.passed_over(origins_, kFrom, 2, 1 + Gaps::kBelieved + 1, {}, at(1s));
  EXPECT_EQ(gaps_.waiting(), 0U);
  gaps_.passed_over(origins_, kFrom, 2, 1'000'001, {}, at(1s));
  for (std::uint64_t seq = 999'000; seq <= 1'000'001; ++seq) see(seq);
  tick(1s);
  const auto told = tick(2s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].first, 2U);
  EXPECT_EQ(told[0].last, 998'999U);
  EXPECT_EQ(told[0].count, 998'998U);
}

TEST_F(GapsOfOne, ManyOriginsAreToldAtOnceWhenThereIsNoRoomForMore) {
  Entry entry;
  std::size_t told = 0;
  for (std::size_t i = 0; i < 3 * Gaps::kReports; ++i) {
    OriginEpoch from{{2}, i};
    entry = {};
    gaps_.given_up(from, entry, 1, at(1s));
    told += tick(1s).size();
  }
  EXPECT_EQ(told, 3 * Gaps::kReports);
}

// ---- whole machines ----------------------------------------------------------------------------

TEST(Gaps, OfANodeThatWasAwayForLongerThanTheWindowAreTold) {
  for (const unsigned missed : {20U, 3000U}) {  // near, and far beyond the window of ids
    RelayRig rig({.nodes = 2, .degree = 1, .seed = 21});
    rig.run(1s);
    rig.publish(0);
    rig.publish(0);
    rig.run(1s);
    rig.unlink(0, 1);
    for (unsigned i = 0; i < missed; ++i) rig.publish(0);
    rig.run(40s);
    for (unsigned i = 0; i < 5; ++i) rig.publish(0);  // these are kept
    rig.link(0, 1);
    rig.run(20s);
    EXPECT_EQ(rig.gaps(1).size(), 0U) << "it may still come";
    for (int i = 0; i < 60; ++i) {  // with what expires, machines tick
      rig.publish(0);
      rig.run(1s);
    }
    ASSERT_EQ(rig.gaps(1).size(), 1U);
    EXPECT_EQ(rig.gaps(1)[0].first, 3U);
    EXPECT_EQ(rig.gaps(1)[0].last, 2U + missed);
    EXPECT_EQ(rig.gaps(1)[0].count, missed);
    EXPECT_EQ(rig.machine(1).stats().lost, missed);
    EXPECT_TRUE(rig.gaps(0).empty());
  }
}

TEST(Gaps, AForgedNumberFarAheadHidesNone) {
  RelayRig rig({.nodes = 3, .degree = 2, .seed = 23});
  rig.run(1s);
  rig.publish(0);
  rig.publish(0);
  rig.run(1s);
  const oap::IdRange lie{.origin = origin_of(rig.config(0).self),
                         .epoch = rig.config(0).epoch,
                         .first = std::uint64_t{1} << 62U,
                         .last = std::uint64_t{1} << 62U};
  rig.inject(2, 1,
             oap::make_frame(oap::kEvent, {}, 0,
                             oap::write_ids(oap::IdsKind::kIhave, std::span(&lie, 1))));
  rig.lose(1);
  for (int i = 0; i < 100; ++i) rig.publish(0);
  rig.run(40s);
  rig.lose(0);
  for (int i = 0; i < 80; ++i) {
    rig.publish(0);
    rig.run(1s);
  }
  std::uint64_t lost = 0;
  for (const Gap& gap : rig.gaps(1)) lost += gap.first < 100 ? gap.count : 0;
  EXPECT_EQ(lost, 100U);
}

TEST(Gaps, OfAMeshThatRepairsAreNone) {
  RelayRig rig({.nodes = 30, .loss = 0.05, .seed = 22});
  rig.run(1s);
  for (int i = 0; i < 100; ++i) {
    rig.publish(static_cast<unsigned>(i) % 3, 128, {.best_effort = i % 4 == 0});
    rig.run(50ms);
  }
  rig.lose(0);
  for (int i = 0; i < 40; ++i) {
    rig.publish(0);
    rig.run(1s);
  }
  for (unsigned node = 0; node < rig.nodes(); ++node) EXPECT_TRUE(rig.gaps(node).empty());
}

}  // namespace
}  // namespace ron::mesh
