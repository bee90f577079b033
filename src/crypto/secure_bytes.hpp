// Bytes that are wiped when they go: private keys and what they were read from.
//
// The allocator cleanses every block before it is freed, also the old one when the vector grows.
// Never logged, never copied into a std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace ron::crypto {

/// Overwrites memory in a way that the compiler keeps.
void cleanse(void* at, std::size_t size) noexcept;

template <typename T>
struct CleansingAllocator {
  using value_type = T;
  CleansingAllocator() = default;
  template <typename U>
  explicit CleansingAllocator(const CleansingAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
  void deallocate(T* at, std::size_t count) noexcept {
    cleanse(at, count * sizeof(T));
    ::operator delete(at);
  }
  template <typename U>
  bool operator==(const CleansingAllocator<U>&) const {
    return true;
  }
};

using SecureBytes = std::vector<std::uint8_t, CleansingAllocator<std::uint8_t>>;

inline std::string_view as_text(const SecureBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace ron::crypto
