#include "gossip/topic_index.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gossip/topic_index_model.hpp"
#include "oap/topic.hpp"

namespace ron::gossip {
namespace {

constexpr TenantId kTenant{};
constexpr TenantId kOther{0, 1};

std::vector<Target> matched(const TopicIndex& index, std::string_view topic,
                            TenantId tenant = kTenant) {
  std::vector<Target> out;
  index.match(tenant, topic, out);
  return out;
}

std::vector<std::uint64_t> ids(const TopicIndex& index, std::string_view topic,
                               TenantId tenant = kTenant) {
  std::vector<std::uint64_t> out;
  for (const Target& target : matched(index, topic, tenant)) out.push_back(target.id);
  return out;
}

using Ids = std::vector<std::uint64_t>;

std::string repeated(std::string_view unit, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += unit;
  return text;
}

TEST(TopicIndex, EmptyOwnsNothing) {
  const TopicIndex index(1);
  EXPECT_EQ(index.memory_bytes(), 0U);
  EXPECT_EQ(ids(index, "a/b"), Ids{});
  EXPECT_FALSE(index.any(kTenant, "a"));
  EXPECT_EQ(index.last_visited(), 0U);
}

TEST(TopicIndex, StarIsExactlyOneSegment) {  // OAP-4.4
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "a/*", {1, 0}));
  EXPECT_TRUE(index.add(kTenant, "*", {2, 0}));
  EXPECT_TRUE(index.add(kTenant, "*/b", {3, 0}));
  EXPECT_TRUE(index.add(kTenant, "a/*/c", {4, 0}));
  EXPECT_EQ(ids(index, "a"), Ids{2});
  EXPECT_EQ(ids(index, "a/b"), (Ids{1, 3}));
  EXPECT_EQ(ids(index, "a/b/c"), Ids{4});
  EXPECT_EQ(ids(index, "a/b/c/d"), Ids{});
  EXPECT_EQ(ids(index, "b/b"), Ids{3});
}

TEST(TopicIndex, RestIsOneOrMoreSegments) {  // OAP-4.5
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "**", {1, 0}));
  EXPECT_TRUE(index.add(kTenant, "a/**", {2, 0}));
  EXPECT_TRUE(index.add(kTenant, "*/**", {3, 0}));
  EXPECT_EQ(ids(index, "a"), Ids{1});
  EXPECT_EQ(ids(index, "a/b"), (Ids{1, 2, 3}));
  EXPECT_EQ(ids(index, "a/b/c/d"), (Ids{1, 2, 3}));
  EXPECT_EQ(ids(index, "b/a"), (Ids{1, 3}));
}

TEST(TopicIndex, StarsInsideASegmentAreLiteral) {  // OAP-4.6
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "a*", {1, 0}));
  EXPECT_TRUE(index.add(kTenant, "***", {2, 0}));
  EXPECT_TRUE(index.add(kTenant, "a*/*", {3, 0}));
  EXPECT_EQ(ids(index, "ab"), Ids{});
  EXPECT_EQ(ids(index, "a*"), Ids{1});
  EXPECT_EQ(ids(index, "***"), Ids{2});
  EXPECT_EQ(ids(index, "x"), Ids{});
  EXPECT_EQ(ids(index, "a*/x"), Ids{3});
  EXPECT_EQ(ids(index, "ab/x"), Ids{});
}

TEST(TopicIndex, TenantsNeverMeet) {  // OAP-4.7
  TopicIndex index(1);
  const TenantId high{1, 0};
  EXPECT_TRUE(index.add(kTenant, "a/b", {1, 0}));
  EXPECT_TRUE(index.add(kOther, "a/b", {2, 0}));
  EXPECT_TRUE(index.add(kOther, "**", {3, 0}));
  EXPECT_TRUE(index.add(high, "a/*", {4, 0}));
  EXPECT_EQ(ids(index, "a/b"), Ids{1});
  EXPECT_EQ(ids(index, "a/b", kOther), (Ids{2, 3}));
  EXPECT_EQ(ids(index, "a/b", high), Ids{4});
  EXPECT_FALSE(index.remove(kTenant, "**", {3, 0}));
  EXPECT_EQ(index.target_count(), 4U);
}

