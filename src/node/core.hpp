// The inside of a Shard: state, and the steps its handlers share. Private to node/.
//
//   core.cpp       entry points: open, facts, bytes in, bytes out
//   dispatch.cpp   the checks every frame passes, in the order of docs/OAP-1.md section 1
//   hello*.cpp     the handshake, with clients and with peers
//   kind_*.cpp     one family of kinds each
//   runs.cpp       publications of one session and topic become runs
//   delivery.cpp   runs to lanes, groups, other shards
//   lifecycle.cpp  timers, errors that end a session, closing, drain
//   mail.cpp       messages of other shards
//   mesh_orders.cpp  what the machine of the mesh orders, and is told
//   operator.cpp   what an operator sees and asks
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/choice.hpp"
#include "base/deadlines.hpp"
#include "base/slot_map.hpp"
#include "gossip/run.hpp"
#include "mesh/membership.hpp"
#include "mesh/relay_stats.hpp"
#include "node/actions.hpp"
#include "node/config.hpp"
#include "node/control.hpp"
#include "node/dials.hpp"
#include "node/kind_table.hpp"
#include "node/mail_links.hpp"
#include "node/mesh_seat.hpp"
#include "node/session.hpp"
#include "node/stats.hpp"
#include "node/subscriptions.hpp"
#include "oap/alike.hpp"
#include "oap/comp.hpp"

namespace ron::node {

/// Frames of one topic, ready to be delivered.
struct Publication {
  Session* publisher = nullptr;  // nullptr: it came from another shard, or from the mesh
  TenantId tenant;
  std::string_view topic;
  gossip::RunRef run;  // as sent
  bool comp = false;   // `run` is compressed; then it holds one frame
  ByteView inflated;   // with comp: the payload
};

/// Keeps the lane gauges true over a change to one session's egress.
class LaneMeter {
 public:
  LaneMeter(ShardStats& stats, const gossip::Egress& egress)
      : stats_(stats),
        egress_(egress),
        bytes_(egress.gossip_bytes()),
        frames_(egress.gossip_frames()) {}
  ~LaneMeter() {
    stats_.lane_bytes = stats_.lane_bytes - bytes_ + egress_.gossip_bytes();
    stats_.lane_frames = stats_.lane_frames - frames_ + egress_.gossip_frames();
  }
  LaneMeter(const LaneMeter&) = delete;
  LaneMeter& operator=(const LaneMeter&) = delete;

 private:
  ShardStats& stats_;
  const gossip::Egress& egress_;
  std::size_t bytes_;
  std::size_t frames_;
};

class ShardCore {
 public:
  ShardCore(const NodeConfig& config, ShardIndex self, unsigned count, Choice& choice);

  // ---- entry points (see shard.hpp) ----
  std::optional<SessionId> open(Instant accepted);
  std::optional<SessionId> open_dialed(mesh::DialId dial, Instant now);
  std::optional<mesh::Dial> take_dial() { return dials_.take(); }
  std::optional<mesh::Expelled> take_expelled();
  std::optional<mesh::DialId> take_cancelled_dial() { return dials_.take_cancelled(); }
  void handle(const Input& in, Instant now, Actions& out);
  void received(SessionId id, Slice bytes, Instant now, Actions& out);
  MutableBytes read_room(SessionId id);
  void filled(SessionId id, std::size_t bytes, Instant now, Actions& out);
  bool wants_read(SessionId id) const;
  bool discards(SessionId id) const;
  std::size_t gather(SessionId id, std::span<IoPiece> into, std::size_t max_bytes, Instant now);
  void wrote(SessionId id, std::size_t bytes, Instant now, Actions& out);
  bool pending(SessionId id) const;
  std::optional<ShardMail> take_mail(ShardIndex to) { return mail_.take(to); }
  bool has_mail(ShardIndex to) const { return mail_.has(to); }
  std::optional<ControlRequest> take_control();
  void reconfigure(const LiveConfig& live, Instant now);
  std::vector<SessionView> session_views(Instant now) const;
  std::vector<PatternView> pattern_views() const;
  std::vector<mesh::PeerView> peers(Instant now) const;
  std::vector<mesh::NamedView> named_peers() const;
  mesh::Scores::Explanation explain(const NodeId& node, Instant now) const;
  std::vector<mesh::Trace> traces() const;
  const mesh::MembershipStats* membership() const;
  const mesh::RelayStats* relay() const;
  std::vector<TopicView> topic_views() const { return subscriptions_.topic_views(); }
  std::uint32_t answers_waiting(SessionId id) const;
  template <typename Visit>
  void each_waiting(ShardIndex to, Visit visit) const {
    mail_.each(to, visit);
  }
  void mail(ShardMail message, Instant now, Actions& out);
  Instant next_deadline() const;
  const ShardStats& stats();
  std::uint64_t queued_bytes() const { return stats_.size_tx.sum; }
  std::size_t held_bytes() const { return meter_.live_bytes + subscriptions_.memory_bytes(); }
  SlabMeter& meter() { return meter_; }

