// A number that one thread counts and others may read at any time, without a lock on either side.
#pragma once

#include <cstdint>

#include "runtime/sync.hpp"

namespace ron::runtime {

template <typename Sync = StdSync>
class Counter {
 public:
  /// The one writer. A load and a store: no locked instruction.
  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  typename Sync::template Atomic<std::uint64_t> value_{0};
};

}  // namespace ron::runtime
