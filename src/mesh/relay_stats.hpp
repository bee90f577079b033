// Counters and gauges of relaying; names follow the metrics they feed (docs/observability.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/latency.hpp"
#include "base/time.hpp"

namespace ron::mesh {

struct RelayStats {
  std::uint64_t published = 0;    // by this node
  std::uint64_t best_effort = 0;  // of them without repair
  std::uint64_t received = 0;     // relay frames, duplicates included
  std::uint64_t delivered = 0;    // new messages
  std::uint64_t duplicates = 0;
  std::uint64_t forwarded = 0;  // eager copies sent, own publications included
  std::uint64_t grafts_sent = 0, prunes_sent = 0, grafts_received = 0, prunes_received = 0;
  std::uint64_t ihave_sent = 0, ihave_received = 0;  // frames
  std::uint64_t iwant_sent = 0, iwant_received = 0;  // frames
  std::uint64_t repaired = 0;       // messages that came because they were asked for
  std::uint64_t repair_misses = 0;  // asked of us and no longer held
  std::uint64_t given_up = 0;       // announced, asked for, never come
  std::uint64_t lost = 0;           // numbers told of as gaps
  std::uint64_t variants_refused = 0, origins_refused = 0, unsolicited = 0;
  std::uint64_t shed_missing = 0, shed_origins = 0, shed_seen = 0, shed_repair = 0;
  std::uint64_t shed_traces = 0;  // probes not answered for, answers not passed on

  // Of new messages, from the first sign of them to the message: pushed, or asked for.
  LatencyHistogram pushed_after, repaired_after;

  std::size_t origins = 0, hot_origins = 0;  // gauges
  std::size_t seen = 0, missing = 0;
  std::size_t repair_messages = 0, repair_bytes = 0;

  // How far pushed copies come behind the first announcement of them, on trees of origins and on
  // the shared tree; 0 before the first one. And the share of them that is lost. Smoothed.
  Duration lag_hot{0}, lag_cold{0};
  double loss = 0;
};

/// What a link between relays carries: trees of hot origins on which this node gets eager copies
/// over it, or sends them, and whether the shared tree does.
struct LinkTrees {
  std::uint32_t in = 0, out = 0;
  bool shared_in = false, shared_out = false;
};

}  // namespace ron::mesh
