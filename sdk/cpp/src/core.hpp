// The inside of a client: one thread that drives the session machine over a wire, and the inbox
// through which other threads talk to it.
//
//   caller -> publications (bounded; waits) --\                        /--> Wire (stream)
//   caller -> jobs (closures) ----------------> thread: session::Client --> events -> Dispatch
//
// Locks: `mutex_` guards the inbox and what callers may ask about; nothing is called under it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "crypto/library.hpp"
#include "dispatch.hpp"
#include "ron/client.hpp"
#include "runtime/loop.hpp"
#include "session/client.hpp"
#include "url.hpp"
#include "wire.hpp"

namespace ron::sdk::detail {

Error error_of(const session::ClientError& error);
inline std::chrono::milliseconds to_ms(Duration time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time);
}

/// What the node answered: an acknowledgement, or the body of a control_ok.
struct Reply : Published {
  std::string body;
};

/// Told once what became of a ticket. Called on the client's thread, or by the caller's when the
/// client has ended already.
using Done = std::move_only_function<void(Result<Reply>)>;

/// Waits for one Done.
class Waiter {
 public:
  Done done();
  /// The result; on `stop` calls `cancel` once and goes on waiting.
  Result<Reply> wait(const std::stop_token& stop, const std::function<void()>& cancel);

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::optional<Result<Reply>> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, Target target, std::shared_ptr<const crypto::TlsContext> tls);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Starts the thread and waits for the first session.
  Result<void> start();
  void close(std::chrono::milliseconds timeout);

  bool on_own_thread() const { return std::this_thread::get_id() == own_id_.load(); }
  std::uint64_t new_ticket() { return next_ticket_.fetch_add(1, std::memory_order_relaxed); }

  /// Runs `job` on the client's thread; false when that has ended.
  bool post(std::move_only_function<void()> job);

  struct Publication {
    Slice frame;
    session::Mode mode = session::Mode::kPlain;
    bool counted = true;
    session::Ticket ticket = 0;
    Instant deadline = Instant::never();
    Done done;
  };
  /// Queues; waits for room if `may_wait` and not on the client's thread. On failure `done` is
  /// never called.
  Result<void> submit(Publication publication, bool may_wait, const CallOptions& call);
  void cancel(session::Ticket ticket);

  /// Subscribes; the answer comes by `done`. The subscriber hears from now on.
  bool subscribe(std::shared_ptr<Subscriber> subscriber, bool echo, session::Ticket ticket,
                 Instant deadline, Done done);
  void unsubscribe(std::uint64_t id);

  /// Under which this client gets replies: "_inbox/<random>", subscribed on first use in a tenant.
  Result<std::string> inbox_topic(const Tenant& tenant, const CallOptions& call);

  /// A request that the node answers when it has taken all that was submitted before.
  Publication barrier(Instant deadline, Done done);

  void give_back(std::uint32_t attempt, std::size_t bytes);

  SessionInfo info() const;
  bool connected() const;
  ClientCounters counters() const;
  const Options& options() const { return options_; }
  std::uint32_t max_payload() const { return max_payload_.load(std::memory_order_relaxed); }
  bool ended() const;

  // Requests that wait for a reply, by topic.
  struct Replies {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unordered_map<std::string, std::optional<Message>> open;
  };
  Replies& replies() { return replies_; }

 private:
  void accept_reply(const MessageView& view);
  void run();
  void take_inbox();
  void feed(Instant now);
  void expire_waiting(Instant now);
  void work(Instant now);
  void drain(Instant now);
  void on(session::Connected& event);
  void on(session::Disconnected& event);
  void on(session::MessageIn& event);
  void on(session::Answer& event);
  void on(session::Lagged& event);
  void on(session::GapIn& event);
  void on(session::RefusedEvents& event);
  void on(session::ByeIn& event);
  void on(session::SubscriptionRefused& event);
  void on(session::SubscriptionLost& event);
  void on(session::Paused& event);
  void on(session::Writable& event);
  void on(session::Ended& event);
  void tell(const ConnectionEvent& event);
  void finish();
  Instant next_deadline() const;

  const Options options_;
  crypto::SystemChoice choice_;
  session::Client machine_;
  session::ClientActions actions_;
  session::ClientActions draining_;
  runtime::Loop loop_;
  Wire wire_;
  std::unordered_map<session::Ticket, Done> dones_;
  std::deque<Publication> waiting_;  // taken from the inbox, not yet accepted
  std::set<std::pair<Instant, session::Ticket>> waiting_deadlines_;
  bool busy_ = false;
  bool machine_ended_ = false;
  std::uint32_t consumed_attempt_ = 0;
  std::size_t consumed_ = 0;  // in this round, by handlers
  std::uint64_t lag_total_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any room_;     // of the inbox
  std::condition_variable_any changed_;  // of the connection
  std::deque<Publication> publications_;
  std::size_t publication_bytes_ = 0;
  std::vector<std::move_only_function<void()>> jobs_;
  bool rung_ = false;
  std::uint32_t held_attempt_ = 0;
  std::size_t held_back_ = 0;  // bytes users have given back, not yet taken
  SessionInfo info_;
  ClientCounters counters_;
  bool connected_ = false;
  bool ended_ = false;
  std::optional<Error> last_error_;
  bool first_try_over_ = false;

  std::atomic<std::uint64_t> next_ticket_{1};
  std::atomic<std::uint32_t> max_payload_;
  Replies replies_;
  std::mutex inbox_mutex_;
  std::string inbox_;
  std::vector<Tenant> inbox_tenants_;  // where it is subscribed
  std::atomic<std::thread::id> own_id_;
  std::thread thread_;
  Dispatch dispatch_;
};

}  // namespace ron::sdk::detail
