// Clocks, and the one way a run ends early.
#pragma once

#include <time.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ron::peers {

inline std::uint64_t now_ns() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(at.tv_nsec);
}

/// CPU seconds of a process, user and system; 0 when it is gone.
inline double cpu_seconds(clockid_t clock) {
  timespec at{};
  if (clock_gettime(clock, &at) != 0) return 0;
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "generator: %s (errno %d)\n", what.c_str(), errno);
  std::exit(2);
}

}  // namespace ron::peers
