// How long to wait before dialing again: doubling from `first` to `most`, each wait jittered over
// its upper half so that a crowd that lost its node together does not come back together.
//
// Invariant: every wait lies in [first / 2, most]. Nothing here reads a clock.
#pragma once

#include "base/choice.hpp"
#include "base/time.hpp"

namespace ron::policy {

struct BackoffLimits {
  Duration first = std::chrono::milliseconds(100);
  Duration most = std::chrono::seconds(10);
};

class Backoff {
 public:
  explicit Backoff(const BackoffLimits& limits) : limits_(limits), step_(limits.first) {}

  /// The next wait; the one after it is twice as long on average, up to the most.
  Duration next(Choice& choice);

  /// A connection held: the next wait is a short one again.
  void reset() { step_ = limits_.first; }

 private:
  BackoffLimits limits_;
  Duration step_;
};

}  // namespace ron::policy
