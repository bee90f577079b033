#include "ops/events.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"

namespace ron::ops {
namespace {

using enum LogLevel;

// clang-format off
constexpr std::array<EventRow, kEventCount> kEvents = {{
    {Event::kStarting, "starting", kInfo, false, "The process begins: version, profile, configuration file."},
    {Event::kConfigWarning, "config_warning", kWarn, false, "A setting works but should change: key, source, message, remedy."},
    {Event::kConfigError, "config_error", kError, false, "A setting is wrong; the process exits with code 78, or a reload is refused."},
    {Event::kFdLimitLow, "fd_limit_low", kWarn, false, "The limit of open files does not cover transport.max_conns: limit, wanted."},
    {Event::kBindFailed, "bind_failed", kError, false, "A listener could not be opened; the process exits with code 69."},
    {Event::kReady, "ready", kInfo, false, "Every listener is open: real addresses, shards, TLS, key exchange, node id, version, pid."},
    {Event::kNotReady, "not_ready", kWarn, false, "/readyz turned red: missing names the gates."},
    {Event::kReadyAgain, "ready_again", kInfo, false, "/readyz turned green again."},
    {Event::kReloading, "reloading", kInfo, false, "SIGHUP arrived; configuration and certificates are read again."},
    {Event::kReloaded, "reloaded", kInfo, false, "The reload took effect; sessions were kept."},
    {Event::kReloadFailed, "reload_failed", kError, false, "The reload was refused and everything stays as it was: message."},
    {Event::kConfigChanged, "config_changed", kInfo, false, "A reload put a changed key in force: key, value, before; directories of paths and identities are left out."},
    {Event::kRestartNeeded, "restart_needed", kWarn, false, "A reload found a changed key that only a restart applies: key, value, before."},
    {Event::kDraining, "draining", kInfo, false, "A signal began the drain: readiness red, no new sessions, bye to the others: signal, sessions, deadline_ms."},
    {Event::kCutOff, "cut_off", kWarn, false, "The drain deadline passed with work left: sessions that were ended by it."},
    {Event::kStopped, "stopped", kInfo, false, "The process ends in order."},
    {Event::kKilled, "killed", kWarn, false, "A second signal ended the process at once."},
    {Event::kFatal, "fatal", kError, false, "The process cannot go on: message."},
    {Event::kChildDied, "child_died", kError, false, "A supervised part ended by a fault: child, message. It is started again, at most 5 times in a row."},
    {Event::kChildRestarted, "child_restarted", kWarn, false, "A supervised part runs again: child."},
    {Event::kStuck, "stuck", kError, true, "An event loop does not answer; the service manager is not told that all is well: child."},
    {Event::kInsecurePlaintext, "insecure_plaintext", kWarn, false, "A listener beyond loopback runs without TLS and client certificates, as configured."},
    {Event::kCertificateLoaded, "certificate_loaded", kInfo, false, "The node's certificate was read: path, days_left."},
    {Event::kCertificateExpiring, "certificate_expiring", kWarn, false, "The node's certificate is older than tls.max_age or ends soon: path, days_left."},
    {Event::kSessionOpened, "session_opened", kDebug, false, "A session finished its handshake."},
    {Event::kSessionClosed, "session_closed", kDebug, false, "A session ended: reason as in overlay_sessions_close_total."},
    {Event::kDowngradeDetected, "downgrade_detected", kWarn, true, "A hello spoke of hybrid key exchange over a classical TLS channel: somebody, or overlay.pq_mode, narrowed it."},
    {Event::kHandshakeFailed, "handshake_failed", kInfo, true, "A connection did not become a session: reason as in overlay_handshake_failures_total."},
    {Event::kPeerFailed, "peer_failed", kInfo, true, "A peer that this node dialed did not become a session: peer_addr, peer_id where it is expected, reason as in overlay_handshake_failures_total, message."},
    {Event::kPeerExpelled, "peer_expelled", kWarn, false, "A neighbour in the mesh was let go for how it behaved: peer_id, score (points), reason (what most of them are for, as in `ronctl peers explain`), message (all of them)."},
    {Event::kAcceptRefused, "accept_refused", kWarn, true, "A connection was closed at accept: reason max_conns, ratelimit, uid or no_files."},
    {Event::kControl, "control", kInfo, false, "An operator asked for a change over the Unix socket: op, uid."},
    {Event::kAdminRefused, "admin_refused", kInfo, true, "The admin listener refused a request: error_code is the HTTP status."},
}};

constexpr std::array<FieldRow, kFieldCount> kFields = {{
    {Field::kReason, "reason", "Why; the value of the metric's reason label where there is one."},
    {Field::kMessage, "message", "A sentence for people."},
    {Field::kRemedy, "remedy", "What to do about it."},
    {Field::kCorrId, "corr_id", "Correlation id of the frame, 16 hex digits."},
    {Field::kPeerAddr, "peer_addr", "Address of the other side; absent for Unix sockets and Tor."},
    {Field::kPeerId, "peer_id", "Node id of the other side, hex, where a certificate proves it."},
    {Field::kPeerName, "peer_name", "First subject alternative name of the other side's certificate."},
    {Field::kSession, "session", "Session number, as told in hello_ack."},
    {Field::kChannel, "channel", "tcp, tls, uds or mem."},
    {Field::kLatencyMs, "latency_ms", "How long it took."},
    {Field::kBytes, "bytes", "Bytes concerned."},
    {Field::kFrames, "frames", "Frames concerned."},
    {Field::kErrorCode, "error_code", "Wire code (OAP/1 section 4) or HTTP status."},
    {Field::kPqMode, "pq_mode", "off, hybrid or require."},
    {Field::kKexAlgo, "kex_algo", "Key exchange of the channel, for example X25519MLKEM768."},
    {Field::kPeerMode, "peer_mode", "Key exchange the other side announced in hello."},
    {Field::kScore, "score", "Points for how a node of the mesh behaves; mesh.score_disconnect lets it go."},
    {Field::kListen, "listen", "Address sessions are accepted on, with its real port."},
    {Field::kAdvertise, "advertise", "overlay.advertise_addr: the address others should dial."},
    {Field::kName, "name", "transport.name: the label of this node."},
    {Field::kAdmin, "admin", "Address of the admin listener, with its real port."},
    {Field::kUds, "uds", "Path of the Unix socket."},
    {Field::kShards, "shards", "Number of event-loop threads."},
    {Field::kTls, "tls", "off, server or mutual."},
    {Field::kNode, "node", "Node id, hex."},
    {Field::kVersion, "version", "Version of the program."},
    {Field::kGit, "git", "Commit it was built from."},
    {Field::kOpenssl, "openssl", "TLS library."},
    {Field::kPid, "pid", "Process id."},
    {Field::kProfile, "profile", "micronode or macronode."},
    {Field::kConfigFile, "config_file", "Configuration file, empty if none."},
    {Field::kKey, "key", "Configuration key."},
    {Field::kValue, "value", "Its value, as given."},
    {Field::kBefore, "before", "The value it replaces."},
    {Field::kSource, "source", "Where its value came from."},
    {Field::kPath, "path", "A file or a request path."},
    {Field::kSignal, "signal", "Name of the signal."},
    {Field::kSessions, "sessions", "Number of sessions."},
    {Field::kMissing, "missing", "Readiness gates that are not met, separated by commas."},
    {Field::kDegraded, "degraded", "True when the node was ready before."},
    {Field::kDeadlineMs, "deadline_ms", "Milliseconds until what is left is cut off."},
    {Field::kDaysLeft, "days_left", "Days until the certificate ends."},
    {Field::kLimit, "limit", "What there is."},
    {Field::kWanted, "wanted", "What would be needed."},
    {Field::kChild, "child", "A supervised part: shard-N or admin."},
    {Field::kOp, "op", "Control operation."},
    {Field::kUid, "uid", "User id at the other end of a Unix socket."},
    {Field::kSuppressed, "suppressed", "Equal events left out since the last one written; counters count them all."},
}};
// clang-format on

constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};

}  // namespace

std::span<const EventRow> events() { return kEvents; }

const EventRow& row_of(Event event) {
  const EventRow& row = kEvents[static_cast<std::size_t>(event)];
  RON_DCHECK(row.event == event);
  return row;
}

std::span<const FieldRow> fields() { return kFields; }

std::string_view name_of(Field field) { return kFields[static_cast<std::size_t>(field)].name; }

std::string_view name_of(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> level_of(std::string_view name) {
  const auto* const at = std::ranges::find(kLevels, name);
  if (at == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(at - kLevels.begin());
}

}  // namespace ron::ops
