// Thins out events that repeat: the first few of a window are written, then one in N, with the
// count of those left out. Counters elsewhere count every one. Pure; bounded by construction.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "ops/events.hpp"

namespace ron::ops {

class LogSampler {
 public:
  static constexpr std::uint64_t kFirst = 10;   // written in each window
  static constexpr std::uint64_t kOneIn = 100;  // of the rest
  static constexpr Duration kWindow = std::chrono::seconds(10);

  /// Nothing when this one is to be left out; else how many equal ones were left out since the last
  /// that was written. Events differ by `event` and (approximately: 8 slots) by `reason`.
  std::optional<std::uint64_t> admit(Event event, std::string_view reason, Instant now);

 private:
  struct Slot {
    Instant window_end;
    std::uint64_t seen = 0;
    std::uint64_t suppressed = 0;
  };
  static constexpr std::size_t kSlots = 8;
  std::array<std::array<Slot, kSlots>, kEventCount> slots_{};
};

}  // namespace ron::ops
