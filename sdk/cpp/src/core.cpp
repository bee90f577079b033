#include "core.hpp"

#include <algorithm>

#include "oap/envelope.hpp"

namespace ron::sdk::detail {
namespace {

constexpr std::size_t kInboxFrames = 1024;
constexpr std::size_t kInboxBytes = 1U << 20U;

session::ClientOptions machine_options(const Options& options) {
  session::ClientOptions out;
  out.agent = options.agent;
  out.token = options.token;
  out.hybrid = options.hybrid != Hybrid::kOff;
  out.require_hybrid = options.hybrid == Hybrid::kRequire;
  out.comp = options.accept_compression;
  out.compress = options.compress;
  out.window = options.window;
  out.tap = options.tap;
  out.gaps = options.gaps;
  out.reconnect = options.reconnect || options.wait_for_node;
  out.queue_frames = options.queue_frames;
  out.queue_bytes = options.queue_bytes;
  return out;
}

Error closed() { return {ErrorCode::kClosed, "the client is closed", false, {}}; }

}  // namespace

Error error_of(const session::ClientError& error) {
  static_assert(static_cast<int>(ErrorCode::kProtocol) ==
                static_cast<int>(session::Failure::kProtocol));
  return {static_cast<ErrorCode>(error.failure), error.message, error.retryable,
          to_ms(error.retry_after)};
}

Done Waiter::done() {
  return [state = state_](Result<Reply> result) {
    {
      const std::scoped_lock lock(state->mutex);
      state->result = std::move(result);
    }
    state->changed.notify_all();
  };
}

Result<Reply> Waiter::wait(const std::stop_token& stop, const std::function<void()>& cancel) {
  std::unique_lock lock(state_->mutex);
  const auto there = [&] { return state_->result.has_value(); };
  if (!state_->changed.wait(lock, stop, there)) {
    lock.unlock();
    cancel();
    lock.lock();
    state_->changed.wait(lock, there);
  }
  return std::move(*state_->result);
}

Core::Core(Options options, Target target, std::shared_ptr<const crypto::TlsContext> tls)
    : options_(std::move(options)),
      machine_(machine_options(options_), choice_),
      wire_(loop_, machine_, actions_, std::move(target), std::move(tls)),
      max_payload_(oap::kMaxFrame),
      dispatch_(*this) {}

Core::~Core() { close(std::chrono::milliseconds(0)); }

Result<void> Core::start() {
  thread_ = std::thread([this] { run(); });
  post([this] { machine_.handle(session::Connect{}, runtime::monotonic_now(), actions_); });
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + options_.connect_timeout;
  const bool decided = changed_.wait_until(lock, deadline, [&] {
    return connected_ || ended_ || (first_try_over_ && !options_.wait_for_node);
  });
  if (decided && counters_.connects > 0) return {};
  Error error = last_error_.value_or(Error{ErrorCode::kConnect, "no connection in time", true, {}});
  // What refused the connection before there was a session is a failure to connect.
  if (error.code == ErrorCode::kDisconnected) error.code = ErrorCode::kConnect;
  lock.unlock();
  close(std::chrono::milliseconds(0));
  return std::unexpected(std::move(error));
}

void Core::close(std::chrono::milliseconds timeout) {
  if (!thread_.joinable() || on_own_thread()) return;
  if (timeout.count() > 0 && connected()) {
    // What is queued goes first: a request behind it is answered when all of it was taken.
    Waiter waiter;
    Publication last = barrier(runtime::monotonic_now() + timeout, waiter.done());
    if (submit(std::move(last), true, {timeout, {}})) (void)waiter.wait({}, [] {});
  }
  post([this] { machine_.handle(session::Close{}, runtime::monotonic_now(), actions_); });
  thread_.join();
}

bool Core::post(std::move_only_function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    if (ended_) return false;
    jobs_.push_back(std::move(job));
  }
  loop_.ring();
  return true;
}

Result<void> Core::submit(Publication publication, bool may_wait, const CallOptions& call) {
  const std::size_t size = publication.frame.size();
  const auto has_room = [&] {
    return publications_.empty() ||
           (publications_.size() < kInboxFrames && publication_bytes_ + size <= kInboxBytes);
  };
  std::unique_lock lock(mutex_);
  if (!has_room() && !ended_) {
    if (!may_wait || on_own_thread()) {
      return std::unexpected(
          Error{ErrorCode::kBusy, "the queue of publications is full", true, {}});
    }
    const auto deadline = std::chrono::steady_clock::now() + call.timeout;
    if (!room_.wait_until(lock, call.stop, deadline, [&] { return ended_ || has_room(); })) {
      if (call.stop.stop_requested()) {
        return std::unexpected(Error{ErrorCode::kCancelled, "cancelled", false, {}});
      }
      return std::unexpected(
          Error{ErrorCode::kTimeout, "no room in the queue of publications in time", true, {}});
    }
  }
  if (ended_) return std::unexpected(last_error_.value_or(closed()));
  if (publication.counted) ++counters_.sent;
  publication_bytes_ += size;
  publications_.push_back(std::move(publication));
  const bool ring = !std::exchange(rung_, true);
  lock.unlock();
  if (ring) loop_.ring();
  return {};
}