TEST(TopicIndex, MatchingIsByteWiseAndCaseSensitive) {  // OAP-4.8
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "A/\xC3\xA9", {1, 0}));
  EXPECT_TRUE(index.add(kTenant, "A/e\xCC\x81/*", {2, 0}));
  EXPECT_EQ(ids(index, "a/\xC3\xA9"), Ids{});
  EXPECT_EQ(ids(index, "A/\xC3\xA9"), Ids{1});
  EXPECT_EQ(ids(index, "A/e\xCC\x81"), Ids{});
  EXPECT_EQ(ids(index, "A/\xC3\xA9/x"), Ids{});
  EXPECT_EQ(ids(index, "A/e\xCC\x81/x"), Ids{2});
}

TEST(TopicIndex, SamePatternCountsOnce) {  // OAP-4.23
  TopicIndex index(1);
  for (const char* pattern : {"a/b", "a/*", "a/**"}) {
    EXPECT_TRUE(index.add(kTenant, pattern, {1, 0}));
    const std::uint64_t generation = index.generation();
    EXPECT_FALSE(index.add(kTenant, pattern, {1, 0}));
    EXPECT_EQ(index.generation(), generation);
    EXPECT_TRUE(index.add(kTenant, pattern, {1, 7}));  // another tag is another target
    EXPECT_NE(index.generation(), generation);
  }
  EXPECT_EQ(index.pattern_count(), 3U);
  EXPECT_EQ(index.target_count(), 6U);
  EXPECT_EQ(matched(index, "a/b"),
            (std::vector<Target>{{1, 0}, {1, 7}, {1, 0}, {1, 7}, {1, 0}, {1, 7}}));
}

TEST(TopicIndex, RemoveNamesWhatIsThere) {  // OAP-4.26
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "a/*/c", {1, 0}));
  const std::uint64_t generation = index.generation();
  for (const char* pattern : {"a", "a/*", "a/*/*", "a/b/c", "a/*/c/d", "*/*/c", "a/*/c/**", "**"}) {
    EXPECT_FALSE(index.remove(kTenant, pattern, {1, 0})) << pattern;
  }
  EXPECT_FALSE(index.remove(kTenant, "a/*/c", {2, 0}));
  EXPECT_EQ(index.generation(), generation);
  EXPECT_TRUE(index.remove(kTenant, "a/*/c", {1, 0}));
  EXPECT_FALSE(index.remove(kTenant, "a/*/c", {1, 0}));
}

TEST(TopicIndex, RemovingGivesAllMemoryBack) {
  TopicIndex index(1);
  std::vector<std::string> patterns;
  for (int i = 0; i < 2000; ++i) {
    const std::string n = std::to_string(i);
    patterns.push_back("a/" + n + "/long segment that is no inline string");
    patterns.push_back("a/" + n + "/*/" + n);
    patterns.push_back("*/" + n + "/**");
  }
  for (const std::string& pattern : patterns) EXPECT_TRUE(index.add(kTenant, pattern, {1, 0}));
  EXPECT_GT(index.memory_bytes(), 2000 * 3 * sizeof(Target));
  std::reverse(patterns.begin(), patterns.end());
  for (const std::string& pattern : patterns) EXPECT_TRUE(index.remove(kTenant, pattern, {1, 0}));
  EXPECT_EQ(index.memory_bytes(), 0U);
  EXPECT_EQ(index.node_count(), 0U);
  EXPECT_EQ(index.pattern_count(), 0U);
}

TEST(TopicIndex, PruningLeavesNeighboursAlone) {
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "a/*/c", {1, 0}));
  EXPECT_TRUE(index.add(kTenant, "a/*/c/d", {2, 0}));
  EXPECT_TRUE(index.add(kTenant, "a/**", {3, 0}));
  const std::size_t before = index.memory_bytes();
  const std::size_t nodes = index.node_count();
  EXPECT_TRUE(index.add(kTenant, "a/*/x/y/z", {4, 0}));
  EXPECT_TRUE(index.remove(kTenant, "a/*/x/y/z", {4, 0}));
  EXPECT_EQ(index.node_count(), nodes);
  EXPECT_GE(index.memory_bytes(), before);  // a table may keep some of its slots
  EXPECT_TRUE(index.remove(kTenant, "a/*/c", {1, 0}));
  EXPECT_EQ(ids(index, "a/b/c/d"), (Ids{3, 2}));
  EXPECT_TRUE(index.remove(kTenant, "a/**", {3, 0}));
  EXPECT_EQ(ids(index, "a/b/c/d"), Ids{2});
}

