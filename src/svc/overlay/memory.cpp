#include "svc/overlay/memory.hpp"

#include <malloc.h>

#include <algorithm>

namespace ron::svc {
namespace {

[[maybe_unused]] constexpr int kMappedFrom = 2 << 20;

}  // namespace

void set_up_allocator(unsigned shards) {
#ifdef __GLIBC__
  if (shards == 1) ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);
  ::mallopt(M_TRIM_THRESHOLD, 2 * kMappedFrom);  // as glibc has it beside a threshold it moved
#else
  static_cast<void>(shards);
#endif
}

bool MemoryKeeper::observe(std::size_t held, std::size_t most) {
  high_ = std::max({high_, held, most});
  if (high_ < kWorthIt || held > high_ / 2) return false;
  high_ = held;
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  return true;
}

}  // namespace ron::svc
