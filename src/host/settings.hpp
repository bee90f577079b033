// What a running node is told: where to listen, who may come, how many threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/tls_context.hpp"
#include "host/event.hpp"
#include "node/config.hpp"
#include "node/control.hpp"
#include "transport/accept_limiter.hpp"

namespace ron::host {

struct Settings {
  std::vector<std::string> listen;       // numeric "host:port"; port 0 = any free one
  std::optional<crypto::ServerTls> tls;  // for all of `listen`; nothing = plain
  std::optional<crypto::PeerTls> peers;  // for dialing them; needed where `node.mesh` is set
  std::string uds_path;                  // empty = no Unix socket
  std::vector<std::uint32_t> allow_uids;
  unsigned shards = 0;             // 0 = the CPUs this process may use
  transport::AcceptLimits accept;  // over all shards together
  int backlog = 1024;
  /// Lets anybody in over a public address (C49): only for somebody who said so aloud.
  bool insecure_public = false;
  Duration busy_poll{0};  // runtime::Loop::set_busy_poll, of every shard
  /// As for a whole node: max_sessions is set from accept.connections; queue_bytes and
  /// subscription_bytes are shared out among the shards, mail_bytes holds for each pair of them.
  node::NodeConfig node;
  EventSink on_event;  // may be empty
  /// Told on a shard's thread; answered by Host::answer. Empty: every control request is NotFound.
  std::function<void(node::ControlRequest, std::uint32_t uid)> on_control;
};

/// What a running host takes over; the rest of Settings needs a restart.
struct LiveSettings {
  transport::AcceptLimits accept;
  node::NodeConfig node;  // times, session, queue_bytes, subscription_bytes, mail_bytes
  Duration busy_poll{0};
};

}  // namespace ron::host
