// A rate limit that holds one second's worth of tokens (docs/OAP-1.md section 5; OAP-5.23).
//
// The level is kept as whole tokens and billionths of one, so refilling is exact: no rounding is
// lost between calls however often they come. Invariants: level <= rate; in every window of t
// seconds at most rate * t + rate tokens are taken. Time that stands still or steps back refills
// nothing.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace ron::policy {

class TokenBucket {
 public:
  /// A full bucket. Rate 0 means no limit (OAP-3.13): everything is granted, nothing is counted.
  TokenBucket(std::uint64_t rate_per_second, Instant now)
      : rate_(rate_per_second), whole_(rate_per_second), last_(now) {}

  /// Takes `n` tokens, or none and returns false when fewer are there. More than one second's worth
  /// is never granted at once; 0 always is.
  bool take(std::uint64_t n, Instant now);

  /// How many could be taken now; all there are when there is no limit.
  std::uint64_t available(Instant now);

  /// The shortest time after which take(n) would succeed if nobody else took any: zero when it
  /// would now, Duration::max() when it never will because `n` exceeds the rate.
  Duration wait_for(std::uint64_t n, Instant now) const;

  /// Tokens a second; 0 is no limit.
  std::uint64_t rate() const { return rate_; }

  /// Changes the rate from `now` on. What was saved up stays, cut to the new second's worth; a
  /// bucket that had no limit starts full.
  void set_rate(std::uint64_t rate_per_second, Instant now);

 private:
  void refill(Instant now);

  std::uint64_t rate_;
  std::uint64_t whole_;           // whole tokens, at most rate_
  std::uint64_t billionths_ = 0;  // of one more token; 0 when the bucket is full
  Instant last_;                  // up to when the level counts
};

}  // namespace ron::policy
