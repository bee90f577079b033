// The only file that knows Boost.Beast. Everything below `Impl` runs on the admin thread.
#include "ops/admin_server.hpp"

#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <list>
#include <map>
#include <thread>

#include "base/choice.hpp"
#include "ops/admin_request.hpp"
#include "policy/restarts.hpp"
#include "runtime/loop.hpp"

namespace ron::ops {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kDiscardMax = 64U << 10U;  // input read after a refusal, so that it arrives
constexpr std::chrono::milliseconds kLinger{500};

std::string_view method_label(http::verb verb) {
  if (verb == http::verb::get) return "GET";
  return verb == http::verb::head ? "HEAD" : "other";
}

struct RequestKey {
  std::string_view route;
  std::string_view method;
  auto operator<=>(const RequestKey&) const = default;
};

struct RequestStats {
  std::map<unsigned, std::uint64_t> by_status;
  HistogramValue latency;
};

}  // namespace

struct AdminServer::Impl {
  class Connection;

  explicit Impl(AdminOptions given, std::vector<AdminRoute> table)
      : options(std::move(given)), routes(std::move(table)), acceptor(io), tick_timer(io) {}

  std::string open();
  void accept();
  void tick();
  void make_room();
  void count(std::string_view route, http::verb verb, unsigned status, Clock::duration took);
  void run();
  void begin();

  AdminOptions options;
  std::vector<AdminRoute> routes;
  std::list<std::weak_ptr<Connection>> open_ones;  // oldest first
  std::map<RequestKey, RequestStats> stats;
  std::uint16_t port = 0;
  // After what connections refer to: destroying the context destroys the last of them.
  asio::io_context io{1};
  tcp::acceptor acceptor;
  asio::steady_timer tick_timer;
  std::thread thread;
};

// One request, one answer, one orderly close. Kept alive by its pending operation.
class AdminServer::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl& owner, tcp::socket socket) : owner_(owner), stream_(std::move(socket)) {}
  ~Connection() { leave(); }

  void start() {
    place_ = owner_.open_ones.insert(owner_.open_ones.end(), weak_from_this());
    counted_ = true;
    parser_.header_limit(static_cast<std::uint32_t>(owner_.options.header_bytes_max));
    stream_.expires_after(owner_.options.header_timeout);
    http::async_read_header(
        stream_, buffer_, parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->header_read(error); });
  }

  void stop() {
    leave();
    error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void leave() {
    if (!counted_) return;
    counted_ = false;
    owner_.open_ones.erase(place_);
  }

  void header_read(error_code error) {
    began_ = Clock::now();
    std::string_view route = "other";
    if (error == http::error::header_limit)
      return send(error_answer(431, "the request header is larger than 8 KiB"), route);
    const bool http_fault =
        error && error.category() == http::make_error_code(http::error::bad_method).category();
    if (http_fault && error != http::error::end_of_stream && error != http::error::partial_message)
      return send(error_answer(400, "not a valid HTTP request"), route);
    if (error) return;  // timeout, closed, evicted: nobody to answer
    AdminAnswer answer = answer_request(parser_, owner_.routes, route);
    send(std::move(answer), route);
  }

  void send(AdminAnswer answer, std::string_view route) {
    const http::verb verb = parser_.get().method();
    if (answer.status >= 400 && answer.status != 503 && owner_.options.refused)
      owner_.options.refused(answer.status, std::string(parser_.get().target()));
    response_.result(answer.status);
    response_.version(11);
    response_.keep_alive(false);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    if (answer.retry_after_s != 0)
      response_.set(http::field::retry_after, std::to_string(answer.retry_after_s));
    response_.content_length(answer.body.size());
    if (verb != http::verb::head) response_.body() = std::move(answer.body);
    stream_.expires_after(owner_.options.write_timeout);
    const unsigned status = answer.status;
    http::async_write(
        stream_, response_,
        [self = shared_from_this(), route, verb, status](error_code error, std::size_t) {
          self->owner_.count(route, verb, status, Clock::now() - self->began_);
          if (!error) self->finish();
        });
  }

  // Closing with input unread would reset the connection and could destroy the answer on its way.
  void finish() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    discard();
  }

  void discard() {
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](error_code error, std::size_t n) {
                              self->discarded_ += n;
                              if (!error && self->discarded_ < kDiscardMax) self->discard();
                            });
  }

  Impl& owner_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{16U << 10U};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
  std::list<std::weak_ptr<Connection>>::iterator place_;
  bool counted_ = false;
  Clock::time_point began_ = Clock::now();
  std::array<char, 1024> scrap_{};
  std::size_t discarded_ = 0;
};

