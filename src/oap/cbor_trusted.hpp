// Walks CBOR that a CborReader has already found legal, so without any check of its own.
//
// Private to src/oap. Handing it unchecked bytes is undefined behaviour: only spans that come out
// of a CborItem of a successful CborReader::next may get here.
#pragma once

#include "oap/cbor.hpp"

namespace ron::oap {

/// Reads the head at `at`; returns the place behind it.
inline const std::uint8_t* trusted_head(const std::uint8_t* at, std::uint8_t& major,
                                        std::uint64_t& value) {
  const std::uint8_t first = *at++;
  major = static_cast<std::uint8_t>(first >> 5U);
  value = first & 31U;
  if (value < 24) [[likely]] return at;
  switch (value) {
    case 24: value = *at; return at + 1;
    case 25: value = load_be<std::uint16_t>(at); return at + 2;
    case 26: value = load_be<std::uint32_t>(at); return at + 4;
    default: value = load_be<std::uint64_t>(at); return at + 8;
  }
}

/// Skips the entries of a container; nesting is bounded by kDepthMax.
const std::uint8_t* trusted_skip(const std::uint8_t* at, std::uint64_t items);

/// Reads one whole item; returns the place behind it.
inline const std::uint8_t* trusted_item(const std::uint8_t* at, CborItem& item) {
  std::uint8_t major = 0;
  at = trusted_head(at, major, item.number);
  item.bytes = {};
  switch (major) {
    case 0:
    case 1: item.type = major == 0 ? CborType::kUint : CborType::kNegative; return at;
    case 2:
    case 3:
      item.type = major == 2 ? CborType::kBytes : CborType::kText;
      item.bytes = {at, static_cast<std::size_t>(item.number)};
      item.number = 0;
      return at + item.bytes.size();
    case 4:
    case 5: {
      item.type = major == 4 ? CborType::kArray : CborType::kMap;
      const std::uint8_t* end = trusted_skip(at, major == 4 ? item.number : 2 * item.number);
      item.bytes = {at, static_cast<std::size_t>(end - at)};
      return end;
    }
    default:
      item.type = item.number == 22 ? CborType::kNull : CborType::kBool;
      item.number = item.number == 21 ? 1 : 0;
      return at;
  }
}

}  // namespace ron::oap
