// Gives freed memory back to the system after a burst.
//
// The allocator keeps small freed blocks; after a hundred thousand subscriptions have come and gone
// that is tens of megabytes. When what the node holds has fallen to half of its last high, the
// allocator is asked to return what it can.
//
// Left alone, glibc moves up the size from which a block is mapped by itself, to what was freed
// last, at most 32 MiB: tables that have grown once then lie among small blocks, and what is freed
// around them stays resident (20 MiB after a hundred thousand subscriptions). So it is fixed, above
// the blocks of the largest frames, which are made and freed all the time.
//
// A node of one shard also lets its threads share one arena: glibc grows the arena of a thread page
// by page, a system call each, that of the process by 128 KiB, and a TLS session takes 30 KiB. With
// more shards each keeps its own, so that they do not wait for each other.
#pragma once

#include <cstddef>

namespace ron::svc {

/// Before the shards' threads start.
void set_up_allocator(unsigned shards);

class MemoryKeeper {
 public:
  /// `held`: bytes the node accounts for now; `most`: since the last call, as a burst may be
  /// shorter than the time between two. True when memory was given back.
  bool observe(std::size_t held, std::size_t most);

 private:
  static constexpr std::size_t kWorthIt = 4U << 20U;  // a smaller burst is left to the allocator
  std::size_t high_ = 0;                              // since memory was last given back
};

}  // namespace ron::svc
