// The sender's side of a rate limit: stays inside the other side's token bucket without seeing it.
//
// The other side holds one second's worth and judges by its own clock when frames arrive, so a
// sender that used the whole burst would lose frames whenever the way between them bunches them up.
// This one saves up at most a quarter of a second and runs 1/128 slower than the limit allows;
// what remains is the margin for jitter and for clocks that drift (OAP-5.25).
//
// Invariant: in every span t at most rate * t + rate / 4 + 1 frames are granted.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace ron::session {

class Pacer {
 public:
  /// No limit.
  Pacer() = default;

  /// `rate` a second; 0 = no limit (OAP-3.13).
  Pacer(std::uint64_t rate, Instant now);

  /// May one go now?
  bool ready(Instant now) const { return interval_ == Duration{0} || next_ <= now + burst_; }

  /// One goes now; only when ready.
  void take(Instant now);

  /// When `count` could go one straight after the other, if none goes before.
  Instant ready_at(std::uint64_t count) const;

  /// A sensible number to wait for at once, so that a sender does not wake for every frame.
  std::uint64_t batch() const;

 private:
  Duration interval_{0};  // 0 = no limit
  Duration burst_{0};
  Instant next_;  // when the next would be due at an even pace
};

}  // namespace ron::session
