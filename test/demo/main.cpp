// ron-demo: the main job on real input, with proof. See README.md.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

#include "cli/common/child.hpp"
#include "config/quantity.hpp"
#include "feed.hpp"
#include "table.hpp"
#include "watcher.hpp"

namespace ron::demo {
namespace {

using namespace std::chrono_literals;
using cli::Child;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kAheadBytes = 1U << 20U;
constexpr std::uint64_t kAheadMessages = 4096;
constexpr auto kHardEnd = 47s;

struct Arguments {
  std::chrono::milliseconds time{15'000};
  std::string repository = ".";
};

std::string hex(const Digest256& digest) {
  std::string text;
  std::array<char, 3> byte{};
  for (const std::uint8_t value : digest) {
    std::snprintf(byte.data(), byte.size(), "%02x", value);
    text += byte.data();
  }
  return text;
}

class Demo {
 public:
  explicit Demo(Arguments arguments)
      : arguments_(std::move(arguments)), tools_(cli::own_directory()) {}

  int run() {
    start_node();
    sources_ = real_sources(arguments_.repository);
    for (const Source& source : sources_) {
      std::printf("source  %-28s %8.2f MB %s  %s\n", source.topic.c_str(),
                  static_cast<double>(source.content.size()) / 1e6,
                  source.lines ? "line by line  " : "64 KiB blocks ", source.what.c_str());
    }
    subscribe();
    stream();
    return prove() ? 0 : 1;
  }

 private:
  void start_node() {
    const std::string tls = temp_.path() + "/tls";
    Child init({tools_ + "/ronctl", "tls", "init", tls}, temp_.path() + "/tls.log");
    if (init.wait() != 0) throw std::runtime_error("ronctl tls init failed");
    const std::string log = temp_.path() + "/node.log";
    node_ = std::make_unique<Child>(
        std::vector<std::string>{tools_ + "/svc-overlay", "--bind", "127.0.0.1:0", "--metrics",
                                 "127.0.0.1:0", "--pq", "require", "--log-format", "json", "--tls",
                                 "true", "--tls-cert", tls + "/node.pem", "--tls-key",
                                 tls + "/node.key", "--tls-client-ca", tls + "/ca.pem",
                                 "--tls-require-client-cert", "true"},
        log);
    options_.url = "rons://" + cli::wait_ready(*node_, log, 10s).listen;
    options_.ca_path = tls + "/ca.pem";
    options_.cert_path = tls + "/client.pem";
    options_.key_path = tls + "/client.key";
    options_.hybrid = sdk::Hybrid::kRequire;
    options_.reconnect = false;
    options_.agent = "ron-demo";
  }

  void subscribe() {
    const auto add = [this](const char* name, std::vector<std::string> patterns) {
      watchers_.push_back(std::make_unique<Watcher>(name, std::move(patterns), options_));
    };
    add("all", {"demo/**"});
    add("lines", {"demo/lines/**", "demo/*/packages"});
    add("blocks", {"demo/blocks/*", "demo/**"});
    sdk::Options small = options_;
    small.window = 128U * 1024;  // so that its losses show while it runs
    slow_ = std::make_unique<SlowWatcher>(std::vector<std::string>{"demo/**"}, 2ms, small);
    const sdk::SessionInfo& info = watchers_.front()->info();
    std::printf("node    %s, TLS with %s, %s\n\n", options_.url.c_str(), info.group.c_str(),
                info.cipher.c_str());
    if (!info.hybrid) throw std::runtime_error("the channel is not hybrid");
  }

  // The fast ones are fast by agreement: the feed waits for them, never for the slow one.
  bool keeps_up() const {
    const auto& first = *watchers_.front();
    const auto& twin = *watchers_.back();
    const std::uint64_t seen = std::min(first.messages(), twin.messages());
    const std::uint64_t seen_bytes = std::min(first.bytes(), twin.bytes());
    return messages() - std::min(messages(), seen) < kAheadMessages &&
           bytes() - std::min(bytes(), seen_bytes) < kAheadBytes;
  }

  std::uint64_t messages() const {
    std::uint64_t sum = 0;
    for (const auto& feed : feeds_) sum += feed ? feed->messages() : 0;
    return sum;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& feed : feeds_) sum += feed ? feed->bytes() : 0;
    return sum;
  }

  void stream() {
    std::vector<const Source*> lines;
    std::vector<const Source*> blocks;
    for (const Source& source : sources_) (source.lines ? lines : blocks).push_back(&source);
    const auto ready = [this] { return ready_.load() && keeps_up(); };
    if (!lines.empty()) feeds_.push_back(std::make_unique<Feed>(lines, options_, ready));
    if (!blocks.empty()) feeds_.push_back(std::make_unique<Feed>(blocks, options_, ready));
    ready_ = true;
    Table table(::isatty(STDOUT_FILENO) != 0);
    const auto end = start_ + arguments_.time;
    const auto passed = [this] {
      return std::ranges::all_of(feeds_, [](const auto& feed) { return feed->passes() > 0; });
    };
    while (Clock::now() < end || !passed()) {
      check_time();
      table.draw(rows());
      std::this_thread::sleep_for(50ms);  // lint: allow(sleep)
    }
    for (auto& feed : feeds_) feed->finish();
    slow_->hurry();
    while (!settled()) {
      check_time();
      table.draw(rows());
      std::this_thread::sleep_for(10ms);  // lint: allow(sleep)
    }
    table.draw(rows(), true);
  }

