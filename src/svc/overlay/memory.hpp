// Gives freed memory back to the system after a burst.
//
// The allocator keeps small freed blocks; after a hundred thousand subscriptions have come and gone
// that is tens of megabytes. When what the node holds has fallen to half of its last high, the
// allocator is asked to return what it can.
#pragma once

#include <cstddef>

namespace ron::svc {

class MemoryKeeper {
 public:
  /// `held`: bytes the node accounts for now. True when memory was given back.
  bool observe(std::size_t held);

 private:
  static constexpr std::size_t kWorthIt = 4U << 20U;  // a smaller burst is left to the allocator
  std::size_t high_ = 0;                              // since memory was last given back
};

}  // namespace ron::svc
