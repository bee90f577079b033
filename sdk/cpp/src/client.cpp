#include "ron/client.hpp"

#include <array>
#include <chrono>

#include "core.hpp"
#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace ron::sdk {
namespace {

using detail::Core;

Error usage(std::string message) { return {ErrorCode::kUsage, std::move(message), false, {}}; }

Error closed() { return {ErrorCode::kClosed, "the client is closed", false, {}}; }

Error in_handler() { return usage("this call waits and must not be made in a handler"); }

std::uint64_t wall_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

Result<Slice> publication_frame(const Core& core, std::string_view topic, std::string_view data,
                                const PublishOptions& options) {
  if (!oap::is_topic(topic)) return std::unexpected(usage("not a topic: " + std::string(topic)));
  oap::GossipOut out;
  out.topic = topic;
  out.data = as_bytes(data);
  out.ts = options.seconds.value_or(wall_seconds());
  out.fanout = options.fanout;
  if (!options.reply.empty()) out.reply = options.reply;
  out.hdr = options.headers;
  if (options.mode == Mode::kRepair) out.mode = oap::kModeRepair;
  if (options.mode == Mode::kBestEffort) out.mode = oap::kModeBestEffort;
  const auto payload = oap::write_gossip(out);
  if (payload.size() > core.max_payload()) {
    return std::unexpected(Error{ErrorCode::kFrameTooLarge,
                                 "the message is larger than the node's limit of " +
                                     std::to_string(core.max_payload()) + " bytes",
                                 false,
                                 {}});
  }
  return oap::make_frame(oap::kEvent, {options.tenant.hi, options.tenant.lo}, 0, payload);
}

// Queues what `waiter` waits for, and waits.
Result<detail::Reply> submit_and_wait(Core& core, Core::Publication item, detail::Waiter& waiter,
                                      const CallOptions& call) {
  const session::Ticket ticket = item.ticket;
  if (auto queued = core.submit(std::move(item), true, call); !queued) {
    return std::unexpected(queued.error());
  }
  return waiter.wait(call.stop, [&] { core.cancel(ticket); });
}

Instant deadline_of(const CallOptions& call) { return runtime::monotonic_now() + call.timeout; }

Result<std::shared_ptr<const crypto::TlsContext>> tls_for(const Options& options,
                                                          const detail::Target& target) {
  if (target.kind != detail::Target::Kind::kTls) return nullptr;
  if (options.ca_path.empty()) {
    return std::unexpected(
        usage("rons:// needs the CA certificate that signed the node's "
              "certificate (ca_path, or --ca)"));
  }
  crypto::ClientTls settings;
  settings.ca_path = options.ca_path;
  settings.cert_path = options.cert_path;
  settings.key_path = options.key_path;
  settings.server_names = options.server_names;
  settings.policy.pq = options.hybrid == Hybrid::kOff       ? crypto::PqMode::kOff
                       : options.hybrid == Hybrid::kRequire ? crypto::PqMode::kRequire
                                                            : crypto::PqMode::kHybrid;
  auto context = crypto::TlsContext::client(settings);
  if (!context) return std::unexpected(usage(context.error()));
  return *context;
}

std::optional<Error> judge(const Options& options, const detail::Target& target) {
  if (options.agent.size() > 64) return usage("agent is longer than 64 bytes");
  if (options.cert_path.empty() != options.key_path.empty()) {
    return usage("a client certificate needs its key, and a key its certificate");
  }
  const bool tls = target.kind == detail::Target::Kind::kTls;
  if (!tls && !(options.ca_path.empty() && options.cert_path.empty())) {
    return usage("certificates are of no use without TLS: write rons:// for TLS");
  }
  if (options.token && !tls && !target.is_local()) {
    return usage("a token would travel in the clear: write rons:// for TLS");
  }
  return std::nullopt;
}

}  // namespace

// ---- Client ------------------------------------------------------------------------------------

Client::Client(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (core_) close();
    core_ = std::move(other.core_);
  }
  return *this;
}
Client::~Client() {
  if (core_) close();
}

Result<Client> Client::connect(std::string url) {
  Options options;
  options.url = std::move(url);
  return connect(std::move(options));
}

Result<Client> Client::connect(Options options) {
  auto target = detail::parse_url(options.url);
  if (!target) return std::unexpected(target.error());
  if (auto error = judge(options, *target)) return std::unexpected(std::move(*error));
  auto tls = tls_for(options, *target);
  if (!tls) return std::unexpected(tls.error());
  auto core = std::make_shared<Core>(std::move(options), std::move(*target), std::move(*tls));
  if (auto started = core->start(); !started) return std::unexpected(started.error());
  return Client(std::move(core));
}

