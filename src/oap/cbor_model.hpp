// Naive twin of the CBOR reader and writer, for tests: a tree, a recursive descent straight from
// the rules of docs/OAP-1.md section 2, and an encoder that sorts keys by their encoded bytes.
//
// Shares nothing with cbor.cpp. Slow, allocates, and believes no cleverness.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ron::oap::model {

using Bytes = std::vector<std::uint8_t>;

struct Value {
  int major = 0;             // 0 uint, 1 negative, 2 bytes, 3 text, 4 array, 5 map, 7 simple
  std::uint64_t number = 0;  // 0, 1: argument; 7: 20, 21, 22
  Bytes text;                // 2, 3
  std::vector<Bytes> keys;   // 5, in wire order
  std::vector<Value> items;  // 4; 5: the value of each key

  void add(Bytes key, Value item) {
    keys.push_back(std::move(key));
    items.push_back(std::move(item));
  }
};

inline void put_head(Bytes& out, int major, std::uint64_t number) {
  int info = 27;
  int size = 8;
  if (number < 24) {
    out.push_back(static_cast<std::uint8_t>(major * 32 + static_cast<int>(number)));
    return;
  }
  if (number < 0x100) {
    info = 24;
    size = 1;
  } else if (number < 0x10000) {
    info = 25;
    size = 2;
  } else if (number < 0x100000000) {
    info = 26;
    size = 4;
  }
  out.push_back(static_cast<std::uint8_t>(major * 32 + info));
  for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

/// Encodes with keys in the order given, or sorted by their encoded bytes.
inline void encode(Bytes& out, const Value& value, bool sorted) {
  if (value.major == 2 || value.major == 3) {
    put_head(out, value.major, value.text.size());
    out.insert(out.end(), value.text.begin(), value.text.end());
  } else if (value.major == 4) {
    put_head(out, 4, value.items.size());
    for (const Value& item : value.items) encode(out, item, sorted);
  } else if (value.major == 5) {
    std::vector<std::pair<Bytes, Bytes>> entries;
    for (std::size_t i = 0; i < value.keys.size(); ++i) {
      std::pair<Bytes, Bytes> entry;
      put_head(entry.first, 3, value.keys[i].size());
      entry.first.insert(entry.first.end(), value.keys[i].begin(), value.keys[i].end());
      encode(entry.second, value.items[i], sorted);
      entries.push_back(std::move(entry));
    }
    if (sorted) std::sort(entries.begin(), entries.end());
    put_head(out, 5, entries.size());
    for (const auto& [key, item] : entries) {
      out.insert(out.end(), key.begin(), key.end());
      out.insert(out.end(), item.begin(), item.end());
    }
  } else {
    put_head(out, value.major, value.number);
  }
}

inline Bytes canonical(const Value& value) {
  Bytes out;
  encode(out, value, true);
  return out;
}

/// UTF-8 by decoding: the shortest form of a scalar value, nothing else.
inline bool is_utf8(const Bytes& text) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = text[i++];
    if (first < 0x80) continue;
    int more = 0;
    if ((first & 0xe0) == 0xc0) more = 1;
    if ((first & 0xf0) == 0xe0) more = 2;
    if ((first & 0xf8) == 0xf0) more = 3;
    if (more == 0) return false;
    std::uint32_t point = first & (0x3fU >> more);
    for (int n = 0; n < more; ++n) {
      if (i == text.size() || (text[i] & 0xc0) != 0x80) return false;
      point = (point << 6U) | (text[i++] & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

  /// The one item that the bytes are, or nothing.
  std::optional<Value> whole() {
    Value value;
    if (!item(value, 1) || at_ != bytes_.size()) return std::nullopt;
    return value;
  }

 private:
  bool head(int& major, std::uint64_t& number) {
    if (at_ == bytes_.size()) return false;
    const int first = bytes_[at_++];
    major = first / 32;
    const int info = first % 32;
    number = static_cast<std::uint64_t>(info);
    if (info < 24) return true;
    if (info > 27) return false;
    number = 0;
    for (int i = 0; i < 1 << (info - 24); ++i) {
      if (at_ == bytes_.size()) return false;
      number = number * 256 + bytes_[at_++];
    }
    Bytes shortest;
    put_head(shortest, major, number);
    return shortest.size() == 1 + (std::size_t{1} << (info - 24));
  }

  bool string(std::uint64_t size, Bytes& out) {
    for (; size > 0; --size) {
      if (at_ == bytes_.size()) return false;
      out.push_back(bytes_[at_++]);
    }
    return true;
  }

  bool entry(Value& map, std::set<Bytes>& seen, int depth) {
    Value key;
    Value value;
    if (!item(key, depth + 1) || key.major != 3) return false;
    if (!item(value, depth + 1)) return false;
    if (!seen.insert(key.text).second) return false;
    map.add(key.text, value);
    return true;
  }

  bool item(Value& value, int depth) {
    if (!head(value.major, value.number)) return false;
    switch (value.major) {
      case 0:
      case 1: return true;
      case 2: return string(value.number, value.text);
      case 3: return string(value.number, value.text) && is_utf8(value.text);
      case 4: {
        if (depth > 8) return false;
        for (std::uint64_t i = 0; i < value.number; ++i) {
          value.items.emplace_back();
          if (!item(value.items.back(), depth + 1)) return false;
        }
        return true;
      }
      case 5: {
        if (depth > 8) return false;
        std::set<Bytes> seen;
        for (std::uint64_t i = 0; i < value.number; ++i) {
          if (!entry(value, seen, depth)) return false;
        }
        return true;
      }
      case 7: return value.number >= 20 && value.number <= 22;
      default: return false;
    }
  }

  const Bytes& bytes_;
  std::size_t at_ = 0;
};

inline std::optional<Value> decode(const Bytes& bytes) { return Reader(bytes).whole(); }

}  // namespace ron::oap::model
