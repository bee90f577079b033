// Counters of a running node as values, gathered without stopping anybody.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "mesh/membership.hpp"
#include "mesh/relay_stats.hpp"
#include "node/stats.hpp"
#include "transport/stream.hpp"

namespace ron::host {

/// Durations sorted into the buckets of overlay_handshake_seconds and its kin.
struct TimeHistogram {
  static constexpr std::array<double, 10> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,  0.1,    0.5,   1.0,  5.0};
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  double sum_seconds = 0;
  void add(double seconds) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    ++counts[bucket];
    sum_seconds += seconds;
  }
};

struct TransportStats {
  std::uint64_t accepted = 0;      // let in
  std::uint64_t refused_rate = 0;  // rejected_total{reason="handshake_ratelimit"}
  std::uint64_t refused_full = 0;  // max_conns
  std::uint64_t refused_uid = 0;
  std::uint64_t no_files = 0;  // out of descriptors
  std::uint64_t accept_errors = 0;
  std::array<std::uint64_t, transport::kFailureClasses> tls_failures{};  // by FailureClass
  std::uint64_t tls_handshakes = 0;                                      // that succeeded
  std::uint64_t streams_lost = 0;  // reset, or an error while reading or writing
  std::uint32_t streams = 0;       // gauge
  std::uint32_t deaf = 0;          // gauge: listeners that nobody can reach any more
  std::uint32_t shaking = 0;       // gauge: TLS handshakes on their way
  std::uint64_t ring_full = 0;     // mail that had to wait for room
  std::uint64_t turns = 0;
  TimeHistogram handshake_seconds;            // the TLS handshake
  TimeHistogram accept_to_handshake_seconds;  // from accept to the end of the OAP handshake
  TimeHistogram lifetime_seconds;
};

/// Of a node's mesh, which lives on shard 0.
struct MeshStats {
  mesh::MembershipStats membership;
  mesh::RelayStats relay;
};

struct ShardSnapshot {
  Instant at;  // when it was taken
  node::ShardStats node;
  TransportStats transport;
  std::optional<MeshStats> mesh;  // of shard 0 of a node that has one
};

struct Snapshot {
  std::vector<ShardSnapshot> shards;
  bool complete = true;  // every shard answered in time
  /// Nothing without a mesh.
  const MeshStats* mesh() const {
    return shards.empty() || !shards.front().mesh ? nullptr : &*shards.front().mesh;
  }
  std::uint64_t tls_reloads = 0;
  std::uint64_t tls_reload_failures = 0;
  /// Certificate in use; 0 without TLS.
  std::uint64_t certificate_not_after = 0;
  std::uint64_t certificate_not_before = 0;
};

}  // namespace ron::host
