// What a shard keeps for one session. Everything that is not always needed is allocated on demand:
// ten thousand idle sessions must cost little.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/slab.hpp"
#include "gossip/egress.hpp"
#include "mesh/orders.hpp"
#include "node/actions.hpp"
#include "node/config.hpp"
#include "oap/parser.hpp"
#include "policy/token_bucket.hpp"
#include "session/credit.hpp"
#include "session/open_requests.hpp"
#include "session/timers.hpp"

namespace ron::node {

// clang-format off
///   kOpened -ChannelReady-> kHandshake -hello-> kActive -fault, FIN, drain-> kClosing
///      |                        |                                               |
///      +--------- fault --------+---------------------------------------------->+
///                                                       flushed, FIN sent: kLingering
///                                                       FIN of the other side, or 1 s: gone
// clang-format on
enum class Phase : std::uint8_t {
  kOpened,     // accepted; TLS may still be going on
  kHandshake,  // waits for hello
  kActive,
  kClosing,    // reads no more frames; what is queued goes out
  kLingering,  // everything went out, FIN sent; input is discarded until the other side's FIN
};

/// Plain events refused since the session was last told, by code (docs/OAP-1.md section 1).
struct RefusedTally {
  std::array<std::uint64_t, oap::kCodeCount> dropped{};
  std::uint8_t turn = 0;  // the code whose turn it is
  Instant next_at;        // at most one frame a second
  bool any() const;
};

/// A subscription as its session knows it.
struct SubscriptionKey {
  TenantId tenant;
  std::string group;  // empty = plain
  std::string pattern;
  friend auto operator<=>(const SubscriptionKey&, const SubscriptionKey&) = default;
};

/// What an operator is shown of a session.
struct SessionCounters {
  std::uint64_t published = 0, published_bytes = 0;  // accepted from it
  std::uint64_t delivered = 0, delivered_bytes = 0;  // queued to it
  std::uint64_t dropped = 0;                         // shed, told by `lagged`
  std::uint64_t refused = 0;                         // its plain events that were refused
};

/// The other side of a peer session (docs/OAP-1.md section 9).
struct PeerSide {
  std::optional<mesh::DialId> dial;  // this node dialed
  NodeId node{};
  std::uint64_t epoch = 0;
  bool up = false;       // the mesh knows the session
  bool counted = false;  // in the gauge of peer sessions, until it is gone
  mesh::Shed shed;       // what its lanes lost that the mesh was not told of yet
};

struct Session {
  Session(SessionId session_id, const NodeConfig& config, Instant accepted, SlabMeter* meter,
          gossip::LanePool* lanes)
      : id(session_id),
        parser(oap::kMaxHello, meter),  // OAP-3.11
        timers(config.times, accepted),
        recv(config.session.recv_window_bytes),
        egress(lanes),
        rps(config.session.rps, accepted),
        fps(config.session.fps, accepted) {}

  SessionId id;
  Phase phase = Phase::kOpened;
  Channel channel;
  CloseReason reason = CloseReason::kPeer;  // why it is closing
  oap::Code code = oap::Code::kInternal;    // the error it was told, if `erred`
  bool erred = false;
  bool comp = false;  // zstd agreed
  bool any_tenant = false;
  bool authorised = false;
  bool paused = false;  // input waits for room in the answers lane, or for mail
  bool fin_received = false;
  bool flush_marked = false;  // a kFlush is on its way
  bool bye_sent = false;
  bool has_groups = false;  // other shards are told about its room
  bool tap = false;         // watches: what it gets does not count as received
  bool gaps = false;        // is told what is lost between nodes
  std::uint8_t full_lanes_told = 0;
  bool echo_matched = false;      // with match_stamp: a matching sub asked for echo
  std::uint64_t match_stamp = 0;  // the match that last found this session
  std::uint32_t max_frame = oap::kMaxFrame;
  std::uint32_t inflight = 0;  // as hello_ack said; 0 = no limit
  Instant established;
  Instant last_frame;
  std::string agent;
  SessionCounters counters;

  oap::Parser parser;
  Slice input;           // read but not yet parsed
  std::size_t held = 0;  // bytes of half frames and waiting input, as charged to the shard
  session::Timers timers;
  session::RecvCredit recv;
  session::SendCredit send;
  session::OpenRequests open;
  gossip::Egress egress;
  policy::TokenBucket rps;
  policy::TokenBucket fps;
  std::unique_ptr<RefusedTally> refused;
  std::unique_ptr<PeerSide> peer;                 // null for clients
  std::map<SubscriptionKey, bool> subscriptions;  // -> echo
  std::vector<SubscriptionKey> leaving;  // group subscriptions that end once all shards know
};

}  // namespace ron::node
