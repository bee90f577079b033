// The mesh of one node, as a pure machine: who its neighbours are, what is relayed to whom, and
// what is repaired. One a node; it lives on one shard, which feeds it the frames of every peer
// session.
//
// It knows no socket, clock or thread, nor sessions but by their ids. The shard calls it with facts
// and time, obeys the orders, and arms its timer to next_deadline().
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/choice.hpp"
#include "base/crypto_fns.hpp"
#include "base/ids.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/interest.hpp"
#include "mesh/membership.hpp"
#include "mesh/orders.hpp"
#include "mesh/relay_stats.hpp"
#include "mesh/score.hpp"
#include "mesh/traces.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::mesh {

/// A frame of a peer session that passed the checks every frame passes.
struct PeerFrame {
  const oap::Header& header;
  const oap::Message& message;
  const Slice& frame;  // the whole frame, as received
};

/// A publication that a session of this node made.
struct LocalPublication {
  TenantId tenant;
  CorrId corr = 0;
  ByteView message;  // the gossip payload, uncompressed
  std::string_view topic;
  std::uint64_t fanout = 0;
  bool trace = false;                    // whoever gets it says so: see traces()
  std::optional<std::string_view> mode;  // what the publication asks for, as oap::Gossip has it
};

class Mesh {
 public:
  /// `choice` must outlive the mesh; frames it makes are charged to `meter` (may be null).
  Mesh(const MeshConfig& config, const CryptoFns& crypto, Choice& choice, SlabMeter* meter);
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  void start(Instant now, Orders& out);

  void session_up(const PeerSession& peer, Instant now, Orders& out);
  void session_down(SessionId session, Instant now, Orders& out);
  void dial_failed(DialId dial, Instant now, Orders& out);

  /// A frame from a peer, of a kind of section 9 or a RESP. A fault is BadFrame: the node answers
  /// it as the frame's flags demand, and counts it.
  std::optional<oap::Fault> received(SessionId session, const PeerFrame& frame, Instant now,
                                     Orders& out);

  /// Hands a publication to the mesh; returns the links it went to.
  unsigned publish(const LocalPublication& publication, Instant now, Orders& out);

  /// The first subscription of this node to a pattern, or the end of the last one (leaves tell it).
  void interest(TenantId tenant, std::string_view pattern, bool add, Instant now, Orders& out);

  /// A lane of a session shed frames: its neighbour is slow.
  void shed(SessionId session, const Shed& shed, Instant now);

  void dial(ConfiguredPeer peer, Instant now, Orders& out);
  bool hangup(const NodeId& node, Instant now, Orders& out);
  bool withdraw(std::string_view addr, Instant now, Orders& out);

  void tick(Instant now, Orders& out);
  Instant next_deadline() const;

  std::vector<PeerView> peers(Instant now) const;
  /// Peers that were named by their addresses.
  std::vector<NamedView> named() const;
  /// Why a peer stands as it does.
  Scores::Explanation explain(const NodeId& node, Instant now) const;
  const MembershipStats& membership() const;
  const RelayStats& relay() const;
  /// What this relay believes that a leaf wants; nullptr when it has no link to one of this id.
  const InterestKeys* leaf_interest(const NodeId& leaf) const;
  /// This node's last probes, the oldest first, and who had them by now.
  const std::deque<Trace>& traces() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ron::mesh
