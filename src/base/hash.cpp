#include "base/hash.hpp"

#include <cstring>

namespace ron {
namespace {

std::uint64_t load_native(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The last 1..7 bytes as one word; zero padding is safe because the length is mixed in as well.
std::uint64_t load_tail(const std::uint8_t* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

constexpr std::uint64_t kOdd1 = 0xa0761d6478bd642fULL;
constexpr std::uint64_t kOdd2 = 0xe7037ed1a0b428dbULL;

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ kOdd1) * (b ^ kOdd2);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t keyed_hash(ByteView bytes, std::uint64_t key) noexcept {
  std::uint64_t state = key ^ bytes.size();
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 16) {
    state = mix(load_native(at) ^ state, load_native(at + 8) ^ key);
    at += 16;
    left -= 16;
  }
  if (left >= 8) {
    state = mix(load_native(at) ^ state, key);
    at += 8;
    left -= 8;
  }
  if (left > 0) state = mix(load_tail(at, left) ^ state, ~key);
  return mix(state, key);
}

}  // namespace ron
