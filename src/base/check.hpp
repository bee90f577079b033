// Broken invariants abort, in every build: a state we do not understand must not go on serving.
//
// CHECK is for our own mistakes. Remote input can never reach one; bad input is an error value.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ron::detail {
[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
  std::abort();
}
}  // namespace ron::detail

#define RON_CHECK(cond) \
  ((cond) ? static_cast<void>(0) : ::ron::detail::check_failed(#cond, __FILE__, __LINE__))

#ifdef NDEBUG
#define RON_DCHECK(cond) static_cast<void>(0)
#else
#define RON_DCHECK(cond) RON_CHECK(cond)
#endif
