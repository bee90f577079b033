// Facts in, orders out: the values that cross between a shard machine and whoever drives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "oap/wire_error.hpp"

namespace ron::node {

enum class ChannelKind : std::uint8_t { kTcp, kTls, kUnix, kMem };

/// What is known about the stream under a session before its first byte.
struct Channel {
  ChannelKind kind = ChannelKind::kMem;
  bool hybrid = false;         // the key exchange agreed on X25519MLKEM768
  bool authenticated = false;  // a client certificate or a peer uid was verified
};

// ---- facts -------------------------------------------------------------------------------------

/// The stream of an opened session can carry frames (TLS is through).
struct ChannelReady {
  SessionId session;
  Channel channel;
};
/// The other side sent FIN; every byte before it has been handed to `received`.
struct PeerFinished {
  SessionId session;
};
/// The stream is gone (reset, or closed by the driver). The machine forgets the session.
struct StreamLost {
  SessionId session;
};
/// `next_deadline` has come.
struct Tick {};
/// The driver has handed over everything one loop turn brought and has flushed what it could.
struct TurnEnded {};
/// Stop taking requests, say bye, deliver what is queued, be gone after `within`.
struct Drain {
  Duration within{};
  std::string_view reason;  // static text
};
/// Whether the node is ready as a whole; new sessions (but Unix ones) are refused while it is not.
struct Readiness {
  bool ready = true;
};
/// The answer to a control request that take_control() handed out: its body, or an error.
struct ControlDone {
  SessionId session;
  CorrId corr = 0;
  TenantId tenant;
  std::string_view body;                // JSON; valid during the call
  std::optional<oap::WireError> error;  // text static or valid during the call
};

using Input = std::variant<ChannelReady, PeerFinished, StreamLost, Tick, TurnEnded, Drain,
                           Readiness, ControlDone>;

// ---- orders ------------------------------------------------------------------------------------

enum class CloseReason : std::uint8_t {
  kPeer,      // the other side ended it
  kProtocol,  // it broke a rule; an error frame went out where the stream could carry it
  kTimeout,
  kRefused,  // handshake refused (version, token, not ready)
  kSlow,     // drop policy "disconnect"
  kDrained,  // drain finished in order
  kCutOff,   // drain deadline
};
std::string_view name(CloseReason reason);

struct Action {
  enum class Kind : std::uint8_t {
    kFlush,        // session has bytes: gather when its stream is writable
    kFinishWrite,  // after what is gathered, send close_notify and FIN; go on reading to discard
    kClose,        // close the stream now and forget it; the session id is dead
    kResume,       // the session wants to be read again
    kMail,         // messages wait for shard `shard`: take_mail
    kEstablished,  // handshake done (for logs and metrics)
    kControl,      // a control request waits: take_control
    kDrained,      // the drain is over; `count` sessions were cut off
  };
  Kind kind;
  ShardIndex shard = 0;
  CloseReason reason = CloseReason::kPeer;
  oap::Code code = oap::Code::kInternal;  // with kClose after an error frame
  bool erred = false;                     // `code` is set
  bool downgraded = false;  // with kEstablished: hello spoke of hybrid, the channel is classical
  std::uint32_t count = 0;
  SessionId session;
};

/// Appended to by the machine, drained by the driver, reused.
using Actions = std::vector<Action>;

}  // namespace ron::node
