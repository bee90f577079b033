// Well-formedness of UTF-8, after table 3-7 of the Unicode standard.
#include <array>
#include <cstring>

#include "base/bytes.hpp"
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

// Checks sequence after sequence; false for the first that is malformed.
bool all_sequences(const std::uint8_t* at, const std::uint8_t* end) {
  while (at < end) {
    const std::size_t step = *at < 0x80 ? 1 : sequence_at(at, static_cast<std::size_t>(end - at));
    if (step == 0) return false;
    at += step;
  }
  return true;
}

// Sixteen bytes side by side, each comparison a byte of ones or zeros.
using Block [[gnu::vector_size(16)]] = std::uint8_t;
using Judged [[gnu::vector_size(16)]] = signed char;

Block block_at(const std::uint8_t* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return block;
}

// Ones for each of the sixteen bytes at `at` that cannot stand behind the three in front of it; of
// a sequence that goes on behind the block only what is in it is judged.
Judged faults(const std::uint8_t* at) {
  const Block here = block_at(at);
  const Block before = block_at(at - 1);
  const Judged continues = (here & 0xc0U) == 0x80;
  const Judged expected =
      (before >= 0xc0) | (block_at(at - 2) >= 0xe0) | (block_at(at - 3) >= 0xf0);
  const Judged never = ((here & 0xfeU) == 0xc0) | (here > 0xf4);
  const Judged low = ((before == 0xe0) & (here < 0xa0)) | ((before == 0xf0) & (here < 0x90));
  const Judged high = ((before == 0xed) & (here > 0x9f)) | ((before == 0xf4) & (here > 0x8f));
  return (continues ^ expected) | never | low | high;
}

bool any(Judged judged) {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), &judged, sizeof words);
  return (words[0] | words[1]) != 0;
}

// For text that is not plain ASCII: its first bytes one by one, then blocks, each of which looks
// back at three bytes, then the rest from the beginning of the sequence that is open there. Apart,
// so that plain text has little code to pass.
[[gnu::noinline]] bool is_utf8_slow(const std::uint8_t* at, std::size_t size) {
  const std::uint8_t* const end = at + size;
  if (size < 3 * sizeof(Block)) return all_sequences(at, end);
  const std::uint8_t* const first = at + 3;
  while (at < first) {
    const std::size_t step = *at < 0x80 ? 1 : sequence_at(at, size);
    if (step == 0) return false;
    at += step;
  }
  Judged found{};
  for (; end - at >= static_cast<std::ptrdiff_t>(sizeof(Block)); at += sizeof(Block)) {
    found |= faults(at);
  }
  if (any(found)) return false;
  while (continues(at[-1])) --at;
  return all_sequences(at[-1] < 0x80 ? at : at - 1, end);
}

}  // namespace

// OAP-2.17
bool is_utf8(ByteView text) {
  return is_ascii(text.data(), text.size()) || is_utf8_slow(text.data(), text.size());
}

}  // namespace ron::oap
