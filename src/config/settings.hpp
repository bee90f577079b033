// What an operator decides, validated, as plain values.
//
// Every member is one row of the key table (config/keys.cpp): its name, default, bounds and
// documentation stand there and nowhere else. Reserved keys have a row but no member. A
// member-initialised Settings is NOT the default configuration; config::load() or
// config::defaults() make one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ron::config {

// The enumerators stand in the order of the key table's choices; a test compares the two.
enum class Profile : std::uint8_t { kMicronode, kMacronode };
enum class PqMode : std::uint8_t { kOff, kHybrid, kRequire };
enum class DropPolicy : std::uint8_t { kNewest, kOldest, kDisconnect };
enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kAuto, kJson, kText };
enum class NodeKey : std::uint8_t { kEd25519, kMlDsa65 };
enum class MeshRole : std::uint8_t { kRelay, kLeaf };

using Millis = std::chrono::milliseconds;

struct Settings {
  Profile profile{};
  Millis drain_deadline{};
  std::vector<std::string> peers;  // config/peer.hpp

  struct {
    std::string listen;  // empty: no TCP listener
    std::string advertise_addr;
    std::uint64_t shards = 0;  // 0: one a CPU
    PqMode pq_mode{};
    Millis handshake_timeout{};
    Millis busy_poll{};
    bool insecure_plaintext = false;
    bool amnesia = false;
    struct {
      std::uint64_t inflight_frames = 0, max_rps = 0, max_fps = 0;
      std::uint64_t send_window_frames = 0, recv_window_frames = 0;
    } peer;
    struct {
      std::uint64_t max_frame_bytes = 0, chunk_bytes = 0;
      std::uint64_t relay_fanout = 0, burst_budget_frames = 0;
    } gossip;
    struct {
      DropPolicy drop_policy{};
    } egress;
  } overlay;

  struct {
    Millis read{}, write{}, idle{};
  } timeouts;

  struct {
    std::uint64_t max_body_bytes = 0, decompress_ratio_cap = 0;
    std::uint64_t peer_queue_bytes = 0, peer_queue_frames = 0, total_queue_bytes = 0;
    std::uint64_t answers_watermark = 0, subscriptions_per_session = 0;
    std::uint64_t memory_budget = 0;  // 0: none
  } limits;

  struct {
    std::string metrics_addr;
    bool allow_public = false;
  } observability;

  struct {
    LogLevel level{};
    LogFormat format{};
  } log;

  struct {
    bool enabled = false;
    std::string cert_path, key_path, client_ca_path;
    bool require_client_cert = false;
    std::vector<std::string> allowed_sans;
    bool aes_128 = false;
    Millis max_age{};
  } tls;

  struct {
    std::string key_file;
    NodeKey algorithm{};
  } identity;

  struct {
    MeshRole role{};
    std::string peers_file, ca_path;
    std::vector<std::string> allow;        // node ids
    std::vector<std::string> best_effort;  // topic patterns
    std::uint64_t active_view = 0, passive_view = 0;
    Millis repair_window{}, lane_deadline{}, dedup_horizon{};
    std::uint64_t repair_bytes = 0;
    bool score_dry_run = false;
    std::uint64_t score_shed = 0, score_disconnect = 0;  // points
  } mesh;

  struct {
    std::string path;  // empty: no Unix socket
    std::vector<std::uint32_t> allow_uids;
  } uds;

  struct {
    std::string name;
    std::uint64_t max_conns = 0, accept_rate = 0, accept_burst = 0, backlog = 0;
  } transport;

  struct {
    Millis queue_window{};
  } readiness;
};

}  // namespace ron::config
