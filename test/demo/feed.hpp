// Sources of the demo, and the publishers that stream them.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <ron/ron.hpp>

#include "watcher.hpp"

namespace ron::demo {

struct Source {
  std::string topic;
  std::string what;  // for people
  std::string content;
  bool lines = true;  // else blocks of 64 KiB
};

/// The package database, readable logs, and the history of the repository at `repository`.
std::vector<Source> real_sources(const std::string& repository);

/// Publishes its sources again and again, in whole passes, on a thread and session of its own.
class Feed {
 public:
  /// `may_go` says whether the fast subscribers keep up; asked before each message.
  Feed(std::vector<const Source*> sources, const sdk::Options& options,
       std::function<bool()> may_go);

  ~Feed() { abandon(); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  std::uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t passes() const { return passes_.load(std::memory_order_relaxed); }
  const std::string& topics() const { return topics_; }

  /// Ends after the current message (but not before one whole pass) and waits until the node has
  /// taken everything; then the ledger stands. Throws what went wrong.
  void finish();
  void abandon() { stop_ = abandoned_ = true; }
  const Ledger& ledger() const { return ledger_; }
  std::uint64_t refused() const { return client_.counters().refused; }

 private:
  void run();
  bool pass(const Source& source);
  bool send(const std::string& topic, std::string_view data);

  std::vector<const Source*> sources_;
  sdk::Client client_;
  std::function<bool()> may_go_;
  std::string topics_;
  Ledger ledger_;
  std::string error_;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> passes_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> abandoned_ = false;
  std::jthread thread_;
};

}  // namespace ron::demo
