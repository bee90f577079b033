#include "gossip/target_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace ron::gossip {
namespace {

constexpr std::uint64_t kKey = 99;

TEST(TargetSet, KeepsInsertionOrderAndLastFillsTheHole) {
  TargetSet set;
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(set.add({i, 0}, kKey));
  EXPECT_TRUE(set.remove({1, 0}, kKey));
  const std::vector<Target> got(set.items().begin(), set.items().end());
  EXPECT_EQ(got, (std::vector<Target>{{0, 0}, {4, 0}, {2, 0}, {3, 0}}));
}

TEST(TargetSet, EmptyOwnsNothing) {
  TargetSet set;
  EXPECT_EQ(set.memory_bytes(), 0U);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(set.add({i, 0}, kKey));
  const std::size_t full = set.memory_bytes();
  for (std::uint64_t i = 0; i < 95; ++i) EXPECT_TRUE(set.remove({i, 0}, kKey));
  EXPECT_LT(set.memory_bytes(), full / 4);
  for (std::uint64_t i = 95; i < 100; ++i) EXPECT_TRUE(set.remove({i, 0}, kKey));
  EXPECT_EQ(set.memory_bytes(), 0U);
}

// Sizes run across the threshold of the index, both ways.
RC_GTEST_PROP(TargetSetProperty, EqualsAVector, ()) {
  TargetSet set;
  std::vector<Target> model;
  const auto width = *rc::gen::element<std::uint64_t>(4, 24, 80);
  const auto step_count = *rc::gen::inRange<std::size_t>(0, 400);
  bool growing = true;
  for (std::size_t i = 0; i < step_count; ++i) {
    if (*rc::gen::inRange(0, 40) == 0) growing = !growing;
    const Target target{*rc::gen::inRange<std::uint64_t>(0, width),
                        *rc::gen::inRange<std::uint32_t>(0, 2)};
    const auto at = std::find(model.begin(), model.end(), target);
    if (growing == (*rc::gen::inRange(0, 5) > 0)) {
      RC_ASSERT(set.add(target, kKey) == (at == model.end()));
      if (at == model.end()) model.push_back(target);
    } else {
      RC_ASSERT(set.remove(target, kKey) == (at != model.end()));
      if (at != model.end()) {
        *at = model.back();
        model.pop_back();
      }
    }
    RC_ASSERT(std::equal(model.begin(), model.end(), set.items().begin(), set.items().end()));
  }
}

}  // namespace
}  // namespace ron::gossip
