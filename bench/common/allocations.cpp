#include "bench/common/allocations.hpp"

#include <cstddef>

namespace {
std::uint64_t count = 0;
}

// The names are the linker's: --wrap=malloc sends calls of malloc to __wrap_malloc.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t items, std::size_t size);
void* __real_realloc(void* old, std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);

void* __wrap_malloc(std::size_t size) {
  ++count;
  return __real_malloc(size);
}
void* __wrap_calloc(std::size_t items, std::size_t size) {
  ++count;
  return __real_calloc(items, size);
}
void* __wrap_realloc(void* old, std::size_t size) {
  ++count;
  return __real_realloc(old, size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  ++count;
  return __real_aligned_alloc(alignment, size);
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace ron::bench {

std::uint64_t allocations() { return count; }

}  // namespace ron::bench
