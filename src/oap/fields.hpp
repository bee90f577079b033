// Reading the fields of a message map: small steps shared by the decoders of kinds_*.cpp.
//
// Private to src/oap. A decoder walks the map once in wire order, so keys may come in any order and
// unknown ones fall through (OAP-2.4 OAP-2.5); it marks what it has seen in a bit set, so that a
// missing field is one comparison (OAP-2.20). A value of the wrong type or out of its range fails
// (OAP-2.21). Duplicates were refused before (read_message).
#pragma once

#include <expected>
#include <optional>

#include "oap/kinds.hpp"

namespace ron::oap {

inline std::unexpected<Fault> faulty(Fault fault) { return std::unexpected(fault); }

inline bool take(const CborItem& item, std::uint64_t& out) {
  out = item.number;
  return item.type == CborType::kUint;
}

inline bool take(const CborItem& item, std::optional<std::uint64_t>& out) {
  out = item.number;
  return item.type == CborType::kUint;
}

inline bool take(const CborItem& item, std::string_view& out) {
  out = item.text();
  return item.type == CborType::kText;
}

inline bool take(const CborItem& item, std::optional<std::string_view>& out) {
  out = item.text();
  return item.type == CborType::kText;
}

inline bool take(const CborItem& item, ByteView& out) {
  out = item.bytes;
  return item.type == CborType::kBytes;
}

inline bool take(const CborItem& item, bool& out) {
  out = item.number != 0;
  return item.type == CborType::kBool;
}

inline bool take(const CborItem& item, NodeId& out) {
  if (item.type != CborType::kBytes || item.bytes.size() != out.size()) return false;
  std::memcpy(out.data(), item.bytes.data(), out.size());
  return true;
}

/// An array whose elements are all of one type?
inline bool is_array_of(const CborItem& item, CborType type) {
  if (item.type != CborType::kArray) return false;
  CborArray elements(item);
  CborItem element;
  while (elements.next(element)) {
    if (element.type != type) return false;
  }
  return true;
}

}  // namespace ron::oap
