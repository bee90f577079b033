// The tables of the relay machine, each against what it promises.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/choice.hpp"
#include "mesh/missing.hpp"
#include "mesh/origins.hpp"
#include "mesh/repair_store.hpp"
#include "mesh/shared_tree.hpp"
#include "mesh/window.hpp"

namespace ron::mesh {
namespace {

TEST(Window, KnowsWhatAMapWouldKnowWithinItsLimit) {
  constexpr std::size_t kLimit = 64;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeedChoice choice(seed);
    Window window;
    std::map<std::uint64_t, std::uint64_t> model;
    std::uint64_t top = 1000;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t seq =
          choice.chance(1, 3) ? top + choice.index(5) : top - choice.index(kLimit / 2);
      if (!window.reaches(seq, kLimit)) continue;
      top = std::max(top, seq);
      window.touch(seq, kLimit).hash = seq * 3 + 1;
      model[seq] = seq * 3 + 1;
      EXPECT_LE(window.high() - window.low(), kLimit);
      EXPECT_LE(window.capacity(), kLimit);
    }
    for (std::uint64_t seq = window.low(); seq < window.high(); ++seq) {
      const auto known = model.find(seq);
      EXPECT_EQ(window.find(seq)->hash, known == model.end() ? 0 : known->second) << seed;
    }
    EXPECT_EQ(window.find(window.high()), nullptr);
    EXPECT_EQ(window.find(window.low() - 1), nullptr);
  }
}

TEST(Window, WhatItSlidPastLeavesABit) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeedChoice choice(seed);
    Window window;
    std::set<std::uint64_t> seen;
    std::uint64_t at = 5 + choice.index(1000);
    const std::uint64_t begin = at;
    for (int i = 0; i < 5000; ++i, at += 1 + choice.index(3)) {
      window.touch(at, 64).state = Entry::State::kSeen;
      seen.insert(at);
    }
    EXPECT_FALSE(window.passed(begin - 1));
    for (std::uint64_t seq = begin; seq < window.low(); ++seq) {
      ASSERT_TRUE(window.passed(seq));
      EXPECT_EQ(window.passed_seen(seq), seen.contains(seq)) << seed << ' ' << seq;
    }
    window.see_passed(window.low() - 1);
    EXPECT_TRUE(window.passed_seen(window.low() - 1));
    EXPECT_FALSE(window.passed(window.low()));
  }
}

TEST(Window, RemembersOnlySoManyBits) {
  Window window;
  for (std::uint64_t seq = 1; seq < kPassedMost * 3; ++seq) {
    window.touch(seq, 64).state = Entry::State::kSeen;
  }
  EXPECT_FALSE(window.passed(kPassedMost / 2));
  const std::uint64_t recent = kPassedMost * 3 - 1000;
  EXPECT_TRUE(window.passed(recent) && window.passed_seen(recent));
}

TEST(Window, DoesNotJump) {
  Window window;
  window.touch(100, 64);
  EXPECT_TRUE(window.reaches(101, 64));
  EXPECT_FALSE(window.reaches(101 + 64, 64));
  EXPECT_FALSE(window.reaches(1, 64));
}

TEST(Origins, StrayIdsDoNotPushTheTrueWindowOut) {
  RelayLimits limits;
  limits.window = 64;
  Origins origins(limits, 1);
  Epoch& epoch = origins.touch({OriginId{1}, 7}, Instant());
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {
    origins.touch(epoch, seq).state = Entry::State::kSeen;
  }
  for (std::uint64_t stray = 1; stray < 1000; ++stray) origins.touch(epoch, stray * 1'000'000);
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {
    ASSERT_NE(epoch.find(seq), nullptr) << seq;
    EXPECT_EQ(epoch.find(seq)->state, Entry::State::kSeen);
  }
  EXPECT_LE(origins.entries(), limits.window * Epoch::kWindows);
  EXPECT_GT(origins.shed_windows(), 0U);
}

TEST(Origins, TheLeastRecentlyUsedGoes) {  // OAP-9.21
  RelayLimits limits;
  limits.origins = 3;
  limits.epochs = 2;
  Origins origins(limits, 1);
  const auto proven = [&](std::uint8_t id, Instant at) {
    Epoch& epoch = origins.touch({OriginId{id}, 1}, at);
    origins.prove(epoch, Slice::allocate(1, nullptr));
  };
  for (std::uint8_t i = 1; i <= 3; ++i) proven(i, Instant());
  proven(1, Instant(1s));
  proven(4, Instant(2s));
  EXPECT_NE(origins.find(OriginId{1}), nullptr);
  EXPECT_EQ(origins.find(OriginId{2}), nullptr);
  EXPECT_EQ(origins.size(), 3U);
  // Of epochs those go first that nobody has proven.
  origins.prove(*origins.find(OriginEpoch{OriginId{1}, 1}), Slice::allocate(1, nullptr));
  origins.touch({OriginId{1}, 2}, Instant(3s));
  origins.touch({OriginId{1}, 3}, Instant(4s));
  EXPECT_NE(origins.find(OriginEpoch{OriginId{1}, 1}), nullptr);
  EXPECT_EQ(origins.find(OriginEpoch{OriginId{1}, 2}), nullptr);
}

