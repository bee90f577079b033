#include "mesh/views.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mesh/membership_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::node_id;

constexpr std::size_t kMost = 120;

Candidate candidate(std::size_t index, Source source = kMet) {
  return {.node = node_id(1, index), .addr = address(index), .source = source};
}

std::size_t told_by(const Views& views, Source source) {
  return static_cast<std::size_t>(
      std::count_if(views.passive().begin(), views.passive().end(),
                    [&](const Candidate& each) { return each.source == source; }));
}

class ViewsTest : public ::testing::Test {
 protected:
  SeedChoice choice{1};
  Views views{node_id(1, 0), kMost};
};

TEST_F(ViewsTest, RemembersWhatItIsToldAndNotItself) {
  EXPECT_TRUE(views.learn(candidate(1), choice));
  EXPECT_FALSE(views.learn(candidate(1), choice));
  EXPECT_FALSE(views.learn(candidate(0), choice));
  EXPECT_FALSE(views.learn({.node = node_id(1, 2)}, choice)) << "without an address";
  EXPECT_EQ(views.passive().size(), 1U);
}

TEST_F(ViewsTest, OneTellerHasItsShareAndNoMore) {
  for (std::size_t i = 1; i <= 80; ++i) views.learn(candidate(i), choice);
  for (std::size_t i = 1000; i < 9000; ++i) views.learn(candidate(i, 7), choice);
  EXPECT_EQ(told_by(views, 7), views.share(7));
  EXPECT_EQ(told_by(views, kMet), 80U);
}

TEST_F(ViewsTest, AFloodOfOneTellerEvictsItsShareAtMost) {
  for (std::size_t i = 1; i <= kMost; ++i) views.learn(candidate(i), choice);
  for (std::size_t i = 1000; i < 9000; ++i) views.learn(candidate(i, 7), choice);
  EXPECT_EQ(views.passive().size(), kMost);
  EXPECT_GE(told_by(views, kMet), kMost - views.share(7));
}

TEST_F(ViewsTest, ManyTellersOfOneHostFillAFewEntries) {
  for (std::size_t i = 1; i < 500; ++i) {
    Candidate one = candidate(i, static_cast<Source>(i + 2));
    one.addr = "198.51.100.7:" + std::to_string(1000 + i);
    views.learn(one, choice);
  }
  EXPECT_EQ(views.passive().size(), Views::kHostMax);
}

TEST_F(ViewsTest, ThoseThatCameByThemselvesFillHalf) {
  for (std::size_t i = 1; i <= kMost; ++i) views.learn(candidate(i), choice);
  for (std::size_t i = 1000; i < 9000; ++i) views.learn(candidate(i, kCalled), choice);
  EXPECT_LE(told_by(views, kCalled), kMost / 2);
  EXPECT_GE(told_by(views, kMet), kMost / 2);
}

TEST_F(ViewsTest, NodesOfOneMachineFindEachOther) {
  for (std::size_t i = 1; i <= 40; ++i) {
    Candidate one = candidate(i, static_cast<Source>(i + 2));
    one.addr = "127.0.0.1:" + std::to_string(1000 + i);
    views.learn(one, choice);
  }
  EXPECT_EQ(views.passive().size(), 40U);
}

TEST_F(ViewsTest, AnAddressThatAnsweredIsBetterThanOneThatWasTold) {
  Candidate told = candidate(1, 7);
  told.addr = "198.51.100.7:1";
  views.learn(told, choice);
  views.learn(candidate(1), choice);
  EXPECT_EQ(views.passive()[0].addr, address(1));
  views.learn(told, choice);
  told.source = kCalled;
  views.learn(told, choice);
  EXPECT_EQ(views.passive()[0].addr, address(1));
}

TEST_F(ViewsTest, WhoWasMetDisplacesHearsay) {
  for (std::size_t i = 1; i <= kMost; ++i) {
    views.learn(candidate(i, static_cast<Source>(i % 20 + 2)), choice);
  }
  const std::size_t before = views.passive().size();
  EXPECT_TRUE(views.learn(candidate(5000), choice));
  EXPECT_EQ(views.passive().size(), std::min(before + 1, kMost));
  EXPECT_EQ(told_by(views, kMet), 1U);
}

TEST_F(ViewsTest, ALostOneComesBackOnlyWhenMet) {
  views.learn(candidate(1), choice);
  views.lose(node_id(1, 1), address(1), choice);
  EXPECT_TRUE(views.passive().empty());
  ASSERT_EQ(views.lost().size(), 1U);
  EXPECT_FALSE(views.learn(candidate(1, 7), choice));
  EXPECT_TRUE(views.learn(candidate(1), choice));
  EXPECT_TRUE(views.lost().empty());
}

TEST_F(ViewsTest, TheLostAreBounded) {
  for (std::size_t i = 1; i < 1000; ++i) views.lose(node_id(1, i), address(i), choice);
  EXPECT_EQ(views.lost().size(), Views::kLostMax);
}

TEST_F(ViewsTest, ARoundTriesEveryoneOnceFreshOnesFirst) {
  for (std::size_t i = 1; i <= 20; ++i) views.learn(candidate(i), choice);
  Candidate fresh = candidate(21, 7);
  fresh.fresh = true;
  views.learn(fresh, choice);
  std::set<NodeId> tried;
  const Candidate* first = views.pick(choice);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->node, fresh.node);
  tried.insert(first->node);
  while (const Candidate* next = views.pick(choice)) EXPECT_TRUE(tried.insert(next->node).second);
  EXPECT_EQ(tried.size(), 21U);
  views.new_round();
  EXPECT_NE(views.pick(choice), nullptr);
}

TEST_F(ViewsTest, ForgetsInBothLists) {
  views.learn(candidate(1), choice);
  views.lose(node_id(1, 2), address(2), choice);
  EXPECT_TRUE(views.forget(node_id(1, 1)));
  EXPECT_TRUE(views.forget(node_id(1, 2)));
  EXPECT_FALSE(views.forget(node_id(1, 3)));
  EXPECT_TRUE(views.passive().empty() && views.lost().empty());
}

}  // namespace
}  // namespace ron::mesh
