// The checks every frame passes, in the order of docs/OAP-1.md section 1: length, version and flags
// were judged by the parser; then COMP, CBOR, handshake state, kind; then limits and rights.
#include "node/core.hpp"

namespace ron::node {
namespace {

using oap::Code;

// Answered, and the session stays. // OAP-2.7
oap::WireError bad_frame(std::string_view text) { return {Code::kBadFrame, text, false, 0}; }

std::uint8_t form_of(const oap::Header& header) {
  if (header.has(oap::kReq)) return kAsReq;
  return header.has(oap::kAckReq) ? kAsAckReq : kAsEvent;
}

// A plain EVENT asks for nothing. // OAP-1.27
bool wants_answer(const oap::Header& header) {
  return header.has(oap::kReq) || header.has(oap::kAckReq);
}

std::size_t slot(Code code) { return static_cast<std::size_t>(code); }

}  // namespace

void ShardCore::dispatch(Session& session, const oap::Frame& frame) {
  const oap::Header& header = frame.header;
  session.timers.frame_complete();
  session.timers.frame_received(now_);
  session.last_frame = now_;

  std::vector<std::uint8_t> inflated;
  ByteView payload = frame.payload();
  if (header.has(oap::kComp)) {
    if (!inflate(session, frame, inflated)) return;
    payload = inflated;
  }

  if (session.phase == Phase::kActive) {
    if (const auto gossip = oap::read_usual_gossip(payload)) {
      const oap::Message message{{}, "gossip"};
      dispatch_active(session,
                      {header, message, frame.bytes, payload, wants_answer(header), &*gossip});
      return;
    }
  }
  if (session.phase == Phase::kActive && session.peer && oap::read_usual_relay(payload)) {
    const oap::Message message{{}, "relay"};  // the mesh reads it the same short way
    dispatch_active(session, {header, message, frame.bytes, payload, wants_answer(header)});
    return;
  }
  const auto message = oap::read_message(payload);
  if (!message) {
    count_received(header, nullptr);
    if (session.phase == Phase::kHandshake) {
      fail_handshake(session, {Code::kBadFrame, message.error(), true, 0}, header.corr,
                     HandshakeFailure::kProto);
    } else {
      reject_paced(session, header, bad_frame(message.error()));
    }
    return;
  }
  const Incoming in{header, *message, frame.bytes, payload, wants_answer(header)};
  if (session.phase == Phase::kHandshake) {
    count_received(header, nullptr);
    handle_hello(session, in);
  } else {
    dispatch_active(session, in);
  }
}

bool ShardCore::inflate(Session& session, const oap::Frame& frame,
                        std::vector<std::uint8_t>& into) {
  oap::WireError error{Code::kBadFrame, "COMP was not agreed in the handshake", true, 0};
  if (session.comp) {  // OAP-1.42
    auto result = inflater_.inflate(frame.payload(), session.max_frame);
    if (result) {
      into = std::move(*result);
      return true;
    }
    error = result.error();
    error.closes = true;
  }
  flush_run();
  if (session.phase == Phase::kHandshake) {
    fail_handshake(session, error, frame.header.corr, HandshakeFailure::kProto);
  } else {
    fatal(session, error, frame.header.corr, CloseReason::kProtocol);
  }
  return false;
}

void ShardCore::count_received(const oap::Header& header, const KindRow* row) {
  FrameClass frame_class = FrameClass::kOther;
  if (row != nullptr) frame_class = row->counted ? FrameClass::kGossip : FrameClass::kCtrl;
  ++stats_.frames_rx[static_cast<std::size_t>(frame_class)];
  stats_.size_rx.add(header.wire_size());
}

void ShardCore::dispatch_active(Session& session, const Incoming& in) {
  const KindRow* row = find_kind(in.message.kind);
  if (row != nullptr && row->right == Right::kPeer && !session.peer) row = nullptr;  // OAP-9.10
  count_received(in.header, row);
  if (row == nullptr || !row->counted) {
    flush_run();
    if (session.phase != Phase::kActive) return;  // its own copy was the one too many
  }
  if (in.header.has(oap::kResp)) {  // this node asks its clients nothing // OAP-1.25
    const bool to_ask = session.peer && (in.message.kind == "ack" || in.message.kind == "error");
    to_ask ? to_mesh(session, in) : static_cast<void>(++stats_.stray_answers);
    return;
  }
  if (row == nullptr) {
    if (in.wants_answer) {
      reject_paced(session, in.header, bad_frame("unknown kind"));  // OAP-2.23
    } else {
      ++stats_.unknown_kinds;  // OAP-2.24
    }
    return;
  }
  if (row->counted && session.recv.arrived(in.header.wire_size())) ++stats_.window_overruns;
  if (admit(session, *row, in)) row->handler(*this, session, in);
  // Refused frames give their credit back too. // OAP-5.9
  if (row->counted) session.recv.consumed(in.header.wire_size());
}

// Every request spends a token, also one that makes no sense. // OAP-5.21
std::optional<oap::WireError> ShardCore::over_rate(Session& session) {
  if (session.rps.take(1, now_)) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(session.rps.wait_for(1, now_));
  return oap::WireError{Code::kQuotaExceeded, "too many requests a second", false,
                        static_cast<std::uint32_t>(std::max<std::int64_t>(wait.count(), 1))};
}

void ShardCore::reject_paced(Session& session, const oap::Header& header, oap::WireError error) {
  if (wants_answer(header)) error = over_rate(session).value_or(error);
  reject(session, header, error);
}

bool ShardCore::admit(Session& session, const KindRow& row, const Incoming& in) {
  std::optional<oap::WireError> error = in.wants_answer ? over_rate(session) : std::nullopt;
  if (error) {
    // nothing else is looked at
  } else if ((row.forms & form_of(in.header)) == 0) {
    error = bad_frame("this kind does not come with these flags");  // OAP-2.22
  } else if (in.wants_answer && session.open.contains(in.header.corr)) {
    error = bad_frame("this correlation id is still open");  // OAP-1.29
  } else if (draining() && !row.while_draining) {
    error = oap::WireError{Code::kNotReady, "the node is draining", false, 0};  // OAP-6.3
  } else if (!(error = over_limits(session, row, in))) {
    error = not_allowed(session, row, in.header);
  }
  if (!error) {
    if (in.wants_answer) session.open.open(in.header.corr);
    return true;
  }
  flush_run();
  if (session.phase != Phase::kActive) return false;  // that was its end: no word follows
  reject(session, in.header, *error);
  return false;
}

std::optional<oap::WireError> ShardCore::over_limits(Session& session, const KindRow& row,
                                                     const Incoming& in) {
  if (in.wants_answer) {
    if (session.inflight > 0 && session.open.size() >= session.inflight) {  // OAP-5.20
      return oap::WireError{Code::kQuotaExceeded, "too many requests without an answer", false, 0};
    }
  } else if (row.paced && !session.fps.take(1, now_)) {  // OAP-5.22
    return oap::WireError{Code::kQuotaExceeded, "too many publications a second", false, 0};
  }
  return std::nullopt;
}

std::optional<oap::WireError> ShardCore::not_allowed(const Session& session, const KindRow& row,
                                                     const oap::Header& header) const {
  if (row.right == Right::kNone) return std::nullopt;
  if (session.peer) {                                    // OAP-9.79
    if (row.right == Right::kPeer) return std::nullopt;  // what they may is the mesh's to say
    return oap::WireError{Code::kForbidden, "nodes neither publish nor subscribe", false, 0};
  }
  if (!session.authorised) {  // OAP-3.21
    return oap::WireError{Code::kUnauth, "this node asks for a token or a client certificate",
                          false, 0};
  }
  // The kernel names who is at the other end of a Unix socket; nobody else operates a node.
  if (row.right == Right::kOperate && session.channel.kind != ChannelKind::kUnix) {
    return oap::WireError{Code::kForbidden, "the node is operated over its Unix socket only", false,
                          0};
  }
  if (!session.any_tenant && !header.tenant.is_default()) {  // OAP-4.9
    return oap::WireError{Code::kForbidden, "not a tenant of this session", false, 0};
  }
  return std::nullopt;
}

void ShardCore::refuse(Session& session, const oap::Header& header, const oap::WireError& error) {
  if (wants_answer(header)) session.open.close(header.corr);
  reject(session, header, error);
}

// A frame that never became an open request; its correlation id may be another's that is.
void ShardCore::reject(Session& session, const oap::Header& header, const oap::WireError& error) {
  if (wants_answer(header)) {
    ++stats_.errors_sent[slot(error.code)];
    send_answer(session, header, oap::write_error(error));
    return;
  }
  if (header.has(oap::kResp)) {
    ++stats_.stray_answers;
    return;
  }
  tally(session, error.code);  // OAP-1.30
}

void ShardCore::tally(Session& session, oap::Code code) {
  ++stats_.events_refused[slot(code)];
  ++session.counters.refused;
  if (!session.refused) {
    session.refused = std::make_unique<RefusedTally>();
    session.refused->next_at = now_;
  }
  ++session.refused->dropped[slot(code)];
}

// At most one frame a second; codes take turns, and each code's counts add up. // OAP-1.31 OAP-1.32
void ShardCore::tell_refused(Session& session) {
  if (!session.refused || session.refused->next_at > now_) return;
  RefusedTally& tally = *session.refused;
  for (std::size_t i = 0; i < oap::kCodeCount; ++i) {
    const std::size_t at = (tally.turn + i) % oap::kCodeCount;
    if (tally.dropped[at] == 0) continue;
    tell(session, oap::write_refused(oap::name(static_cast<Code>(at)), tally.dropped[at]));
    tally.dropped[at] = 0;
    tally.turn = static_cast<std::uint8_t>((at + 1) % oap::kCodeCount);
    tally.next_at = now_ + std::chrono::seconds(1);
    return;
  }
}

void ShardCore::answer(Session& session, const oap::Header& to,
                       const std::vector<std::uint8_t>& payload) {
  session.open.close(to.corr);
  send_answer(session, to, payload);
}

// With the corr_id and tenant_id of what it answers. // OAP-1.26 OAP-1.28
void ShardCore::send_answer(Session& session, const oap::Header& to,
                            const std::vector<std::uint8_t>& payload) {
  send_control(session, oap::kResp, to.tenant, to.corr, payload);
}

void ShardCore::send_control(Session& session, oap::Flag flag, TenantId tenant, CorrId corr,
                             const std::vector<std::uint8_t>& payload) {
  Slice frame = oap::make_frame(flag, tenant, corr, payload, &meter_);
  const auto size = static_cast<std::uint32_t>(payload.size());
  stats_.size_tx.add(frame.size());
  session.egress.push_answer(gossip::RunRef::make(std::move(frame), 1, size));
  mark_flush(session);
}

void ShardCore::answer_ack(Session& session, CorrId corr, TenantId tenant, const oap::Ack& ack) {
  oap::Header to;
  to.corr = corr;
  to.tenant = tenant;
  answer(session, to, oap::write_ack(ack));
}

void ShardCore::tell(Session& session, const std::vector<std::uint8_t>& payload) {
  send_control(session, oap::kEvent, {}, 0, payload);
}

}  // namespace ron::node