  // ---- for handlers ----
  const NodeConfig& config() const { return config_; }
  ShardStats& counters() { return stats_; }
  Instant now() const { return now_; }
  bool ready() const { return ready_; }
  bool draining() const { return draining_; }
  bool has_mesh() const { return config_.mesh.has_value(); }
  Subscriptions& subscriptions() { return subscriptions_; }
  MailLinks& links() { return mail_; }

  /// Answers a REQ or ACKREQ; its correlation id is free again.
  void answer(Session& session, const oap::Header& to, const std::vector<std::uint8_t>& payload);
  void answer_ack(Session& session, CorrId corr, TenantId tenant, const oap::Ack& ack);
  /// Queues a control event (credit, keep, refused, bye).
  void tell(Session& session, const std::vector<std::uint8_t>& payload);
  /// Refuses a frame that a handler was given, as its flags demand: an error answer, a tally for
  /// `refused`, or a count.
  void refuse(Session& session, const oap::Header& header, const oap::WireError& error);
  /// Ends a session with one error frame and an orderly close.
  void fatal(Session& session, const oap::WireError& error, CorrId corr, CloseReason reason);
  /// Ends a session in order once what is queued has gone out.
  void finish(Session& session, CloseReason reason);
  void consumed(Session& session, std::uint64_t wire_bytes);
  void mark_flush(Session& session);

  void count_published(Session& session, std::size_t wire_bytes);
  /// Takes a publication: appends it to the run being built, delivering the run before where it
  /// does not fit. Nothing happens to it when that run ended its session.
  void add_to_run(Session& session, const Incoming& in, const oap::Gossip& gossip);
  void flush_run();
  /// Delivers now; returns how many local sessions it was queued to. With `ticket`, other shards
  /// report theirs; `waiting` is how many will.
  struct Delivered {
    std::uint32_t to = 0;
    unsigned waiting = 0;
    std::uint32_t links = 0;  // peers; of a local publication, where the mesh is on this shard
  };
  Delivered deliver(const Publication& publication, std::uint64_t ticket);

  /// Delivers what another shard sent to the subscribers and group members of this one.
  Delivered deliver_mail(PublishMail& mail);

  /// A frame for peers.
  struct ForPeers {
    gossip::RunRef run;
    bool counted = false;  // it spends credit
    bool best_effort = false;
  };

  /// From now on the session is told of what is lost between nodes.
  void tell_gaps_to(Session& session);

  /// Hands a frame of a peer to the machine of the mesh, wherever it is.
  void to_mesh(Session& session, const Incoming& in);
  /// Of the whole node one more, or one less, wants a pattern; a leaf tells its relays.
  void want(TenantId tenant, std::string_view pattern, bool add);
  void add_member(const Subscriptions::Membership& membership);
  void remove_member(const Subscriptions::Membership& membership);
  void remove_plain(const Session& session, const SubscriptionKey& key, bool echo);

  /// Remembers an answer that waits for other shards; returns its ticket.
  struct Pending {
    SessionId session;
    CorrId corr = 0;
    TenantId tenant;
    bool publication = false;
    unsigned waiting = 0;
    std::uint32_t to = 0;
    std::uint32_t links = 0;
    std::vector<SubscriptionKey> leaving;  // group subscriptions that end with the answer
  };
  std::uint64_t next_ticket() { return ++last_ticket_; }
  void expect(std::uint64_t ticket, Pending pending);
  /// Sends a barrier to every other shard and answers once all have passed it.
  void answer_after_barrier(Session& session, const Incoming& in,
                            std::vector<SubscriptionKey> leaving);
  /// Queues a control request for the driver; false when too many wait.
  bool ask_operator(ControlRequest request);
  template <typename Body>
  void send_mail(ShardIndex to, Body body) {
    if (mail_.send(to, std::move(body))) order_mail(to);
  }
  template <typename Body>
  void send_to_others(const Body& body) {
    for (unsigned to = 0; to < count_; ++to) {
      if (to != self_) send_mail(static_cast<ShardIndex>(to), body);
    }
  }
  bool alone() const { return count_ == 1; }
  /// Keeps the other shards informed of which lanes of a group member are full; `shed` has the bit
  /// of a lane that has just lost something.
  void tell_room(Session& session, std::uint8_t shed = 0);

