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

TEST(MatchCache, AThousandTopicsHaveRoomInFourThousandPlaces) {
  for (std::uint64_t key = 0; key < 20; ++key) {
    TopicIndex index(1);
    index.add(kTenant, "t/*", {1, 0});
    MatchCache cache({.hash_key = key});
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 1000; ++i) cache.match(index, kTenant, "t/" + std::to_string(i));
    }
    EXPECT_GE(cache.entry_count(), 998U);
    EXPECT_GE(cache.hits(), 1990U);
  }
}

TEST(MatchCache, MoreThanFitsInTurnKeepsMostOfWhatFits) {
  TopicIndex index(1);
  for (std::uint64_t i = 0; i < 100; ++i) index.add(kTenant, "dense/*", {i, 0});
  for (const std::size_t entries_max : {64U, 4096U}) {  // places or bytes run out
    MatchCache cache({.hash_key = 2, .entries_max = entries_max, .bytes_max = 120'000});
    const auto round = [&] {
      const std::uint64_t before = cache.hits();
      for (int i = 0; i < 100; ++i) cache.match(index, kTenant, "dense/" + std::to_string(i));
      return cache.hits() - before;
    };
    for (int i = 0; i < 20; ++i) round();
    const std::size_t kept = cache.entry_count();
    EXPECT_GE(kept, 50U);
    EXPECT_LT(kept, 100U);
    EXPECT_GE(round(), kept * 3 / 4);
  }
}

TEST(MatchCache, TopicsInUseOutliveAFloodOfNewNames) {
  TopicIndex index(1);
  index.add(kTenant, "**", {1, 0});
  MatchCache cache({.hash_key = 2, .entries_max = 64});
  std::uint64_t hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    cache.match(index, kTenant, "flood/" + std::to_string(i));
    const std::uint64_t before = cache.hits();
    cache.match(index, kTenant, "steady/" + std::to_string(i % 8));
    hits += cache.hits() - before;
  }
  EXPECT_GE(hits, 9'500U);
}

TEST(MatchCache, ANewHotTopicGetsInThoughAllIsFull) {
  TopicIndex index(1);
  index.add(kTenant, "**", {1, 0});
  MatchCache cache({.hash_key = 2, .entries_max = 16});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 16; ++i) cache.match(index, kTenant, "old/" + std::to_string(i));
  }
  const std::uint64_t before = cache.hits();
  for (int i = 0; i < 20; ++i) cache.match(index, kTenant, "new");
  EXPECT_GE(cache.hits() - before, 10U);
}

TEST(MatchCache, CountsGoOnWhenTheIndexChanges) {
  TopicIndex index(1);
  MatchCache cache({.hash_key = 2});
  for (std::uint64_t i = 0; i < 3; ++i) {
    index.add(kTenant, "a", {i, 0});
    EXPECT_EQ(cached(cache, index, kTenant, "a"), direct(index, kTenant, "a"));
    cache.count(2, 100);
  }
  std::size_t seen = 0;
  cache.each([&](const MatchCache::Known& known) {
    ++seen;
    EXPECT_EQ(known.topic, "a");
    EXPECT_EQ(known.frames, 6U);
    EXPECT_EQ(known.bytes, 300U);
    EXPECT_EQ(known.targets, 3U);
  });
  EXPECT_EQ(seen, 1U);
}

RC_GTEST_PROP(MatchCacheProperty, EqualsTheIndex, ()) {
  TopicIndex index(*rc::gen::arbitrary<std::uint64_t>());
  const auto bytes_max = *rc::gen::inRange<std::size_t>(0, 8'000);
  MatchCache cache({.hash_key = *rc::gen::arbitrary<std::uint64_t>(),
                    .entries_max = *rc::gen::inRange<std::size_t>(0, 40),
                    .bytes_max = bytes_max});
  std::vector<std::string> topics{"a", "b", "a/b", "a/c", "b/c", "a/b/c"};
  for (int i = 0; i < 20; ++i) topics.push_back("a/a name that needs memory/" + std::to_string(i));
  const std::vector<std::string> patterns{"a", "*", "a/b", "a/*", "**", "*/c", "a/**"};
  const auto step_count = *rc::gen::inRange<std::size_t>(0, 300);
  for (std::size_t i = 0; i < step_count; ++i) {
    const TenantId tenant = *rc::gen::element(kTenant, kOther);
    const Target target{*rc::gen::inRange<std::uint64_t>(0, 6), 0};
    const auto act = *rc::gen::inRange(0, 32);
    if (act == 0) index.add(tenant, *rc::gen::elementOf(patterns), target);
    if (act == 1) index.remove(tenant, *rc::gen::elementOf(patterns), target);
    const std::string topic = *rc::gen::elementOf(topics);
    RC_ASSERT(cached(cache, index, tenant, topic) == direct(index, tenant, topic));
    RC_ASSERT(cache.memory_bytes() <= bytes_max);
  }
  RC_ASSERT(cache.hits() + cache.misses() == step_count);
}

}  // namespace
}  // namespace ron::gossip
