// The load: publishers by schedule, readers that account for every publication.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include <ron/ron.hpp>

#include "findings.hpp"

namespace ron::smoke {

using Clock = std::chrono::steady_clock;

/// What went wrong, from any thread. Bounded: the first ones tell the story.
class Problems {
 public:
  void add(std::string text);
  std::vector<std::string> list() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> list_;
};

/// Makes sessions and measures how long that takes. Thread-safe.
class Connector {
 public:
  explicit Connector(sdk::Options options) : options_(std::move(options)) {}
  sdk::Result<sdk::Client> connect(std::uint64_t window = sdk::Options{}.window);
  Histogram times() const;

 private:
  const sdk::Options options_;
  mutable std::mutex mutex_;
  Histogram times_;
};

/// What everyone in a run knows.
struct Course {
  const Plan& plan;
  std::string root;  // topics are root/p0, root/p1 ...: one a publisher
  Connector& connector;
  Problems& problems;
  std::stop_token stop;

  std::string topic(unsigned publisher) const { return root + "/p" + std::to_string(publisher); }
};

/// As in Stamp::due_ns.
std::uint64_t nanoseconds_of(Clock::time_point at);

/// Sleeps; false when `stop` was requested before.
bool wait_until(Clock::time_point at, const std::stop_token& stop);

/// Sends at the times of the plan, however long the sending takes: an open loop.
class Publisher {
 public:
  /// Connects; throws cli::Failed.
  Publisher(const Course& course, unsigned index);
  void begin(Clock::time_point start);
  bool ended() const { return ended_; }
  /// Messages of a class that went out whole.
  std::uint64_t messages(Class of) const { return messages_[static_cast<std::size_t>(of)]; }
  /// Final once ended.
  Flow flow() const { return {sent_, refused_, bytes_}; }
  void close();

 private:
  void run();
  bool send(Class of, Clock::time_point due);
  bool renew();
  bool settle();

  const Course& course_;
  const unsigned index_;
  Clock::time_point start_;
  sdk::Client client_;
  std::string topic_;
  std::string data_;
  std::array<std::atomic<std::uint64_t>, kClasses> messages_{};
  std::atomic<std::uint64_t> sent_ = 0, refused_ = 0, bytes_ = 0;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

/// Counts and times what a reader gets. Thread-safe.
class Intake {
 public:
  struct Catch {
    std::array<Histogram, kClasses> latency;  // of whole messages
  };
  void take(std::string_view data);
  /// What came since the last call.
  Catch collect();
  std::uint64_t received() const { return received_; }
  std::uint64_t disorder() const;
  std::uint64_t gaps() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint16_t, Stream> streams_;
  Catch catch_;
  std::uint64_t foreign_ = 0;  // no publication of ours
  std::atomic<std::uint64_t> received_ = 0;
};

/// A session that reads some publishers; on purpose too slowly if `slow`.
class Reader {
 public:
  /// Connects and subscribes; throws cli::Failed.
  Reader(const Course& course, std::string name, std::vector<unsigned> sources, bool slow);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  const std::vector<unsigned>& sources() const { return sources_; }
  bool slow() const { return slow_; }
  Intake& intake() { return intake_; }
  std::uint64_t lagged() const { return client_.counters().lagged; }
  bool connected() const { return client_.connected(); }
  sdk::SessionInfo info() const { return client_.info(); }
  /// A slow one reads as fast as it can from here on.
  void hurry() { hurry_ = true; }
  Account account(std::uint64_t expected) const;
  void close();

 private:
  void read_slowly(const std::stop_token& stop);

  const std::string name_;
  const std::vector<unsigned> sources_;
  const bool slow_;
  const std::chrono::duration<double> pause_;  // between messages, if slow
  Intake intake_;
  std::atomic<bool> hurry_ = false;
  sdk::Client client_;
  sdk::Subscription subscription_;
  std::optional<sdk::MessageQueue> queue_;
  std::jthread thread_;
};

}  // namespace ron::smoke
