// For tests: waiting for what other threads do, and what they have open.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>

namespace ron::host::test {

/// True as soon as the condition holds; false after ten seconds.
template <typename Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

inline std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace ron::host::test
