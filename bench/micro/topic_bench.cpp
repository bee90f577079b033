// What a match costs against the number of subscriptions, with and without the cache.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gossip/match_cache.hpp"
#include "gossip/topic_index.hpp"

namespace {

using ron::TenantId;
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

void BM_Match(benchmark::State& state) {
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
BENCHMARK(BM_Match)->Arg(10)->Arg(1'000)->Arg(100'000);

// Every topic another: what a publisher of ever new names costs.
void BM_MatchManyTopics(benchmark::State& state) {
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
BENCHMARK(BM_MatchManyTopics)->Arg(10)->Arg(1'000)->Arg(100'000);

void BM_CacheHit(benchmark::State& state) {
  TopicIndex index(42);
  fill(index, state.range(0));
  MatchCache cache({.hash_key = 43});
  for (auto _ : state) benchmark::DoNotOptimize(cache.match(index, kTenant, "site/7/temp").data());
}
BENCHMARK(BM_CacheHit)->Arg(10)->Arg(100'000);

void BM_CacheMiss(benchmark::State& state) {
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
BENCHMARK(BM_CacheMiss);

// A subscriber comes and goes under a pattern that `range` others hold.
void BM_AddRemoveUnderCrowd(benchmark::State& state) {
  TopicIndex index(42);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    index.add(kTenant, "hot/*", {static_cast<std::uint64_t>(i), 0});
  }
  for (auto _ : state) {
    index.add(kTenant, "hot/*", {UINT64_MAX, 0});
    index.remove(kTenant, "hot/*", {UINT64_MAX, 0});
  }
}
BENCHMARK(BM_AddRemoveUnderCrowd)->Arg(1)->Arg(16)->Arg(10'000);

// 2^n patterns of {a, *}: the worst a match can be made to visit for what it costs to set up.
void BM_HostileTree(benchmark::State& state) {
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
BENCHMARK(BM_HostileTree)->Arg(4)->Arg(10);

}  // namespace
