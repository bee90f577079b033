// Walks CBOR that CborCheck has already found legal, so without any check of its own.
//
// Private to src/oap. Handing it unchecked bytes is undefined behaviour: only spans that come out
// of a CborItem of a successful CborReader::next may get here.
#pragma once

#include "oap/cbor.hpp"

namespace ron::oap {

/// Reads the argument of the head at `at`; returns the place behind the head.
inline const std::uint8_t* trusted_head(const std::uint8_t* at, std::uint64_t& value) {
  value = *at++ & 31U;
  if (value < 24) [[likely]]
    return at;
  switch (value) {
    case 24: value = *at; return at + 1;
    case 25: value = load_be<std::uint16_t>(at); return at + 2;
    case 26: value = load_be<std::uint32_t>(at); return at + 4;
    default: value = load_be<std::uint64_t>(at); return at + 8;
  }
}

/// Skips `count` items; nesting is bounded by kDepthMax.
const std::uint8_t* trusted_skip(const std::uint8_t* at, std::uint64_t count);

/// Reads one whole item; returns the place behind it.
inline const std::uint8_t* trusted_item(const std::uint8_t* at, CborItem& item) {
  const std::uint8_t first = *at;
  std::uint64_t value = 0;
  at = trusted_head(at, value);
  switch (first >> 5U) {
    case 0:
    case 1: item = {first >> 5U == 0 ? CborType::kUint : CborType::kNegative, value, {}}; return at;
    case 2:
    case 3:
      item = {first >> 5U == 2 ? CborType::kBytes : CborType::kText,
              0,
              {at, static_cast<std::size_t>(value)}};
      return at + value;
    case 4:
    case 5: {
      const bool is_map = first >> 5U == 5;
      const std::uint8_t* end = trusted_skip(at, is_map ? 2 * value : value);
      item = {is_map ? CborType::kMap : CborType::kArray,
              value,
              {at, static_cast<std::size_t>(end - at)}};
      return end;
    }
    default:
      item = {value == 22 ? CborType::kNull : CborType::kBool, value == 21 ? 1U : 0U, {}};
      return at;
  }
}

/// The item that stands in [start, end), without walking what is inside it.
inline CborItem trusted_span(const std::uint8_t* start, const std::uint8_t* end) {
  CborItem item;
  const unsigned major = *start >> 5U;
  if (major != 4 && major != 5) {
    trusted_item(start, item);
    return item;
  }
  item.type = major == 4 ? CborType::kArray : CborType::kMap;
  const std::uint8_t* at = trusted_head(start, item.number);
  item.bytes = {at, static_cast<std::size_t>(end - at)};
  return item;
}

}  // namespace ron::oap
