// How often memory was asked for: a benchmark of a path without allocations proves it.
#pragma once

#include <cstdint>

namespace ron::bench {

/// Calls of malloc, calloc, realloc and aligned_alloc, and so of operator new, since the program
/// began. The linker wraps them (bench/CMakeLists.txt).
std::uint64_t allocations();

}  // namespace ron::bench
