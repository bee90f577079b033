// Fixed work whose instructions are counted: ./dev bench --check runs each workload of the table
// under callgrind, which counts what happens inside ron_measured and nothing else.
//
//   bench_check            the names, one a line
//   bench_check NAME       runs it and prints how many operations ron_measured saw
//
// A new workload is a row of the table and a number in baseline.json (--check --update writes it).
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/common/frames.hpp"
#include "bench/common/lanes.hpp"
#include "bench/common/topics.hpp"
#include "gossip/match_cache.hpp"
#include "oap/kinds.hpp"

namespace ron::bench {
namespace {

/// Does its work once; returns how many operations that was, 0 when something went wrong.
using Work = std::function<std::size_t()>;

struct Workload {
  std::string_view name;
  Work (*prepare)();
};

constexpr std::size_t kFrames = 4096;

using Reader = Seen (*)(oap::Parser&, Slice);

Work reading(const Frames& frames, Reader reader) {
  return [frames, reader, parser = std::make_shared<oap::Parser>(oap::kMaxFrame, nullptr)] {
    const Seen seen = reader(*parser, frames.block);
    return seen.frames == frames.count ? seen.frames : 0;
  };
}

Work parse_frames_only() { return reading(repeated_frames(kFrames), parse_frames); }
Work read_repeated() { return reading(repeated_frames(kFrames), read_publications); }
Work read_alike() { return reading(repeated_frames(kFrames), sweep_publications); }
Work read_mixed() { return reading(mixed_frames(kFrames), read_publications); }
Work read_large() { return reading(repeated_frames(64, 16U * 1024), read_publications); }

Work write_gossip() {
  return [data = std::vector<std::uint8_t>(48, 'x')] {
    oap::GossipOut out;
    out.topic = "metrics/cpu/core0";
    out.data = data;
    std::size_t written = 0;
    for (; written < kFrames; ++written) {
      out.ts = written;
      if (oap::write_gossip(out).empty()) return std::size_t{0};
    }
    return written;
  };
}

struct Subscriptions {
  gossip::TopicIndex index{42};
  gossip::MatchCache cache{{.hash_key = 43}};
  std::vector<std::string> topics = random_topics(1000);
  std::vector<gossip::Target> targets;
};

std::shared_ptr<Subscriptions> wildcards(std::size_t count) {
  auto all = std::make_shared<Subscriptions>();
  subscribe_wildcards(all->index, count);
  return all;
}

Work match_wildcards() {
  return [all = wildcards(10'000)] {
    for (const std::string& topic : all->topics) {
      all->targets.clear();
      all->index.match({}, topic, all->targets);
    }
    return all->topics.size();
  };
}

Work match_cached() {
  return [all = wildcards(10'000)] {
    std::size_t reached = 0;
    for (const std::string& topic : all->topics) {
      reached += all->cache.match(all->index, {}, topic).size();
    }
    return reached > 0 ? all->topics.size() : 0;
  };
}

Work match_exact() {
  auto all = std::make_shared<Subscriptions>();
  for (std::size_t i = 0; i < all->topics.size(); ++i) all->index.add({}, all->topics[i], {i, 0});
  return [all] {
    std::size_t reached = 0;
    for (const std::string& topic : all->topics) {
      all->targets.clear();
      all->index.match({}, topic, all->targets);
      reached += all->targets.size();
    }
    return reached >= all->topics.size() ? all->topics.size() : 0;
  };
}

Work subscribe() {
  SeedChoice choice(6);
  std::vector<std::string> patterns(1000);
  for (std::string& pattern : patterns) pattern = random_wildcard(choice);
  return [patterns, all = wildcards(1000)] {
    for (const std::string& pattern : patterns) all->index.add({}, pattern, {UINT64_MAX, 0});
    for (const std::string& pattern : patterns) all->index.remove({}, pattern, {UINT64_MAX, 0});
    return patterns.size();
  };
}

template <typename Lanes>
Work turns(std::shared_ptr<Lanes> lanes, std::size_t count) {
  return [lanes, count] {
    std::size_t frames = 0;
    for (std::size_t i = 0; i < count; ++i) frames += lanes->turn();
    return frames;
  };
}

template <std::size_t kSubscribers, std::size_t kRun>
Work fan_out() {
  return turns(std::make_shared<FanOut>(kSubscribers, kRun), kSubscribers < 1000 ? 64 : 4);
}

template <std::size_t kRun>
Work fair_service() {
  return turns(std::make_shared<FairService>(kRun), 64);
}

template <gossip::DropPolicy kPolicy>
Work full_lane() {
  return turns(std::make_shared<FullLane>(kPolicy), 64);
}

constexpr Workload kWorkloads[] = {
    // An operation is a frame.
    {"parser/frames_only", parse_frames_only},
    {"parser/repeated", read_repeated},
    {"parser/alike", read_alike},
    {"parser/mixed", read_mixed},
    {"parser/16_kib", read_large},
    {"cbor/write_gossip", write_gossip},
    // An operation is a topic matched, or a pattern added and removed.
    {"match/exact", match_exact},
    {"match/10000_wildcards", match_wildcards},
    {"match/cached", match_cached},
    {"match/subscribe", subscribe},
    // An operation is a frame delivered to one subscriber, or shed.
    {"lanes/1_subscriber_single", fan_out<1, 1>},
    {"lanes/1_subscriber_run_of_16", fan_out<1, 16>},
    {"lanes/50_subscribers_single", fan_out<50, 1>},
    {"lanes/1000_subscribers_run_of_16", fan_out<1000, 16>},
    {"lanes/fair_service_single", fair_service<1>},
    {"lanes/fair_service_run_of_16", fair_service<16>},
    {"lanes/full_newest", full_lane<gossip::DropPolicy::kNewest>},
    {"lanes/full_oldest", full_lane<gossip::DropPolicy::kOldest>},
};

}  // namespace
}  // namespace ron::bench

/// What callgrind counts: found by its name, so it must stay a function of its own. The variable
/// puts the stack below it on a page's edge: it would begin where the environment's and the path's
/// length say, and copies of objects on it take one branch or another by their alignment.
extern "C" [[gnu::noinline, gnu::used]] std::size_t ron_measured(const ron::bench::Work& work) {
  alignas(4096) volatile std::size_t operations = work();
  return operations;
}

int main(int argc, char** argv) {
  using ron::bench::kWorkloads;
  if (argc < 2) {
    for (const auto& each : kWorkloads) std::puts(std::string(each.name).c_str());
    return 0;
  }
  for (const auto& each : kWorkloads) {
    if (each.name != argv[1]) continue;
    const ron::bench::Work work = each.prepare();
    work();  // what is kept has grown to its size
    const std::size_t operations = ron_measured(work);
    std::printf("%zu\n", operations);
    return operations > 0 ? 0 : 1;
  }
  std::fprintf(stderr, "no such workload: %s\n", argv[1]);
  return 2;
}
