// Who the neighbours are: active view, passive view, liveness.
//
// In the spirit of HyParView, but event-driven: a link that is lost is replaced at once by probing
// candidates in parallel; nobody waits for a heartbeat. A link is symmetric: both sides hold it, or
// neither does for longer than a round trip. A slow random probe of a remembered stranger joins
// components that a partition has torn apart.
//
// Wire: link, unlink, peers, ping (docs/OAP-1.md section 9). Everything is bounded by ViewLimits.
//
//   dial -> session_up -> link -> ack: active       Busy + candidates: passive, next candidate
//   active -> silence, unlink, session_down -> gone; hungry: probe up to `probes` candidates
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/choice.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/link.hpp"
#include "mesh/orders.hpp"
#include "mesh/relay_stats.hpp"
#include "oap/envelope.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

/// What the handshake of a peer session proved.
struct PeerSession {
  SessionId session;
  NodeId node{};
  std::uint64_t epoch = 0;
  std::optional<DialId> dial;  // this node dialed; nothing: it was accepted
};

/// What an operator is shown of a node that is known.
struct PeerView {
  NodeId node{};
  std::string addr;
  bool active = false;
  Role role = Role::kRelay;
  Duration srtt{0};
  Duration since{0};  // since the link came up
  SessionId session;
  std::optional<LinkTrees> trees = std::nullopt;  // where eager copies go by trees: not to leaves
};

/// A peer that was named by its address, by the configuration or an operator.
struct NamedView {
  enum class State : std::uint8_t {
    kDialing,
    kWaiting,  // to be dialed again
    kSpare,    // it answered once: dialed while links are missing
    kSelf,     // this node answers there
    kLinked,
  };
  std::string addr;
  std::optional<NodeId> expected;  // it must be this node
  std::optional<NodeId> found;     // who answered
  State state = State::kWaiting;
  std::uint32_t failed = 0;  // dials since it last answered
};

struct MembershipStats {
  std::uint32_t active = 0, leaves = 0, passive = 0, dialing = 0, sessions = 0;  // gauges
  std::uint64_t links_up = 0, links_lost = 0, links_dropped = 0;  // died; let go by either side
  std::uint64_t dials = 0, dials_failed = 0, links_refused = 0, pings = 0, long_probes = 0;
  std::uint64_t expelled = 0;  // nodes that were let go for how they behaved
  std::uint64_t replaced = 0;  // sessions that a newer epoch or the other dial replaced
};

class Membership {
 public:
  Membership(const MeshConfig& config, Choice& choice);
  ~Membership();

  /// Dials the configured peers. Once.
  void start(Instant now, Orders& out);

  void session_up(const PeerSession& peer, Instant now, Orders& out);
  void session_down(SessionId session, Instant now, Orders& out);
  void dial_failed(DialId dial, Instant now, Orders& out);

  /// A whole frame of any kind came from a peer session: it lives.
  void heard(SessionId session, Instant now);

  /// link, unlink, peers, ping, and RESP frames (acks and errors of our own link and ping).
  /// `message` has been read. Returns the fault of a malformed one.
  std::optional<oap::Fault> received(SessionId session, const oap::Header& header,
                                     const oap::Message& message, Instant now, Orders& out);

  /// An operator or a discovery service names a node; it is dialed at once, and again when it does
  /// not answer, as a configured peer is.
  void dial(ConfiguredPeer peer, Instant now, Orders& out);
  /// Drops the link and session to a node and forgets it.
  bool hangup(const NodeId& node, Instant now, Orders& out);
  /// Forgets a named peer by its address, and the node there if one is known: false when neither
  /// is.
  bool withdraw(std::string_view addr, Instant now, Orders& out);
  /// Hangs up because of how it behaved: it is told, and stays named if the operator named it.
  void expel(const NodeId& node, Instant now, Orders& out);

  void tick(Instant now, Orders& out);
  Instant next_deadline() const;

  /// Changes of the active view since the last call, in order; the caller clears the vector.
  std::vector<LinkChange>& changes();

  /// The link of a session; nullptr when it has none.
  const Link* link(SessionId session) const;
  /// The links between relays, in the order of their slots.
  const std::vector<const Link*>& relays() const;

  std::vector<PeerView> peers(Instant now) const;
  std::vector<NamedView> named() const;
  const MembershipStats& stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ron::mesh
