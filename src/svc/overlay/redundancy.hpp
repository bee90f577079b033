// How much of what peers send was sent before: relative message redundancy over a window, which is
// 0 where every message comes once and 1 where each comes twice.
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.hpp"

namespace ron::svc {

class Redundancy {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(60);

  /// Running totals as of `now`: relay frames that came, and messages among them that were new.
  void observe(std::uint64_t received, std::uint64_t delivered, Instant now);

  /// 0 while nothing new came.
  double value() const;

 private:
  static constexpr Duration kEvery = std::chrono::seconds(1);
  struct Sample {
    Instant at;
    std::uint64_t received = 0, delivered = 0;
  };
  std::deque<Sample> samples_;  // one a second of the window, and the latest
};

}  // namespace ron::svc