Result<void> Client::publish(std::string_view topic, std::string_view data,
                             const PublishOptions& options, const CallOptions& call) {
  auto frame = publication_frame(*core_, topic, data, options);
  if (!frame) return std::unexpected(frame.error());
  Core::Publication item;
  item.frame = std::move(*frame);
  return core_->submit(std::move(item), true, call);
}

Result<void> Client::try_publish(std::string_view topic, std::string_view data,
                                 const PublishOptions& options) {
  auto frame = publication_frame(*core_, topic, data, options);
  if (!frame) return std::unexpected(frame.error());
  Core::Publication item;
  item.frame = std::move(*frame);
  return core_->submit(std::move(item), false, {});
}

void Client::publish_acked(std::string_view topic, std::string_view data,
                           const PublishOptions& options,
                           std::function<void(Result<Published>)> done, const CallOptions& call) {
  auto frame = publication_frame(*core_, topic, data, options);
  if (!frame) return done(std::unexpected(frame.error()));
  Core::Publication item;
  item.frame = std::move(*frame);
  item.mode = session::Mode::kAcked;
  item.ticket = core_->new_ticket();
  item.deadline = deadline_of(call);
  item.done = [done](Result<detail::Reply> result) { done(std::move(result)); };
  if (auto queued = core_->submit(std::move(item), true, call); !queued) {
    done(std::unexpected(queued.error()));
  }
}

std::future<Result<Published>> Client::publish_async(std::string_view topic, std::string_view data,
                                                     const PublishOptions& options,
                                                     const CallOptions& call) {
  auto promise = std::make_shared<std::promise<Result<Published>>>();
  auto future = promise->get_future();
  publish_acked(
      topic, data, options,
      [promise](Result<Published> result) { promise->set_value(std::move(result)); }, call);
  return future;
}

Result<Published> Client::publish_acked(std::string_view topic, std::string_view data,
                                        const PublishOptions& options, const CallOptions& call) {
  if (core_->on_own_thread()) return std::unexpected(in_handler());
  auto frame = publication_frame(*core_, topic, data, options);
  if (!frame) return std::unexpected(frame.error());
  detail::Waiter waiter;
  Core::Publication item;
  item.frame = std::move(*frame);
  item.mode = session::Mode::kAcked;
  item.ticket = core_->new_ticket();
  item.deadline = deadline_of(call);
  item.done = waiter.done();
  return submit_and_wait(*core_, std::move(item), waiter, call);
}

Result<Subscription> Client::subscribe_handler(std::vector<std::string> patterns, Handler handler,
                                               const SubscribeOptions& options,
                                               const CallOptions& call,
                                               std::shared_ptr<detail::QueueState> queue) {
  if (core_->on_own_thread()) return std::unexpected(in_handler());
  auto subscriber = std::make_shared<detail::Subscriber>();
  subscriber->id = core_->new_ticket();
  subscriber->tenant = options.tenant;
  subscriber->patterns = std::move(patterns);
  subscriber->group = options.group;
  subscriber->handler = std::move(handler);
  subscriber->queue = std::move(queue);
  const std::uint64_t id = subscriber->id;
  const session::Ticket ticket = core_->new_ticket();
  detail::Waiter waiter;
  if (!core_->subscribe(std::move(subscriber), options.echo, ticket, deadline_of(call),
                        waiter.done())) {
    return std::unexpected(closed());
  }
  const auto result = waiter.wait(call.stop, [&] { core_->cancel(ticket); });
  if (!result) return std::unexpected(result.error());
  return Subscription(core_, id);
}

Result<Subscription> Client::subscribe(std::vector<std::string> patterns, Handler handler,
                                       const SubscribeOptions& options, const CallOptions& call) {
  if (!handler) return std::unexpected(usage("no handler given"));
  return subscribe_handler(std::move(patterns), std::move(handler), options, call, nullptr);
}

Result<MessageQueue> Client::subscribe(std::vector<std::string> patterns,
                                       const SubscribeOptions& options, const CallOptions& call) {
  auto queue = std::make_shared<detail::QueueState>(options.capacity);
  auto subscription = subscribe_handler(std::move(patterns), {}, options, call, queue);
  if (!subscription) return std::unexpected(subscription.error());
  return MessageQueue(std::move(*subscription), std::move(queue));
}

