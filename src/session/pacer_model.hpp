// The other side's token bucket as the protocol describes it, in the most obvious way: for tests.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ron::session {

class BucketTwin {
 public:
  explicit BucketTwin(std::uint64_t rate)
      : rate_(static_cast<double>(rate)), level_(static_cast<double>(rate)) {}

  bool take(Instant now) {
    level_ = std::min(rate_, level_ + rate_ * to_seconds(now - last_));
    last_ = now;
    if (level_ < 1.0 - 1e-6) return false;
    level_ -= 1.0;
    return true;
  }

 private:
  double rate_;
  double level_;
  Instant last_;
};

}  // namespace ron::session
