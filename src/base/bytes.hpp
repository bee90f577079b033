// Byte views and big-endian numbers.
//
// Everything on the wire is big-endian (docs/OAP-1.md section 1). Views never own memory: whoever
// stores one past the call that handed it over must copy it or hold a Slice (base/slab.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace ron {

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// One piece of a gather list; same layout as a POSIX iovec. Not initialised, so that a list of
/// many costs nothing until it is filled in.
struct IoPiece {
  const void* data;
  std::size_t size;
};

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Eight bytes as they lie in memory, to look at all at once. The caller guarantees they exist.
inline std::uint64_t word_at(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Reads an unsigned big-endian number of sizeof(T) bytes. The caller guarantees the bytes exist.
template <typename T>
T load_be(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8U) | at[i]);
  return value;
}

/// Writes an unsigned number as sizeof(T) big-endian bytes. The caller guarantees the room.
template <typename T>
void store_be(std::uint8_t* at, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    at[i] = static_cast<std::uint8_t>(value);
    value = static_cast<T>(value >> 8U);
  }
}
template <>
inline std::uint8_t load_be<std::uint8_t>(const std::uint8_t* at) {
  return *at;
}
template <>
inline void store_be<std::uint8_t>(std::uint8_t* at, std::uint8_t value) {
  *at = value;
}

}  // namespace ron
