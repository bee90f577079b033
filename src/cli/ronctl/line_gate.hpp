// So many lines a second, and how many were not shown.
#pragma once

#include <chrono>
#include <cstdint>

namespace ron::cli {

/// Shows the first lines of each second and counts the others.
class LineGate {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// `rate` lines a second; 0: all.
  explicit LineGate(std::uint64_t rate) : rate_(rate) {}

  /// Lines hidden in a second that is over; call it before `pass`, and now and then.
  std::uint64_t hidden(Instant now) {
    if (now - began_ < std::chrono::seconds(1)) return 0;
    began_ = now;
    shown_ = 0;
    return rest();
  }

  /// True when this line may be shown.
  bool pass() {
    if (rate_ == 0 || shown_ < rate_) {
      ++shown_;
      return true;
    }
    ++hidden_;
    return false;
  }

  /// Lines hidden and not told yet.
  std::uint64_t rest() {
    const std::uint64_t count = hidden_;
    hidden_ = 0;
    return count;
  }

 private:
  std::uint64_t rate_;
  std::uint64_t shown_ = 0;
  std::uint64_t hidden_ = 0;
  Instant began_{};
};

}  // namespace ron::cli