// One subscriber matches; how many others subscribe elsewhere does not change the work.
TEST(TopicIndex, CostDoesNotGrowWithSubscriptions) {
  std::vector<std::size_t> worst;
  for (const int count : {10, 1'000, 100'000}) {
    TopicIndex index(42);
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(i);
      const Target target{static_cast<std::uint64_t>(i), 0};
      const std::string forms[] = {"site/" + n + "/temp", "site/" + n + "/*", "site/*/" + n,
                                   "*/" + n + "/**"};
      EXPECT_TRUE(index.add(kTenant, forms[i % 4], target));
    }
    EXPECT_TRUE(index.add(kTenant, "site/*/temp", {UINT64_MAX, 0}));
    std::size_t most = 0;
    for (int topic = 0; topic < 64; ++topic) {
      const std::string name = "site/none" + std::to_string(topic) + "/temp";
      EXPECT_EQ(ids(index, name), Ids{UINT64_MAX});
      most = std::max(most, index.last_visited());
    }
    worst.push_back(most);
  }
  // Six tree nodes at most; the rest are slots of tables that are at most 5/8 full.
  for (const std::size_t visited : worst) EXPECT_LE(visited, 96U);
}

// The one literal child among 100 000 is found without looking at the others.
TEST(TopicIndex, WideNodesAreNotScanned) {
  TopicIndex index(42);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(index.add(kTenant, "w/" + std::to_string(i) + "/*", {1, 0}));
  }
  EXPECT_EQ(ids(index, "w/77777/x"), Ids{1});
  EXPECT_LE(index.last_visited(), 64U);
}

// Every node has one path: patterns that all overlap cost what they have nodes, not 2^127.
TEST(TopicIndex, HostilePatternsCostAtMostTheirNodes) {
  TopicIndex index(1);
  std::vector<std::string> patterns;
  for (std::size_t i = 0; i <= 126; ++i) {
    patterns.push_back(repeated("a/", i) + "*/" + repeated("a/", 126 - i) + "a");
    patterns.push_back(repeated("*/", i) + repeated("a/", 127 - i) + "*");
    patterns.push_back(repeated("*/a/", i / 2) + "**");
  }
  patterns.push_back(repeated("*/a/", 63) + "*/b");
  std::size_t expected = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    ASSERT_TRUE(oap::is_pattern(patterns[i])) << patterns[i];
    EXPECT_EQ(patterns[i].size() <= oap::kTopicMax, true);
    if (index.add(kTenant, patterns[i], {1, 0}) && i + 1 < patterns.size()) ++expected;
  }
  const std::string topic = repeated("a/", 127) + "a";
  ASSERT_EQ(topic.size(), oap::kTopicMax);
  EXPECT_EQ(matched(index, topic).size(), expected);
  EXPECT_LE(index.last_visited(), index.node_count() * 32);  // nodes, and slots on the way
  EXPECT_TRUE(index.any(kTenant, topic));
}

// All 2^10 choices of {a, *}: the visit is the whole tree once and not more.
TEST(TopicIndex, FullBinaryTreeIsVisitedOnce) {
  TopicIndex index(9);
  for (unsigned bits = 0; bits < 1024; ++bits) {
    std::string pattern;
    for (unsigned i = 0; i < 10; ++i) pattern += (bits >> i) % 2 == 0 ? "*/" : "a/";
    EXPECT_TRUE(index.add(kTenant, pattern + "*", {bits, 0}));
  }
  EXPECT_EQ(matched(index, repeated("a/", 10) + "z").size(), 1024U);
  EXPECT_LE(index.last_visited(), index.node_count() * 8);
  EXPECT_EQ(matched(index, repeated("a/", 9) + "z").size(), 0U);
}

TEST(TopicIndex, TooLongTopicMatchesNothing) {
  TopicIndex index(1);
  EXPECT_TRUE(index.add(kTenant, "**", {1, 0}));
  EXPECT_EQ(ids(index, repeated("a/", 4000)), Ids{});
}

