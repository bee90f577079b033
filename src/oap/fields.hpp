// Reading the fields of a message map: small steps shared by the decoders of kinds_*.cpp and
// peer_kinds_*.cpp.
//
// Private to src/oap. A decoder walks the map once in wire order, so keys may come in any order and
// unknown ones fall through (OAP-2.4 OAP-2.5); it marks what it has seen in a bit set, so that a
// missing field is one comparison (OAP-2.20). A value of the wrong type or out of its range fails
// (OAP-2.21). Duplicates were refused before (read_message).
#pragma once

#include <array>
#include <cstring>
#include <expected>
#include <optional>

#include "oap/kinds.hpp"
#include "oap/topic.hpp"

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

/// Bytes of one exact size: node ids, origins, digests.
template <std::size_t Size>
bool take(const CborItem& item, std::array<std::uint8_t, Size>& out) {
  if (item.type != CborType::kBytes || item.bytes.size() != Size) return false;
  std::memcpy(out.data(), item.bytes.data(), Size);
  return true;
}

inline bool take(const CborItem& item, TenantId& out) {
  std::array<std::uint8_t, 16> bytes{};
  if (!take(item, bytes)) return false;
  out = {load_be<std::uint64_t>(bytes.data()), load_be<std::uint64_t>(bytes.data() + 8)};
  return true;
}

inline std::array<std::uint8_t, 16> tenant_bytes(TenantId tenant) {
  std::array<std::uint8_t, 16> bytes{};
  store_be(bytes.data(), tenant.hi);
  store_be(bytes.data() + 8, tenant.lo);
  return bytes;
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

/// A list of patterns, at least one?
inline bool valid_patterns(const CborItem& item) {
  if (item.type != CborType::kArray || item.number == 0) return false;
  CborArray patterns(item);
  CborItem pattern;
  while (patterns.next(pattern)) {
    if (pattern.type != CborType::kText || !is_pattern(pattern.text())) return false;
  }
  return true;
}

}  // namespace ron::oap