void Core::cancel(session::Ticket ticket) {
  post([this, ticket] {
    const auto at = std::ranges::find(waiting_, ticket, &Publication::ticket);
    if (at == waiting_.end()) {
      machine_.handle(session::Cancel{ticket}, runtime::monotonic_now(), actions_);
      return;
    }
    Done done = std::move(at->done);
    waiting_deadlines_.erase({at->deadline, ticket});
    waiting_.erase(at);
    done(std::unexpected(Error{ErrorCode::kCancelled, "cancelled", false, {}}));
  });
}

bool Core::subscribe(std::shared_ptr<Subscriber> subscriber, bool echo, session::Ticket ticket,
                     Instant deadline, Done done) {
  return post([this, subscriber = std::move(subscriber), echo, ticket, deadline,
               done = std::move(done)]() mutable {
    session::Subscribe command;
    command.ticket = ticket;
    command.tenant = {subscriber->tenant.hi, subscriber->tenant.lo};
    command.patterns = subscriber->patterns;
    command.group = subscriber->group;
    command.echo = echo;
    command.deadline = deadline;
    subscriber->lag_seen = lag_total_;
    const std::uint64_t id = subscriber->id;
    dispatch_.add(std::move(subscriber));
    dones_.emplace(ticket, [this, id, done = std::move(done)](Result<Reply> result) mutable {
      if (!result) (void)dispatch_.remove(id);
      done(std::move(result));
    });
    machine_.handle(command, runtime::monotonic_now(), actions_);
  });
}

void Core::unsubscribe(std::uint64_t id) {
  const auto forget = [this](const Subscriber* subscriber) {
    if (subscriber == nullptr) return;
    session::Subscribe command;
    command.ticket = new_ticket();
    command.add = false;
    command.tenant = {subscriber->tenant.hi, subscriber->tenant.lo};
    command.patterns = subscriber->patterns;
    command.group = subscriber->group;
    machine_.handle(command, runtime::monotonic_now(), actions_);
  };
  if (on_own_thread()) {
    // In a handler the machine's actions are being worked on: only the dispatch changes now.
    (void)post([forget, subscriber = dispatch_.remove(id)] { forget(subscriber.get()); });
    return;
  }
  Waiter waiter;
  if (post([this, id, forget, done = waiter.done()]() mutable {
        forget(dispatch_.remove(id).get());
        done(Reply{});
      })) {
    (void)waiter.wait({}, [] {});
  }
}

Result<std::string> Core::inbox_topic(const Tenant& tenant, const CallOptions& call) {
  const std::scoped_lock lock(inbox_mutex_);
  if (inbox_.empty()) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    crypto::SystemChoice choice;
    inbox_ = "_inbox/";
    for (int i = 0; i < 24; ++i) inbox_ += kDigits[choice.index(kDigits.size())];
  }
  if (std::ranges::find(inbox_tenants_, tenant) != inbox_tenants_.end()) return inbox_;
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->id = new_ticket();
  subscriber->tenant = tenant;
  subscriber->patterns = {inbox_ + "/*"};
  subscriber->handler = [this](const MessageView& view) { accept_reply(view); };
  Waiter waiter;
  const session::Ticket ticket = new_ticket();
  // With echo, so that a client can answer itself.
  if (!subscribe(std::move(subscriber), true, ticket, runtime::monotonic_now() + call.timeout,
                 waiter.done())) {
    return std::unexpected(closed());
  }
  const auto result = waiter.wait(call.stop, [&] { cancel(ticket); });
  if (!result) return std::unexpected(result.error());
  inbox_tenants_.push_back(tenant);
  return inbox_;
}

void Core::accept_reply(const MessageView& view) {
  {
    const std::scoped_lock lock(replies_.mutex);
    const auto at = replies_.open.find(std::string(view.topic));
    if (at == replies_.open.end() || at->second) return;  // too late, or not the first
    at->second = copy_of(view);
  }
  replies_.changed.notify_all();
}

Core::Publication Core::barrier(Instant deadline, Done done) {
  // Ending a subscription that nobody has is no error (OAP-4.27), and answered in order.
  Publication item;
  item.frame = oap::make_frame(oap::kReq, {}, 0, oap::write_unsub({{"_flush/none"}, false, {}}));
  item.mode = session::Mode::kRequest;
  item.counted = false;
  item.ticket = new_ticket();
  item.deadline = deadline;
  item.done = std::move(done);
  return item;
}

void Core::give_back(std::uint32_t attempt, std::size_t bytes) {
  const std::size_t enough =
      options_.window > 0 ? std::max<std::uint64_t>(1, options_.window / 8) : 64U * 1024;
  bool ring = false;
  {
    const std::scoped_lock lock(mutex_);
    if (ended_ || attempt < held_attempt_) return;
    if (attempt > held_attempt_) {
      held_attempt_ = attempt;
      held_back_ = 0;
    }
    held_back_ += bytes;
    ring = held_back_ >= enough && !std::exchange(rung_, true);
  }
  if (ring) loop_.ring();
}

SessionInfo Core::info() const {
  const std::scoped_lock lock(mutex_);
  return info_;
}

bool Core::connected() const {
  const std::scoped_lock lock(mutex_);
  return connected_;
}

bool Core::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

ClientCounters Core::counters() const {
  const std::scoped_lock lock(mutex_);
  return counters_;
}

}  // namespace ron::sdk::detail
