// The server's side of the handshake (docs/OAP-1.md section 3).
#include "node/core.hpp"

#include <algorithm>

namespace ron::node {
namespace {

using oap::Code;

oap::WireError closing(Code code, std::string_view text) { return {code, text, true, 0}; }

}  // namespace

void ShardCore::fail_handshake(Session& session, const oap::WireError& error, CorrId corr,
                               HandshakeFailure why) {
  ++stats_.handshake_failures[static_cast<std::size_t>(why)];
  fatal(session, error, corr,
        why == HandshakeFailure::kProto ? CloseReason::kProtocol : CloseReason::kRefused);
}

// Whatever tenant_id it carries is not looked at. // OAP-3.10
void ShardCore::handle_hello(Session& session, const Incoming& in) {
  if (session.peer) {  // it was dialed, and hello was ours to say
    handle_hello_ack(session, in);
    return;
  }
  const CorrId corr = in.header.corr;
  if (in.message.kind != "hello" || !in.header.has(oap::kReq)) {  // OAP-3.3
    fail_handshake(session, closing(Code::kBadFrame, "the first frame must be a hello request"),
                   corr, HandshakeFailure::kProto);
    return;
  }
  const auto hello = oap::read_hello(in.message);
  if (!hello) {
    fail_handshake(session, closing(Code::kBadFrame, hello.error()), corr,
                   HandshakeFailure::kProto);
    return;
  }
  if (!hello->version_1) {  // OAP-3.15
    fail_handshake(session, closing(Code::kBadVersion, "this node speaks version 1"), corr,
                   HandshakeFailure::kProto);
    return;
  }
  const bool exempt =  // OAP-3.25
      session.channel.kind == ChannelKind::kUnix || session.channel.kind == ChannelKind::kMem;
  // OAP-3.16 OAP-3.26
  if (config_.pq_mode == PqMode::kRequire && !session.channel.hybrid && !exempt) {
    ++stats_.pq_incompatible;
    fail_handshake(session,
                   closing(Code::kBadVersion, "this node requires X25519MLKEM768 key exchange"),
                   corr, HandshakeFailure::kPq);
    return;
  }
  const bool peer = hello->role == oap::Role::kPeer;
  if (peer && !take_peer(session, *hello, corr)) return;
  if (hello->token) {  // no key ring: nothing verifies // OAP-3.20
    fail_handshake(session, closing(Code::kUnauth, "this node verifies no tokens"), corr,
                   HandshakeFailure::kAuth);
    return;
  }
  // Links are what an unready node may be waiting for. OAP-3.23 OAP-3.24 OAP-9.83
  const bool not_now = draining() || (!ready_ && !peer);
  if (not_now && session.channel.kind != ChannelKind::kUnix) {
    oap::WireError error =
        closing(Code::kNotReady, draining() ? "the node is draining" : "a readiness gate is down");
    error.retry_after_ms = 1000;
    fail_handshake(session, error, corr, HandshakeFailure::kNotReady);
    return;
  }
  establish(session, *hello, corr);
}

// What the handshake leaves, whoever said hello.
void ShardCore::activate(Session& session, std::uint64_t send_window, std::string_view agent) {
  session.phase = Phase::kActive;
  session.send = session::SendCredit(send_window);  // OAP-5.5
  session.recv = session::RecvCredit(config_.session.recv_window_bytes);
  session.authorised = config_.auth_off || session.channel.authenticated;
  session.any_tenant = config_.auth_off;  // OAP-4.11
  session.established = now_;
  session.agent = agent;
  ++stats_.sessions_opened;
  ++stats_.sessions_active;
  if (session.channel.kind == ChannelKind::kTls) {
    ++(session.channel.hybrid ? stats_.pq_hybrid : stats_.pq_classical);
  }
}

void ShardCore::limit_client(Session& session, const oap::Hello& hello) {
  const SessionLimits& limits = config_.session;
  session.max_frame = std::min(hello.max_frame, limits.max_frame);  // OAP-3.18
  session.parser.set_max_payload(session.max_frame);
  session.comp = hello.comp_zstd && config_.comp;
  session.timers.established(now_);
  session.inflight = limits.inflight;
  session.rps = policy::TokenBucket(limits.rps, now_);
  session.fps = policy::TokenBucket(limits.fps, now_);
}

void ShardCore::establish(Session& session, const oap::Hello& hello, CorrId corr) {
  activate(session, hello.window.value_or(0), hello.agent);
  session.peer ? limit_peer(session) : limit_client(session, hello);
  // Its key exchange was narrowed on the way, or by this node's pq_mode: never silently.
  const bool downgraded = session.channel.kind == ChannelKind::kTls && !session.channel.hybrid &&
                          hello.pq == oap::Pq::kHybrid;
  if (downgraded) ++stats_.downgrades;

  oap::HelloAck ack;
  ack.node = config_.node;
  ack.pq = session.channel.hybrid ? oap::Pq::kHybrid : oap::Pq::kOff;  // OAP-3.14
  ack.comp_zstd = session.comp;
  const SessionLimits& limits = config_.session;
  ack.limits = {.fps = session.peer ? 0 : limits.fps,
                .rps = session.peer ? 0 : limits.rps,
                .chunk = limits.chunk_bytes,
                .window = limits.recv_window_bytes,
                .inflight = session.inflight,
                .max_frame = session.max_frame};
  ack.session = session.id.value;
  ack.agent = config_.agent;
  if (session.peer) ack.epoch = config_.mesh->epoch;  // OAP-9.81
  oap::Header to;
  to.corr = corr;
  answer(session, to, oap::write_hello_ack(ack));
  order({.kind = Action::Kind::kEstablished, .downgraded = downgraded, .session = session.id});
  if (session.peer) peer_up(session);
}

void handle_second_hello(ShardCore& core, Session& session, const Incoming& in) {  // OAP-3.22
  core.fatal(session, closing(Code::kBadFrame, "a second hello"), in.header.corr,
             CloseReason::kProtocol);
}

}  // namespace ron::node
