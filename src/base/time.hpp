// Time as an argument.
//
// Core machines never read a clock. An Instant is an offset from an origin that the driver picks
// (the start of the process, or of a simulated world); a Duration is a span between two. Wall time
// is another type and only enters where the wire carries it.
#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace ron {

using Duration = std::chrono::nanoseconds;

/// A point in monotonic time, nanoseconds since the driver's origin.
class Instant {
 public:
  constexpr Instant() = default;
  constexpr explicit Instant(Duration since_origin) : since_origin_(since_origin) {}

  /// The deadline of something that waits for nothing.
  static constexpr Instant never() { return Instant(Duration::max()); }

  constexpr Duration since_origin() const { return since_origin_; }
  constexpr bool is_never() const { return since_origin_ == Duration::max(); }

  friend constexpr auto operator<=>(Instant, Instant) = default;

  /// Saturates at never(), so that a deadline of "never" stays one.
  friend constexpr Instant operator+(Instant at, Duration d) {
    if (at.is_never() || d > Duration::max() - at.since_origin_) return never();
    return Instant(at.since_origin_ + d);
  }
  friend constexpr Duration operator-(Instant a, Instant b) {
    return a.since_origin_ - b.since_origin_;
  }

 private:
  Duration since_origin_{0};
};

/// Seconds since the Unix epoch, as publications carry it.
struct WallTime {
  std::uint64_t seconds = 0;
};

constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace ron