  void check_time() {
    if (Clock::now() - start_ < kHardEnd) return;
    for (auto& feed : feeds_) feed->abandon();
    throw std::runtime_error("not everything was accounted for in time");
  }

  std::uint64_t expected(const Watcher& watcher) const {
    std::uint64_t sum = 0;
    for (const auto& feed : feeds_) {
      for (const auto& [topic, tally] : feed->ledger()) {
        if (watcher.matches(topic)) sum += tally.messages();
      }
    }
    return sum;
  }

  bool settled() const {
    for (const auto& watcher : watchers_) {
      if (watcher->messages() + watcher->lagged() < expected(*watcher)) return false;
    }
    return slow_->messages() + slow_->lagged() >= messages();
  }

  std::vector<Row> rows() const {
    std::vector<Row> rows;
    rows.push_back({"published", "", messages(), bytes(), 0});
    for (const auto& watcher : watchers_) {
      std::string patterns;
      for (const std::string& pattern : watcher->patterns()) patterns += pattern + " ";
      rows.push_back(
          {watcher->name(), patterns, watcher->messages(), watcher->bytes(), watcher->lagged()});
    }
    rows.push_back(
        {"slow", "demo/** (2 ms a message)", slow_->messages(), slow_->bytes(), slow_->lagged()});
    return rows;
  }

  bool prove() {
    Ledger sent;
    bool good = true;
    for (const auto& feed : feeds_) {
      for (const auto& [topic, tally] : feed->ledger()) sent.emplace(topic, tally);
      good = good && feed->refused() == 0;
    }
    std::printf("\nproof (BLAKE3 over length and bytes of every message, in order)\n");
    std::vector<const Ledger*> ledgers;
    for (const auto& watcher : watchers_) ledgers.push_back(&watcher->finish());
    for (const auto& [topic, tally] : sent) {
      std::string verdicts;
      for (std::size_t i = 0; i < watchers_.size(); ++i) {
        good = judge(*watchers_[i], *ledgers[i], topic, tally, verdicts) && good;
      }
      std::printf("  %-28s %8llu messages  b3:%.16s...%s\n", topic.c_str(),
                  static_cast<unsigned long long>(tally.messages()), hex(tally.digest()).c_str(),
                  verdicts.c_str());
    }
    return prove_slow(good);
  }

  static bool judge(const Watcher& watcher, const Ledger& ledger, const std::string& topic,
                    const Tally& tally, std::string& verdicts) {
    const auto at = ledger.find(topic);
    const bool wanted = watcher.matches(topic);
    const bool right =
        wanted ? at != ledger.end() && at->second.digest() == tally.digest() : at == ledger.end();
    verdicts += "  " + watcher.name() + ":" + (right ? (wanted ? "equal" : "-") : "DIFFERENT");
    return right;
  }

  bool prove_slow(bool good) {
    const std::uint64_t lost = messages() - slow_->messages();
    const bool exact = lost == slow_->lagged();
    const bool was_slow = lost > 0;
    std::printf("  slow: published %llu, received %llu, lost %llu, told as lagged %llu: %s%s\n",
                static_cast<unsigned long long>(messages()),
                static_cast<unsigned long long>(slow_->messages()),
                static_cast<unsigned long long>(lost),
                static_cast<unsigned long long>(slow_->lagged()), exact ? "equal" : "DIFFERENT",
                slow_->in_order() ? ", in order" : ", OUT OF ORDER");
    if (!was_slow) std::printf("  slow: lost nothing, so it proves nothing\n");
    good = good && exact && was_slow && slow_->in_order();
    const int code = node_->stop();
    if (code != 0) std::printf("  the node ended with code %d\n", code);
    good = good && code == 0;
    const std::chrono::duration<double> time = Clock::now() - start_;
    std::printf("\n%s in %.1f s: %llu messages, %.1f MB published\n", good ? "PROVEN" : "FAILED",
                time.count(), static_cast<unsigned long long>(messages()),
                static_cast<double>(bytes()) / 1e6);
    return good;
  }

  const Arguments arguments_;
  const std::string tools_;
  const Clock::time_point start_ = Clock::now();
  cli::TempDir temp_;
  std::unique_ptr<Child> node_;
  sdk::Options options_;
  std::vector<Source> sources_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::unique_ptr<SlowWatcher> slow_;
  std::atomic<bool> ready_ = false;
  std::vector<std::unique_ptr<Feed>> feeds_;
};

int usage() {
  std::fputs(
      "usage: ron-demo [--time 15s] [--repository DIR]\n"
      "Streams real files of this machine through a node with quantum-safe TLS and proves that\n"
      "nothing was lost, or that every loss was told. Ends by itself within 50 s; code 1 on a\n"
      "mismatch.\n",
      stderr);
  return 2;
}

}  // namespace
}  // namespace ron::demo

int main(int argc, char** argv) {
  ron::demo::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (i + 1 == argc) return ron::demo::usage();
    const std::string value = argv[++i];
    if (word == "--time") {
      const auto time = ron::config::parse_duration(value);
      if (!time || *time > std::chrono::seconds(35)) return ron::demo::usage();
      arguments.time = *time;
    } else if (word == "--repository") {
      arguments.repository = value;
    } else {
      return ron::demo::usage();
    }
  }
  try {
    return ron::demo::Demo(std::move(arguments)).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ron-demo: %s\n", error.what());
    return 1;
  }
}
