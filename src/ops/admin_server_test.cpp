// The admin listener over real loopback sockets: schemas, refusals, slow and greedy clients.
#include "ops/admin_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "ops/process_facts.hpp"

namespace ron::ops {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool send(std::string_view text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Everything until the other side closes, or what came within the limit.
  std::string read_all(std::chrono::milliseconds limit = 5s) const {
    std::string out;
    const auto end = Clock::now() + limit;
    while (Clock::now() < end) {
      pollfd wait{fd_, POLLIN, 0};
      if (::poll(&wait, 1, 50) <= 0) continue;
      char buffer[4096];
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) {
        closed_ = true;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
  }
  bool closed() const { return closed_; }

 private:
  int fd_;
  mutable bool closed_ = false;
};

class Admin : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(AdminOptions options) {
    options.port = 0;
    options.tick_interval = 20ms;
    options.tick = [this] { ++ticks; };
    options.refused = [this](unsigned status, const std::string& path) {
      refusals.emplace_back(status, path);
    };
    auto made = AdminServer::start(
        std::move(options),
        {{"/healthz", [] { return healthz_answer(); }},
         {"/readyz", [this] { return readyz_answer(readiness); }},
         {"/metrics",
          [this] {
            MetricsPage page;
            server->fill(page);
            return metrics_answer(page.text());
          }},
         {"/version", [] {
            return version_answer(
                {"1.2.3", "abc", "2026-01-01", "OpenSSL 3.5", "00ff", "127.0.0.1:9500", {"tls"}});
          }}});
    ASSERT_TRUE(made.has_value()) << made.error();
    server = std::move(*made);
  }

  std::string ask(std::string_view request) const {
    const Socket socket(server->port());
    EXPECT_TRUE(socket.send(request));
    std::string answer = socket.read_all();
    EXPECT_TRUE(socket.closed());
    return answer;
  }
  std::string get(const std::string& path) const {
    return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  static int status(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
  }
  static std::string body(const std::string& answer) {
    const auto at = answer.find("\r\n\r\n");
    return at == std::string::npos ? "" : answer.substr(at + 4);
  }
  // Sets what the routes read, on their thread.
  void set_readiness(Readiness value) {
    std::atomic<bool> done = false;
    server->post([&] {
      readiness = std::move(value);
      done = true;
    });
    while (!done) std::this_thread::yield();
  }

  Readiness readiness;
  std::atomic<int> ticks = 0;
  std::vector<std::pair<unsigned, std::string>> refusals;
  std::unique_ptr<AdminServer> server;
};

TEST_F(Admin, healthz_is_alive) {
  const std::string answer = get("/healthz");
  EXPECT_EQ(status(answer), 200);
  EXPECT_EQ(Json::parse(body(answer)), Json::parse(R"({"alive":true})"));
  EXPECT_NE(answer.find("Content-Type: application/json"), std::string::npos);
  EXPECT_NE(answer.find("Cache-Control: no-store"), std::string::npos);
}

TEST_F(Admin, readyz_follows_the_schema) {
  set_readiness({.ready = false, .degraded = false, .missing = {"listeners_bound", "queues_ok"}});
  std::string answer = get("/readyz");
  EXPECT_EQ(status(answer), 503);
  EXPECT_NE(answer.find("Retry-After: 5\r\n"), std::string::npos);
  EXPECT_EQ(
      Json::parse(body(answer)),
      Json::parse(
          R"({"ready":false,"degraded":false,"missing":["listeners_bound","queues_ok"],"retry_after":5})"));
  set_readiness({.ready = true, .degraded = false, .missing = {}});
  answer = get("/readyz");
  EXPECT_EQ(status(answer), 200);
  EXPECT_EQ(Json::parse(body(answer)), Json::parse(R"({"ready":true})"));
  EXPECT_EQ(readyz_state({.ready = true, .degraded = false, .missing = {}}), 1);
  EXPECT_EQ(readyz_state({.ready = false, .degraded = true, .missing = {}}), 2);
  EXPECT_EQ(readyz_state({.ready = false, .degraded = false, .missing = {}}), 0);
}

TEST_F(Admin, version_names_what_runs) {
  const Json json = Json::parse(body(get("/version")));
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["git"], "abc");
  EXPECT_EQ(json["build"], "2026-01-01");
  EXPECT_EQ(json["features"], Json::parse(R"(["tls"])"));
}

TEST_F(Admin, metrics_count_the_listener_itself) {
  get("/healthz");
  get("/nothing");
  const std::string answer = get("/metrics");
  EXPECT_NE(answer.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(
      answer.find("http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 1\n"),
      std::string::npos);
  EXPECT_NE(answer.find("http_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1\n"),
            std::string::npos);
  EXPECT_NE(answer.find("request_latency_seconds_count{route=\"/healthz\",method=\"GET\"} 1\n"),
            std::string::npos);
}

TEST_F(Admin, head_has_the_length_and_no_body) {
  const std::string answer = ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status(answer), 200);
  EXPECT_NE(answer.find("Content-Length: 15\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body(answer), "");
}

TEST_F(Admin, a_query_is_ignored) { EXPECT_EQ(status(get("/healthz?verbose=1")), 200); }

TEST_F(Admin, refusals_are_json_with_the_right_status) {
  const auto refused = [&](const std::string& request, int expected) {
    const std::string answer = ask(request);
    EXPECT_EQ(status(answer), expected) << request << "\n" << answer;
    const Json json = Json::parse(body(answer), nullptr, false);
    EXPECT_TRUE(json.contains("code") && json.contains("message")) << answer;
    return answer;
  };
  for (const char* path :
       {"/", "/nothing", "/healthz/", "/../healthz", "/healthz/../readyz", "//healthz",
        "/%68ealthz", "/healthz%00", "http://evil/healthz", "*", "/etc/passwd"})
    refused("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n", 404);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"}) {
    const auto answer = refused(std::string(method) + " /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
  }
  refused("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 413);
  refused("GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413);
  refused("nonsense\r\n\r\n", 400);
  refused("GET /healthz HTTP/9.9\r\n\r\n", 400);
  refused("GET /healthz\x01 HTTP/1.1\r\n\r\n", 400);
  refused("GET /healthz HTTP/1.1\r\nBad Header\r\n\r\n", 400);
  refused("GET /healthz HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
  refused("GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 431);
  refused("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n", 431);
  EXPECT_EQ(status(get("/healthz")), 200);
}

TEST_F(Admin, refusals_are_reported) {
  get("/nothing");
  set_readiness({});  // the refusal ran on the same thread before
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0], (std::pair<unsigned, std::string>{404U, "/nothing"}));
}

TEST_F(Admin, a_large_body_is_refused_without_being_read) {
  const Socket socket(server->port());
  socket.send("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" +
              std::string(30'000, 'x'));
  EXPECT_EQ(status(socket.read_all()), 405);
}

TEST_F(Admin, a_header_split_at_every_byte_is_one_request) {
  const Socket socket(server->port());
  for (const char c : std::string_view("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
    socket.send({&c, 1});
  EXPECT_EQ(status(socket.read_all()), 200);
}

TEST_F(Admin, a_silent_client_is_closed_at_the_header_timeout) {
  server.reset();
  AdminOptions options;
  options.header_timeout = 150ms;
  start(std::move(options));
  const auto began = Clock::now();
  const Socket silent(server->port());
  const Socket half(server->port());
  half.send("GET /healthz HTTP/1.1\r\nHost:");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(silent.closed());
  half.read_all();
  EXPECT_TRUE(half.closed());
  EXPECT_LT(Clock::now() - began, 3s);
}

// One byte each 30 ms never completes a header: the deadline is for the whole of it.
TEST_F(Admin, dripping_does_not_extend_the_deadline) {
  server.reset();
  AdminOptions options;
  options.header_timeout = 200ms;
  start(std::move(options));
  const Socket slow(server->port());
  const auto began = Clock::now();
  while (slow.send("a") && Clock::now() - began < 5s) {
    if (!slow.read_all(30ms).empty() || slow.closed()) break;
  }
  EXPECT_TRUE(slow.closed());
  EXPECT_LT(Clock::now() - began, 3s);
}

TEST_F(Admin, many_slow_clients_do_not_lock_out_a_health_check) {
  std::vector<Socket> slow;
  for (int i = 0; i < 200; ++i) {
    slow.emplace_back(server->port());
    slow.back().send("GET /healthz HTTP/1.1\r\n");
  }
  const auto began = Clock::now();
  EXPECT_EQ(status(get("/healthz")), 200);
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_NE(get("/metrics").find("inflight_requests{route=\"admin\"} 64\n"), std::string::npos);
}

TEST_F(Admin, descriptors_come_back) {
  get("/healthz");
  const auto before = open_fd_count();
  for (int i = 0; i < 50; ++i) get(i % 2 == 0 ? "/healthz" : "/x");
  const auto end = Clock::now() + 5s;
  while (open_fd_count() > before && Clock::now() < end) std::this_thread::yield();
  EXPECT_LE(open_fd_count(), before);
}

TEST_F(Admin, ticks_and_stops_with_clients_attached) {
  const Socket idle(server->port());
  const auto end = Clock::now() + 5s;
  while (ticks < 3 && Clock::now() < end) std::this_thread::yield();
  EXPECT_GE(ticks, 3);
  server.reset();
  EXPECT_EQ(idle.read_all(), "");
}

TEST_F(Admin, a_taken_port_is_explained) {
  AdminOptions options;
  options.port = server->port();
  const auto second = AdminServer::start(std::move(options), {});
  ASSERT_FALSE(second.has_value());
  for (const std::string& part :
       {"127.0.0.1:" + std::to_string(server->port()), std::string("Address already in use"),
        std::string("ss -ltnp"), std::string("--metrics")})
    EXPECT_NE(second.error().find(part), std::string::npos) << second.error();
}

TEST(BindFailure, has_a_remedy_for_each_cause) {
  EXPECT_NE(bind_failure_text("127.0.0.1:80", EACCES, "--bind", "overlay.listen")
                .find("CAP_NET_BIND_SERVICE"),
            std::string::npos);
  EXPECT_NE(
      bind_failure_text("10.9.9.9:1", EADDRNOTAVAIL, "--bind", "overlay.listen").find("ip address"),
      std::string::npos);
  EXPECT_NE(bind_failure_text("[::1]:1", EAFNOSUPPORT, "--bind", "overlay.listen").find("IPv6"),
            std::string::npos);
}

TEST(AdminAnswers, strings_are_escaped) {
  EXPECT_EQ(json_string("a\"\n\xff"), "\"a\\\"\\n\xef\xbf\xbd\"");
}

// Faults of the thread's own work: it goes on after each of the first five, then says that it does
// not.
TEST(AdminSupervision, goes_on_after_a_fault) {
  std::atomic<int> ticks = 0;
  std::atomic<int> failures = 0;
  AdminOptions options;
  options.port = 0;
  options.tick_interval = std::chrono::milliseconds(5);
  options.tick = [&] {
    if (++ticks == 3) throw std::runtime_error("out of luck");
  };
  options.failed = [&](const std::string& why, bool goes_on) {
    EXPECT_EQ(why, "out of luck");
    EXPECT_TRUE(goes_on);
    ++failures;
  };
  auto server = AdminServer::start(options, {});
  ASSERT_TRUE(server.has_value()) << server.error();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (ticks < 8 && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 2);
  EXPECT_GE(ticks, 8) << "ticking goes on";
  EXPECT_EQ(failures, 1);
}

TEST(AdminSupervision, gives_up_in_the_end) {
  std::atomic<int> failures = 0;
  std::atomic<bool> gave_up = false;
  AdminOptions options;
  options.port = 0;
  options.tick = [] { throw std::runtime_error("always"); };
  options.failed = [&](const std::string&, bool goes_on) {
    ++failures;
    if (!goes_on) gave_up = true;
  };
  auto server = AdminServer::start(options, {});
  ASSERT_TRUE(server.has_value()) << server.error();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!gave_up && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 5);
  EXPECT_TRUE(gave_up);
  EXPECT_EQ(failures, 6) << "the first and five more";
}

}  // namespace
}  // namespace ron::ops
