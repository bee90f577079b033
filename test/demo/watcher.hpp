// Subscribers of the demo, and the ledger that both ends keep.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <ron/ron.hpp>

#include "base/blake3.hpp"

namespace ron::demo {

/// What went through one topic: the digest covers the length and the bytes of each message, in
/// order, so that a lost, repeated, swapped, cut or changed one shows.
class Tally {
 public:
  void add(std::string_view data);
  std::uint64_t messages() const { return messages_; }
  std::uint64_t bytes() const { return bytes_; }
  Digest256 digest() const { return hash_.digest(); }

 private:
  Blake3 hash_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Tallies by topic. Not thread-safe.
using Ledger = std::map<std::string, Tally, std::less<>>;

/// A fast subscriber: a session of its own that counts as it receives.
class Watcher {
 public:
  Watcher(std::string name, std::vector<std::string> patterns, const sdk::Options& options);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& patterns() const { return patterns_; }
  bool matches(std::string_view topic) const;

  // While it runs, from any thread.
  std::uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t lagged() const { return client_.counters().lagged; }
  const sdk::SessionInfo& info() const { return info_; }

  /// Ends the session; then the ledger stands.
  const Ledger& finish();

 private:
  std::string name_;
  std::vector<std::string> patterns_;
  Ledger ledger_;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  sdk::Client client_;
  sdk::SessionInfo info_;
  sdk::Subscription subscription_;
};

/// The slow one: takes a message now and then, so the node has to drop for it.
class SlowWatcher {
 public:
  SlowWatcher(std::vector<std::string> patterns, std::chrono::milliseconds pause,
              const sdk::Options& options);
  ~SlowWatcher();

  std::uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t lagged() const { return client_.counters().lagged; }
  /// From now on it takes what is there without pausing.
  void hurry() { hurry_ = true; }
  /// No message came before one that was published earlier on its topic.
  bool in_order() const { return in_order_; }

 private:
  void run(const std::stop_token& stop);
  sdk::Client client_;
  sdk::MessageQueue queue_;
  const std::chrono::milliseconds pause_;
  std::map<std::string, std::uint64_t> last_;  // number of the last message by topic
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> hurry_ = false;
  std::atomic<bool> in_order_ = true;
  std::jthread thread_;
};

/// A client, or std::runtime_error.
sdk::Client connect(const sdk::Options& options);

/// Does a pattern of the protocol match?
bool pattern_matches(std::string_view pattern, std::string_view topic);

}  // namespace ron::demo
