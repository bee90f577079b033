// How often a supervised part may be started again (requirement B5): jittered waits from 100 ms to
// 2 s, at most 5 in a row; a part that has lived for a minute starts the count anew.
#pragma once

#include <cstdint>
#include <optional>

#include "policy/backoff.hpp"

namespace ron::policy {

class Restarts {
 public:
  static constexpr unsigned kMost = 5;
  static constexpr Duration kCalm = std::chrono::minutes(1);

  Restarts()
      : backoff_({.first = std::chrono::milliseconds(100), .most = std::chrono::seconds(2)}) {}

  /// It died: how long to wait before it is started again; nothing when it is given up.
  std::optional<Duration> died(Instant now, Choice& choice) {
    if (now - last_ >= kCalm) {
      row_ = 0;
      backoff_.reset();
    }
    last_ = now;
    if (++row_ > kMost) return std::nullopt;
    return backoff_.next(choice);
  }

 private:
  Backoff backoff_;
  Instant last_;
  unsigned row_ = 0;
};

}  // namespace ron::policy
