// Publications that are best effort, and frames that waited for too long. OAP-9.89 OAP-9.90
#include <gtest/gtest.h>

#include "mesh/relay_rig.hpp"

namespace ron::mesh {
namespace {

using testing::RelayRig;

struct Sums {
  std::uint64_t ihave = 0, iwant = 0, given_up = 0;
  std::size_t kept = 0, missing = 0;
};

Sums sums_of(RelayRig& rig) {
  Sums sums;
  for (unsigned node = 0; node < rig.nodes(); ++node) {
    if (rig.dead(node)) continue;
    const RelayStats& stats = rig.machine(node).stats();
    sums.ihave += stats.ihave_sent;
    sums.iwant += stats.iwant_sent;
    sums.given_up += stats.given_up;
    sums.kept += stats.repair_messages;
    sums.missing += stats.missing;
  }
  return sums;
}

std::size_t missed(const RelayRig& rig, std::size_t from) {
  std::size_t missed = 0;
  for (std::size_t i = from; i < rig.messages(); ++i) {
    for (unsigned node = 0; node < rig.nodes(); ++node) {
      if (!rig.dead(node) && rig.message(i).at[node].is_never()) ++missed;
    }
  }
  return missed;
}

// A tree, and one publication that is kept, so that the next second needs none.
void settle(RelayRig& rig, unsigned origin) {
  for (int i = 0; i < 8; ++i) {
    rig.publish(origin);
    rig.run(300ms);
  }
  rig.run(2s);
  rig.publish(origin, 128, {.best_effort = true});
  rig.run(500ms);
}

TEST(BestEffort, IsPushedAlongTheTreeAndNothingElse) {
  RelayRig rig({.nodes = 40, .seed = 12});
  settle(rig, 0);
  EXPECT_EQ(rig.machine(0).stats().best_effort, 0U) << "one a second is as any other";
  const Sums before = sums_of(rig);
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 100; ++i) rig.publish(0, 128, {.best_effort = true});
  EXPECT_EQ(rig.machine(0).stats().best_effort, 100U);
  rig.run(5s);
  EXPECT_EQ(missed(rig, begin), 0U);
  EXPECT_EQ(rig.message(begin + 50).copies, 39U) << "one a node";
  const Sums after = sums_of(rig);
  EXPECT_EQ(after.ihave, before.ihave);
  EXPECT_EQ(after.iwant, before.iwant);
  EXPECT_EQ(after.kept, before.kept);
}

TEST(BestEffort, WhatIsLostIsNotAskedForThoughNumbersArePassedOver) {
  RelayRig rig({.nodes = 40, .seed = 13});
  settle(rig, 0);
  const Sums before = sums_of(rig);
  rig.lose(0.1);
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 40; ++i) {
    rig.publish(0, 128, {.best_effort = true});
    rig.run(10ms);
  }
  rig.lose(0);
  rig.run(5s);
  EXPECT_GT(missed(rig, begin), 50U);
  const Sums after = sums_of(rig);
  EXPECT_EQ(after.iwant, before.iwant);
  EXPECT_EQ(after.given_up, 0U);
  EXPECT_EQ(after.missing, 0U);
  // What follows with repair has no gap for it either.
  const std::size_t next = rig.messages();
  rig.publish(0);
  rig.run(2s);
  EXPECT_EQ(missed(rig, next), 0U);
  EXPECT_EQ(sums_of(rig).iwant, before.iwant);
}

TEST(BestEffort, ATreeThatBreaksIsMendedThoughNothingElseIsPublished) {
  RelayRig rig({.nodes = 60, .seed = 14});
  settle(rig, 0);
  for (unsigned node = 40; node < 52; ++node) rig.crash(node, 500ms);
  for (int i = 0; i < 60; ++i) {
    rig.publish(0, 128, {.best_effort = true});
    rig.run(100ms);
  }
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 50; ++i) {
    rig.publish(0, 128, {.best_effort = true});
    rig.run(20ms);
  }
  rig.run(5s);
  EXPECT_EQ(missed(rig, begin), 0U);
}

TEST(BestEffort, AnOriginThatPublishesNothingElseGrowsItsTree) {
  RelayRig rig({.nodes = 40, .seed = 18});
  rig.run(1s);
  for (int i = 0; i < 40; ++i) {
    rig.publish(0, 128, {.best_effort = true});
    rig.run(20ms);
  }
  rig.run(2s);
  EXPECT_EQ(rig.machine(0).stats().best_effort, 39U);
  EXPECT_EQ(missed(rig, 1), 0U) << "all but the first, which its tree is yet to grow for";
  EXPECT_LE(rig.message(39).copies, 42U);
}

TEST(BestEffort, AnAnnouncementOfOneIsIgnored) {
  RelayRig rig({.nodes = 2, .degree = 1, .seed = 15});
  settle(rig, 0);
  const oap::IdRange range{.origin = origin_of(rig.config(0).self),
                           .epoch = rig.config(0).epoch,
                           .first = oap::kBestEffortFrom + 500,
                           .last = oap::kBestEffortFrom + 900};
  rig.inject(0, 1,
             oap::make_frame(oap::kEvent, {}, 0,
                             oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1))));
  EXPECT_EQ(rig.machine(1).stats().missing, 0U);
  rig.run(5s);
  EXPECT_EQ(rig.machine(1).stats().iwant_sent, 0U);
}

TEST(BestEffort, LeavesGetItToo) {
  RelayRig rig({.nodes = 12, .degree = 5, .seed = 16, .leaves = 4});
  for (unsigned leaf = 8; leaf < 12; ++leaf) rig.want(leaf, "a/*", true);
  rig.run(1s);
  settle(rig, 0);
  const std::size_t begin = rig.messages();
  for (int i = 0; i < 10; ++i) rig.publish(0, 128, {.best_effort = true});
  for (int i = 0; i < 10; ++i)
    rig.publish(9, 128, {.best_effort = true});  // the first of them with repair
  rig.run(2s);
  EXPECT_EQ(missed(rig, begin), 0U);
  EXPECT_EQ(rig.machine(9).stats().best_effort, 9U);
}

// ---- frames that waited for too long ------------------------------------------------------------

std::uint64_t announced(RelayRig& rig, const Shed& shed) {
  const std::uint64_t before = rig.machine(1).stats().ihave_received;
  rig.shed(0, 1, shed);
  rig.run(200ms);
  return rig.machine(1).stats().ihave_received - before;
}

TEST(Late, WhatWasLetGoIsAnnouncedAgainOnce) {
  RelayRig rig({.nodes = 2, .degree = 1, .seed = 17});
  settle(rig, 0);
  rig.run(20s);
  rig.lose(1);
  for (int i = 0; i < 5; ++i) rig.publish(0);
  const std::size_t lost = rig.messages() - 5;
  rig.run(4s);
  rig.lose(0);
  EXPECT_EQ(announced(rig, {.frames = 5, .oldest = 8s, .newest = 5s}), 0U) << "none is of then";
  EXPECT_EQ(missed(rig, lost), 5U);
  EXPECT_EQ(announced(rig, {.frames = 5, .oldest = 5s, .newest = 2s}), 1U);
  rig.run(2s);
  EXPECT_EQ(missed(rig, lost), 0U) << "and asked for";
  EXPECT_EQ(announced(rig, {.frames = 5, .oldest = 8s, .newest = 4s}), 0U) << "told already";
}

}  // namespace
}  // namespace ron::mesh
