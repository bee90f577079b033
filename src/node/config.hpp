// What a node machine is told once, at construction. Durations and sizes arrive validated
// (config/ judges them); 0 means "no limit" only where the comment says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/crypto_fns.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "gossip/egress.hpp"
#include "mesh/config.hpp"
#include "oap/envelope.hpp"
#include "session/timers.hpp"

namespace ron::node {

using namespace std::chrono_literals;

enum class PqMode : std::uint8_t { kOff, kHybrid, kRequire };

/// Per-session limits (docs/OAP-1.md section 5, requirements C44 and C45).
struct SessionLimits {
  std::uint32_t max_frame = oap::kMaxFrame;  // payload bytes
  std::uint32_t chunk_bytes = 64U * 1024;    // bulk data
  // What a client may have in flight; 0 = off. // OAP-5.4
  std::uint64_t recv_window_bytes = 16U * 64 * 1024;
  std::uint32_t inflight = 32;  // unanswered REQ and ACKREQ; 0 = no limit
  std::uint64_t rps = 200;      // REQ and ACKREQ a second; 0 = no limit
  std::uint64_t fps = 100'000;  // plain gossip and put a second; 0 = no limit
  std::uint32_t patterns = 1024;
  gossip::LaneLimits lanes;
  gossip::PeerLaneLimits peer_lanes;
};

struct NodeConfig {
  NodeId node{};
  // Which topics share a lane; secret, and the same on every shard, because shards tell each other
  // which lanes are full.
  std::uint64_t lane_key = 0;
  std::string agent;
  PqMode pq_mode = PqMode::kHybrid;
  bool comp = true;      // offer zstd
  bool auth_off = true;  // loopback and Unix only: every tenant, every right
  session::TimeLimits times;
  SessionLimits session;
  std::uint32_t max_sessions = 1024;            // on this shard
  std::size_t queue_bytes = 256U << 20U;        // blocks held for all sessions of this shard
  std::size_t input_bytes = 64U << 20U;         // of these: unfinished frames and waiting input
  std::uint32_t subscriptions_max = 1'000'000;  // (tenant, pattern, session) on this shard
  std::size_t subscription_bytes = 1U << 30U;   // of memory for them; refused from here on
  std::size_t mail_bytes = 4U << 20U;           // publications on their way to one other shard
  std::uint32_t mail_messages = 1024;
  std::size_t lend_from = 4096;  // bytes of a run for another shard that are lent; fewer are copied

  // A member of the mesh; without it, hello with role peer is refused. `mesh->self` is `node`. The
  // machine of the mesh lives on shard 0, and uses `crypto`, which is not looked at otherwise.
  std::optional<mesh::MeshConfig> mesh;
  CryptoFns crypto{};
};

/// What a running shard takes over. Sessions that are open keep what hello_ack told them: window,
/// inflight, rps, fps, max_frame, chunk; everything else holds for them too.
struct LiveConfig {
  session::TimeLimits times;
  SessionLimits session;
  std::uint32_t max_sessions = 1024;
  std::size_t queue_bytes = 0;
  std::size_t input_bytes = 0;
  std::size_t subscription_bytes = 0;
  std::size_t mail_bytes = 0;
};

}  // namespace ron::node