TEST(TopicIndex, OrderDoesNotDependOnTheKey) {
  std::vector<std::vector<Target>> results;
  for (const std::uint64_t key : {0ULL, 1ULL, 0xdeadbeefULL}) {
    TopicIndex index(key);
    for (std::uint64_t i = 0; i < 40; ++i) {
      for (const char* pattern : {"**", "a/*", "*/b", "a/b", "*/*", "a/**"}) {
        EXPECT_TRUE(index.add(kTenant, pattern, {i, 0}));
      }
    }
    for (std::uint64_t i = 3; i < 40; i += 5) EXPECT_TRUE(index.remove(kTenant, "*/b", {i, 0}));
    results.push_back(matched(index, "a/b"));
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(TopicIndex, TenThousandTargetsUnderOnePatternComeAndGo) {
  TopicIndex index(5);
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_TRUE(index.add(kTenant, "hot/*", {i, 1}));
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_FALSE(index.add(kTenant, "hot/*", {i, 1}));
  EXPECT_EQ(index.target_count(), 10'000U);
  for (std::uint64_t i = 0; i < 10'000; i += 2) {
    EXPECT_TRUE(index.remove(kTenant, "hot/*", {i, 1}));
    EXPECT_FALSE(index.remove(kTenant, "hot/*", {i, 1}));
  }
  Ids left = ids(index, "hot/x");
  std::sort(left.begin(), left.end());
  ASSERT_EQ(left.size(), 5'000U);
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], 2 * i + 1);
  for (const std::uint64_t id : left) EXPECT_TRUE(index.remove(kTenant, "hot/*", {id, 1}));
  EXPECT_EQ(index.memory_bytes(), 0U);
}

// ---- properties ----

std::string any_path(const std::vector<std::string>& words, bool pattern) {
  const auto depth = *rc::gen::inRange<std::size_t>(1, 5);
  std::string path;
  for (std::size_t i = 0; i < depth; ++i) {
    if (i > 0) path += '/';
    path += *rc::gen::elementOf(words);
  }
  if (pattern && *rc::gen::inRange(0, 4) == 0) path += "/**";
  return path;
}

std::string any_pattern() {
  if (*rc::gen::inRange(0, 20) == 0) return "**";
  return any_path({"a", "b", "*", "*", "a*", "***", "\xC3\xA9"}, true);
}

std::string any_topic() { return any_path({"a", "a", "b", "c", "a*", "***", "\xC3\xA9"}, false); }

TenantId any_tenant() { return *rc::gen::element(TenantId{}, TenantId{0, 1}, TenantId{1, 0}); }

Target any_target() {
  return {*rc::gen::inRange<std::uint64_t>(0, 30), *rc::gen::inRange<std::uint32_t>(0, 2)};
}

struct Subscription {
  TenantId tenant;
  std::string pattern;
  Target target;
};

RC_GTEST_PROP(TopicIndexProperty, EqualsTheNaiveTwin, ()) {
  TopicIndex index(*rc::gen::arbitrary<std::uint64_t>());
  TopicIndexModel model;
  std::vector<Subscription> added;
  const auto step_count = *rc::gen::inRange<std::size_t>(0, 200);
  for (std::size_t i = 0; i < step_count; ++i) {
    const std::uint64_t generation = index.generation();
    bool changed = false;
    if (*rc::gen::inRange(0, 5) < 3) {
      const Subscription s{any_tenant(), any_pattern(), any_target()};
      changed = model.add(s.tenant, s.pattern, s.target);
      RC_ASSERT(index.add(s.tenant, s.pattern, s.target) == changed);
      added.push_back(s);
    } else {
      const bool known = !added.empty() && *rc::gen::inRange(0, 4) > 0;
      const Subscription s = known ? *rc::gen::elementOf(added)
                                   : Subscription{any_tenant(), any_pattern(), any_target()};
      changed = model.remove(s.tenant, s.pattern, s.target);
      RC_ASSERT(index.remove(s.tenant, s.pattern, s.target) == changed);
    }
    RC_ASSERT((index.generation() != generation) == changed);
    const TenantId tenant = any_tenant();
    const std::string topic = any_topic();
    std::vector<Target> got = matched(index, topic, tenant);
    std::sort(got.begin(), got.end());
    RC_ASSERT(got == model.match(tenant, topic));
    RC_ASSERT(index.any(tenant, topic) == !got.empty());
    RC_ASSERT(index.target_count() == model.target_count());
    RC_ASSERT(index.pattern_count() == model.pattern_count());
  }
  for (const Subscription& s : added) index.remove(s.tenant, s.pattern, s.target);
  RC_ASSERT(index.memory_bytes() == 0U);
  RC_ASSERT(index.node_count() == 0U);
}

// The three definitions of "matches" in the tree agree.
RC_GTEST_PROP(TopicIndexProperty, AgreesWithOapMatches, ()) {
  const std::string pattern = any_pattern();
  const std::string topic = any_topic();
  RC_PRE(oap::is_pattern(pattern) && oap::is_topic(topic));
  TopicIndex index(7);
  index.add(kTenant, pattern, {1, 0});
  RC_ASSERT(index.any(kTenant, topic) == oap::matches(pattern, topic));
  RC_ASSERT(TopicIndexModel::fits(pattern, topic) == oap::matches(pattern, topic));
}

}  // namespace
}  // namespace ron::gossip
