// The client side of OAP/1 across connections, as a pure machine (docs/OAP-1.md sections 1 to 6).
//
// It dials (by order), shakes hands, keeps the session alive, paces and queues publications inside
// credit and limits, correlates answers, restores subscriptions after a reconnect, and leaves in
// order. It knows no socket, clock or thread: the SDK and the simulator drive the same code.
//
//   Idle -Connect-> Dialing -Opened-> Handshaking -hello_ack-> Active -bye-> Draining
//     ^                |  \                |                     |              |
//     |             DialFailed     error, timeout         lost, FIN, fault   FIN, time
//     |                v                   v                     v              v
//   Dialing <-wait- Backoff <------------- Closing (error and FIN sent, input discarded)
//   Close, or an error that cannot be repaired:  any -> [Closing] -> Ended
//
// Invariants: at most one connection at a time; each ticket is answered exactly once; a publication
// is handed to a stream whole at most once; nothing is queued without a bound.
//
// The driver: feeds facts with the number of the attempt they belong to, reads while wants_read(),
// writes what gather() yields, obeys orders, hands events to the user, and arms one timer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/choice.hpp"
#include "oap/parser.hpp"
#include "policy/backoff.hpp"
#include "session/client_outbox.hpp"
#include "session/client_subs.hpp"
#include "session/client_types.hpp"
#include "session/credit.hpp"
#include "session/pacer.hpp"
#include "session/pending.hpp"
#include "session/timers.hpp"

namespace ron::session {

enum class ClientState : std::uint8_t {
  kIdle,         // nothing done yet
  kDialing,      // a stream is being opened
  kHandshaking,  // hello is on its way
  kActive,       // in session
  kDraining,     // the node said bye: its messages and answers still come, nothing new goes
  kClosing,      // ends in order: last bytes go out, input is discarded
  kBackoff,      // waits before the next attempt
  kEnded,        // for good
};

class Client {
 public:
  /// `choice` must outlive the client; used for jitter only.
  Client(ClientOptions options, Choice& choice);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// One fact or command in; orders and events appended. Facts of other attempts are ignored.
  void handle(const ClientInput& in, Instant now, ClientActions& out) noexcept;

  /// A whole read of the current stream.
  void received(Slice bytes, Instant now, ClientActions& out) noexcept;

  /// False while the user has too much to consume and credit cannot hold the node back.
  bool wants_read() const noexcept { return !reading_paused_; }

  /// What to write next, at most about `max_bytes`; the number of pieces. The same bytes come first
  /// again until `wrote`; they stay valid until then.
  std::size_t gather(std::span<IoPiece> into, std::size_t max_bytes, Instant now) noexcept;

  /// The stream took the first `bytes` of what was gathered.
  void wrote(std::size_t bytes, Instant now, ClientActions& out) noexcept;

  /// The one timer to arm.
  Instant next_deadline() const noexcept;

  /// Would a publication of this many wire bytes be queued? If not, wait for Writable.
  bool has_room(std::size_t wire_bytes) const noexcept { return outbox_.has_room(wire_bytes); }

  /// Largest payload the node takes: as it said last, before that as we will offer.
  std::uint32_t max_payload() const noexcept { return max_payload_; }

  ClientState state() const noexcept { return state_; }
  std::size_t queued() const noexcept { return outbox_.queued(); }
  const ClientStats& stats() const noexcept { return stats_; }

 private:
  // One connection's worth of state.
  struct Link {
    Link(const ClientOptions& options, Instant now)
        : parser(options.max_frame, nullptr), timers(options.times, now) {}
    oap::Parser parser;
    Timers timers;
    SendCredit send_credit;
    RecvCredit recv_credit;
    Pacer events;    // limits.fps
    Pacer requests;  // limits.rps
    std::uint64_t inflight_most = 0;
    CorrId next_corr = 1;
    bool hybrid = false;
    bool comp = false;
    bool finish_ordered = false;
    std::optional<ClientError> last_error;  // the node's last word before it closes
    Instant active_since = Instant::never();
  };

