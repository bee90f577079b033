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

}  // namespace

// OAP-2.17
bool is_utf8(ByteView text) {
  const std::uint8_t* at = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    std::uint64_t word = 0;
    while (left >= sizeof word) {
      std::memcpy(&word, at, sizeof word);
      if ((word & 0x8080808080808080ULL) != 0) break;
      at += sizeof word;
      left -= sizeof word;
    }
    if (left == 0) return true;
    std::size_t step = 1;
    if (*at >= 0x80) step = sequence_at(at, left);
    if (step == 0) return false;
    at += step;
    left -= step;
  }
  return true;
}

}  // namespace ron::oap
