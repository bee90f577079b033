// Plain per-shard counters and gauges; ops/ sums them when scraped. Names follow the metrics they
// feed (docs/observability.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/latency.hpp"
#include "mesh/orders.hpp"
#include "oap/wire_error.hpp"

namespace ron::node {

enum class FrameClass : std::uint8_t { kGossip, kCtrl, kOther };
inline constexpr std::size_t kFrameClasses = 3;

/// Counts frame sizes into the buckets of overlay_frame_size_bytes.
struct SizeHistogram {
  static constexpr std::array<std::uint32_t, 8> kBounds = {
      512, 1024, 4096, 16 * 1024, 64 * 1024, 256 * 1024, 512 * 1024, 1024 * 1024};
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  std::uint64_t sum = 0;
  void add(std::uint64_t size, std::uint64_t times = 1) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && size > kBounds[bucket]) ++bucket;
    counts[bucket] += times;
    sum += size * times;
  }
};

/// Why a handshake failed (overlay_handshake_failures_total{reason}).
enum class HandshakeFailure : std::uint8_t { kTimeout, kProto, kPq, kAuth, kNotReady, kIo };
inline constexpr std::size_t kHandshakeFailures = 6;

/// Why frames did not reach a lane (overlay_queue_dropped_total{reason}).
enum class ShedReason : std::uint8_t { kFull, kTooLarge, kBudget, kNoRoomAnywhere };
inline constexpr std::size_t kShedReasons = 4;

/// Why a lane of a peer let go of frames (overlay_mesh_lane_shed_total{reason}).
enum class PeerShed : std::uint8_t { kFull, kLate, kBestEffort };
inline constexpr std::size_t kPeerSheds = 3;

struct ShardStats {
  // sessions
  std::uint64_t sessions_opened = 0;  // handshake done
  std::uint64_t sessions_refused_full = 0;
  std::array<std::uint64_t, 8> sessions_closed{};  // by CloseReason
  std::uint64_t handshakes = 0;  // streams that were taken: opened + failed, in the end
  std::array<std::uint64_t, kHandshakeFailures> handshake_failures{};
  std::uint64_t pq_hybrid = 0, pq_classical = 0, pq_incompatible = 0;
  std::uint64_t downgrades = 0;       // hello spoke of hybrid over a classical TLS channel
  std::uint32_t sessions = 0;         // gauge: in the table
  std::uint32_t sessions_active = 0;  // gauge: handshake done, not closing

  std::uint32_t peer_sessions = 0;  // gauge: of them with peers, handshake done

  // frames
  std::array<std::uint64_t, kFrameClasses> frames_rx{}, frames_tx{};
  std::uint64_t bytes_rx = 0, bytes_tx = 0;
  SizeHistogram size_rx, size_tx;

  // refusals and sheds
  std::array<std::uint64_t, oap::kCodeCount> errors_sent{};     // by Code: answers and closes
  std::array<std::uint64_t, oap::kCodeCount> events_refused{};  // plain events dropped, by Code
  std::uint64_t unknown_kinds = 0, stray_answers = 0, credit_clamped_bytes = 0;
  std::uint64_t window_overruns = 0;               // counted frames sent without credit
  std::array<std::uint64_t, kShedReasons> shed{};  // publications not queued, by reason
  std::uint64_t timeouts_handshake = 0, timeouts_read = 0, timeouts_write = 0, timeouts_idle = 0;

  // gossip
  std::uint64_t published = 0;      // publications accepted
  std::uint64_t delivered = 0;      // copies queued to lanes
  std::uint64_t lagged_told = 0;    // losses told by `lagged`
  std::uint64_t group_misses = 0;   // a chosen member was gone
  std::uint32_t subscriptions = 0;  // gauge: of the sessions of this shard
  std::uint32_t index_entries = 0;  // gauge: with what other shards and their group members want
  std::size_t subscription_bytes = 0, subscription_bytes_max = 0;  // gauge, and its bound
  std::uint64_t match_cache_hits = 0, match_cache_misses = 0;

  // lanes of peer sessions, by mesh::Lane
  std::array<std::uint64_t, mesh::kLanes> peer_queued{};                        // frames
  std::array<std::array<std::uint64_t, kPeerSheds>, mesh::kLanes> peer_shed{};  // frames
  LatencyHistogram peer_waits;  // of publications in their lane, until they are written
  std::array<std::size_t, mesh::kLanes> peer_lane_bytes{}, peer_lane_frames{};  // gauges

  // queues (gauges)
  std::size_t lane_bytes = 0, lane_frames = 0;   // logical, all sessions
  std::size_t input_held_bytes = 0;              // half frames and input that waits
  std::size_t inputs_held = 0;                   // sessions that hold such
  std::size_t slab_bytes = 0;                    // physical, with the lanes' tables
  std::uint64_t mail_stalls = 0;                 // a session paused because mail was congested
  std::size_t mail_waiting = 0, mail_bytes = 0;  // on its way to other shards

  // the bounds of these queues (gauges); those of lanes and inputs grow with the sessions
  std::size_t lane_bytes_max = 0, lane_frames_max = 0;
  std::size_t input_held_bytes_max = 0, slab_bytes_max = 0;
  std::size_t mail_waiting_max = 0, mail_bytes_max = 0;
};

}  // namespace ron::node
