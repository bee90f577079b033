// The client's thread: inbox in, machine and wire driven, events out. See core.hpp.
#include <algorithm>

#include "base/hex.hpp"
#include "core.hpp"

namespace ron::sdk::detail {
namespace {

constexpr int kRoundsATurn = 4;

}  // namespace

void Core::run() {
  own_id_.store(std::this_thread::get_id());
  while (!machine_ended_) {
    loop_.turn(!busy_);
    busy_ = false;
    take_inbox();
    const Instant now = runtime::monotonic_now();
    if (machine_.next_deadline() <= now) machine_.handle(session::Tick{}, now, actions_);
    work(now);
    loop_.set_timer(next_deadline());
  }
  finish();
}

Instant Core::next_deadline() const {
  const Instant own =
      waiting_deadlines_.empty() ? Instant::never() : waiting_deadlines_.begin()->first;
  return std::min({machine_.next_deadline(), wire_.deadline(), own});
}

void Core::take_inbox() {
  std::vector<std::move_only_function<void()>> jobs;
  std::deque<Publication> fresh;
  std::uint32_t attempt = 0;
  std::size_t given = 0;
  {
    const std::scoped_lock lock(mutex_);
    jobs.swap(jobs_);
    if (waiting_.empty()) {
      fresh.swap(publications_);
      publication_bytes_ = 0;
    }
    rung_ = false;
    attempt = held_attempt_;
    given = std::exchange(held_back_, 0);
  }
  if (!fresh.empty()) room_.notify_all();
  for (Publication& item : fresh) {
    if (item.ticket != 0) waiting_deadlines_.emplace(item.deadline, item.ticket);
    waiting_.push_back(std::move(item));
  }
  if (given > 0) {
    machine_.handle(session::Consumed{attempt, given}, runtime::monotonic_now(), actions_);
  }
  for (auto& job : jobs) job();
}

void Core::feed(Instant now) {
  expire_waiting(now);
  while (!waiting_.empty() && machine_.has_room(waiting_.front().frame.size())) {
    Publication item = std::move(waiting_.front());
    waiting_.pop_front();
    if (item.ticket != 0) {
      waiting_deadlines_.erase({item.deadline, item.ticket});
      dones_.emplace(item.ticket, std::move(item.done));
    }
    machine_.handle(
        session::Send{item.ticket, std::move(item.frame), item.mode, item.counted, item.deadline},
        now, actions_);
  }
}

void Core::expire_waiting(Instant now) {
  while (!waiting_deadlines_.empty() && waiting_deadlines_.begin()->first <= now) {
    const session::Ticket ticket = waiting_deadlines_.begin()->second;
    waiting_deadlines_.erase(waiting_deadlines_.begin());
    const auto at = std::ranges::find(waiting_, ticket, &Publication::ticket);
    if (at == waiting_.end()) continue;
    Done done = std::move(at->done);
    waiting_.erase(at);
    done(std::unexpected(Error{ErrorCode::kTimeout, "no answer in time", true, {}}));
  }
}

void Core::work(Instant now) {
  for (int round = 0; round < kRoundsATurn && !machine_ended_; ++round) {
    feed(now);
    drain(now);
    wire_.turn(now);
    drain(now);
    if (!wire_.busy() && actions_.orders.empty() && actions_.events.empty()) break;
  }
  feed(now);
  drain(now);
  bool more_waits = false;
  if (waiting_.empty()) {
    const std::scoped_lock lock(mutex_);
    more_waits = !publications_.empty() || !jobs_.empty();
  }
  busy_ = wire_.busy() || more_waits;
}

void Core::drain(Instant now) {
  while (!actions_.orders.empty() || !actions_.events.empty()) {
    std::swap(actions_, draining_);
    // Events first: they happened before the orders take effect on the wire's facts.
    for (auto& event : draining_.events) {
      std::visit([this](auto& value) { on(value); }, event);
    }
    draining_.events.clear();
    for (const auto& order : draining_.orders) wire_.obey(order, now);
    draining_.orders.clear();
    if (consumed_ > 0) {
      const std::size_t bytes = std::exchange(consumed_, 0);
      machine_.handle(session::Consumed{consumed_attempt_, bytes}, now, actions_);
    }
  }
}

void Core::on(session::Connected& event) {
  max_payload_.store(machine_.max_payload(), std::memory_order_relaxed);
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kConnected;
  SessionInfo& info = told.info;
  info.node = event.ack.node;
  info.session = event.ack.session;
  info.agent = event.agent;
  info.hybrid = event.ack.pq == oap::Pq::kHybrid;
  info.group = wire_.facts().group;
  info.cipher = wire_.facts().cipher;
  info.compression = event.ack.comp_zstd;
  info.fps = event.ack.limits.fps;
  info.rps = event.ack.limits.rps;
  info.window = event.ack.limits.window;
  info.inflight = event.ack.limits.inflight;
  info.max_frame = event.ack.limits.max_frame;
  {
    const std::scoped_lock lock(mutex_);
    info_ = info;
    connected_ = true;
    ++counters_.connects;
  }
  changed_.notify_all();
  tell(told);
}

void Core::on(session::Disconnected& event) {
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kDisconnected;
  told.error = error_of(event.why);
  told.will_retry = event.will_retry;
  told.retry_in = to_ms(event.retry_in);
  {
    const std::scoped_lock lock(mutex_);
    connected_ = false;
    first_try_over_ = true;
    last_error_ = told.error;
  }
  changed_.notify_all();
  tell(told);
}

void Core::on(session::MessageIn& event) {
  {
    const std::scoped_lock lock(mutex_);
    ++counters_.received;
    counters_.received_bytes += event.wire_bytes;
  }
  const std::size_t bytes = dispatch_.deliver(event, lag_total_);
  if (consumed_attempt_ != event.attempt) consumed_ = 0;
  consumed_attempt_ = event.attempt;
  consumed_ += bytes;
}

void Core::on(session::Answer& event) {
  const auto at = dones_.find(event.ticket);
  if (at == dones_.end()) return;
  Done done = std::move(at->second);
  dones_.erase(at);
  if (event.error) return done(std::unexpected(error_of(*event.error)));
  done(Reply{{event.ack.to.value_or(0), event.ack.links.value_or(0)}, std::move(event.body)});
}

void Core::on(session::Lagged& event) {
  lag_total_ += event.dropped;
  {
    const std::scoped_lock lock(mutex_);
    counters_.lagged += event.dropped;
  }
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kLagged;
  told.count = event.dropped;
  tell(told);
}

void Core::on(session::GapIn& event) {
  {
    const std::scoped_lock lock(mutex_);
    counters_.lost += event.gap.count;
  }
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kGap;
  told.count = event.gap.count;
  told.gap = {.origin = hex(event.gap.origin),
              .epoch = event.gap.epoch,
              .first = event.gap.first,
              .last = event.gap.last};
  tell(told);
}

void Core::on(session::RefusedEvents& event) {
  {
    const std::scoped_lock lock(mutex_);
    counters_.refused += event.dropped;
  }
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kRefused;
  told.count = event.dropped;
  told.error = {
      static_cast<ErrorCode>(event.failure), "the node refused: " + event.code, false, {}};
  tell(told);
}

void Core::on(session::ByeIn& event) {
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kLeaving;
  told.error.message = event.reason;
  tell(told);
}

void Core::on(session::SubscriptionRefused& event) {
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kSubscriptionRefused;
  told.error = error_of(event.why);
  told.patterns = event.patterns;
  told.retry_in = std::chrono::ceil<std::chrono::milliseconds>(event.retry_in);
  tell(told);
}

void Core::on(session::SubscriptionLost& event) {
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kSubscriptionLost;
  told.error = error_of(event.why);
  told.patterns = event.patterns;
  tell(told);
}

void Core::on(session::Paused&) {}
void Core::on(session::Writable&) {}

void Core::on(session::Ended&) {
  machine_ended_ = true;
  ConnectionEvent told;
  told.kind = ConnectionEvent::Kind::kEnded;
  tell(told);
}

void Core::tell(const ConnectionEvent& event) {
  if (options_.on_event) options_.on_event(event);
}

// The machine is done: whoever waits hears it.
void Core::finish() {
  std::deque<Publication> unsent;
  std::vector<std::move_only_function<void()>> jobs;
  Error why{ErrorCode::kClosed, "the client is closed", false, {}};
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    connected_ = false;
    unsent.swap(publications_);
    jobs.swap(jobs_);
    if (last_error_) why = *last_error_;
  }
  for (Publication& item : unsent) waiting_.push_back(std::move(item));
  for (Publication& item : waiting_) {
    if (item.done) item.done(std::unexpected(why));
  }
  waiting_.clear();
  for (auto& job : jobs) job();  // they find the machine ended
  std::swap(actions_, draining_);
  for (auto& event : draining_.events) {
    if (auto* answer = std::get_if<session::Answer>(&event)) on(*answer);
  }
  for (auto& [ticket, done] : dones_) done(std::unexpected(why));
  dones_.clear();
  dispatch_.close_queues();
  room_.notify_all();
  changed_.notify_all();
  replies_.changed.notify_all();
}

}  // namespace ron::sdk::detail