Result<Message> Client::request(std::string_view topic, std::string_view data,
                                const PublishOptions& options, const CallOptions& call) {
  if (core_->on_own_thread()) return std::unexpected(in_handler());
  const Instant deadline = deadline_of(call);
  const auto until = std::chrono::steady_clock::now() + call.timeout;
  auto inbox = core_->inbox_topic(options.tenant, call);
  if (!inbox) return std::unexpected(inbox.error());
  const std::string reply = *inbox + "/" + std::to_string(core_->new_ticket());
  auto& replies = core_->replies();
  {
    const std::scoped_lock lock(replies.mutex);
    replies.open.emplace(reply, std::nullopt);
  }
  PublishOptions with_reply = options;
  with_reply.reply = reply;
  CallOptions rest{
      std::chrono::ceil<std::chrono::milliseconds>(deadline - runtime::monotonic_now()), call.stop};
  const auto published = publish_acked(topic, data, with_reply, rest);
  std::unique_lock lock(replies.mutex);
  const auto there = [&] { return replies.open[reply].has_value() || core_->ended(); };
  // The answer may overtake the acknowledgement.
  if (!there() && published && published->to + published->links > 0) {
    replies.changed.wait_until(lock, call.stop, until, there);
  }
  auto answer = std::move(replies.open[reply]);
  replies.open.erase(reply);
  if (answer) return std::move(*answer);
  if (!published) return std::unexpected(published.error());
  if (published->to + published->links == 0) {  // OAP-4.18
    return std::unexpected(
        Error{ErrorCode::kNoResponder, "nobody is subscribed to " + std::string(topic), true, {}});
  }
  if (call.stop.stop_requested()) {
    return std::unexpected(Error{ErrorCode::kCancelled, "cancelled", false, {}});
  }
  if (core_->ended()) return std::unexpected(closed());
  return std::unexpected(Error{ErrorCode::kTimeout, "no answer in time", true, {}});
}

Result<void> Client::reply(const MessageView& request, std::string_view data) {
  if (request.reply.empty()) return std::unexpected(usage("the message asks for no answer"));
  PublishOptions options;
  options.tenant = request.tenant;
  return publish(request.reply, data, options);
}

Result<std::chrono::nanoseconds> Client::flush(const CallOptions& call) {
  if (core_->on_own_thread()) return std::unexpected(in_handler());
  detail::Waiter waiter;
  Core::Publication item = core_->barrier(deadline_of(call), waiter.done());
  const session::Ticket ticket = item.ticket;
  const Instant start = runtime::monotonic_now();
  if (auto queued = core_->submit(std::move(item), true, call); !queued) {
    return std::unexpected(queued.error());
  }
  const auto result = waiter.wait(call.stop, [&] { core_->cancel(ticket); });
  if (!result) {
    // Any answer of the node proves that it has taken what came before.
    const ErrorCode code = result.error().code;
    if (code > ErrorCode::kInternal || code == ErrorCode::kTimeout) {
      return std::unexpected(result.error());
    }
  }
  return runtime::monotonic_now() - start;
}

Result<std::string> Client::control(std::string_view op,
                                    const std::vector<std::pair<std::string, std::string>>& args,
                                    const CallOptions& call) {
  if (core_->on_own_thread()) return std::unexpected(in_handler());
  if (args.size() > oap::kControlArgsMax) return std::unexpected(usage("too many arguments"));
  detail::Waiter waiter;
  Core::Publication item;
  item.frame = oap::make_frame(oap::kReq, {}, 0, oap::write_control({std::string(op), args}));
  item.mode = session::Mode::kRequest;
  item.counted = false;
  item.ticket = core_->new_ticket();
  item.deadline = deadline_of(call);
  item.done = waiter.done();
  auto result = submit_and_wait(*core_, std::move(item), waiter, call);
  if (!result) return std::unexpected(result.error());
  return std::move(result->body);
}

SessionInfo Client::info() const { return core_->info(); }
bool Client::connected() const { return core_->connected(); }
ClientCounters Client::counters() const { return core_->counters(); }
void Client::close(std::chrono::milliseconds timeout) { core_->close(timeout); }

// ---- Subscription ------------------------------------------------------------------------------

Subscription::Subscription(std::shared_ptr<Core> core, std::uint64_t id)
    : core_(std::move(core)), id_(id) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    core_ = std::move(other.core_);
    id_ = other.id_;
  }
  return *this;
}
Subscription::~Subscription() { end(); }

void Subscription::end() {
  if (auto core = std::exchange(core_, nullptr)) core->unsubscribe(id_);
}

// ---- MessageQueue ------------------------------------------------------------------------------

MessageQueue::MessageQueue(Subscription subscription, std::shared_ptr<detail::QueueState> state)
    : subscription_(std::move(subscription)), state_(std::move(state)) {}
MessageQueue::MessageQueue(MessageQueue&&) noexcept = default;
MessageQueue& MessageQueue::operator=(MessageQueue&&) noexcept = default;
MessageQueue::~MessageQueue() = default;

Result<Message> MessageQueue::pop(const CallOptions& call) { return state_->pop(call); }
std::optional<Message> MessageQueue::try_pop() { return state_->try_pop(); }
std::size_t MessageQueue::size() const { return state_->size(); }
std::uint64_t MessageQueue::dropped() const { return state_->dropped(); }
void MessageQueue::end() { subscription_.end(); }

}  // namespace ron::sdk
