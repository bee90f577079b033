// Where the concurrent pieces get their atomics from.
//
// Each piece is a template over Sync. Production uses StdSync; the interleaving test passes a Sync
// whose every operation is a point at which another thread may go on, and walks through all orders.
#pragma once

#include <atomic>

namespace ron::runtime {

struct StdSync {
  template <typename T>
  using Atomic = std::atomic<T>;
};

}  // namespace ron::runtime