  // client.cpp: the life of connections
  void on(const Opened& fact, Instant now, ClientActions& out);
  void on(const DialFailed& fact, Instant now, ClientActions& out);
  void on(const PeerFinished& fact, Instant now, ClientActions& out);
  void on(const StreamLost& fact, Instant now, ClientActions& out);
  void on(const Tick& fact, Instant now, ClientActions& out);
  void on(const Connect& command, Instant now, ClientActions& out);
  void on(const Close& command, Instant now, ClientActions& out);
  void dial(Instant now, ClientActions& out);
  void run_timers(Instant now, ClientActions& out);
  void disconnect(ClientError why, bool orderly, Instant now, ClientActions& out);
  void settle(Instant now, ClientActions& out);
  void end(ClientActions& out);
  void fault(const oap::WireError& error, CorrId corr, Instant now, ClientActions& out);
  void finish(Instant now, ClientActions& out);

  // client_commands.cpp: what the user asks for, and what leaves
  void on(const Send& command, Instant now, ClientActions& out);
  void on(const Subscribe& command, Instant now, ClientActions& out);
  void on(const Cancel& command, Instant now, ClientActions& out);
  void on(const Consumed& command, Instant now, ClientActions& out);
  void answer(Ticket ticket, std::optional<ClientError> error, ClientActions& out,
              const oap::Ack& ack = {}, std::string body = {});
  void give_up(Ticket ticket, ClientError why, ClientActions& out);
  void queue_op(Ticket ticket, SubOp op);
  enum class Strip : std::uint8_t { kAll, kRestores };
  void strip_unwanted(Strip which, ClientActions& out);
  void op_answered(Ticket ticket, SubOp op, std::optional<ClientError> error, const oap::Ack& ack,
                   Instant now, ClientActions& out);
  void expire(Instant now, ClientActions& out);
  void requeue_after_loss(bool orderly, ClientActions& out);
  void op_lost(Ticket ticket, SubOp op, ClientActions& out);
  void restore_subscriptions();
  void drop_oversize(ClientActions& out);
  void push_control(Slice frame);
  bool request_may_go(Instant now) const;
  bool publication_may_go(Instant now) const;
  std::optional<std::size_t> next_op(Instant now) const;
  bool sendable(Instant now) const;
  void skip_dead();
  void pump(std::size_t max_bytes, Instant now);
  void stage_op(std::size_t index, Instant now);
  void stage_publication(Instant now);
  void wake_writer(Instant now, ClientActions& out);
  Instant blocked_until(Instant now) const;

  // With credits off: reading stops while the user has this much to consume.
  static constexpr std::size_t kUnconsumedMost = 4U << 20U;

  // client_frames.cpp: what arrives
  void frame(const oap::Frame& frame, Instant now, ClientActions& out);
  void handshake_frame(const oap::Frame& frame, Instant now, ClientActions& out);
  void accept_hello(const oap::HelloAck& ack, Instant now, ClientActions& out);
  void response(const oap::Header& header, const oap::Message& message, Instant now,
                ClientActions& out);
  void event(const oap::Frame& frame, Slice bytes, ByteView payload, Instant now,
             ClientActions& out);
  void control_event(const oap::Message& message, Instant now, ClientActions& out);
  void gossip(const oap::Frame& frame, Slice bytes, ByteView payload, Instant now,
              const oap::Message& message, ClientActions& out);
  void bye(const oap::Message& message, Instant now, ClientActions& out);
  void note_partial(Instant now);

  const ClientOptions options_;
  Choice& choice_;
  ClientState state_ = ClientState::kIdle;
  std::uint32_t attempt_ = 0;
  std::optional<Link> link_;
  policy::Backoff backoff_;
  Instant wait_until_ = Instant::never();  // Dialing: give up; Backoff: dial; Draining: leave
  Duration next_wait_{0};                  // drawn when the connection ended
  Duration retry_floor_{0};                // what the node asked us to wait at least
  ClientError end_why_{Failure::kClosed, "the client was closed", false, {}};
  std::vector<std::string> alternatives_;  // addresses a leaving node named
  bool user_closed_ = false;
  bool hopeless_ = false;  // trying again cannot help
  std::uint32_t max_payload_;

  Outbox outbox_;
  Ring<Slice> control_;  // keep, credit, errors: bounded by what causes them
  ClientSubs subs_;
  std::map<Ticket, SubOp> ops_;    // sub and unsub not answered yet
  std::vector<Ticket> op_queue_;   // of them: not sent, in order
  std::size_t restores_open_ = 0;  // not answered once: publications wait for these
  Pending pending_;
  Ticket next_internal_;
  Instant pace_at_ = Instant::never();  // what waits for its pace may go then
  bool queue_was_full_ = false;
  bool reading_paused_ = false;
  std::size_t unconsumed_bytes_ = 0;
  ClientStats stats_;
};

}  // namespace ron::session
