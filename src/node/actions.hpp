// Facts in, orders out: the values that cross between a shard machine and whoever drives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "oap/wire_error.hpp"

namespace ron::node {

enum class ChannelKind : std::uint8_t { kTcp, kTls, kUnix, kMem };

/// What is known about the stream under a session before its first byte.
struct Channel {
  ChannelKind kind = ChannelKind::kMem;
  bool hybrid = false;         // the key exchange agreed on X25519MLKEM768
  bool authenticated = false;  // a client certificate or a peer uid was verified
  // BLAKE3-256 of the SubjectPublicKeyInfo of the other side's verified certificate: who a peer
  // proved to be. On a dialed session the server's.
  std::optional<NodeId> certificate;
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

/// A dial that take_dial() handed out came to no session: no stream, or open_dialed had no place.
/// Once there is a session, StreamLost says it. Shard 0 only.
struct DialFailed {
  mesh::DialId dial = 0;
};
/// An operator or a discovery service names a peer: it is dialed now, and again whenever it does
/// not answer. Shard 0 only; ignored without a mesh.
struct PeerDial {
  std::string_view addr;       // valid during the call
  std::optional<NodeId> node;  // whoever answers there must be this one
};
/// Drops the link to a node and forgets it. Shard 0 only.
struct PeerHangup {
  NodeId node{};
};
/// Forgets a peer that was named by its address, and the node there if one is known. Shard 0 only.
struct PeerWithdraw {
  std::string_view addr;  // valid during the call
};
/// An operator's probe: published here, and traced through the mesh. Shard 0 only.
struct MeshProbe {
  std::string_view topic;  // valid, and during the call
  CorrId corr = 0;         // what mesh::Trace calls it
};

using Input =
    std::variant<ChannelReady, PeerFinished, StreamLost, Tick, TurnEnded, Drain, Readiness,
                 ControlDone, DialFailed, PeerDial, PeerHangup, PeerWithdraw, MeshProbe>;

// ---- orders ------------------------------------------------------------------------------------

enum class CloseReason : std::uint8_t {
  kPeer,      // the other side ended it
  kProtocol,  // it broke a rule; an error frame went out where the stream could carry it
  kTimeout,
  kRefused,  // handshake refused (version, token, not ready)
  kSlow,     // drop policy "disconnect"
  kDrained,  // drain finished in order
  kCutOff,   // drain deadline
  kMesh,     // let go by the mesh: not needed, or replaced by another session
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
    kDial,         // peers are to be dialed: take_dial, until it has none (shard 0 only)
    kExpelled,     // neighbours were let go: take_expelled, until it has none (shard 0 only)
    kCancelDial,   // dials are given up: take_cancelled_dial, until it has none (shard 0 only)
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
