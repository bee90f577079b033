// Facts, commands, orders and events of the client machine (session/client.hpp): values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "oap/topic.hpp"
#include "oap/wire_error.hpp"
#include "policy/backoff.hpp"
#include "session/pending.hpp"
#include "session/timers.hpp"

namespace ron::session {

// ---- failures ----------------------------------------------------------------------------------

/// Why something did not happen: the codes of the wire first, in their order, then local ones.
enum class Failure : std::uint8_t {
  kBadVersion,
  kBadFrame,
  kFrameTooLarge,
  kRatioCap,
  kQuotaExceeded,
  kBusy,
  kNotReady,
  kUnauth,
  kForbidden,
  kNotFound,
  kTimeout,
  kInternal,
  kDisconnected,  // the connection ended before the answer; nobody knows whether it was done
  kCancelled,     // by the user
  kClosed,        // the client was closed
  kConnect,       // no connection could be made
  kProtocol,      // the other side broke the protocol, or is not what it must be
};
inline constexpr std::size_t kFailureCount = 17;

std::string_view name(Failure failure);
Failure failure_of(oap::Code code);

struct ClientError {
  Failure failure = Failure::kInternal;
  std::string message;
  bool retryable = false;   // may the same be tried again, unchanged?
  Duration retry_after{0};  // 0 = not given
};

// ---- options -----------------------------------------------------------------------------------

struct ClientOptions {
  std::string agent = "ron-sdk-cpp";  // at most 64 bytes
  std::optional<std::string> token;
  bool hybrid = true;                        // features.pq in hello
  bool require_hybrid = false;               // refuse a network channel that is not hybrid
  bool comp = true;                          // accept zstd from the node
  bool compress = false;                     // and send it, where it pays
  std::uint32_t max_frame = oap::kMaxFrame;  // payload bytes
  std::uint64_t window = 16U * 64 * 1024;    // what the node may have in flight to us; 0 = off
  bool reconnect = true;
  bool tap = false;   // its subscriptions watch, and do not count as receivers
  bool gaps = false;  // tell what is lost between nodes
  TimeLimits times;
  policy::BackoffLimits backoff;
  Duration dial = std::chrono::seconds(10);  // for the stream, TLS included
  Duration drain = std::chrono::seconds(5);  // after bye, before we leave by ourselves
  std::uint32_t queue_frames = 16'384;       // publications that wait
  std::size_t queue_bytes = 8U << 20U;       // the same, in wire bytes
  std::size_t patterns = oap::kPatternsMax;  // live subscriptions
};

// ---- facts and commands ------------------------------------------------------------------------

/// The stream of dial `attempt` can carry frames.
struct Opened {
  std::uint32_t attempt = 0;
  bool hybrid = false;  // the key exchange agreed on X25519MLKEM768
  bool local = false;   // Unix socket or in memory: hybrid cannot be required
};
/// No stream: refused, unreachable, TLS failed. Not `retryable`: trying again is pointless.
struct DialFailed {
  std::uint32_t attempt = 0;
  std::string message;
  bool retryable = true;
};
/// The other side sent FIN; every byte before it has been handed to `received`.
struct PeerFinished {
  std::uint32_t attempt = 0;
};
/// The stream is gone.
struct StreamLost {
  std::uint32_t attempt = 0;
  std::string message;
};
/// next_deadline has come.
struct Tick {};

/// Starts dialing; once.
struct Connect {};

enum class Mode : std::uint8_t {
  kPlain,    // EVENT: no answer
  kAcked,    // EVENT|ACKREQ: one answer
  kRequest,  // REQ: one answer
};
/// Sends a frame (made by oap::make_frame; flags and corr are filled in here). Frames leave in the
/// order of their commands. `ticket` must be new and not 0 unless the mode is kPlain.
struct Send {
  Ticket ticket = 0;
  Slice frame;
  Mode mode = Mode::kPlain;
  bool counted = true;  // costs credit (gossip, put)
  Instant deadline = Instant::never();
};
/// Adds (or removes) subscriptions. Overtakes queued publications. Counted: a pattern added twice
/// must be removed twice. Survives reconnects; the answer comes once the node has confirmed.
struct Subscribe {
  Ticket ticket = 0;
  bool add = true;
  TenantId tenant;
  std::vector<std::string> patterns;
  std::string group;  // empty = plain
  bool echo = false;
  Instant deadline = Instant::never();
};
/// Gives a ticket up: its answer is Cancelled, now.
struct Cancel {
  Ticket ticket = 0;
};
/// The user is done with `bytes` (MessageIn::wire_bytes) of connection `attempt`.
struct Consumed {
  std::uint32_t attempt = 0;
  std::size_t bytes = 0;
};
/// Ends it for good; whatever still waits is answered Closed.
struct Close {};

using ClientInput = std::variant<Opened, DialFailed, PeerFinished, StreamLost, Tick, Connect, Send,
                                 Subscribe, Cancel, Consumed, Close>;

// ---- orders ------------------------------------------------------------------------------------

struct ClientOrder {
  enum class Kind : std::uint8_t {
    kDial,         // open a stream to `alt`, or where that is empty to the configured address
    kFlush,        // gather when the stream is writable
    kFinishWrite,  // send close_notify and FIN; go on reading
    kClose,        // drop the stream or the dial of `attempt` now
    kResume,       // read again
  };
  Kind kind;
  std::uint32_t attempt = 0;
  std::string alt;  // host:port, as the leaving node named it: not trusted
};

// ---- events ------------------------------------------------------------------------------------

struct Connected {
  std::uint32_t attempt = 0;
  oap::HelloAck ack;  // without its agent, which is below
  std::string agent;
};
struct Disconnected {
  ClientError why;
  bool will_retry = false;
  Duration retry_in{0};
};
/// A publication for this client. The views lie in `bytes`.
struct MessageIn {
  std::uint32_t attempt = 0;
  TenantId tenant;
  CorrId corr = 0;
  std::size_t wire_bytes = 0;  // to be given back by Consumed
  Slice bytes;
  ByteView payload;  // the CBOR map as published
  oap::Gossip gossip;
};
/// What became of a ticket.
struct Answer {
  Ticket ticket = 0;
  std::optional<ClientError> error;
  oap::Ack ack;
  std::string body;  // of a control_ok
};
/// The node dropped `dropped` messages for us here.
struct Lagged {
  std::uint64_t dropped = 0;
};
/// Publications of some node are lost between nodes.
struct GapIn {
  oap::Gap gap;
};
/// Plain publications were dropped, by the node or (too large, queue full) by this machine.
struct RefusedEvents {
  Failure failure = Failure::kInternal;
  std::string code;
  std::uint64_t dropped = 0;
};
struct ByeIn {
  std::string reason;
  std::vector<std::string> alt;
  Duration after{0};
};
/// A node does not want to restore a live subscription after a reconnect, for now: what is
/// published on it is missed meanwhile. It is asked again in `retry_in`, which grows to half a
/// minute; each refusal is told. Publications do not wait for it any more.
struct SubscriptionRefused {
  ClientError why;
  TenantId tenant;
  std::vector<std::string> patterns;
  std::string group;
  Duration retry_in{0};
};
/// A live subscription could not be restored after a reconnect; it is gone.
struct SubscriptionLost {
  ClientError why;
  TenantId tenant;
  std::vector<std::string> patterns;
  std::string group;
};
/// The queue of publications is full; there is room again.
struct Paused {};
struct Writable {};
/// The machine is done; nothing follows.
struct Ended {};

using ClientEvent =
    std::variant<Connected, Disconnected, MessageIn, Answer, Lagged, GapIn, RefusedEvents, ByeIn,
                 SubscriptionRefused, SubscriptionLost, Paused, Writable, Ended>;

/// Appended to by the machine, drained by the driver, reused.
struct ClientActions {
  std::vector<ClientOrder> orders;
  std::vector<ClientEvent> events;
  void clear() {
    orders.clear();
    events.clear();
  }
};

/// What a client machine counts, beyond what its events tell.
struct ClientStats {
  std::uint64_t stray_answers = 0;
  std::uint64_t unknown_kinds = 0;
  std::uint64_t bad_events = 0;
  std::uint64_t credit_clamped_bytes = 0;
  std::uint64_t window_overruns = 0;
};

}  // namespace ron::session
