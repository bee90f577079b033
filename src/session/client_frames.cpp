// What arrives: the handshake's answer, responses, events. See client.hpp.
#include <algorithm>

#include "oap/comp.hpp"
#include "oap/kinds.hpp"
#include "session/client.hpp"

namespace ron::session {
namespace {

constexpr std::size_t kAltMost = 8;
constexpr std::size_t kAltBytesMost = 255;
constexpr std::uint64_t kWaitMostMs = 60'000;  // we never wait longer because a node says so

ClientError error_of(const oap::ErrorMessage& message) {
  const oap::Code code = oap::code_of(message.code).value_or(oap::Code::kInternal);  // OAP-4.48
  const std::uint64_t after = std::min(message.retry_after_ms.value_or(0), kWaitMostMs);
  return {failure_of(code), std::string(message.msg), oap::info(code).retryable,
          std::chrono::milliseconds(after)};
}

oap::WireError bad_frame(std::string_view text) { return {oap::Code::kBadFrame, text, true, 0}; }

// Payload of a frame with COMP undone: the bytes and a slice that keeps them.
struct Plain {
  Slice bytes;
  ByteView payload;
};

}  // namespace

void Client::received(Slice bytes, Instant now, ClientActions& out) noexcept {
  while (link_ && state_ != ClientState::kClosing && state_ != ClientState::kEnded) {
    auto next = link_->parser.next(bytes);
    if (!next) {
      fault(next.error().error, next.error().corr, now, out);
      break;
    }
    if (!*next) {
      note_partial(now);
      break;
    }
    link_->timers.frame_complete();
    link_->timers.frame_received(now);
    frame(**next, now, out);
  }
  wake_writer(now, out);
}

void Client::note_partial(Instant now) {
  if (!link_->parser.mid_frame()) return;
  link_->timers.frame_partial(link_->parser.announced_len().value_or(0), now);  // OAP-3.29
}

void Client::frame(const oap::Frame& frame, Instant now, ClientActions& out) {
  if (state_ == ClientState::kHandshaking) return handshake_frame(frame, now, out);
  link_->last_error.reset();  // it was not the last word
  Plain plain{frame.bytes, frame.payload()};
  if (frame.header.has(oap::kComp)) {
    if (!link_->comp) return fault(bad_frame("COMP was not agreed"), frame.header.corr, now, out);
    auto inflated = oap::decompress(frame.payload(), max_payload_);  // OAP-1.41
    if (!inflated) return fault(inflated.error(), frame.header.corr, now, out);
    plain.bytes = Slice::copy_of(*inflated, nullptr);
    plain.payload = plain.bytes.bytes();
  }
  if (frame.header.has(oap::kEvent)) {
    return event(frame, std::move(plain.bytes), plain.payload, now, out);
  }
  const auto message = oap::read_message(plain.payload);
  if (frame.header.has(oap::kResp)) {
    if (message) return response(frame.header, *message, now, out);
    ++stats_.bad_events;
    return;
  }
  // A node asks nothing of a client. // OAP-2.23
  push_control(oap::make_frame(oap::kResp, frame.header.tenant, frame.header.corr,
                               oap::write_error({oap::Code::kBadFrame, "unknown kind", false, 0})));
}

void Client::handshake_frame(const oap::Frame& frame, Instant now, ClientActions& out) {
  const auto message = oap::read_message(frame.payload());
  const oap::Header& header = frame.header;
  if (!header.has(oap::kResp) || header.has(oap::kComp) || !message) {
    return fault(bad_frame("not an answer to hello"), header.corr, now, out);
  }
  if (message->kind == "error") {
    const auto error = oap::read_error(*message);
    if (!error) return fault(bad_frame(error.error()), header.corr, now, out);
    ClientError why = error_of(*error);
    // Refused by what the node is now (not ready, busy): worth another try. By what we are: not.
    return disconnect(std::move(why), true, now, out);
  }
  if (message->kind != "hello_ack" || header.corr != 1) {
    return fault(bad_frame("not an answer to hello"), header.corr, now, out);
  }
  const auto ack = oap::read_hello_ack(*message);
  if (!ack) return fault(bad_frame(ack.error()), header.corr, now, out);
  accept_hello(*ack, now, out);
}

void Client::accept_hello(const oap::HelloAck& ack, Instant now, ClientActions& out) {
  const auto refuse = [&](const char* text) {
    disconnect({Failure::kProtocol, text, false, {}}, true, now, out);
  };
  if ((ack.pq == oap::Pq::kHybrid) != link_->hybrid) {  // OAP-3.14
    return refuse("the node does not tell the truth about the key exchange");
  }
  if (ack.comp_zstd && !options_.comp) return refuse("the node chose COMP, which was not offered");
  if (ack.limits.max_frame < oap::kMinMaxFrame || ack.limits.max_frame > options_.max_frame) {
    return refuse("the node's max_frame is out of range");  // OAP-3.18
  }
  state_ = ClientState::kActive;
  link_->comp = ack.comp_zstd;
  link_->send_credit = SendCredit(ack.limits.window);  // OAP-5.2
  link_->events = Pacer(ack.limits.fps, now);          // OAP-3.13
  link_->requests = Pacer(ack.limits.rps, now);
  link_->inflight_most = ack.limits.inflight;
  link_->active_since = now;
  link_->timers.established(now);
  max_payload_ = static_cast<std::uint32_t>(ack.limits.max_frame);
  link_->parser.set_max_payload(max_payload_);  // OAP-3.19
  alternatives_.clear();
  Connected connected{attempt_, ack, std::string(ack.agent)};
  connected.ack.agent = {};
  out.events.emplace_back(std::move(connected));
  drop_oversize(out);
  restore_subscriptions();
}

void Client::response(const oap::Header& header, const oap::Message& message, Instant now,
                      ClientActions& out) {
  std::optional<ClientError> error;
  oap::Ack ack;
  std::string body;
  if (message.kind == "error") {
    const auto read = oap::read_error(message);
    error = read ? error_of(*read)
                 : ClientError{Failure::kProtocol, std::string(read.error()), false, {}};
    // The node's last word, should it close now. What it told about one request may be just that.
    const bool fatal = error->failure == Failure::kTimeout || header.corr == 0 ||
                       error->failure <= Failure::kRatioCap;
    if (fatal) {
      link_->last_error = *error;
      link_->last_error->retryable = true;  // the connection may be made again
    }
  } else if (message.kind == "ack") {
    const auto read = oap::read_ack(message);
    if (read) ack = *read;
    if (!read) error = ClientError{Failure::kProtocol, std::string(read.error()), false, {}};
  } else if (message.kind == "control_ok") {
    const auto read = oap::read_control_ok(message);
    if (read) body = *read;
    if (!read) error = ClientError{Failure::kProtocol, std::string(read.error()), false, {}};
  } else {
    error = ClientError{Failure::kProtocol, "an answer of an unknown kind", false, {}};
  }
  const Pending::Answered answered = pending_.answered(header.corr);
  if (!answered.known) {
    ++stats_.stray_answers;  // OAP-1.25
    return;
  }
  if (const auto at = ops_.find(answered.ticket); at != ops_.end()) {
    SubOp op = std::move(at->second);
    ops_.erase(at);
    return op_answered(answered.ticket, std::move(op), std::move(error), ack, now, out);
  }
  answer(answered.ticket, std::move(error), out, ack, std::move(body));
}

void Client::event(const oap::Frame& frame, Slice bytes, ByteView payload, Instant now,
                   ClientActions& out) {
  const auto message = oap::read_message(payload);
  if (!message) {
    ++stats_.bad_events;  // OAP-2.27
    return;
  }
  if (message->kind == "gossip") {
    return gossip(frame, std::move(bytes), payload, now, *message, out);
  }
  control_event(*message, now, out);
}

void Client::gossip(const oap::Frame& frame, Slice bytes, ByteView payload, Instant now,
                    const oap::Message& message, ClientActions& out) {
  const std::size_t wire = frame.header.wire_size();
  if (link_->recv_credit.arrived(wire)) ++stats_.window_overruns;
  const auto read = oap::read_gossip(message);
  if (!read) {
    ++stats_.bad_events;
    link_->recv_credit.consumed(wire);
    return;
  }
  unconsumed_bytes_ += wire;
  if (options_.window == 0 && unconsumed_bytes_ > kUnconsumedMost && !reading_paused_) {
    reading_paused_ = true;  // OAP-5.5: only the stream holds the node back
    link_->timers.reading_paused(now);
  }
  MessageIn in{attempt_, frame.header.tenant, frame.header.corr, wire, std::move(bytes), payload,
               *read};
  out.events.emplace_back(std::move(in));
}

void Client::control_event(const oap::Message& message, Instant now, ClientActions& out) {
  if (message.kind == "keep") return;
  if (message.kind == "credit") {
    const auto bytes = oap::read_credit(message);
    if (!bytes) {
      ++stats_.bad_events;
    } else {
      stats_.credit_clamped_bytes += link_->send_credit.give_back(*bytes);  // OAP-5.11
    }
  } else if (message.kind == "lagged") {
    const auto dropped = oap::read_lagged(message);
    if (!dropped) {
      ++stats_.bad_events;
    } else {
      out.events.emplace_back(Lagged{*dropped});  // OAP-4.45
    }
  } else if (message.kind == "gap") {
    const auto gap = oap::read_gap(message);
    if (!gap) {
      ++stats_.bad_events;
    } else {
      out.events.emplace_back(GapIn{*gap});  // OAP-4.63
    }
  } else if (message.kind == "refused") {
    const auto refused = oap::read_refused(message);
    if (!refused) {
      ++stats_.bad_events;
      return;
    }
    const oap::Code code = oap::code_of(refused->code).value_or(oap::Code::kInternal);
    out.events.emplace_back(
        RefusedEvents{failure_of(code), std::string(refused->code), refused->dropped});
  } else if (message.kind == "bye") {
    bye(message, now, out);
  } else {
    ++stats_.unknown_kinds;  // OAP-2.24
  }
}

void Client::bye(const oap::Message& message, Instant now, ClientActions& out) {
  const auto read = oap::read_bye(message);
  if (!read) {
    ++stats_.bad_events;
    return;
  }
  const std::uint64_t after_ms = std::min(read->after_ms.value_or(0), kWaitMostMs);
  ByeIn in{std::string(read->reason), {}, std::chrono::milliseconds(after_ms)};
  if (read->alt) {
    oap::CborArray array(*read->alt);
    oap::CborItem item;
    while (in.alt.size() < kAltMost && array.next(item)) {
      if (item.text().size() <= kAltBytesMost) in.alt.emplace_back(item.text());
    }
  }
  if (state_ == ClientState::kActive) {  // OAP-6.2
    state_ = ClientState::kDraining;
    wait_until_ = now + options_.drain;
  }
  alternatives_ = in.alt;
  retry_floor_ = in.after;
  out.events.emplace_back(std::move(in));
}

}  // namespace ron::session
