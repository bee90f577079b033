// How far hosts are from each other, and how fast they send.
//
// Uniform: one-way latency of a pair is drawn from [low, high], symmetric, without bandwidth limit.
// Wan: eight regions of the world with the latencies, weights and uplinks of the scenarios that the
// libp2p project compares its implementations with (libp2p/test-plans, gossipsub-interop,
// network_graph.py: facts, not code).
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace ron::meshsim {

enum class LatencyModel : std::uint8_t { kUniform, kWan };

struct LatencyOptions {
  LatencyModel model = LatencyModel::kUniform;
  Duration low = std::chrono::milliseconds(10), high = std::chrono::milliseconds(50);
};

class Latency {
 public:
  Latency(const LatencyOptions& options, std::uint64_t seed, std::uint32_t hosts);

  Duration one_way(std::uint32_t from, std::uint32_t to) const;
  /// Bits a second a host can send; 0 = no limit.
  std::uint64_t uplink(std::uint32_t host) const;

 private:
  LatencyOptions options_;
  std::uint64_t seed_;
  std::vector<std::uint8_t> regions_;  // by host
};

}  // namespace ron::meshsim
