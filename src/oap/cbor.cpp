#include "oap/cbor.hpp"

#include "oap/cbor_check.hpp"
#include "oap/cbor_keys.hpp"
#include "oap/cbor_trusted.hpp"

namespace ron::oap {
namespace {

enum Major : std::uint8_t { kUint, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

constexpr std::string_view kCut = "CBOR ends inside an item";  // OAP-2.26
constexpr std::string_view kIndefinite = "CBOR of indefinite length";

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

// "kind" as a big-endian number.
constexpr std::uint64_t kKindWord = 0x6b696e64;

}  // namespace

// A map key; `word` holds its bytes as a big-endian number where there are at most 8.
struct CborCheck::Key {
  const std::uint8_t* at = nullptr;
  std::uint64_t size = 0;
  std::uint64_t word = 0;

  std::string_view text() const { return as_text({at, static_cast<std::size_t>(size)}); }

  bool before(const Key& next) const {
    if (size != next.size) return size < next.size;
    if (size <= sizeof word) return word < next.word;
    return key_before(text(), next.text());
  }
};

const std::uint8_t* CborCheck::fail(std::string_view fault) {
  fault_ = fault;
  return nullptr;
}

// Reads the argument of the head at `at` (which exists): OAP-2.10 OAP-2.11.
inline const std::uint8_t* CborCheck::head(const std::uint8_t* at, std::uint64_t& value) {
  value = *at++ & 31U;
  if (value < 24) [[likely]]
    return at;
  if (value > 27) return fail(value == 31 ? kIndefinite : "CBOR head is reserved");
  const std::uint64_t size = std::uint64_t{1} << (value - 24);
  if (left(at) < size) return fail(kCut);
  std::uint64_t least = 24;
  switch (size) {
    case 1: value = *at; break;
    case 2:
      value = load_be<std::uint16_t>(at);
      least = 0x100;
      break;
    case 4:
      value = load_be<std::uint32_t>(at);
      least = 0x10000;
      break;
    default:
      value = load_be<std::uint64_t>(at);
      least = 0x100000000;
      break;
  }
  if (value < least) return fail("CBOR number is not in its shortest form");
  return at + size;
}

inline const std::uint8_t* CborCheck::text(const std::uint8_t* at, std::uint64_t size) {
  if (size > left(at)) return fail(kCut);
  if (size - 1 < sizeof(std::uint64_t) && left(at) >= sizeof(std::uint64_t)) {
    const std::uint64_t word = load_be<std::uint64_t>(at) >> (64 - 8 * size);
    if ((word & kHighBits) == 0) return at + size;
  }
  if (!is_utf8({at, static_cast<std::size_t>(size)})) return fail("text is not UTF-8");  // OAP-2.17
  return at + size;
}

// OAP-2.12. Short keys, that is nearly all, are judged and compared as one word.
inline const std::uint8_t* CborCheck::key(const std::uint8_t* at, Key& key) {
  if (at == end_) return fail(kCut);
  if (*at >> 5U != kText) return fail("map key is not text");
  at = head(at, key.size);
  if (at == nullptr) return nullptr;
  key.at = at;
  key.word = 0;
  if (key.size > sizeof key.word) return text(at, key.size);
  if (key.size == 0) return at;
  if (left(at) >= sizeof key.word) [[likely]] {
    key.word = load_be<std::uint64_t>(at) >> (64 - 8 * key.size);
  } else {
    if (key.size > left(at)) return fail(kCut);
    for (std::uint64_t i = 0; i < key.size; ++i) key.word = (key.word << 8U) | at[i];
  }
  if ((key.word & kHighBits) == 0) [[likely]]
    return at + key.size;
  return text(at, key.size);
}

const std::uint8_t* CborCheck::array(const std::uint8_t* at, std::uint64_t count, int depth) {
  if (count > left(at)) return fail(kCut);  // an element takes at least a byte
  for (; count > 0 && at != nullptr; --count) at = item(at, depth + 1);
  return at;
}

// Keys in canonical order cannot repeat, so only other maps need a closer look.
const std::uint8_t* CborCheck::map(const std::uint8_t* at, std::uint64_t count, int depth) {
  if (count > left(at) / 2) return fail(kCut);
  const std::uint8_t* const start = at;
  bool in_order = true;
  Key before;
  for (std::uint64_t i = 0; i < count; ++i) {
    Key now;
    at = key(at, now);
    if (at == nullptr) return nullptr;
    in_order = in_order && (i == 0 || before.before(now));
    before = now;
    if (depth == 1 && now.size == 4 && now.word == kKindWord) kind_ = at;
    at = item(at, depth + 1);
    if (at == nullptr) return nullptr;
  }
  if (in_order) [[likely]]
    return at;
  canonical_ = false;
  const CborItem whole{CborType::kMap, count, {start, static_cast<std::size_t>(at - start)}};
  if (has_duplicate_keys(whole)) return fail("duplicate map key");  // OAP-2.4 OAP-2.13
  return at;
}

// OAP-2.14 OAP-2.16: of major type 7 only false, true and null.
const std::uint8_t* CborCheck::simple(std::uint8_t first, const std::uint8_t* after) {
  switch (first & 31U) {
    case 20:
    case 21:
    case 22: return after;
    case 25:
    case 26:
    case 27: return fail("CBOR float");
    case 31: return fail(kIndefinite);
    default: return fail("CBOR simple value other than null, true, false");
  }
}

const std::uint8_t* CborCheck::item(const std::uint8_t* at, int depth) {
  if (at == end_) return fail(kCut);
  const std::uint8_t first = *at;
  const auto major = static_cast<Major>(first >> 5U);
  if (major == kSimple) return simple(first, at + 1);
  if (major == kTag) return fail("CBOR tag");  // OAP-2.15
  std::uint64_t value = 0;
  at = head(at, value);
  if (at == nullptr || major <= kNegative) return at;
  if (major == kText) return text(at, value);
  if (major == kBytes) return value > left(at) ? fail(kCut) : at + value;
  if (depth > kDepthMax) return fail("CBOR nested too deep");  // OAP-2.19
  return major == kArray ? array(at, value, depth) : map(at, value, depth);
}

bool CborReader::next(CborItem& item, int depth) {
  if (!ok()) return false;
  CborCheck check(bytes_.data() + bytes_.size());
  const std::uint8_t* const start = bytes_.data() + at_;
  const std::uint8_t* const end = check.item(start, depth);
  canonical_ = canonical_ && check.canonical();
  if (end == nullptr) {
    fault_ = check.fault();
    return false;
  }
  item = trusted_span(start, end);
  at_ = static_cast<std::size_t>(end - bytes_.data());
  return true;
}

bool CborMap::next(std::string_view& key, CborItem& value) {
  if (left_ == 0) return false;
  --left_;
  std::uint64_t size = 0;
  at_ = trusted_head(at_, size);
  key = as_text({at_, static_cast<std::size_t>(size)});
  at_ = trusted_item(at_ + size, value);
  return true;
}

bool CborArray::next(CborItem& value) {
  if (left_ == 0) return false;
  --left_;
  at_ = trusted_item(at_, value);
  return true;
}

}  // namespace ron::oap
