// Counts parties that must be done before somebody goes on: threads at stop, shards at drain,
// answers to a snapshot request. Every wait has a deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace ron::runtime {

class Gate {
 public:
  explicit Gate(unsigned awaited = 0) : awaited_(awaited) {}

  /// One more party to wait for.
  void expect(unsigned count = 1) {
    const std::scoped_lock lock(mutex_);
    awaited_ += count;
  }

  /// A party is done.
  void done() {
    const std::scoped_lock lock(mutex_);
    if (awaited_ > 0) --awaited_;
    if (awaited_ == 0) changed_.notify_all();
  }

  /// True when every party was done within `limit`.
  bool wait_for(std::chrono::nanoseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, std::chrono::steady_clock::now() + limit,
                               [this] { return awaited_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned awaited_;
};

}  // namespace ron::runtime
