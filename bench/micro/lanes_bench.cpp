// Lanes: a run to one subscriber and to many, fair service, and what a full lane costs.
#include "bench/common/lanes.hpp"

#include "bench/micro/report.hpp"

namespace ron::bench {
namespace {

// An item is one frame delivered to one subscriber.
void fan_out(benchmark::State& state) {
  const auto subscribers = static_cast<std::size_t>(state.range(0));
  const auto frames = static_cast<std::size_t>(state.range(1));
  FanOut lanes(subscribers, frames);
  measure(state, subscribers * frames, Memory::kAny, [&] { return lanes.turn(); });
}
BENCHMARK(fan_out)->ArgNames({"subscribers", "run"})->ArgsProduct({{1, 50, 1000}, {1, 16, 256}});

void fair_service(benchmark::State& state) {
  const auto frames = static_cast<std::size_t>(state.range(0));
  FairService lanes(frames);
  measure(state, 64 * frames, Memory::kAny, [&] { return lanes.turn(); });
}
BENCHMARK(fair_service)->ArgName("run")->Arg(1)->Arg(16)->Arg(256);

// An item is one frame shed.
void full_lane_newest(benchmark::State& state) {
  FullLane lane(gossip::DropPolicy::kNewest);
  measure(state, 16, Memory::kNone, [&] { return lane.turn(); });
}
BENCHMARK(full_lane_newest);

void full_lane_oldest(benchmark::State& state) {
  FullLane lane(gossip::DropPolicy::kOldest);
  measure(state, 16, Memory::kAny, [&] { return lane.turn(); });
}
BENCHMARK(full_lane_oldest);

}  // namespace
}  // namespace ron::bench
