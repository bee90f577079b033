#include "gossip/match_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ron::gossip {
namespace {

constexpr TenantId kTenant{};
constexpr TenantId kOther{0, 1};

std::vector<Target> direct(const TopicIndex& index, TenantId tenant, std::string_view topic) {
  std::vector<Target> out;
  index.match(tenant, topic, out);
  return out;
}

std::vector<Target> cached(MatchCache& cache, const TopicIndex& index, TenantId tenant,
                           std::string_view topic) {
  const auto found = cache.match(index, tenant, topic);
  return {found.begin(), found.end()};
}

TEST(MatchCache, SecondQuestionIsAHit) {
  TopicIndex index(1);
  index.add(kTenant, "a/*", {1, 0});
  MatchCache cache({.hash_key = 2});
  EXPECT_EQ(cache.memory_bytes(), 0U);
  EXPECT_EQ(cached(cache, index, kTenant, "a/b"), (std::vector<Target>{{1, 0}}));
  EXPECT_EQ(cached(cache, index, kTenant, "a/b"), (std::vector<Target>{{1, 0}}));
  EXPECT_EQ(cached(cache, index, kOther, "a/b"), std::vector<Target>{});
  EXPECT_EQ(cached(cache, index, kOther, "a/b"), std::vector<Target>{});  // nothing is a result
  EXPECT_EQ(cache.hits(), 2U);
  EXPECT_EQ(cache.misses(), 2U);
}

TEST(MatchCache, AChangeOfTheIndexInvalidates) {
  TopicIndex index(1);
  MatchCache cache({.hash_key = 2});
  EXPECT_EQ(cached(cache, index, kTenant, "a"), std::vector<Target>{});
  index.add(kTenant, "*", {1, 0});
  EXPECT_EQ(cached(cache, index, kTenant, "a"), (std::vector<Target>{{1, 0}}));
  index.remove(kTenant, "*", {1, 0});
  EXPECT_EQ(cached(cache, index, kTenant, "a"), std::vector<Target>{});
  EXPECT_EQ(cache.hits(), 0U);
  EXPECT_EQ(cache.misses(), 3U);
  EXPECT_EQ(cache.entry_count(), 1U);
}

TEST(MatchCache, HoldsItsBoundsUnderAFlood) {
  TopicIndex index(1);
  for (std::uint64_t i = 0; i < 50; ++i) index.add(kTenant, "**", {i, 0});
  for (const std::size_t bytes_max : {0U, 100U, 5'000U, 100'000U, 10'000'000U}) {
    MatchCache cache({.hash_key = 2, .entries_max = 100, .bytes_max = bytes_max});
    for (int i = 0; i < 5'000; ++i) {
      const std::string topic = "flood/of topics with long names/" + std::to_string(i);
      EXPECT_EQ(cache.match(index, kTenant, topic).size(), 50U);
      ASSERT_LE(cache.entry_count(), 64U);
      ASSERT_LE(cache.memory_bytes(), bytes_max);
    }
    EXPECT_EQ(cache.entry_count() > 0, bytes_max > 1'000);
    cache.clear();
    EXPECT_EQ(cache.memory_bytes(), 0U);
  }
}

TEST(MatchCache, AResultBeyondTheBudgetIsServedButNotKept) {
  TopicIndex index(1);
  for (std::uint64_t i = 0; i < 1'000; ++i) index.add(kTenant, "wide", {i, 0});
  index.add(kTenant, "narrow", {1, 0});
  MatchCache cache({.hash_key = 2, .entries_max = 64, .bytes_max = 8'000});
  EXPECT_EQ(cache.match(index, kTenant, "narrow").size(), 1U);
  EXPECT_EQ(cache.match(index, kTenant, "wide").size(), 1'000U);
  EXPECT_EQ(cache.match(index, kTenant, "wide").size(), 1'000U);
  EXPECT_EQ(cache.match(index, kTenant, "narrow").size(), 1U);
  EXPECT_EQ(cache.hits(), 1U);
}

TEST(MatchCache, NoEntriesMeansNoCache) {
  TopicIndex index(1);
  index.add(kTenant, "a", {1, 0});
  MatchCache cache({.hash_key = 2, .entries_max = 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.match(index, kTenant, "a").size(), 1U);
  EXPECT_EQ(cache.hits(), 0U);
}

TEST(MatchCache, SteadyTopicsAllHit) {
  TopicIndex index(1);
  index.add(kTenant, "t/*", {1, 0});
  MatchCache cache({.hash_key = 2, .entries_max = 4096});
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 32; ++i) cache.match(index, kTenant, "t/" + std::to_string(i));
  }
  EXPECT_EQ(cache.misses(), 32U);
  EXPECT_EQ(cache.hits(), 9U * 32U);
}

RC_GTEST_PROP(MatchCacheProperty, EqualsTheIndex, ()) {
  TopicIndex index(*rc::gen::arbitrary<std::uint64_t>());
  MatchCache cache({.hash_key = *rc::gen::arbitrary<std::uint64_t>(),
                    .entries_max = *rc::gen::inRange<std::size_t>(0, 20),
                    .bytes_max = *rc::gen::inRange<std::size_t>(0, 4'000)});
  const std::vector<std::string> topics{"a", "b", "a/b", "a/c", "b/c", "a/b/c"};
  const std::vector<std::string> patterns{"a", "*", "a/b", "a/*", "**", "*/c", "a/**"};
  const auto step_count = *rc::gen::inRange<std::size_t>(0, 100);
  for (std::size_t i = 0; i < step_count; ++i) {
    const TenantId tenant = *rc::gen::element(kTenant, kOther);
    const Target target{*rc::gen::inRange<std::uint64_t>(0, 6), 0};
    const auto act = *rc::gen::inRange(0, 8);
    if (act == 0) index.add(tenant, *rc::gen::elementOf(patterns), target);
    if (act == 1) index.remove(tenant, *rc::gen::elementOf(patterns), target);
    const std::string topic = *rc::gen::elementOf(topics);
    RC_ASSERT(cached(cache, index, tenant, topic) == direct(index, tenant, topic));
  }
  RC_ASSERT(cache.hits() + cache.misses() == step_count);
}

}  // namespace
}  // namespace ron::gossip
