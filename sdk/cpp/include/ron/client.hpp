// The client: one connection to a node, kept up, with its own thread.
//
// All calls are thread-safe. Publications of one thread arrive in the order of its calls.
// Subscriptions overtake publications that still wait. Handlers run on the client's thread: while
// one runs nothing else is received, so be short, or use a queue. In a handler publish() never
// waits (kBusy when the queue is full), and the calls that wait for an answer return kUsage.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ron/error.hpp>
#include <ron/message.hpp>
#include <ron/options.hpp>

namespace ron::sdk {

namespace detail {
class Core;
class QueueState;
}  // namespace detail

/// Called for each message of a subscription, on the client's thread. Must not throw.
using Handler = std::function<void(const MessageView&)>;

/// A live subscription; ends when this object goes (or by `end`). Movable.
class Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  /// Ends it without waiting for the node. The handler is not called after this has returned,
  /// unless `end` is called in that very handler.
  void end();
  explicit operator bool() const { return core_ != nullptr; }

 private:
  friend class Client;
  Subscription(std::shared_ptr<detail::Core> core, std::uint64_t id);
  std::shared_ptr<detail::Core> core_;
  std::uint64_t id_ = 0;
};

/// A subscription whose messages wait in a bounded queue. Popping gives the node its credit back.
class MessageQueue {
 public:
  MessageQueue(MessageQueue&&) noexcept;
  MessageQueue& operator=(MessageQueue&&) noexcept;
  MessageQueue(const MessageQueue&) = delete;
  MessageQueue& operator=(const MessageQueue&) = delete;
  ~MessageQueue();

  /// The next message; waits. kTimeout, kCancelled, or kClosed once the client has ended and the
  /// queue is empty.
  Result<Message> pop(const CallOptions& call = {});

  /// The next message if there is one.
  std::optional<Message> try_pop();

  /// Messages that wait here now.
  std::size_t size() const;

  /// Messages dropped here because more than `capacity` waited.
  std::uint64_t dropped() const;

  /// Ends the subscription; what waits can still be popped.
  void end();

 private:
  friend class Client;
  MessageQueue(Subscription subscription, std::shared_ptr<detail::QueueState> state);
  Subscription subscription_;
  std::shared_ptr<detail::QueueState> state_;
};

/// One client. Movable; closed when it goes.
class Client {
 public:
  /// Connects and shakes hands. kUsage for options that make no sense, kConnect when there is no
  /// node, or what the node answered.
  static Result<Client> connect(Options options);
  /// The same, with defaults for everything but the address.
  static Result<Client> connect(std::string url);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// As close().
  ~Client();

  /// Queues a publication; waits while the queue is full (the node's credit, its limits, or no
  /// connection hold it back). Delivery is at most once; see publish_acked for certainty.
  Result<void> publish(std::string_view topic, std::string_view data,
                       const PublishOptions& options = {}, const CallOptions& call = {});

  /// Queues a publication, or kBusy.
  Result<void> try_publish(std::string_view topic, std::string_view data,
                           const PublishOptions& options = {});

  /// Publishes and waits until the node has accepted it. After kTimeout or kDisconnected it may
  /// have been delivered nevertheless; it is never repeated by itself.
  Result<Published> publish_acked(std::string_view topic, std::string_view data,
                                  const PublishOptions& options = {}, const CallOptions& call = {});

  /// The same without waiting for the answer (only, as publish does, for room in the queue).
  std::future<Result<Published>> publish_async(std::string_view topic, std::string_view data,
                                               const PublishOptions& options = {},
                                               const CallOptions& call = {});

  /// The same; `done` is called once, on the client's thread.
  void publish_acked(std::string_view topic, std::string_view data, const PublishOptions& options,
                     std::function<void(Result<Published>)> done, const CallOptions& call = {});

  /// Subscribes and waits for the node's confirmation: what it accepts afterwards will come.
  Result<Subscription> subscribe(std::vector<std::string> patterns, Handler handler,
                                 const SubscribeOptions& options = {},
                                 const CallOptions& call = {});

  /// The same, with a queue to pop from.
  Result<MessageQueue> subscribe(std::vector<std::string> patterns,
                                 const SubscribeOptions& options = {},
                                 const CallOptions& call = {});

  /// Publishes with a reply topic of its own and waits for the first answer. kNoResponder when the
  /// publication reached nobody.
  Result<Message> request(std::string_view topic, std::string_view data,
                          const PublishOptions& options = {}, const CallOptions& call = {});

  /// Answers a request: publishes to its reply topic in its tenant. kUsage when it wants no answer.
  Result<void> reply(const MessageView& request, std::string_view data);

  /// Waits until the node has taken everything published before by this thread; returns the time of
  /// the round trip.
  Result<std::chrono::nanoseconds> flush(const CallOptions& call = {});

  /// Asks the node to do or to tell something (docs/OAP-1.md section 10); returns its answer, JSON
  /// text. Over a node's Unix socket only, else kForbidden; kNotFound for an unknown operation.
  Result<std::string> control(std::string_view op,
                              const std::vector<std::pair<std::string, std::string>>& args = {},
                              const CallOptions& call = {});

  /// What the node said when the current (or last) session began.
  SessionInfo info() const;
  /// In session right now.
  bool connected() const;
  /// Counters since the client was made.
  ClientCounters counters() const;

  /// Sends what is queued if the node is there to take it (for at most `timeout`), says goodbye,
  /// ends the thread. Waiting calls return kClosed. Not in a handler.
  void close(std::chrono::milliseconds timeout = std::chrono::milliseconds(2000));

 private:
  explicit Client(std::shared_ptr<detail::Core> core);
  Result<Subscription> subscribe_handler(std::vector<std::string> patterns, Handler handler,
                                         const SubscribeOptions& options, const CallOptions& call,
                                         std::shared_ptr<detail::QueueState> queue);
  std::shared_ptr<detail::Core> core_;
};

}  // namespace ron::sdk
