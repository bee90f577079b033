// One shard of an overlay node, as a pure machine.
//
// It owns the sessions of one event loop: handshakes, limits, subscriptions, lanes, timers. A node
// is k of these joined by mail. It knows no socket, clock or thread: the driver (runtime and
// transport in production, sim/ in tests) feeds facts and time, obeys the actions it gets back, and
// arms one timer to next_deadline().
//
// A driver's turn:
//   open / handle / received / mail  ->  obey Actions: gather + wrote, close, resume, take_mail
//   ... when nothing more is ready   ->  handle(TurnEnded)
//
// A node with a mesh dials its peers from shard 0, and takes them in on any:
//   kDial  ->  take_dial, connect  ->  open_dialed  ->  TLS  ->  ChannelReady, as for any session
//                            \--- no stream: DialFailed
//
//   session:  Opened -> (ChannelReady) -> Handshake -> Active -> [Draining] -> Closing -> gone
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/choice.hpp"
#include "base/crypto_fns.hpp"
#include "base/slab.hpp"
#include "mesh/membership.hpp"
#include "mesh/orders.hpp"
#include "mesh/relay_stats.hpp"
#include "mesh/score.hpp"
#include "mesh/traces.hpp"
#include "node/actions.hpp"
#include "node/config.hpp"
#include "node/control.hpp"
#include "node/mail.hpp"
#include "node/stats.hpp"

namespace ron::node {

class Shard {
 public:
  /// `self` of `count` shards. `choice` must outlive the shard and is used only during calls.
  Shard(const NodeConfig& config, ShardIndex self, unsigned count, Choice& choice);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// A stream was accepted; its handshake time runs from `accepted`. Nothing when the session
  /// table is full: the driver closes the stream, and it is counted.
  std::optional<SessionId> open(Instant accepted);

  /// The next peer to dial; nothing when there is none. It is answered by open_dialed or
  /// DialFailed, unless it comes out of take_cancelled_dial before.
  std::optional<mesh::Dial> take_dial() noexcept;
  /// The next dial to give up that open_dialed was not called for: nothing answers it any more.
  std::optional<mesh::DialId> take_cancelled_dial() noexcept;
  /// After Action::kExpelled: a neighbour that was let go for how it behaved.
  std::optional<mesh::Expelled> take_expelled() noexcept;
  /// A stream to a dialed peer begins (connecting or connected); its handshake time runs from
  /// `now`. ChannelReady follows when TLS is through; the shard then says hello first. Nothing when
  /// the session table is full or the dial was given up: the driver closes the stream and reports
  /// DialFailed.
  std::optional<SessionId> open_dialed(mesh::DialId dial, Instant now) noexcept;

  /// One fact in, orders appended to `out`. Unknown sessions are ignored.
  void handle(const Input& in, Instant now, Actions& out) noexcept;

  /// A whole read. Only while wants_read(session).
  void received(SessionId session, Slice bytes, Instant now, Actions& out) noexcept;

  /// The same for the middle of a large frame, without a copy: while there is room, the next read
  /// may go straight into it, followed at once by `filled` with what was read.
  MutableBytes read_room(SessionId session) noexcept;
  void filled(SessionId session, std::size_t bytes, Instant now, Actions& out) noexcept;

  /// False while input must wait: the answers lane is full, mail to another shard is congested, or
  /// the session is closing its write side only. A kResume action tells when to read again.
  bool wants_read(SessionId session) const noexcept;

  /// True once the session only discards input (orderly close): the driver may read and drop.
  bool discards(SessionId session) const noexcept;

  /// Fills `into` with what to write next, at most about `max_bytes`; returns how many pieces.
  /// Idempotent until `wrote`: the same bytes come first again. The bytes stay valid until then.
  std::size_t gather(SessionId session, std::span<IoPiece> into, std::size_t max_bytes,
                     Instant now) noexcept;

  /// The stream took the first `bytes` of what was gathered.
  void wrote(SessionId session, std::size_t bytes, Instant now, Actions& out) noexcept;

  /// Something is queued or staged for this session.
  bool pending(SessionId session) const noexcept;

  /// The next message for another shard; nothing when there is none. The driver takes only what
  /// its ring has room for: a ring never drops.
  std::optional<ShardMail> take_mail(ShardIndex to) noexcept;
  bool has_mail(ShardIndex to) const noexcept;

  // How full the queues are that pausing bounds, for checks of those bounds.
  /// Frames in the answers lane of a session.
  std::uint32_t answers_waiting(SessionId session) const noexcept;
  struct Outbox {
    std::size_t messages = 0;      // of every kind
    std::size_t publications = 0;  // and frames of peers
    std::size_t bytes = 0;         // of these
  };
  /// What waits for another shard to be taken; counted anew by each call.
  Outbox outbox(ShardIndex to) const noexcept;

  /// A message from another shard.
  void mail(ShardMail message, Instant now, Actions& out) noexcept;

  /// The next control request for whoever runs the node; nothing when there is none.
  std::optional<ControlRequest> take_control() noexcept;

  /// Takes new limits over; see LiveConfig for what open sessions keep.
  void reconfigure(const LiveConfig& live, Instant now) noexcept;

  /// What an operator may see. Costs time with the number of sessions: on request only.
  std::vector<SessionView> sessions(Instant now) const;
  std::vector<PatternView> patterns() const;
  std::vector<TopicView> topics() const;

  /// The nodes the mesh knows, neighbours and candidates; none without a mesh or on other shards.
  std::vector<mesh::PeerView> peers(Instant now) const;
  /// Peers that were named by their addresses; none without a mesh or on other shards.
  std::vector<mesh::NamedView> named_peers() const;
  /// Why a node that the mesh knows stands as it does; good without a mesh or on other shards.
  mesh::Scores::Explanation explain(const NodeId& node, Instant now) const;
  std::vector<mesh::Trace> traces() const;
  /// Null without a mesh or on other shards.
  const mesh::MembershipStats* membership() const noexcept;
  const mesh::RelayStats* relay() const noexcept;

  /// The one timer the driver arms. With a mesh it is due from the start: the first Tick dials.
  Instant next_deadline() const noexcept;

  /// Gathers the gauges: for a look now and then, not for every turn.
  const ShardStats& stats() const noexcept;
  /// Bytes of all frames that were queued for sessions so far.
  std::uint64_t queued_bytes() const noexcept;
  /// Bytes of messages and subscriptions that are held now.
  std::size_t held_bytes() const noexcept;

  /// The meter that blocks read for this shard should be charged to.
  SlabMeter& meter() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ron::node
