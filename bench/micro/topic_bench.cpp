// What a match costs against the number of subscriptions, with and without the cache.
#include <cstdint>
#include <string>
#include <vector>

#include "bench/common/topics.hpp"
#include "bench/micro/report.hpp"
#include "gossip/match_cache.hpp"
#include "gossip/topic_index.hpp"

namespace ron::bench {
namespace {

using ron::gossip::MatchCache;
using ron::gossip::Target;
using ron::gossip::TopicIndex;

constexpr TenantId kTenant{};

// A mixed population: exact topics and three shapes of wildcard, all under other names than the
// one or two that match.
void fill(TopicIndex& index, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    const std::string forms[] = {"site/" + n + "/temp", "site/" + n + "/*", "site/*/" + n,
                                 "*/" + n + "/**"};
    index.add(kTenant, forms[i % 4], {static_cast<std::uint64_t>(i), 0});
  }
  index.add(kTenant, "site/7/temp", {1'000'000, 0});
  index.add(kTenant, "site/*/temp", {1'000'001, 0});
}

void match(benchmark::State& state) {
  TopicIndex index(42);
  fill(index, state.range(0));
  std::vector<Target> out;
  for (auto _ : state) {
    out.clear();
    index.match(kTenant, "site/7/temp", out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["visited"] = static_cast<double>(index.last_visited());
  state.counters["bytes/sub"] =
      static_cast<double>(index.memory_bytes()) / static_cast<double>(index.target_count());
}
BENCHMARK(match)->Arg(10)->Arg(1'000)->Arg(100'000);

// Every topic another: what a publisher of ever new names costs.
void match_many_topics(benchmark::State& state) {
  TopicIndex index(42);
  fill(index, state.range(0));
  std::vector<std::string> topics;
  for (int i = 0; i < 4096; ++i) topics.push_back("site/" + std::to_string(i * 17) + "/temp");
  std::vector<Target> out;
  std::size_t at = 0;
  for (auto _ : state) {
    out.clear();
    index.match(kTenant, topics[at++ % topics.size()], out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(match_many_topics)->Arg(10)->Arg(1'000)->Arg(100'000);

void cache_hit(benchmark::State& state) {
  TopicIndex index(42);
  fill(index, state.range(0));
  MatchCache cache({.hash_key = 43});
  measure(state, 1, Memory::kNone, [&] {
    return std::size_t{cache.match(index, kTenant, "site/7/temp").empty() ? 0U : 1U};
  });
}
BENCHMARK(cache_hit)->Arg(10)->Arg(100'000);

void cache_miss(benchmark::State& state) {
  TopicIndex index(42);
  fill(index, 1'000);
  MatchCache cache({.hash_key = 43, .entries_max = 64});
  std::vector<std::string> topics;
  for (int i = 0; i < 4096; ++i) topics.push_back("site/" + std::to_string(i * 17) + "/temp");
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.match(index, kTenant, topics[at++ % topics.size()]).data());
  }
}
BENCHMARK(cache_miss);

// A thousand random topics in turn against 10 000 wildcard subscriptions of mixed depth.
template <typename Match>
void against_wildcards(benchmark::State& state, Memory allowed, const TopicIndex& index,
                       Match match) {
  const std::vector<std::string> topics = random_topics(1000);
  std::size_t reached = 0;
  measure(state, topics.size(), allowed, [&] {
    reached = 0;
    for (const std::string& topic : topics) reached += match(topic);
    return topics.size();
  });
  state.counters["targets"] = static_cast<double>(reached) / static_cast<double>(topics.size());
  state.counters["nodes"] = static_cast<double>(index.node_count());
}

void wildcards(benchmark::State& state) {
  TopicIndex index(42);
  subscribe_wildcards(index, 10'000);
  std::vector<Target> out;
  against_wildcards(state, Memory::kNone, index, [&](const std::string& topic) {
    out.clear();
    index.match(kTenant, topic, out);
    return out.size();
  });
}
BENCHMARK(wildcards);

void through_cache(benchmark::State& state, const TopicIndex& index) {
  MatchCache cache({.hash_key = 43});
  against_wildcards(state, Memory::kAny, index, [&](const std::string& topic) {
    return cache.match(index, kTenant, topic).size();
  });
  state.counters["hit ratio"] =
      static_cast<double>(cache.hits()) / static_cast<double>(cache.hits() + cache.misses());
}

void wildcards_through_cache(benchmark::State& state) {
  TopicIndex index(42);
  subscribe_wildcards(index, 10'000);
  through_cache(state, index);
}
BENCHMARK(wildcards_through_cache);

// Results of 200 targets each: a third of them fits into the cache's budget.
void dense_through_cache(benchmark::State& state) {
  TopicIndex index(42);
  for (std::uint64_t i = 0; i < 200; ++i) index.add(kTenant, "**", {i, 0});
  through_cache(state, index);
}
BENCHMARK(dense_through_cache);

// A subscriber comes and goes under a pattern that `range` others hold.
void add_remove_under_crowd(benchmark::State& state) {
  TopicIndex index(42);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    index.add(kTenant, "hot/*", {static_cast<std::uint64_t>(i), 0});
  }
  for (auto _ : state) {
    index.add(kTenant, "hot/*", {UINT64_MAX, 0});
    index.remove(kTenant, "hot/*", {UINT64_MAX, 0});
  }
}
BENCHMARK(add_remove_under_crowd)->Arg(1)->Arg(16)->Arg(10'000);

// 2^n patterns of {a, *}: the worst a match can be made to visit for what it costs to set up.
void hostile_tree(benchmark::State& state) {
  const auto depth = static_cast<unsigned>(state.range(0));
  TopicIndex index(42);
  std::string topic;
  for (unsigned i = 0; i < depth; ++i) topic += "a/";
  for (std::uint64_t bits = 0; bits < 1ULL << depth; ++bits) {
    std::string pattern;
    for (unsigned i = 0; i < depth; ++i) pattern += ((bits >> i) & 1U) == 0 ? "*/" : "a/";
    index.add(kTenant, pattern + "b", {bits, 0});
  }
  topic += "never";
  std::vector<Target> out;
  for (auto _ : state) {
    index.match(kTenant, topic, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["visited"] = static_cast<double>(index.last_visited());
}
BENCHMARK(hostile_tree)->Arg(4)->Arg(10);

}  // namespace
}  // namespace ron::bench