TEST(Origins, ClaimsOfOneNeighbourTakeNoPlaceOfOthers) {
  Origins origins({}, 1);
  origins.prove(origins.touch({OriginId{1}, 1}, Instant()), Slice::allocate(1, nullptr));
  origins.claim({OriginId{2}, 1}, 0, Instant());
  for (std::uint64_t i = 0; i < 10 * kClaimsMost; ++i) {
    OriginId made_up{3};
    store_be(made_up.data() + 8, i);
    origins.claim({made_up, 1}, 1, Instant(1s));
  }
  EXPECT_NE(origins.find(OriginId{1}), nullptr);
  EXPECT_NE(origins.find(OriginId{2}), nullptr);
  EXPECT_EQ(origins.size(), 2 + kClaimsMost);
}

TEST(RepairStore, KeepsTheLatestWithinItsBytes) {
  RepairStore store(1000);
  std::vector<std::uint32_t> places;
  for (std::uint64_t seq = 1; seq <= 30; ++seq) {
    places.push_back(store.add({.from = {},
                                .seq = seq,
                                .hash = seq,
                                .frame = Slice::allocate(100, nullptr),
                                .at = Instant(seq * 1s)}));
    EXPECT_LE(store.bytes(), 1000U);
  }
  EXPECT_EQ(store.size(), 10U);
  EXPECT_EQ(store.shed(), 20U);
  EXPECT_EQ(store.find(places[19]), nullptr);
  ASSERT_NE(store.find(places[20]), nullptr);
  EXPECT_EQ(store.find(places[20])->seq, 21U);
  EXPECT_EQ(store.find(0), nullptr);
  store.expire(Instant(26s));
  EXPECT_EQ(store.size(), 5U);
  EXPECT_EQ(store.find(places[24]), nullptr);
  EXPECT_EQ(store.find(places[25])->seq, 26U);
  EXPECT_EQ(store.oldest(), Instant(26s));
}

TEST(Missing, ComesDueInOrderAndIsBounded) {
  MissingTable table(4);  // one for each neighbour
  const auto id = [](std::uint64_t seq) { return MissingId{.from = {}, .seq = seq}; };
  EXPECT_TRUE(table.add(id(1), Instant(3s), 0));
  EXPECT_TRUE(table.add(id(2), Instant(1s), 1));
  EXPECT_TRUE(table.add(id(2), Instant(9s), 1));  // known: stays as it is
  EXPECT_TRUE(table.add(id(3), Instant(2s), 2));
  EXPECT_FALSE(table.add(id(4), Instant(1s), 0));  // its share is taken
  EXPECT_EQ(table.due(Instant(500ms)), nullptr);
  ASSERT_NE(table.due(Instant(1s)), nullptr);
  EXPECT_EQ(table.due(Instant(1s))->seq, 2U);
  table.postpone(id(2), Instant(5s));
  EXPECT_EQ(table.next(), Instant(2s));
  EXPECT_TRUE(table.remove(id(3)));
  EXPECT_FALSE(table.remove(id(3)));
  EXPECT_EQ(table.due(Instant(4s))->seq, 1U);
}

TEST(SharedTree, SettlesOnTheNeighboursThatBringNewsFirst) {
  SharedTree tree(3);
  LinkMask links = 0;
  for (LinkSlot slot = 0; slot < 8; ++slot) {
    links |= bit(slot);
    EXPECT_EQ(tree.link_up(slot), slot >= 3);  // the others must be pruned
  }
  const auto way = [](LinkSlot) { return Duration(40ms); };
  for (int message = 0; message < 400; ++message) {
    tree.message();
    for (LinkSlot slot = 0; slot < 8; ++slot) tree.sign(slot, (8 - slot) * 10ms);
    if (tree.due()) tree.improve(links, way);
  }
  EXPECT_EQ(tree.in(), bit(5) | bit(6) | bit(7));
  tree.link_down(6);
  const auto change = tree.improve(links & ~bit(6), way);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->graft, 4);
  EXPECT_EQ(change->prune, kNoSlot);
}

}  // namespace
}  // namespace ron::mesh
