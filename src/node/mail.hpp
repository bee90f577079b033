// What shards of one node tell each other. Values only: a message owns what it carries, so it may
// cross threads; only the bytes of a publication may be on loan.
//
// A loan is a view into a block of the sender's, who keeps the block until the publication is
// reported as consumed. The borrower counts its own references to it, never touches the sender's
// count, and copies at the end of its turn what its sessions still hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/slab.hpp"
#include "mesh/orders.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::node {

/// Part of a publication that a group member was chosen for.
struct MemberPiece {
  SessionId member;
  std::uint32_t offset = 0;  // bytes into the frames
  std::uint32_t size = 0;
  std::uint32_t count = 0;  // frames
};

/// Frames of one publisher on one topic, for subscribers on another shard. Never compressed.
struct PublishMail {
  TenantId tenant;
  std::string topic;
  Slice frames;   // the sole reference to its block; empty when they are lent
  ByteView lent;  // valid until ConsumedMail is sent
  std::uint32_t count = 0;
  std::uint32_t largest = 0;        // payload bytes of the largest frame
  bool plain = false;               // plain subscribers of that shard are wanted
  bool mesh = false;                // the mesh, which lives over there, gets them too
  std::vector<MemberPiece> pieces;  // group members chosen by the publisher's shard
  std::uint64_t ticket = 0;         // not 0: answer with AcceptedMail

  std::size_t bytes() const { return frames.size() + lent.size(); }
};

/// The oldest publications of the sender are worked off: gives its budget and its loans back.
struct ConsumedMail {
  std::uint32_t messages = 0;
};

/// Answers a PublishMail with a ticket: how many sessions it was queued to.
struct AcceptedMail {
  std::uint64_t ticket = 0;
  std::uint32_t to = 0;
  std::uint32_t links = 0;  // peers the mesh gave it to
};

/// A shard begins or ceases to have plain subscribers of a pattern.
struct InterestMail {
  TenantId tenant;
  std::string pattern;
  bool add = true;
};

/// A session joins or leaves a group by a pattern.
struct GroupMail {
  TenantId tenant;
  std::string pattern;
  std::string group;
  SessionId member;
  std::uint32_t max_frame = 0;  // what the member accepts
  bool echo = false;
  bool add = true;
};

/// Answered by AppliedMail once everything sent before it has been applied.
struct BarrierMail {
  std::uint64_t ticket = 0;
};
struct AppliedMail {
  std::uint64_t ticket = 0;
};

/// Which gossip lanes of a group member are full (bit = lane).
struct RoomMail {
  SessionId member;
  std::uint8_t full_lanes = 0;
};

// ---- between a peer session and the mesh, which lives on one shard -----------------------------

/// A session with a peer is up. Then its frames, each as it came; then its end.
struct PeerUpMail {
  SessionId session;
  NodeId node{};
  std::uint64_t epoch = 0;
};
struct PeerFrameMail {
  SessionId session;
  Slice frame;
};
struct PeerDownMail {
  SessionId session;
};
/// Frames for the peer that its lanes let go of.
struct PeerShedMail {
  SessionId session;
  mesh::Shed shed;
};

/// A frame for peers of that shard.
struct PeerTo {
  SessionId session;
  mesh::Lane lane = mesh::Lane::kControl;
};
struct PeerSendMail {
  std::vector<PeerTo> to;
  Slice frame;
};
/// What was wrong with a frame of a peer; it is refused as its header demands.
struct PeerFaultMail {
  SessionId session;
  oap::Header header;
  oap::Fault fault;
};
/// What is lost for good, for whoever wants to hear of it.
struct GapMail {
  mesh::Gap gap;
};
struct PeerCloseMail {
  SessionId session;
  std::optional<oap::WireError> error;
};

struct ShardMail {
  ShardIndex from = 0;
  std::variant<PublishMail, ConsumedMail, AcceptedMail, InterestMail, GroupMail, BarrierMail,
               AppliedMail, RoomMail, PeerUpMail, PeerFrameMail, PeerDownMail, PeerShedMail,
               PeerSendMail, PeerFaultMail, PeerCloseMail, GapMail>
      body;
};

/// Bytes of a message that counts against the budget of its link until it was worked off: those
/// that carry frames.
std::optional<std::size_t> counted_bytes(const ShardMail& mail);

}  // namespace ron::node
