// The handshake between a thread that goes to sleep and threads that bring it work.
//
//   sleeper:  look for work; prepare_sleep(); false -> look again, true -> sleep; woke()
//   others:   publish the work; notify() -> true: this caller must ring the sleeper's bell
//
//   kAwake -> (prepare_sleep) -> kAsleep -> (notify) -> kNotified -> (woke) -> kAwake
//      \---- (notify) ----> kNotified -> (prepare_sleep: false) -> kAwake
//
// Every step exchanges the one state, so the steps have one order: work published before a notify
// that comes first is seen by the sleeper's next look, and a notify that comes after finds kAsleep
// and rings. No wake-up is lost, and the bell (an eventfd) rings only for a sleeper.
#pragma once

#include <cstdint>

#include "runtime/sync.hpp"

namespace ron::runtime {

template <typename Sync = StdSync>
class Wakeup {
 public:
  /// Sleeper. False: somebody notified since the last look, so look again instead of sleeping.
  bool prepare_sleep() {
    if (state_.exchange(kAsleep, std::memory_order_acq_rel) != kNotified) return true;
    state_.exchange(kAwake, std::memory_order_acq_rel);
    return false;
  }

  /// Sleeper, when it goes on for whatever reason.
  void woke() { state_.exchange(kAwake, std::memory_order_acq_rel); }

  /// Anybody, after publishing work. True when the sleeper sleeps and must be rung.
  bool notify() { return state_.exchange(kNotified, std::memory_order_acq_rel) == kAsleep; }

 private:
  enum State : std::uint8_t { kAwake, kAsleep, kNotified };
  typename Sync::template Atomic<std::uint8_t> state_{kAwake};
};

}  // namespace ron::runtime
