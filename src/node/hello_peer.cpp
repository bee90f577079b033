// The handshake between nodes, both sides of it (docs/OAP-1.md sections 3 and 9).
#include "node/core.hpp"

namespace ron::node {
namespace {

using oap::Code;

constexpr CorrId kHelloCorr = 1;

// A certificate says who a peer is; nothing else does, whatever the channel. (Channels in memory
// have one where a test or a simulation says so.)
bool proves_identity(const Channel& channel) {
  const bool certified = channel.kind == ChannelKind::kTls || channel.kind == ChannelKind::kMem;
  return certified && channel.certificate.has_value();
}

// Why the other side did not take this node in, as this side counts it.
HandshakeFailure failure_of(const oap::Message& error) {
  const auto read = oap::read_error(error);
  if (!read) return HandshakeFailure::kProto;
  const auto code = oap::code_of(read->code);
  if (code == Code::kNotReady) return HandshakeFailure::kNotReady;
  if (code == Code::kUnauth || code == Code::kForbidden) return HandshakeFailure::kAuth;
  return HandshakeFailure::kProto;
}

}  // namespace

// ---- a peer says hello -------------------------------------------------------------------------

// Judges a hello with role peer; false when the handshake has failed. OAP-9.1
bool ShardCore::take_peer(Session& session, const oap::Hello& hello, CorrId corr) {
  const auto fail = [&](Code code, std::string_view text, HandshakeFailure why) {
    fail_handshake(session, {code, text, true, 0}, corr, why);
    return false;
  };
  if (!has_mesh()) {
    return fail(Code::kBadVersion, "this node does not take peers", HandshakeFailure::kProto);
  }
  if (!proves_identity(session.channel) || session.channel.certificate != hello.node) {  // OAP-9.3
    return fail(Code::kUnauth, "no certificate proves this node id", HandshakeFailure::kAuth);
  }
  if (hello.max_frame < oap::kMaxFrame) {  // OAP-9.6
    return fail(Code::kBadFrame, "hello.max_frame of a peer is under 1 MiB",
                HandshakeFailure::kProto);
  }
  session.peer = std::make_unique<PeerSide>();
  session.peer->node = *hello.node;
  session.peer->epoch = *hello.epoch;
  return true;
}

// Neither bucket: credits and their lanes bound peers; and the mesh judges whether they live.
// OAP-5.24 OAP-9.78
void ShardCore::limit_peer(Session& session) {
  session.max_frame = oap::kMaxFrame;
  session.parser.set_max_payload(oap::kMaxPeerFrame);  // OAP-9.5
  session.comp = false;
  session.timers.established_without_idle();
  session.inflight = 0;
  session.rps = policy::TokenBucket(0, now_);
  session.fps = policy::TokenBucket(0, now_);
  session.egress.become_peer();
}

// ---- this node says hello ----------------------------------------------------------------------

void ShardCore::greet(Session& session) {
  const Channel& channel = session.channel;
  const mesh::Dial* dial = dials_.find(*session.peer->dial);
  RON_CHECK(dial != nullptr);  // a dial that was given up takes its session along
  // OAP-9.82
  if (!proves_identity(channel) || (dial->node && dial->node != channel.certificate)) {
    fail_dial(session, HandshakeFailure::kAuth);
    return;
  }
  if (config_.pq_mode == PqMode::kRequire && !channel.hybrid && channel.kind != ChannelKind::kMem) {
    ++stats_.pq_incompatible;
    fail_dial(session, HandshakeFailure::kPq);
    return;
  }
  session.peer->node = *channel.certificate;
  oap::Hello hello;
  hello.pq = config_.pq_mode == PqMode::kOff ? oap::Pq::kOff : oap::Pq::kHybrid;
  hello.version_1 = true;
  hello.max_frame = oap::kMaxFrame;
  if (config_.session.recv_window_bytes > 0) hello.window = config_.session.recv_window_bytes;
  hello.agent = config_.agent;
  hello.role = oap::Role::kPeer;
  hello.node = config_.node;
  hello.epoch = config_.mesh->epoch;
  send_control(session, oap::kReq, {}, kHelloCorr, oap::write_hello(hello));
}

void ShardCore::handle_hello_ack(Session& session, const Incoming& in) {
  const bool answer = in.header.has(oap::kResp) && in.header.corr == kHelloCorr;
  if (answer && in.message.kind == "error") {
    fail_dial(session, failure_of(in.message));
    return;
  }
  const auto ack = answer && in.message.kind == "hello_ack"
                       ? oap::read_hello_ack(in.message)
                       : std::unexpected(oap::Fault("no hello_ack"));
  // OAP-9.81
  if (!ack || !ack->epoch || ack->limits.max_frame < oap::kMaxFrame) {
    fail_dial(session, HandshakeFailure::kProto);
    return;
  }
  if (ack->node != session.peer->node) {  // OAP-9.82
    fail_dial(session, HandshakeFailure::kAuth);
    return;
  }
  session.peer->epoch = *ack->epoch;
  activate(session, ack->limits.window, ack->agent);
  limit_peer(session);
  order({.kind = Action::Kind::kEstablished, .session = session.id});
  peer_up(session);
}

// Nothing to tell the other side: it was asked, and did not answer as a node of this mesh does.
void ShardCore::fail_dial(Session& session, HandshakeFailure why) {
  ++stats_.handshake_failures[static_cast<std::size_t>(why)];
  finish(session, why == HandshakeFailure::kProto ? CloseReason::kProtocol : CloseReason::kRefused);
}

// The mesh does not want a dial any more that has its session already.
void ShardCore::drop_dialed(SessionId id) {
  Session* session = find(id);
  if (session == nullptr || session->phase >= Phase::kActive) return;
  ++stats_.handshake_failures[static_cast<std::size_t>(HandshakeFailure::kIo)];
  close_now(*session, CloseReason::kMesh);
}

// ---- sessions the mesh knows -------------------------------------------------------------------

void ShardCore::peer_up(Session& session) {
  PeerSide& peer = *session.peer;
  if (peer.dial) dials_.forget(*peer.dial);
  peer.up = peer.counted = true;
  peers_.insert(session.id);
  ++stats_.peer_sessions;
  if (seat_) {
    seat_->machine.session_up({session.id, peer.node, peer.epoch, peer.dial}, now_, seat_->orders);
  } else {
    send_mail(kMeshShard, PeerUpMail{session.id, peer.node, peer.epoch});
  }
}

// The session is over, or its dial has come to nothing.
void ShardCore::peer_down(Session& session) {
  PeerSide& peer = *session.peer;
  if (std::exchange(peer.up, false)) {
    peers_.erase(session.id);
    if (seat_) {
      seat_->machine.session_down(session.id, now_, seat_->orders);
    } else {
      send_mail(kMeshShard, PeerDownMail{session.id});
    }
  } else if (peer.dial && dials_.forget(*peer.dial)) {
    seat_->machine.dial_failed(*peer.dial, now_, seat_->orders);
  }
}

}  // namespace ron::node
