#include "oap/cbor.hpp"

#include "oap/cbor_keys.hpp"
#include "oap/cbor_trusted.hpp"

namespace ron::oap {
namespace {

constexpr std::uint8_t kMajorText = 3;
constexpr std::uint8_t kMajorArray = 4;
constexpr std::uint8_t kMajorTag = 6;
constexpr std::uint8_t kMajorSimple = 7;

constexpr std::string_view kCut = "CBOR ends inside an item";  // OAP-2.26

}  // namespace

bool CborReader::fail(std::string_view fault) {
  fault_ = fault;
  return false;
}

// The 1, 2, 4 or 8 bytes behind the first; OAP-2.10 and OAP-2.11.
bool CborReader::head_long(std::uint8_t info, std::uint64_t& value) {
  if (info == 31) return fail("CBOR of indefinite length");
  if (info > 27) return fail("CBOR head is reserved");
  const std::size_t size = std::size_t{1} << (info - 24U);
  if (bytes_.size() - at_ < size) return fail(kCut);
  const std::uint8_t* at = bytes_.data() + at_;
  at_ += size;
  std::uint64_t least = 24;
  switch (size) {
    case 1: value = *at; break;
    case 2: value = load_be<std::uint16_t>(at); least = 0x100; break;
    case 4: value = load_be<std::uint32_t>(at); least = 0x10000; break;
    default: value = load_be<std::uint64_t>(at); least = 0x100000000; break;
  }
  return value >= least || fail("CBOR number is not in its shortest form");
}

bool CborReader::head(std::uint8_t& major, std::uint64_t& value) {
  if (at_ == bytes_.size()) return fail(kCut);
  const std::uint8_t first = bytes_[at_++];
  major = static_cast<std::uint8_t>(first >> 5U);
  value = first & 31U;
  if (value < 24 || major >= kMajorTag) return true;
  return head_long(static_cast<std::uint8_t>(value), value);
}

// OAP-2.14 OAP-2.16: of major type 7 only false, true and null.
bool CborReader::simple(std::uint8_t first, CborItem& item) {
  item.bytes = {};
  switch (first) {
    case 20:
    case 21:
      item.type = CborType::kBool;
      item.number = first - 20U;
      return true;
    case 22:
      item.type = CborType::kNull;
      item.number = 0;
      return true;
    case 25:
    case 26:
    case 27: return fail("CBOR float");
    case 31: return fail("CBOR of indefinite length");
    default: return fail("CBOR simple value other than null, true, false");
  }
}

bool CborReader::string(CborType type, std::uint64_t size, CborItem& item) {
  if (size > bytes_.size() - at_) return fail(kCut);
  item.type = type;
  item.number = 0;
  item.bytes = bytes_.subspan(at_, static_cast<std::size_t>(size));
  at_ += static_cast<std::size_t>(size);
  if (type == CborType::kText && !is_utf8(item.bytes)) return fail("text is not UTF-8");  // OAP-2.17
  return true;
}

bool CborReader::key(std::string_view& key) {
  std::uint8_t major = 0;
  std::uint64_t size = 0;
  if (!head(major, size)) return false;
  if (major != kMajorText) return fail("map key is not text");  // OAP-2.12
  CborItem item;
  if (!string(CborType::kText, size, item)) return false;
  key = item.text();
  return true;
}

bool CborReader::array(std::uint64_t count, CborItem& item, int depth) {
  if (count > bytes_.size() - at_) return fail(kCut);  // an element takes at least a byte
  const std::size_t start = at_;
  CborItem element;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!next(element, depth + 1)) return false;
  }
  item = {CborType::kArray, count, bytes_.subspan(start, at_ - start)};
  return true;
}

// Keys in canonical order cannot repeat unless adjacent, so only other maps need a closer look.
bool CborReader::map(std::uint64_t count, CborItem& item, int depth) {
  if (count > (bytes_.size() - at_) / 2) return fail(kCut);
  const std::size_t start = at_;
  std::string_view before;
  bool in_order = true;
  CborItem value;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string_view now;
    if (!key(now)) return false;
    if (i > 0 && !key_before(before, now)) in_order = false;
    before = now;
    if (!next(value, depth + 1)) return false;
  }
  item = {CborType::kMap, count, bytes_.subspan(start, at_ - start)};
  if (in_order) return true;
  canonical_ = false;
  return !has_duplicate_keys(item) || fail("duplicate map key");  // OAP-2.4 OAP-2.13
}

bool CborReader::next(CborItem& item, int depth) {
  if (!ok()) return false;
  std::uint8_t major = 0;
  std::uint64_t value = 0;
  if (!head(major, value)) return false;
  if (major <= 1) {
    item = {major == 0 ? CborType::kUint : CborType::kNegative, value, {}};
    return true;
  }
  if (major <= kMajorText) {
    return string(major == kMajorText ? CborType::kText : CborType::kBytes, value, item);
  }
  if (major == kMajorSimple) return simple(static_cast<std::uint8_t>(value), item);
  if (major == kMajorTag) return fail("CBOR tag");  // OAP-2.15
  if (depth > kDepthMax) return fail("CBOR nested too deep");  // OAP-2.19
  return major == kMajorArray ? array(value, item, depth) : map(value, item, depth);
}

bool CborMap::next(std::string_view& key, CborItem& value) {
  if (left_ == 0) return false;
  --left_;
  CborItem name;
  at_ = trusted_item(at_, name);
  key = name.text();
  at_ = trusted_item(at_, value);
  return true;
}

bool CborArray::next(CborItem& value) {
  if (left_ == 0) return false;
  --left_;
  at_ = trusted_item(at_, value);
  return true;
}

}  // namespace ron::oap
