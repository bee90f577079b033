// Watches a node while it works: /readyz ten times a second, /metrics once.
#pragma once

#include <functional>
#include <mutex>
#include <thread>

#include "admin.hpp"
#include "findings.hpp"

namespace ron::smoke {

/// The node's own account of itself at one time.
struct Sample {
  double cpu_seconds = 0, memory = 0, files = 0, files_limit = 0, shards = 0;
  double reloads = 0, reloads_failed = 0;
};
std::optional<Sample> take_sample(const AdminAddress& at);

class Watch {
 public:
  /// `lost`: publications lost so far by readers that want to keep up. Begins at once; samples
  /// count for trends only after the warm-up.
  Watch(AdminAddress at, const Plan& plan, std::chrono::steady_clock::time_point start,
        std::function<std::uint64_t()> lost);
  /// The last sample, and whether the last poll was green.
  std::optional<Sample> last() const;
  bool ready() const;
  Observed finish();

 private:
  void run(const std::stop_token& stop);
  void poll_readiness();
  void poll_metrics();
  double seconds() const;

  const AdminAddress at_;
  const Plan& plan_;
  const std::chrono::steady_clock::time_point start_;
  const std::function<std::uint64_t()> lost_;
  mutable std::mutex mutex_;
  Observed observed_;
  std::optional<Sample> last_;
  bool ready_ = true;
  std::jthread thread_;
};

}  // namespace ron::smoke
