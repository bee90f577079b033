#include "host/shard_host.hpp"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "host/doors.hpp"

namespace ron::host {
namespace {

node::NodeConfig config_of(const Shared& shared) {
  node::NodeConfig config = shared.settings.node;
  const node::LiveConfig share =
      shard_share({shared.settings.accept, config}, shared.shards.size());
  config.max_sessions = share.max_sessions;
  config.queue_bytes = share.queue_bytes;
  config.input_bytes = share.input_bytes;
  config.subscription_bytes = share.subscription_bytes;
  return config;
}

}  // namespace

Shared::Shared(const Settings& with)
    : settings(with), limiter(transport::AcceptLimiter(with.accept)) {
  settings.node.lane_key = crypto::SystemChoice().bits();
}

ShardHost::ShardHost(Shared& shared, ShardIndex self)
    : shared_(shared),
      self_(self),
      shard_(config_of(shared), self, static_cast<unsigned>(shared.shards.size()), choice_),
      now_(runtime::monotonic_now()),
      alive_(std::make_shared<runtime::Guarded<ShardHost*>>(this)) {
  loop_.set_busy_poll(shared.settings.busy_poll);
}

ShardHost::~ShardHost() {
  alive_->with([](ShardHost*& host) { host = nullptr; });
  join();
}

void ShardHost::add_listener(transport::Listener listener) {
  doors_.emplace_back(*this, std::move(listener));
}

void ShardHost::start() {
  // Signals are the main thread's.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// ---- any thread --------------------------------------------------------------------------------

void ShardHost::set_ready(bool ready) {
  loop_.post([this, ready] { shard_.handle(node::Readiness{ready}, now_, actions_); });
}

void ShardHost::stop_accepting(std::shared_ptr<runtime::Gate> gate) {
  loop_.post([this, gate = std::move(gate)] {
    close_doors();
    shard_.handle(node::Readiness{false}, runtime::monotonic_now(), actions_);
    gate->done();
  });
}

void ShardHost::drain(Duration within, const char* reason, std::shared_ptr<runtime::Gate> gate) {
  loop_.post([this, within, reason, gate = std::move(gate)]() mutable {
    drain_gate_ = std::move(gate);
    now_ = runtime::monotonic_now();
    shard_.handle(node::Drain{within, reason}, now_, actions_);
  });
}

void ShardHost::publish_to(std::shared_ptr<runtime::Gate> gate) {
  loop_.post([this, gate = std::move(gate)] {
    publish();
    gate->done();
  });
}

void ShardHost::request_stop() {
  loop_.post([this] { stopping_ = true; });
}

void ShardHost::join() {
  if (thread_.joinable()) thread_.join();
}

// ---- the turn ----------------------------------------------------------------------------------

void ShardHost::run() {
  ::pthread_setname_np(::pthread_self(), ("shard-" + std::to_string(self_)).c_str());
  for (Door& door : doors_) {
    door.watch.want_read();
    const std::string text = door.listener.text();
    shared_.tell({.kind = EventKind::kListening, .shard = self_, .text = text});
  }
  try {
    while (!stopping_) turn();
  } catch (const std::exception& fault) {
    shared_.tell({.kind = EventKind::kShardDied, .shard = self_, .text = fault.what()});
  }
  close_doors();
  for (std::unique_ptr<Link>& link : links_) {
    if (link != nullptr) drop(*link);
  }
  closing_.clear();
  fading_.clear();
  dials_.clear();
  publish();
}

void ShardHost::turn() {
  const bool busy = !ready_.empty() || !flush_.empty() || !actions_.empty() || mail_waits();
  arm_timer();
  loop_.turn(!busy);
  now_ = runtime::monotonic_now();
  ++stats_.turns;
  take_in_mail();
  obey();
  serve_ready();
  // After the reads: what has come in time is not late, and needs no announcement.
  if (shard_.next_deadline() <= now_) shard_.handle(node::Tick{}, now_, actions_);
  settle();
  end_turn();
}

void ShardHost::end_turn() {
  shard_.handle(node::TurnEnded{}, now_, actions_);
  settle();
  hand_out_mail();
  resume_doors();
  expire_fading();
  expire_dials();
  closing_.clear();
  const std::size_t held = shard_.held_bytes();
  if (held > held_most_.load(std::memory_order_relaxed)) {
    held_most_.store(held, std::memory_order_relaxed);
  }
  if (publish_at_ <= now_) publish();
}

// A write costs the kernel as much as many small messages cost the machine: while the writes of
// this turn would be small, more is read first.
bool ShardHost::reads_on(std::uint64_t queued_before) const {
  const std::uint64_t queued = shard_.queued_bytes() - queued_before;
  return turn_read_ < kReadTurn && !ready_.empty() && queued < kSmallWrite * flush_.size();
}

// Sessions take turns; what is not served when the turn has read its share comes first in the next.
void ShardHost::serve_ready() {
  turn_read_ = 0;
  unsigned handshakes = 0;
  const std::uint64_t queued_before = shard_.queued_bytes();
  for (std::size_t read_before = 0;;) {
    ready_now_.swap(ready_);
    auto next = ready_now_.begin();
    for (; next != ready_now_.end() && turn_read_ < kReadTurn; ++next) {
      Link* link = find(*next);
      if (link == nullptr) continue;
      link->in_ready = false;
      if (link->phase != Link::Phase::kShaking) {
        read_some(*link);
      } else if (handshakes++ < kHandshakesPerTurn) {
        shake(*link);
      } else {
        mark_ready(*link);
      }
    }
    ready_.insert(ready_.begin(), next, ready_now_.end());
    ready_now_.clear();
    if (turn_read_ == read_before || !reads_on(queued_before)) return;
    read_before = turn_read_;
  }
}

// Orders lead to writes, and writes to orders; a turn ends all the same.
void ShardHost::settle() {
  for (unsigned round = 0; round < kRoundsPerTurn; ++round) {
    obey();
    flush_marked();
    if (actions_.empty()) return;
  }
}

void ShardHost::obey() {
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    const node::Action action = actions_[i];  // a copy: obeying may append
    obey(action);
  }
  actions_.clear();
}

void ShardHost::obey(const node::Action& action) {
  using Kind = node::Action::Kind;
  if (action.kind == Kind::kMail) return;  // handed out at the end of the turn
  if (action.kind == Kind::kControl) return hand_out_control();
  if (action.kind == Kind::kDial) return start_dials();
  if (action.kind == Kind::kCancelDial) return cancel_dials();
  if (action.kind == Kind::kExpelled) return tell_expelled();
  if (action.kind == Kind::kDrained) {
    cut_off_.with([&](std::uint32_t& count) { count = action.count; });
    shared_.tell({.kind = EventKind::kDrained, .shard = self_, .count = action.count});
    if (drain_gate_ != nullptr) std::exchange(drain_gate_, nullptr)->done();
    return;
  }
  Link* link = find(action.session);
  if (link == nullptr) return;
  switch (action.kind) {
    case Kind::kFlush: mark_flush(*link); break;
    case Kind::kResume: mark_ready(*link); break;
    case Kind::kFinishWrite:
      link->phase = Link::Phase::kEnding;
      finish_write(*link);
      mark_ready(*link);  // to discard what still comes
      break;
    case Kind::kEstablished:
      link->counted_open = true;
      stats_.accept_to_handshake_seconds.add(to_seconds(now_ - link->accepted));
      tell(EventKind::kSessionOpened, *link, {.downgraded = action.downgraded});
      break;
    case Kind::kClose:
      tell(EventKind::kSessionClosed, *link,
           {.reason = action.reason,
            .erred = action.erred,
            .code = action.code,
            .was_open = link->counted_open});
      drop(*link);
      break;
    case Kind::kMail:
    case Kind::kControl:
    case Kind::kDrained:
    case Kind::kDial:
    case Kind::kExpelled:
    case Kind::kCancelDial: break;
  }
}

void ShardHost::flush_marked() {
  flush_now_.swap(flush_);
  for (const SessionId id : flush_now_) {
    Link* link = find(id);
    if (link == nullptr) continue;
    link->in_flush = false;
    write_some(*link);
  }
  flush_now_.clear();
}

// ---- mail --------------------------------------------------------------------------------------

bool ShardHost::mail_waits() {
  for (unsigned from = 0; from < shared_.shards.size(); ++from) {
    if (from != self_ && !shared_.ring(static_cast<ShardIndex>(from), self_).empty()) return true;
  }
  return false;
}

void ShardHost::take_in_mail() {
  for (unsigned from = 0; from < shared_.shards.size(); ++from) {
    if (from == self_) continue;
    MailRing& ring = shared_.ring(static_cast<ShardIndex>(from), self_);
    std::size_t taken = 0;
    while (taken < kRing) {
      std::optional<node::ShardMail> mail = ring.pop();
      if (!mail) break;
      ++taken;
      shard_.mail(std::move(*mail), now_, actions_);
    }
    if (taken > 0 && ring.producer_waits()) shared_.shards[from]->ring();
  }
}

// A full ring refuses nothing: what does not fit stays in the machine, whose bounds then pause the
// sessions that feed it, and the consumer wakes this shard when there is room.
void ShardHost::hand_out_mail() {
  for (unsigned to = 0; to < shared_.shards.size(); ++to) {
    const auto target = static_cast<ShardIndex>(to);
    if (to == self_ || !shard_.has_mail(target)) continue;
    MailRing& ring = shared_.ring(self_, target);
    bool pushed = false;
    while (shard_.has_mail(target)) {
      if (!ring.has_room()) {
        ++stats_.ring_full;
        if (!ring.wait_for_room()) break;
      }
      std::optional<node::ShardMail> mail = shard_.take_mail(target);
      if (!mail) break;
      ring.push(std::move(*mail));
      pushed = true;
    }
    if (pushed) shared_.shards[to]->ring();
  }
}

// ---- time and numbers --------------------------------------------------------------------------

void ShardHost::arm_timer() {
  Instant at = shard_.next_deadline();
  for (const Door& door : doors_) at = std::min(at, door.paused_until);
  for (const Fading& fading : fading_) at = std::min(at, fading.end);
  for (const Dial& dial : dials_) at = std::min(at, dial.hurry_at);
  loop_.set_timer(at);
}

void ShardHost::publish() {
  const Instant now = runtime::monotonic_now();
  publish_at_ = now + kPublishEvery;
  mend_doors();
  shard_.meter().trim();
  ShardSnapshot snapshot{.at = now, .node = shard_.stats(), .transport = stats_, .mesh = {}};
  if (shard_.membership() != nullptr) {
    snapshot.mesh = MeshStats{.membership = *shard_.membership(), .relay = *shard_.relay()};
  }
  published_.with([&](ShardSnapshot& into) { into = snapshot; });
}

}  // namespace ron::host
