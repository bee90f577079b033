// A bounded ring of values from one thread to one other.
//
// One producer calls push and wait_for_room, one consumer calls pop and producer_waits. A push
// publishes the value with release, a pop takes it with acquire, so whatever the producer wrote
// before is visible after. Never drops: a full ring refuses, and the refused value stays with the
// producer.
//
// Who finds the ring full calls wait_for_room; the consumer asks producer_waits after it has popped
// and then wakes the producer. Both exchange the same flag, so one of the two sees the other:
//   producer's exchange last  -> it sees the pops, and wait_for_room says there is room
//   consumer's exchange last  -> it sees the flag, and wakes the producer
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "runtime/sync.hpp"

namespace ron::runtime {

template <typename T, typename Sync = StdSync>
class SpscRing {
 public:
  /// Room for exactly `capacity` values, at least 1.
  explicit SpscRing(std::size_t capacity) : slots_(capacity) { RON_CHECK(capacity > 0); }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // ---- producer --------------------------------------------------------------------------------

  /// False when there is no room; `value` is then untouched.
  bool push(T&& value) {
    if (!has_room()) return false;
    slots_[write_at_] = std::move(value);
    write_at_ = next(write_at_);
    pushed_.store(++pushed_local_, std::memory_order_release);
    return true;
  }

  bool has_room() {
    if (pushed_local_ - popped_seen_ < slots_.size()) return true;
    popped_seen_ = popped_.load(std::memory_order_acquire);
    return pushed_local_ - popped_seen_ < slots_.size();
  }

  /// Asks to be woken once there is room. True when there is room already.
  bool wait_for_room() {
    waits_.exchange(true, std::memory_order_acq_rel);
    return has_room();
  }

  // ---- consumer --------------------------------------------------------------------------------

  std::optional<T> pop() {
    if (empty()) return std::nullopt;
    std::optional<T> value(std::move(slots_[read_at_]));
    read_at_ = next(read_at_);
    popped_.store(++popped_local_, std::memory_order_release);
    return value;
  }

  bool empty() {
    if (popped_local_ != pushed_seen_) return false;
    pushed_seen_ = pushed_.load(std::memory_order_acquire);
    return popped_local_ == pushed_seen_;
  }

  /// After popping: true when the producer asked to be woken since the last call.
  bool producer_waits() { return waits_.exchange(false, std::memory_order_acq_rel); }

 private:
  static constexpr std::size_t kLine = 64;  // bytes that two cores should not write both

  std::size_t next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  std::vector<T> slots_;
  alignas(kLine) typename Sync::template Atomic<std::size_t> pushed_{0};
  std::size_t pushed_local_ = 0;  // the producer's: these three lie on its line
  std::size_t write_at_ = 0;
  std::size_t popped_seen_ = 0;
  alignas(kLine) typename Sync::template Atomic<std::size_t> popped_{0};
  std::size_t popped_local_ = 0;  // the consumer's
  std::size_t read_at_ = 0;
  std::size_t pushed_seen_ = 0;
  alignas(kLine) typename Sync::template Atomic<bool> waits_{false};
};

}  // namespace ron::runtime