 private:
  /// One call of the driver: sets what time it is and where orders go, and obeys the mesh at its
  /// end.
  class Call {
   public:
    Call(ShardCore& core, Instant now, Actions& out) : core_(core) {
      core.now_ = now;
      core.out_ = &out;
    }
    ~Call() { core_.obey_mesh(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    ShardCore& core_;
  };
  // core.cpp
  Session* find(SessionId id) const;
  void pump(Session& session);
  void after_input(Session& session);
  bool must_pause(const Session& session) const;
  void pause(Session& session);
  void resume_paused();
  void end_of_input(Session& session);
  void charge_held(Session& session);
  void release_held(Session& session);
  void tell_bounds();
  void order(Action action) { out_->push_back(action); }
  void order_mail(ShardIndex to);
  void arm(Session& session);
  void turn_ended();
  void settle_runs();
  void give_back();
  // dispatch.cpp
  void dispatch(Session& session, const oap::Frame& frame);
  bool inflate(Session& session, const oap::Frame& frame, std::vector<std::uint8_t>& into);
  void dispatch_active(Session& session, const Incoming& in);
  void reject(Session& session, const oap::Header& header, const oap::WireError& error);
  void send_answer(Session& session, const oap::Header& to,
                   const std::vector<std::uint8_t>& payload);
  void send_control(Session& session, oap::Flag flag, TenantId tenant, CorrId corr,
                    const std::vector<std::uint8_t>& payload);
  bool admit(Session& session, const KindRow& row, const Incoming& in);
  std::optional<oap::WireError> over_rate(Session& session);
  void reject_paced(Session& session, const oap::Header& header, oap::WireError error);
  std::optional<oap::WireError> over_limits(Session& session, const KindRow& row,
                                            const Incoming& in);
  std::optional<oap::WireError> not_allowed(const Session& session, const KindRow& row,
                                            const oap::Header& header) const;
  void count_received(const oap::Header& header, const KindRow* row);
  void tally(Session& session, oap::Code code);
  void tell_refused(Session& session);
  // hello.cpp
  void handle_hello(Session& session, const Incoming& in);
  void fail_handshake(Session& session, const oap::WireError& error, CorrId corr,
                      HandshakeFailure why);
  void establish(Session& session, const oap::Hello& hello, CorrId corr);
  void activate(Session& session, std::uint64_t send_window, std::string_view agent);
  void limit_client(Session& session, const oap::Hello& hello);
  // hello_peer.cpp
  bool take_peer(Session& session, const oap::Hello& hello, CorrId corr);
  void limit_peer(Session& session);
  void greet(Session& session);
  void handle_hello_ack(Session& session, const Incoming& in);
  void fail_dial(Session& session, HandshakeFailure why);
  void drop_dialed(SessionId id);
  void peer_up(Session& session);
  void peer_down(Session& session);
  // mesh_orders.cpp
  void obey_mesh();
  void obey(const mesh::Close& close);
  void obey(const mesh::CancelDial& cancel);
  void obey(const mesh::Dial& dial);
  void send_all(std::span<const mesh::Send> sends);
  void mail_to_peers(ShardIndex shard, const Slice& frame, std::vector<PeerTo> to);
  void send_to_peers(const Slice& frame, std::span<const PeerTo> to);
  void send_to_peer(Session& session, mesh::Lane lane, const ForPeers& sent);
  void shed_newest(Session& session, mesh::Lane lane, bool best_effort);
  void shed_late(Session& session);
  void tell_mesh_of(Session& session, const mesh::Shed& shed);
  void tell_shed();
  bool end_slow_peer(Session& session);
  void close_peer(SessionId id, const std::optional<oap::WireError>& error);
  void tell_gap(const mesh::Gap& gap);
  void deliver_from_mesh(const mesh::Deliver& publication);
  unsigned publish_to_mesh(const Publication& publication);
  unsigned publish_one(const Publication& publication, const Slice& frame, ByteView message);
  void tick_mesh();
  Instant mesh_deadline() const;
  void mesh_fact(const DialFailed& fact);
  void mesh_fact(const PeerDial& fact);
  void mesh_fact(const PeerHangup& fact);
  void mesh_fact(const PeerWithdraw& fact);
  void mesh_fact(const MeshProbe& fact);
  void tell_peer_lanes();
  // runs.cpp
  void extend_run(Session& session);
  // delivery.cpp
  friend class Delivery;
  bool over_half_budget() const { return meter_.live_bytes > config_.queue_bytes / 2; }
  bool over_budget() const { return meter_.live_bytes > config_.queue_bytes / 4 * 3; }
  // lifecycle.cpp
  void channel_ready(Session& session, const Channel& channel);
  void peer_finished(Session& session);
  void tick();
  void session_due(Session& session);
  void begin_drain(const Drain& drain);
  void check_drained(Session& session);
  void cut_off();
  void report_drained(std::uint32_t cut_off_count);
  void flushed(Session& session);
  void close_now(Session& session, CloseReason reason);
  void forget(Session& session);
  void tell_all_refused(Session& session);
  void stop_serving(Session& session);
  void unsubscribe_all(Session& session);
  // mail.cpp
  void on_mail(ShardIndex from, PublishMail& mail);
  void on_mail(ShardIndex from, ConsumedMail& mail);
  void on_mail(ShardIndex from, AcceptedMail& mail);
  void on_mail(ShardIndex from, InterestMail& mail);
  void on_mail(ShardIndex from, GroupMail& mail);
  void on_mail(ShardIndex from, BarrierMail& mail);
  void on_mail(ShardIndex from, AppliedMail& mail);
  void on_mail(ShardIndex from, RoomMail& mail);
  void on_mail(ShardIndex from, PeerUpMail& mail);
  void on_mail(ShardIndex from, PeerFrameMail& mail);
  void on_mail(ShardIndex from, PeerDownMail& mail);
  void on_mail(ShardIndex from, PeerShedMail& mail);
  void on_mail(ShardIndex from, PeerSendMail& mail);
  void on_mail(ShardIndex from, PeerFaultMail& mail);
  void on_mail(ShardIndex from, PeerCloseMail& mail);
  void on_mail(ShardIndex from, GapMail& mail);
  void settle(std::uint64_t ticket, std::uint32_t to, std::uint32_t links);
  void answered_late(Session& session);
  // operator.cpp
  void control_done(const ControlDone& done);

  NodeConfig config_;
  ShardIndex self_;
  unsigned count_;
  SlabMeter meter_;  // before everything that holds slices
  gossip::LanePool lanes_{&meter_};
  ShardStats stats_;
  SlotMap<Session> sessions_;
  Deadlines deadlines_;  // by session slot
  Subscriptions subscriptions_;
  MailLinks mail_;
  Dials dials_;
  std::unique_ptr<MeshSeat> seat_;   // on the shard where the machine of the mesh is
  std::set<SessionId> peers_;        // sessions the mesh knows
  std::set<SessionId> gap_readers_;  // sessions that asked to be told of gaps
  std::vector<SessionId> shedding_;  // of them those whose losses it was not told of yet
  oap::Inflater inflater_;
  std::deque<ControlRequest> control_;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t last_ticket_ = 0;
  // A run of this turn, and the first lane it was queued to.
  struct TurnRun {
    gossip::RunRef run;
    SessionId session;
    unsigned lane = 0;
  };
  std::uint64_t match_stamp_ = 0;   // never goes round
  std::vector<Session*> matched_;   // work space of one delivery
  std::vector<TurnRun> turn_runs_;  // compacted at its end if still held
  std::vector<Slice> borrowed_;     // from other shards, to be given back at its end
  std::vector<SessionId> held_;     // sessions whose input may pin the turn's slab
  std::vector<SessionId> paused_;   // sessions whose input waits
  bool ready_ = true;
  bool draining_ = false;
  Instant drain_until_ = Instant::never();
  Instant drain_grace_ = Instant::never();
  bool drain_reported_ = false;
  bool cutting_off_ = false;

  // The run being built while one session's input is pumped.
  struct Building {
    Session* session = nullptr;
    Slice bytes;
    TenantId tenant;
    std::string_view topic;  // into bytes
    std::uint32_t frames = 0;
    std::uint32_t largest = 0;
    oap::Alike alike;  // to the last frame of `bytes`
  } building_;

  Instant now_;
  Actions* out_ = nullptr;
};

}  // namespace ron::node
