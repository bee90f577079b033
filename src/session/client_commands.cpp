// What the user asks for, and what leaves: queueing, pacing, staging, answers. See client.hpp.
#include <algorithm>

#include "oap/comp.hpp"
#include "oap/kinds.hpp"
#include "session/client.hpp"

namespace ron::session {
namespace {

constexpr std::uint64_t kOpenMost = 1024;   // requests open where the node sets no limit
constexpr std::size_t kCompressFrom = 512;  // smaller payloads do not pay

}  // namespace

void Client::on(const Send& command, Instant now, ClientActions& out) {
  (void)now;
  if (command.mode != Mode::kPlain && command.ticket == 0) return;
  const std::size_t payload = command.frame.size() - oap::kHeaderSize;
  std::optional<ClientError> refusal;
  if (command.frame.size() < oap::kHeaderSize || payload > max_payload_) {
    refusal = {Failure::kFrameTooLarge, "larger than the node's max_frame", false, {}};
  } else if (!outbox_.has_room(command.frame.size())) {
    refusal = {Failure::kBusy, "the queue of publications is full", true, {}};
    if (!queue_was_full_) out.events.emplace_back(Paused{});
    queue_was_full_ = true;
  }
  if (refusal && command.mode == Mode::kPlain) {
    const Failure failure = refusal->failure;
    out.events.emplace_back(RefusedEvents{failure, std::string(name(failure)), 1});
  } else if (refusal) {
    answer(command.ticket, std::move(refusal), out);
  } else if (command.mode == Mode::kPlain || pending_.add(command.ticket, command.deadline)) {
    const Ticket ticket = command.mode == Mode::kPlain ? 0 : command.ticket;
    outbox_.push({command.frame, ticket, command.mode, command.counted});
  }
}

void Client::on(const Subscribe& command, Instant now, ClientActions& out) {
  (void)now;
  if (auto refusal = subs_.judge(command)) return answer(command.ticket, std::move(refusal), out);
  if (!pending_.add(command.ticket, command.deadline)) return;
  SubOp op;
  op.add = command.add;
  op.tenant = command.tenant;
  op.patterns = command.patterns;
  op.group = command.group;
  op.echo = command.echo;
  op.deadline = command.deadline;
  if (command.add) {
    subs_.add(op);
  } else {
    op.patterns = subs_.remove(op);
    const bool in_session = state_ == ClientState::kActive || state_ == ClientState::kDraining;
    if (op.patterns.empty() || !in_session) {
      // A session that is yet to come will not be asked for them at all.
      pending_.give_up(command.ticket);
      strip_unwanted(Strip::kAll, out);
      return answer(command.ticket, std::nullopt, out);
    }
    strip_unwanted(Strip::kRestores, out);
  }
  ops_.emplace(command.ticket, std::move(op));
  op_queue_.push_back(command.ticket);
}

void Client::on(const Cancel& command, Instant now, ClientActions& out) {
  (void)now;
  give_up(command.ticket, {Failure::kCancelled, "cancelled", false, {}}, out);
}

void Client::on(const Consumed& command, Instant now, ClientActions& out) {
  if (command.attempt != attempt_ || !link_ || state_ == ClientState::kClosing) return;
  unconsumed_bytes_ -= std::min(unconsumed_bytes_, command.bytes);
  if (reading_paused_ && unconsumed_bytes_ <= kUnconsumedMost / 2) {
    reading_paused_ = false;
    link_->timers.reading_resumed(now);
    out.orders.push_back({ClientOrder::Kind::kResume, attempt_, {}});
  }
  link_->recv_credit.consumed(command.bytes);
  if (const std::uint64_t bytes = link_->recv_credit.due(); bytes > 0) {  // OAP-5.9
    push_control(oap::make_frame(oap::kEvent, {}, 0, oap::write_credit(bytes)));
  }
}

void Client::answer(Ticket ticket, std::optional<ClientError> error, ClientActions& out,
                    const oap::Ack& ack, std::string body) {
  if (ticket == 0 || ticket >= (1ULL << 63U)) return;  // internal tickets have no user
  out.events.emplace_back(Answer{ticket, std::move(error), ack, std::move(body)});
}

void Client::give_up(Ticket ticket, ClientError why, ClientActions& out) {
  const Pending::GivenUp given = pending_.give_up(ticket);
  if (!given.known) return;
  if (const auto at = ops_.find(ticket); at != ops_.end()) {
    SubOp op = std::move(at->second);
    ops_.erase(at);
    std::erase(op_queue_, ticket);
    if (op.add) {
      op.patterns = subs_.remove(op);
      op.add = false;
      op.deadline = Instant::never();
      // The node may have it by now; an unsub takes it back, and nobody waits for the answer.
      if (given.open && !op.patterns.empty()) queue_op(next_internal_++, std::move(op));
      strip_unwanted(Strip::kRestores, out);
    }
  }
  answer(ticket, std::move(why), out);
}

void Client::queue_op(Ticket ticket, SubOp op) {
  RON_CHECK(pending_.add(ticket, op.deadline));
  ops_.emplace(ticket, std::move(op));
  op_queue_.push_back(ticket);
}

void Client::expire(Instant now, ClientActions& out) {
  while (const auto ticket = pending_.due(now)) {
    give_up(*ticket, {Failure::kTimeout, "no answer in time", true, {}}, out);
  }
}

void Client::op_answered(Ticket ticket, SubOp op, std::optional<ClientError> error,
                         const oap::Ack& ack, Instant now, ClientActions& out) {
  if (op.restores) {
    if (!op.refused) --restores_open_;
    if (!error) return subs_.confirm(op);
    if (error->retryable) {
      const Duration wait = std::max(op.backoff.next(choice_), error->retry_after);
      op.not_before = now + wait;
      op.refused = true;
      out.events.emplace_back(
          SubscriptionRefused{std::move(*error), op.tenant, op.patterns, op.group, wait});
      return queue_op(next_internal_++, std::move(op));
    }
    subs_.forget(op);
    out.events.emplace_back(SubscriptionLost{std::move(*error), op.tenant, op.patterns, op.group});
    return;
  }
  if (op.add && !error) subs_.confirm(op);
  if (op.add && error) subs_.remove(op);
  answer(ticket, std::move(error), out, ack);
}

// What was not sent waits on; what was sent and not answered is answered Disconnected, because
// nobody can know whether it was done. Subscriptions are wishes and simply stay.
//
// In an orderly close staged frames still go out, before the last words.
void Client::requeue_after_loss(bool orderly, ClientActions& out) {
  if (!orderly) {
    for (const Ticket ticket : outbox_.rewind()) pending_.unsent(ticket);
  }
  const std::vector<Ticket> lost = pending_.session_lost();
  for (const Ticket ticket : lost) {
    if (const auto at = ops_.find(ticket); at != ops_.end()) {
      SubOp op = std::move(at->second);
      ops_.erase(at);
      op_lost(ticket, std::move(op), out);
      continue;
    }
    const ClientError error{
        Failure::kDisconnected, "the connection ended before the answer", true, {}};
    answer(ticket, user_closed_ ? end_why_ : error, out);
  }
  std::vector<Ticket> waiting = std::exchange(op_queue_, {});
  for (const Ticket ticket : waiting) {
    const auto at = ops_.find(ticket);
    if (at == ops_.end()) continue;
    if (at->second.add && !at->second.restores) {
      op_queue_.push_back(ticket);
      continue;
    }
    SubOp op = std::move(at->second);
    ops_.erase(at);
    pending_.give_up(ticket);
    op_lost(ticket, std::move(op), out);
  }
  restores_open_ = 0;
  strip_unwanted(Strip::kAll, out);
}

// An unsub that needed no frame leaves the subs still to be sent without what it took back. One
// that goes to the node itself overtakes no sub but a restore that waits to be asked for again.
void Client::strip_unwanted(Strip which, ClientActions& out) {
  std::vector<Ticket> empty;
  for (const Ticket ticket : op_queue_) {
    SubOp& op = ops_.at(ticket);
    if (!op.add || (which == Strip::kRestores && !op.restores)) continue;
    subs_.strip(op);
    if (op.patterns.empty()) empty.push_back(ticket);
  }
  for (const Ticket ticket : empty) {
    if (ops_.at(ticket).restores && !ops_.at(ticket).refused) --restores_open_;
    std::erase(op_queue_, ticket);
    ops_.erase(ticket);
    pending_.give_up(ticket);
    answer(ticket, std::nullopt, out);
  }
}

// A sub or unsub whose session is gone.
void Client::op_lost(Ticket ticket, SubOp op, ClientActions& out) {
  if (op.restores) return subs_.confirm(op);              // restored again on the next session
  if (!op.add) return answer(ticket, std::nullopt, out);  // the session took it with it
  queue_op(ticket, std::move(op));  // asking twice for a subscription is harmless
}

void Client::restore_subscriptions() {
  std::vector<Ticket> first;
  for (SubOp& op : subs_.restore()) {
    const Ticket ticket = next_internal_++;
    RON_CHECK(pending_.add(ticket, Instant::never()));
    ops_.emplace(ticket, std::move(op));
    first.push_back(ticket);
    ++restores_open_;
  }
  op_queue_.insert(op_queue_.begin(), first.begin(), first.end());
}

// The node takes smaller payloads than what was queued before we knew.
void Client::drop_oversize(ClientActions& out) {
  const auto oversize = [&](const Outgoing& item) {
    return item.frame.size() - oap::kHeaderSize > max_payload_;
  };
  std::uint64_t plain = 0;
  for (const Outgoing& item : outbox_.extract(oversize)) {
    if (item.mode == Mode::kPlain) {
      ++plain;
    } else {
      give_up(item.ticket, {Failure::kFrameTooLarge, "larger than the node's max_frame", false, {}},
              out);
    }
  }
  if (plain > 0) {
    out.events.emplace_back(RefusedEvents{Failure::kFrameTooLarge, "FrameTooLarge", plain});
  }
}

void Client::push_control(Slice frame) { control_.push_back(std::move(frame)); }

bool Client::request_may_go(Instant now) const {
  const std::uint64_t most = link_->inflight_most == 0 ? kOpenMost : link_->inflight_most;
  return pending_.open() < most && link_->requests.ready(now);  // OAP-5.20, OAP-5.21
}

std::optional<std::size_t> Client::next_op(Instant now) const {
  if (op_queue_.empty() || !request_may_go(now)) return std::nullopt;
  for (std::size_t index = 0; index < op_queue_.size(); ++index) {
    if (ops_.at(op_queue_[index]).not_before <= now) return index;
  }
  return std::nullopt;
}

bool Client::publication_may_go(Instant now) const {
  if (outbox_.empty() || restores_open_ > 0) return false;
  const Outgoing& head = outbox_.front();
  if (head.counted && !link_->send_credit.may_send()) return false;  // OAP-5.8
  if (head.mode == Mode::kPlain) return link_->events.ready(now);    // OAP-5.22, OAP-5.25
  return request_may_go(now);
}

bool Client::sendable(Instant now) const {
  if (!link_) return false;
  if (outbox_.staged_bytes() > 0 || !control_.empty()) return true;
  return state_ == ClientState::kActive && (next_op(now) || publication_may_go(now));
}

// Requests that were given up while they waited are not sent.
void Client::skip_dead() {
  while (!outbox_.empty() && outbox_.front().ticket != 0 &&
         !pending_.waits(outbox_.front().ticket)) {
    outbox_.pop();
  }
}

void Client::pump(std::size_t max_bytes, Instant now) {
  while (outbox_.staged_bytes() < max_bytes) {
    if (!control_.empty()) {  // OAP-5.7
      outbox_.stage(control_.pop_front(), std::nullopt);
      continue;
    }
    if (state_ != ClientState::kActive) return;  // OAP-6.1
    skip_dead();
    if (const auto index = next_op(now)) {
      stage_op(*index, now);
    } else if (publication_may_go(now)) {
      stage_publication(now);
    } else {
      return;
    }
  }
}

void Client::stage_op(std::size_t index, Instant now) {
  const Ticket ticket = op_queue_[index];
  op_queue_.erase(op_queue_.begin() + static_cast<std::ptrdiff_t>(index));
  const SubOp& op = ops_.at(ticket);
  const CorrId corr = link_->next_corr++;
  pending_.sent(ticket, corr);
  link_->requests.take(now);
  const oap::SubOut sub{op.patterns, op.echo, op.group, options_.tap, options_.gaps};
  const auto payload = op.add ? oap::write_sub(sub) : oap::write_unsub(sub);
  outbox_.stage(oap::make_frame(oap::kReq, op.tenant, corr, payload), std::nullopt);
}

void Client::stage_publication(Instant now) {
  Outgoing item = outbox_.pop();
  oap::Header header = oap::read_header(item.frame.data());
  if (item.mode == Mode::kPlain) {
    link_->events.take(now);
    header.flags = oap::kEvent;
  } else {
    link_->requests.take(now);
    header.corr = link_->next_corr++;
    pending_.sent(item.ticket, header.corr);
    header.flags = item.mode == Mode::kAcked ? oap::kEvent | oap::kAckReq : oap::kReq;
  }
  Slice wire = item.frame;
  const ByteView payload = item.frame.bytes().subspan(oap::kHeaderSize);
  if (link_->comp && options_.compress && item.counted && payload.size() >= kCompressFrom) {
    if (const auto small = oap::compress(payload)) {  // OAP-1.47
      header.flags |= oap::kComp;
      wire = oap::make_frame(header.flags, header.tenant, header.corr, *small);
    }
  }
  if (!header.has(oap::kComp)) oap::write_header(wire.mutable_bytes().data(), header);
  if (item.counted) link_->send_credit.spend(wire.size());  // OAP-5.6
  outbox_.stage(std::move(wire), std::move(item));
}

std::size_t Client::gather(std::span<IoPiece> into, std::size_t max_bytes, Instant now) noexcept {
  if (!link_) return 0;
  pump(max_bytes, now);
  if (outbox_.staged_bytes() > 0) link_->timers.write_waits(now);
  pace_at_ = blocked_until(now);
  return outbox_.pieces(into, max_bytes);
}

void Client::wrote(std::size_t bytes, Instant now, ClientActions& out) noexcept {
  if (!link_) return;
  const std::size_t frames = outbox_.wrote(bytes);
  if (frames > 0) link_->timers.frame_sent(now);
  if (outbox_.staged_bytes() > 0) {
    if (bytes > 0) link_->timers.write_progress(now);
  } else {
    link_->timers.write_done();
  }
  finish(now, out);
  wake_writer(now, out);
}

void Client::wake_writer(Instant now, ClientActions& out) {
  skip_dead();
  if (queue_was_full_ && outbox_.half_empty() && state_ != ClientState::kEnded) {
    queue_was_full_ = false;
    out.events.emplace_back(Writable{});
  }
  if (sendable(now)) out.orders.push_back({ClientOrder::Kind::kFlush, attempt_, {}});
  pace_at_ = blocked_until(now);
}

// When something may go that only its pace (or a restore's pause) holds back now.
Instant Client::blocked_until(Instant now) const {
  if (!link_ || state_ != ClientState::kActive || sendable(now)) return Instant::never();
  const std::uint64_t most = link_->inflight_most == 0 ? kOpenMost : link_->inflight_most;
  const bool slot = pending_.open() < most;
  Instant next = Instant::never();
  if (slot && !op_queue_.empty()) {
    for (const Ticket ticket : op_queue_) next = std::min(next, ops_.at(ticket).not_before);
    next = std::max(next, link_->requests.ready_at(1));
  }
  if (outbox_.empty() || restores_open_ > 0) return next;
  const Outgoing& head = outbox_.front();
  if (head.counted && !link_->send_credit.may_send()) return next;
  if (head.mode != Mode::kPlain) {
    return slot ? std::min(next, link_->requests.ready_at(1)) : next;
  }
  const auto batch = std::min<std::uint64_t>(link_->events.batch(), outbox_.queued());
  return std::min(next, link_->events.ready_at(batch));
}

}  // namespace ron::session
