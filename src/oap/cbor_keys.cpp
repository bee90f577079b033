#include "oap/cbor_keys.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "oap/cbor_trusted.hpp"

namespace ron::oap {
namespace {

constexpr std::size_t kPairwiseMax = 16;

// Calls take(key) for each key of a checked map.
template <typename Take>
void each_key(const CborItem& map, Take take) {
  const std::uint8_t* at = map.bytes.data();
  for (std::uint64_t i = 0; i < map.number; ++i) {
    CborItem key;
    at = trusted_item(at, key);
    take(key.bytes);
    at = trusted_skip(at, 1);
  }
}

bool duplicate_pairwise(const CborItem& map) {
  std::array<ByteView, kPairwiseMax> keys;
  std::size_t count = 0;
  bool found = false;
  each_key(map, [&](ByteView key) {
    for (std::size_t i = 0; i < count && !found; ++i) found = equal(keys[i], key);
    keys[count++] = key;
  });
  return found;
}

// A key by its length and first bytes, which decide most comparisons without a look at the rest.
struct KeyRef {
  std::uint64_t prefix;
  std::uint32_t offset;
  std::uint32_t size;
};

std::uint64_t prefix_of(ByteView key) {
  std::array<std::uint8_t, 8> first{};
  if (!key.empty()) std::memcpy(first.data(), key.data(), std::min(key.size(), first.size()));
  return load_be<std::uint64_t>(first.data());
}

bool duplicate_sorted(const CborItem& map) {
  const std::uint8_t* base = map.bytes.data();
  std::vector<KeyRef> keys;
  keys.reserve(static_cast<std::size_t>(map.number));
  each_key(map, [&](ByteView key) {
    keys.push_back({prefix_of(key), static_cast<std::uint32_t>(key.data() - base),
                    static_cast<std::uint32_t>(key.size())});
  });
  const auto order = [base](const KeyRef& a, const KeyRef& b) {
    if (a.size != b.size) return a.size < b.size ? -1 : 1;
    if (a.prefix != b.prefix) return a.prefix < b.prefix ? -1 : 1;
    if (a.size <= sizeof a.prefix) return 0;
    return std::memcmp(base + a.offset, base + b.offset, a.size);
  };
  std::sort(keys.begin(), keys.end(),
            [&order](const KeyRef& a, const KeyRef& b) { return order(a, b) < 0; });
  return std::adjacent_find(keys.begin(), keys.end(), [&order](const KeyRef& a, const KeyRef& b) {
           return order(a, b) == 0;
         }) != keys.end();
}

}  // namespace

const std::uint8_t* trusted_skip(const std::uint8_t* at, std::uint64_t items) {
  CborItem item;
  for (std::uint64_t i = 0; i < items; ++i) at = trusted_item(at, item);
  return at;
}

// OAP-2.13
bool has_duplicate_keys(const CborItem& map) {
  return map.number <= kPairwiseMax ? duplicate_pairwise(map) : duplicate_sorted(map);
}

// OAP-2.2
bool key_before(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return !a.empty() && std::memcmp(a.data(), b.data(), a.size()) < 0;
}

}  // namespace ron::oap
