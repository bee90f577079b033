// The daemon as a process of its own whose shards die: restarted, told, counted, and given up.
#include "svc/overlay/daemon.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "host/test_peer.hpp"
#include "svc/overlay/exit_codes.hpp"

namespace ron::svc {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using host::test::Peer;
using Json = nlohmann::json;

template <typename Condition>
bool soon(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

// A fault of the driver is all that can end a shard's thread; here it comes with every session.
std::expected<std::unique_ptr<host::Host>, std::string> start_frail_host(host::Settings settings) {
  settings.on_event = [tell = settings.on_event](const host::Event& event) {
    tell(event);
    if (event.kind == host::EventKind::kSessionOpened) throw std::runtime_error("out of luck");
  };
  return host::Host::start(std::move(settings));
}

transport::DialTarget target_of(const std::string& address) {
  return {.at = *transport::split_host_port(address), .unix_path = {}, .tls = {}};
}

/// svc-overlay in a child process, its log in a file.
class FrailDaemon {
 public:
  FrailDaemon() {
    std::string pattern = (fs::temp_directory_path() / "ron_daemon_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    directory_ = pattern;
    child_ = ::fork();
    if (child_ == 0) live();
  }
  ~FrailDaemon() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    fs::remove_all(directory_);
  }
  FrailDaemon(const FrailDaemon&) = delete;
  FrailDaemon& operator=(const FrailDaemon&) = delete;

  std::vector<Json> events(std::string_view name) const {
    std::vector<Json> found;
    std::ifstream file(log());
    for (std::string line; std::getline(file, line);) {
      Json entry = Json::parse(line, nullptr, false);
      if (entry.is_object() && entry.value("event", "") == name) found.push_back(std::move(entry));
    }
    return found;
  }

  /// Status and body of an admin path.
  std::pair<int, std::string> get(const std::string& path) const {
    Peer link(target_of(events("ready").at(0)["admin"]));
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
    if (!link.connected() || !link.send_raw(as_bytes(request))) return {};
    std::string text;
    std::array<std::uint8_t, 4096> room{};
    for (;;) {
      const transport::IoResult got = link.stream().read_into(room);
      text.append(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got.bytes));
      if (got.status == transport::IoStatus::kOk) continue;
      if (got.status != transport::IoStatus::kWouldBlock) break;
      if (!transport::wait_ready(link.stream(), false, 5s)) break;
    }
    return {text.size() > 12 ? std::atoi(text.substr(9, 3).c_str()) : 0, text};
  }

  /// Makes a shard die.
  void fell() const {
    Peer peer(target_of(events("ready").at(0)["listen"]));
    if (peer.connected()) static_cast<void>(peer.greet());
  }

  /// The exit code, once it ends by itself.
  std::optional<int> exit_code() {
    int status = 0;
    if (!soon([&] { return ::waitpid(child_, &status, WNOHANG) == child_; })) return std::nullopt;
    child_ = -1;
    return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
  }

  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(log()).rdbuf();
    return out.str();
  }

 private:
  fs::path log() const { return directory_ / "log"; }

  [[noreturn]] void live() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = ::open(log().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || ::dup2(fd, 2) < 0) ::_exit(kExitUsage);
    std::ofstream(directory_ / "node.toml") << "overlay.shards = 2\n";
    const auto parsed =
        parse_command_line({"--config", (directory_ / "node.toml").string(), "--bind",
                            "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json"});
    ::_exit(parsed ? run(*parsed, start_frail_host) : kExitUsage);
  }

  fs::path directory_;
  pid_t child_ = -1;
};

std::uint64_t milliseconds_of(const Json& event) {
  const std::string time = event["ts"];  // 2026-01-01T12:34:56.789Z
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<std::uint64_t>(std::atoi(time.substr(at, size).c_str()));
  };
  return ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1000 + number(20, 3);
}

/// From each death to the restart after it, in ms; midnight may lie between.
std::vector<std::uint64_t> waits(const FrailDaemon& daemon) {
  const auto died = daemon.events("child_died");
  const auto back = daemon.events("child_restarted");
  std::vector<std::uint64_t> out;
  constexpr std::uint64_t kDay = 86'400'000;
  for (std::size_t i = 0; i < back.size(); ++i)
    out.push_back((kDay + milliseconds_of(back[i]) - milliseconds_of(died[i])) % kDay);
  return out;
}

TEST(Supervision, a_shard_that_dies_is_restarted_and_in_the_end_given_up) {
  constexpr std::size_t kMost = 5;
  FrailDaemon daemon;
  ASSERT_TRUE(soon([&] { return daemon.events("ready").size() == 1; })) << daemon.text();
  ASSERT_TRUE(soon([&] { return daemon.get("/readyz").first == 200; }));
  for (std::size_t deaths = 1; deaths <= kMost; ++deaths) {
    SCOPED_TRACE(daemon.text());
    daemon.fell();
    ASSERT_TRUE(soon([&] { return daemon.events("child_died").size() == deaths; }));
    EXPECT_EQ(daemon.events("child_died").back()["message"], "out of luck");
    ASSERT_TRUE(soon([&] { return daemon.events("not_ready").size() == deaths; }));
    EXPECT_EQ(daemon.events("not_ready").back()["missing"], "listeners_bound");
    // The last wait, of 800 ms at least, is long enough to be seen from outside in any case.
    if (deaths == kMost) {
      const auto [status, body] = daemon.get("/readyz");
      EXPECT_EQ(status, 503);
      EXPECT_NE(body.find("listeners_bound"), std::string::npos) << body;
    }
    ASSERT_TRUE(soon([&] { return daemon.events("child_restarted").size() == deaths; }));
    ASSERT_TRUE(soon([&] { return daemon.get("/readyz").first == 200; }));
    const std::string metrics = daemon.get("/metrics").second;
    const std::string counted = "\nservice_restarts_total " + std::to_string(deaths) + "\n";
    EXPECT_NE(metrics.find(counted), std::string::npos) << metrics;
  }
  daemon.fell();
  EXPECT_EQ(daemon.exit_code(), kExitFailure);
  EXPECT_EQ(daemon.events("child_died").size(), kMost + 1);
  ASSERT_EQ(daemon.events("fatal").size(), 1U) << daemon.text();
  EXPECT_EQ(daemon.events("fatal")[0]["message"], "shards die again and again");
  // Each wait is at least half its step, and the step doubles from 100 ms on (requirement B5).
  const auto waited = waits(daemon);
  ASSERT_EQ(waited.size(), kMost);
  for (std::size_t i = 0; i < waited.size(); ++i)
    EXPECT_GE(waited[i] + 1, 50U << i) << "restart " << i + 1;
}

}  // namespace
}  // namespace ron::svc
