// Well-formedness of UTF-8, after table 3-7 of the Unicode standard.
#include <cstring>

#include "oap/cbor.hpp"

namespace ron::oap {
namespace {

bool continues(std::uint8_t byte) { return (byte & 0xc0U) == 0x80; }

// Length of the well-formed sequence at `at` that starts with a byte >= 0x80; 0 when malformed.
// The bounds of the second byte exclude overlong forms, surrogates and what lies over U+10FFFF.
std::size_t sequence_at(const std::uint8_t* at, std::size_t left) {
  const std::uint8_t first = at[0];
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (left < size) return 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
  switch (first) {
    case 0xe0: low = 0xa0; break;
    case 0xed: high = 0x9f; break;
    case 0xf0: low = 0x90; break;
    case 0xf4: high = 0x8f; break;
    default: break;
  }
  if (at[1] < low || at[1] > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!continues(at[i])) return 0;
  }
  return size;
}

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

std::uint64_t word_at(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whole words, the last one overlapping the one before.
bool is_ascii(const std::uint8_t* at, std::size_t size) {
  if (size < sizeof(std::uint64_t)) {
    unsigned all = 0;
    for (std::size_t i = 0; i < size; ++i) all |= at[i];
    return all < 0x80;
  }
  const std::uint8_t* const last = at + size - sizeof(std::uint64_t);
  std::uint64_t all = word_at(last);
  for (; at < last; at += sizeof(std::uint64_t)) all |= word_at(at);
  return (all & kHighBits) == 0;
}

// From the first byte on, for text that is not plain ASCII.
bool is_utf8_slow(const std::uint8_t* at, std::size_t left) {
  while (left > 0) {
    if (left >= sizeof(std::uint64_t) && (word_at(at) & kHighBits) == 0) {
      at += sizeof(std::uint64_t);
      left -= sizeof(std::uint64_t);
      continue;
    }
    const std::size_t step = *at < 0x80 ? 1 : sequence_at(at, left);
    if (step == 0) return false;
    at += step;
    left -= step;
  }
  return true;
}

}  // namespace

// OAP-2.17
bool is_utf8(ByteView text) {
  return is_ascii(text.data(), text.size()) || is_utf8_slow(text.data(), text.size());
}

}  // namespace ron::oap
