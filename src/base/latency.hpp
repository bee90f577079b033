// Spans of time sorted into fixed buckets, as overlay_gossip_latency_seconds shows them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace ron {

struct LatencyHistogram {
  /// Upper bounds; what is longer than the last has a bucket of its own.
  static constexpr std::array<Duration, 13> kBounds = {
      std::chrono::microseconds(100), std::chrono::microseconds(500),
      std::chrono::milliseconds(1),   std::chrono::milliseconds(2),
      std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
      std::chrono::milliseconds(20),  std::chrono::milliseconds(50),
      std::chrono::milliseconds(100), std::chrono::milliseconds(200),
      std::chrono::milliseconds(500), std::chrono::seconds(1),
      std::chrono::seconds(5)};

  void add(Duration span) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && span > kBounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += span;
  }

  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  Duration sum{};
};

}  // namespace ron
