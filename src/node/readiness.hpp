// Is it safe to send writes to this node? Computed from facts, so that /readyz cannot lie
// (requirements B8, C47, C78, C79).
//
// A gate with a watermark turns red when its fact stays at or above the high mark for the whole
// window, and green again as soon as it is below the low mark. The others follow their fact at
// once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "mesh/membership.hpp"

namespace ron::node {

using namespace std::chrono_literals;

struct ReadinessFacts {
  bool listeners_bound = false;
  bool metrics_bound = false;
  bool cfg_loaded = false;
  bool draining = false;
  bool certificate_ok = true;       // readable and not expired, where TLS is on
  bool pq_ready = true;             // hybrid available, where pq_mode wants it
  std::uint32_t queue_percent = 0;  // fullest of the node's queue budgets
  std::uint64_t published = 0;      // running totals: publications accepted ...
  std::uint64_t shed = 0;           // ... and publications the node itself shed (not slow readers)
  bool mesh_ok = true;              // a link is up, where peers are configured
  std::uint32_t fd_percent = 0;     // open file descriptors of the limit
};

struct ReadinessLimits {
  Duration window = 30s;
  std::uint32_t queue_high = 90, queue_low = 75;  // percent
  std::uint32_t shed_high = 10, shed_low = 1;     // percent of publications
  std::uint32_t fd_high = 95, fd_low = 90;        // percent
};

/// The mesh gate: a link is up, where peers are configured.
inline bool mesh_ok(bool peers_configured, const mesh::MembershipStats& stats) {
  return !peers_configured || stats.active + stats.leaves > 0;
}

class ReadinessJudge {
 public:
  explicit ReadinessJudge(const ReadinessLimits& limits) : limits_(limits) {}

  /// Facts as of `now`; at least a few times a second, so that a cause shows within one.
  void observe(const ReadinessFacts& facts, Instant now);

  bool ready() const { return observed_ && missing_.empty(); }
  /// Not ready, but was before: a node that starts or drains is not "degraded".
  bool degraded() const { return was_ready_ && !ready() && !facts_.draining; }
  /// Names of the gates that are red, in a fixed order.
  const std::vector<std::string_view>& missing() const { return missing_; }

 private:
  /// A value against two marks, over time.
  struct Gate {
    bool red = false;
    Instant above_since = Instant::never();
    void observe(std::uint32_t value, std::uint32_t high, std::uint32_t low, Duration window,
                 Instant now);
  };
  std::uint32_t shed_percent(const ReadinessFacts& facts) const;

  ReadinessLimits limits_;
  ReadinessFacts facts_;
  Gate queues_;
  Gate sheds_;
  Gate fds_;
  std::vector<std::string_view> missing_;
  bool observed_ = false;
  bool was_ready_ = false;
};

}  // namespace ron::node
