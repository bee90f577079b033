// What happened, as plain facts for logs. Told on the thread where it happened, so by several at
// once: be short, and take copies of the texts, which are valid only during the call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/orders.hpp"
#include "node/actions.hpp"
#include "transport/stream.hpp"

namespace ron::host {

enum class EventKind : std::uint8_t {
  kListening,  // `text` is the address or path
  kListenerClosed,
  kAcceptRefused,  // `refusal` says why
  kTlsFailed,      // `failure`, `alert`, `text`
  kDialFailed,     // a node could not be reached: `peer` is its address, `text` says why
  kPeerExpelled,   // the mesh let a neighbour go for how it behaved: `peer_node`, `score`
  kSessionOpened,  // the OAP handshake is done
  kSessionClosed,  // `reason`, and `code` where an error frame went out
  kTlsReloaded,
  kTlsReloadFailed,  // the old certificate stays; `text` says why
  kShardDied,        // its thread ended by a fault: `text`; the host is then of no use
  kDrained,          // one shard; `count` sessions were cut off
};

enum class Refusal : std::uint8_t { kNone, kRate, kFull, kUid, kNoFiles };

struct Event {
  EventKind kind = EventKind::kListening;
  ShardIndex shard = 0;
  SessionId session;
  node::ChannelKind channel = node::ChannelKind::kMem;
  std::string_view peer;  // "127.0.0.1:40312"; empty for Unix sockets
  std::uint32_t uid = 0;  // of a Unix peer
  std::string_view text;
  Refusal refusal = Refusal::kNone;
  node::CloseReason reason = node::CloseReason::kPeer;
  bool erred = false;  // `code` is set
  oap::Code code = oap::Code::kInternal;
  bool was_open = false;  // with kSessionClosed: its handshake had succeeded
  transport::FailureClass failure = transport::FailureClass::kNone;
  int alert = -1;
  std::string_view group;  // key exchange, of a TLS session
  std::string_view cipher;
  bool hybrid = false;
  bool downgraded = false;  // with kSessionOpened: hello spoke of hybrid, the channel is classical
  bool authenticated = false;
  bool dialed = false;              // by this node
  std::optional<NodeId> peer_node;  // the other side proved to be this node
  std::string_view peer_name;       // the first SAN of the peer's certificate
  Duration lifetime{};              // since it was accepted
  std::uint32_t count = 0;
  const mesh::Expelled* score = nullptr;  // valid during the call
};

using EventSink = std::function<void(const Event&)>;

std::string_view name(Refusal refusal);

}  // namespace ron::host
