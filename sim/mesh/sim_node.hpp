// What stands behind the virtual network: one node, told facts, asked for its next deadline.
//
// Implementations: MeshNode (the production machine), and the baselines. All speak to the network
// through a Port, in values; times are those of the node's own, skewed clock.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::meshsim {

using HostIndex = std::uint32_t;
inline constexpr HostIndex kNoHost = UINT32_MAX;

/// The lanes of a session, most urgent first, as mesh::Lane.
enum class Lane : std::uint8_t { kControl, kOwn, kRelay, kLazy };
inline constexpr unsigned kLanes = 4;

/// Who speaks at one end of a session, as the handshake would prove it.
struct Identity {
  NodeId node{};
  std::uint64_t epoch = 0;
};

/// A session that came up.
struct SessionUp {
  SessionId session;
  Identity peer;
  HostIndex host = 0;  // of the peer: for baselines, which need no ids
  std::optional<std::uint64_t> dial;
  bool given = false;  // by the world, to baselines: nobody dialed
};

/// A publication that the world asks a node for.
struct Publication {
  std::uint32_t number = 0;  // in the world's list of messages
  TenantId tenant;
  std::string_view topic;
  ByteView message;  // the gossip payload
  bool best_effort = false;
};

/// What a leaf wants: patterns by tenant, in order.
using Interest = std::set<std::pair<TenantId, std::string>>;

/// What the mesh calls a message, whatever its bytes: hostile nodes put others under the same.
struct MessageId {
  oap::OriginId origin{};
  std::uint64_t epoch = 0, seq = 0;
  friend auto operator<=>(const MessageId&, const MessageId&) = default;
};

/// What a delivery says of itself; the world knows what is true.
struct Delivery {
  std::uint32_t number = 0;
  TenantId tenant;
  std::optional<ByteView> message;  // baselines hand over none: their frames cannot be altered
  std::optional<MessageId> id = std::nullopt;  // of one that is none of the world's
};

/// A copy of a message that came in.
struct Copy {
  std::uint32_t number = 0;
  std::optional<ByteView> message = std::nullopt;  // its payload, where frames can be altered
  Duration since_up = Duration::max();  // how long its session had been up, where that matters
  std::optional<MessageId> id = std::nullopt;
};

/// Sizes that must stay within bounds, and counters for the report.
struct NodeGauges {
  std::uint32_t links = 0;
  std::uint64_t dials = 0, dials_failed = 0, long_probes = 0, grafts = 0, prunes = 0, ihave = 0,
                iwant = 0, repaired = 0, unsolicited = 0;
  std::uint64_t interest_resumed = 0;  // leaves that went on where they were on another link
  std::uint64_t links_up = 0, links_lost = 0, links_dropped = 0, links_refused = 0;
  std::size_t kept_frames = 0, kept_bytes = 0, origins = 0;  // for repair, as the machine counts
  std::string over;  // the first bound that does not hold; empty = all hold
};

/// What a node may do, from within any of its calls.
class Port {
 public:
  virtual ~Port() = default;
  virtual HostIndex host() const = 0;
  /// `hold`: the frame leaves the node so much later (validation of what it carries).
  virtual void send(SessionId session, Lane lane, Slice frame, Duration hold) = 0;
  virtual void dial(std::uint64_t dial, std::string_view addr, std::optional<NodeId> expect) = 0;
  virtual void cancel(std::uint64_t dial) = 0;
  virtual void close(SessionId session) = 0;
  /// `hold` as above: this much later the sessions of this node have it.
  virtual void deliver(const Delivery& delivery, Duration hold) = 0;
  virtual void copy(const Copy& copy) = 0;
};

class SimNode {
 public:
  virtual ~SimNode() = default;
  virtual void start(Instant now) = 0;
  virtual void session_up(const SessionUp& up, Instant now) = 0;
  virtual void session_down(SessionId session, Instant now) = 0;
  virtual void dial_failed(std::uint64_t dial, Instant now) = 0;
  virtual void frames(SessionId session, std::span<const Slice> frames, Instant now) = 0;
  /// A lane of a session shed so many relay frames.
  virtual void shed(SessionId session, std::uint32_t frames, Instant now) = 0;
  virtual void publish(const Publication& publication, Instant now) = 0;
  /// A leaf begins or ceases to want a pattern.
  virtual void interest(TenantId /*tenant*/, std::string_view /*pattern*/, bool /*add*/,
                        Instant /*now*/) {}
  virtual void tick(Instant now) = 0;
  virtual Instant next_deadline() const = 0;
  /// Neighbours in the active view.
  virtual std::vector<NodeId> neighbours(Instant now) const = 0;
  virtual NodeGauges gauges() const = 0;
  /// What it believes that a leaf wants; nothing when it has no link to one of this id.
  virtual std::optional<Interest> leaf_interest(const NodeId& /*leaf*/) const { return {}; }
  /// Neighbours that it shows as slow.
  virtual std::vector<NodeId> slow(Instant /*now*/) const { return {}; }
};

}  // namespace ron::meshsim
