// The life of connections: dial, open, lose, back off, end. See client.hpp.
#include "session/client.hpp"

#include <algorithm>

#include "oap/kinds.hpp"

namespace ron::session {
namespace {

constexpr Duration kHeld = 1s;             // a connection that lasted this long was a good one
constexpr Duration kRetryFloorMost = 60s;  // we never wait longer because a node says so

ClientError lost(std::string message) {
  return {Failure::kDisconnected, std::move(message), true, {}};
}

}  // namespace

Client::Client(ClientOptions options, Choice& choice)
    : options_(std::move(options)),
      choice_(choice),
      backoff_(options_.backoff),
      max_payload_(options_.max_frame),
      outbox_(options_.queue_frames, options_.queue_bytes),
      subs_(options_.patterns),
      next_internal_(1ULL << 63U) {}

void Client::handle(const ClientInput& in, Instant now, ClientActions& out) noexcept {
  if (state_ == ClientState::kEnded) {
    // Late commands still get their one answer.
    if (const auto* send = std::get_if<Send>(&in); send != nullptr && send->ticket != 0) {
      out.events.emplace_back(Answer{send->ticket, end_why_, {}, {}});
    } else if (const auto* sub = std::get_if<Subscribe>(&in)) {
      out.events.emplace_back(Answer{sub->ticket, end_why_, {}, {}});
    }
    return;
  }
  std::visit([&](const auto& value) { on(value, now, out); }, in);
  wake_writer(now, out);
}

void Client::on(const Connect&, Instant now, ClientActions& out) {
  if (state_ == ClientState::kIdle) dial(now, out);
}

void Client::dial(Instant now, ClientActions& out) {
  state_ = ClientState::kDialing;
  wait_until_ = now + options_.dial;
  std::string alt;
  if (!alternatives_.empty()) {
    alt = std::move(alternatives_.front());
    alternatives_.erase(alternatives_.begin());
  }
  out.orders.push_back({ClientOrder::Kind::kDial, ++attempt_, std::move(alt)});
}

void Client::on(const Opened& fact, Instant now, ClientActions& out) {
  if (fact.attempt != attempt_ || state_ != ClientState::kDialing) return;
  state_ = ClientState::kHandshaking;
  wait_until_ = Instant::never();
  link_.emplace(options_, now);
  link_->hybrid = fact.hybrid;
  if (options_.require_hybrid && !fact.hybrid && !fact.local) {  // OAP-3.25
    disconnect(
        {Failure::kBadVersion, "the connection is not hybrid and hybrid is required", false, {}},
        true, now, out);
    return;
  }
  oap::Hello hello;  // OAP-3.1, OAP-3.4
  hello.pq = options_.hybrid ? oap::Pq::kHybrid : oap::Pq::kOff;
  hello.comp_zstd = options_.comp;
  hello.version_1 = true;
  hello.max_frame = options_.max_frame;
  if (options_.token) hello.token = *options_.token;
  if (options_.window > 0) hello.window = options_.window;  // OAP-5.5
  hello.agent = options_.agent;
  link_->recv_credit = RecvCredit(options_.window);
  push_control(oap::make_frame(oap::kReq, {}, link_->next_corr++, oap::write_hello(hello)));
}

void Client::on(const DialFailed& fact, Instant now, ClientActions& out) {
  if (fact.attempt != attempt_ || state_ != ClientState::kDialing) return;
  disconnect({Failure::kConnect, fact.message, fact.retryable, {}}, false, now, out);
}

void Client::on(const PeerFinished& fact, Instant now, ClientActions& out) {
  if (fact.attempt != attempt_ || !link_) return;
  if (link_->last_error) {
    disconnect(*link_->last_error, false, now, out);
  } else if (state_ == ClientState::kDraining) {
    disconnect(lost("the node has left"), false, now, out);
  } else if (link_->parser.mid_frame()) {
    disconnect(lost("the node closed the connection inside a frame"), false, now, out);  // OAP-1.36
  } else {
    disconnect(lost("the node closed the connection"), false, now, out);  // OAP-1.35
  }
}

void Client::on(const StreamLost& fact, Instant now, ClientActions& out) {
  if (fact.attempt != attempt_ || !link_) return;
  disconnect(link_->last_error ? *link_->last_error : lost(fact.message), false, now, out);
}

void Client::on(const Close&, Instant now, ClientActions& out) {
  user_closed_ = true;
  switch (state_) {
    case ClientState::kHandshaking:
    case ClientState::kActive:
    case ClientState::kDraining: disconnect(end_why_, true, now, out); break;
    case ClientState::kDialing:
      out.orders.push_back({ClientOrder::Kind::kClose, attempt_, {}});
      end(out);
      break;
    case ClientState::kIdle:
    case ClientState::kBackoff: end(out); break;
    case ClientState::kClosing:  // ends when the stream does
    case ClientState::kEnded: break;
  }
}

void Client::on(const Tick&, Instant now, ClientActions& out) {
  expire(now, out);
  if (wait_until_ <= now) {
    const ClientState was = state_;
    wait_until_ = Instant::never();
    if (was == ClientState::kBackoff) dial(now, out);
    if (was == ClientState::kDialing) {
      disconnect({Failure::kConnect, "no connection in time", true, {}}, false, now, out);
    }
    if (was == ClientState::kDraining) disconnect(lost("the node is leaving"), true, now, out);
  }
  if (link_) run_timers(now, out);
}

// OAP-3.33, OAP-3.34
void Client::run_timers(Instant now, ClientActions& out) {
  const auto timeout = [&](const char* text) {
    fault({oap::Code::kTimeout, text, true, 0}, 0, now, out);
  };
  switch (link_->timers.due(now)) {
    case Due::kNothing: return;
    case Due::kHandshake: return timeout("no hello_ack in time");
    case Due::kRead: return timeout("a frame took too long");
    case Due::kIdle: return timeout("nothing heard from the node");
    case Due::kKeep:
      // Counted as sent right away: while the stream is blocked one keep is enough.
      if (control_.empty() && outbox_.staged_bytes() == 0) {
        push_control(oap::make_frame(oap::kEvent, {}, 0, oap::write_keep()));
      }
      link_->timers.frame_sent(now);
      return;
    case Due::kWrite:
      disconnect({Failure::kTimeout, "the node does not read", true, {}}, false, now, out);
      return;
    case Due::kLinger: disconnect(end_why_, false, now, out); return;
  }
}

// The connection is of no use any more. `orderly`: its last bytes and FIN still go out (Closing);
// from Closing, or not orderly: the stream is dropped at once.
void Client::disconnect(ClientError why, bool orderly, Instant now, ClientActions& out) {
  if (state_ != ClientState::kClosing) {
    if (link_ && !link_->active_since.is_never() && now - link_->active_since >= kHeld) {
      backoff_.reset();
    }
    requeue_after_loss(orderly, out);
    control_.clear();
    hopeless_ = hopeless_ || !why.retryable || !options_.reconnect;
    next_wait_ = hopeless_ || user_closed_ ? Duration{0}
                                           : std::max({backoff_.next(choice_), retry_floor_,
                                                       std::min(why.retry_after, kRetryFloorMost)});
    retry_floor_ = Duration{0};
    if (hopeless_ && !user_closed_) end_why_ = why;
    out.events.emplace_back(Disconnected{std::move(why), !hopeless_ && !user_closed_, next_wait_});
  }
  wait_until_ = Instant::never();
  if (orderly && link_) {
    state_ = ClientState::kClosing;
    link_->timers.closing(now);
    finish(now, out);
    return;
  }
  out.orders.push_back({ClientOrder::Kind::kClose, attempt_, {}});
  settle(now, out);
}

void Client::settle(Instant now, ClientActions& out) {
  outbox_.rewind();
  control_.clear();
  link_.reset();
  reading_paused_ = false;
  unconsumed_bytes_ = 0;
  if (user_closed_ || hopeless_) return end(out);
  state_ = ClientState::kBackoff;
  wait_until_ = now + next_wait_;
}

void Client::end(ClientActions& out) {
  state_ = ClientState::kEnded;
  wait_until_ = Instant::never();
  for (const Ticket ticket : pending_.clear()) answer(ticket, end_why_, out);
  ops_.clear();
  op_queue_.clear();
  std::uint64_t unsent = 0;
  while (!outbox_.empty()) unsent += outbox_.pop().mode == Mode::kPlain ? 1U : 0U;
  if (unsent > 0) {
    out.events.emplace_back(
        RefusedEvents{end_why_.failure, std::string(name(end_why_.failure)), unsent});
  }
  out.events.emplace_back(Ended{});
}

// The other side (or a timer) broke a rule: one error frame, then an orderly close. // OAP-1.33
void Client::fault(const oap::WireError& error, CorrId corr, Instant now, ClientActions& out) {
  if (!link_ || state_ == ClientState::kClosing) return;
  const Failure failure =
      error.code == oap::Code::kTimeout ? Failure::kTimeout : Failure::kProtocol;
  link_->finish_ordered = true;  // not before the error frame is out
  disconnect({failure, std::string(error.text), true, {}}, true, now, out);
  if (!link_) return;
  link_->finish_ordered = false;
  push_control(oap::make_frame(oap::kResp, {}, corr, oap::write_error(error)));
}

// OAP-1.34
void Client::finish(Instant now, ClientActions& out) {
  if (state_ != ClientState::kClosing || link_->finish_ordered) return;
  if (!control_.empty() || outbox_.staged_bytes() > 0) return;
  link_->finish_ordered = true;
  link_->timers.lingering(now);
  out.orders.push_back({ClientOrder::Kind::kFinishWrite, attempt_, {}});
}

Instant Client::next_deadline() const noexcept {
  const Instant next = std::min({wait_until_, pending_.next(), pace_at_});
  return link_ ? std::min(next, link_->timers.next()) : next;
}

}  // namespace ron::session