// Empty when all is well, else why not.
std::string AdminServer::Impl::open() {
  if (options.host.empty()) return {};
  const std::string bracketed =
      options.host.find(':') == std::string::npos ? options.host : '[' + options.host + ']';
  const std::string shown = bracketed + ':' + std::to_string(options.port);
  error_code error;
  const auto address =
      asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  const tcp::endpoint endpoint(address, options.port);
  if (!error) acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (error)
    return bind_failure_text(shown, error.value(), "--metrics", "observability.metrics_addr");
  return {};
}

void AdminServer::Impl::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (error) {  // out of descriptors or the like: try again shortly, do not spin
      auto retry = std::make_shared<asio::steady_timer>(io, std::chrono::milliseconds(50));
      retry->async_wait([this, retry](error_code) { accept(); });
      return;
    }
    make_room();
    std::make_shared<Connection>(*this, std::move(socket))->start();
    accept();
  });
}

// When full, the oldest goes: an honest request is answered within milliseconds.
void AdminServer::Impl::make_room() {
  if (open_ones.size() < options.connections_max) return;
  if (const auto oldest = open_ones.front().lock()) oldest->stop();
}

void AdminServer::Impl::tick() {
  if (options.tick) options.tick();
  tick_timer.expires_after(options.tick_interval);
  tick_timer.async_wait([this](error_code error) {
    if (!error) tick();
  });
}

void AdminServer::Impl::count(std::string_view route, http::verb verb, unsigned status,
                              Clock::duration took) {
  static const std::vector<double> bounds = bucket_bounds(Metric::kRequestLatency);
  RequestStats& entry = stats[{route, method_label(verb)}];
  ++entry.by_status[status];
  entry.latency.counts.resize(bounds.size() + 1);
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t bucket = 0;
  while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
  ++entry.latency.counts[bucket];
  entry.latency.sum += seconds;
}

void AdminServer::Impl::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals belong to the main thread
  policy::Restarts restarts;
  SeedChoice jitter(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()));
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& fault) {
      const auto wait = restarts.died(runtime::monotonic_now(), jitter);
      if (options.failed) options.failed(fault.what(), wait.has_value());
      if (!wait) return;
      std::this_thread::sleep_for(*wait);
      asio::post(io, [this] { begin(); });
    }
  }
}

// Accepting and ticking, anew: a fault may have broken either chain.
void AdminServer::Impl::begin() {
  if (acceptor.is_open()) {
    error_code ignored;
    acceptor.cancel(ignored);
    accept();
  }
  tick_timer.cancel();
  tick();
}

std::expected<std::unique_ptr<AdminServer>, std::string> AdminServer::start(
    AdminOptions options, std::vector<AdminRoute> routes) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(routes));
  if (std::string why = impl->open(); !why.empty()) return std::unexpected(std::move(why));
  asio::post(impl->io, [raw = impl.get()] { raw->begin(); });
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  impl_->io.stop();
  impl_->thread.join();
}

std::uint16_t AdminServer::port() const { return impl_->port; }

void AdminServer::post(std::function<void()> job) { asio::post(impl_->io, std::move(job)); }

void AdminServer::fill(MetricsPage& page) const {
  for (const auto& [key, entry] : impl_->stats) {
    for (const auto& [status, count] : entry.by_status)
      page.set(Metric::kHttpRequests, {key.route, key.method, std::to_string(status)},
               static_cast<double>(count));
    page.set(Metric::kRequestLatency, {key.route, key.method}, entry.latency);
  }
  page.set(Metric::kInflightRequests, {"admin"}, static_cast<double>(impl_->open_ones.size()));
}

}  // namespace ron::ops
