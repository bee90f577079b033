// The CBOR subset of OAP/1 (docs/OAP-1.md section 2): RFC 8949 deterministic encoding with text
// keys, without floats and tags. The reader yields views into the payload and allocates nothing
// (but for the duplicate check of a large map whose keys are out of order); the writer produces the
// one canonical form, so that equal messages are equal bytes.
//
// Work is bounded by the payload: O(n) for maps in canonical order, O(n log n) for any other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace ron::oap {

inline constexpr int kDepthMax = 8;  // the message map is level 1

enum class CborType : std::uint8_t { kUint, kNegative, kBytes, kText, kArray, kMap, kBool, kNull };

/// One data item: its type, its value, and where it stands in the payload.
struct CborItem {
  CborType type = CborType::kNull;
  std::uint64_t number =
      0;           // kUint: value; kNegative: -1 - number; kBool: 0/1; kArray/kMap: entries
  ByteView bytes;  // kBytes, kText: content; kArray, kMap: the encoded entries
  std::string_view text() const { return as_text(bytes); }
};

/// Walks a payload item by item. Every `next` checks the whole item (shortest heads, UTF-8, legal
/// types, text keys without duplicates, depth) and leaves the cursor behind it; containers are
/// walked with CborMap and CborArray, which trust what was checked here.
/// Failure is sticky: once `ok()` is false every further call fails.
class CborReader {
 public:
  explicit CborReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return fault_.empty(); }
  /// Why it failed (static text), empty while ok.
  std::string_view fault() const { return fault_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }

  /// Were the keys of every map so far in canonical order? With `ok()` and `at_end()` the bytes are
  /// the one canonical encoding, as signed objects must be (OAP-2.6).
  bool canonical() const { return canonical_; }

  /// Reads one whole item, nested ones included (validated to kDepthMax counted from `depth`).
  bool next(CborItem& item, int depth = 1);

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool canonical_ = true;
  std::string_view fault_;
};

/// Is `text` well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF)?
bool is_utf8(ByteView text);

/// Does key `a` stand before key `b` in a canonical map? Shorter first, then byte order (OAP-2.2).
bool key_before(std::string_view a, std::string_view b);

/// Iterates over the entries of a validated map in wire order.
class CborMap {
 public:
  /// `map` must be an item of type kMap from a CborReader.
  explicit CborMap(const CborItem& map) : at_(map.bytes.data()), left_(map.number) {}
  bool next(std::string_view& key, CborItem& value);

 private:
  const std::uint8_t* at_;
  std::uint64_t left_;
};

/// Iterates over the elements of a validated array.
class CborArray {
 public:
  /// `array` must be an item of type kArray from a CborReader.
  explicit CborArray(const CborItem& array) : at_(array.bytes.data()), left_(array.number) {}
  bool next(CborItem& value);

 private:
  const std::uint8_t* at_;
  std::uint64_t left_;
};

/// Appends canonical CBOR to a buffer. Map keys must be added in canonical order (shorter first,
/// then byte order) and each container must get the entries it announced; checked, because anything
/// else is a programming error. Text must be UTF-8, which is the caller's to see to.
class CborWriter {
 public:
  explicit CborWriter(std::vector<std::uint8_t>& out) : out_(out) {}
  void map(std::uint64_t entries);
  void array(std::uint64_t entries);
  CborWriter& key(std::string_view key);
  void uint(std::uint64_t value);
  void boolean(bool value);
  void text(std::string_view value);
  void bytes(ByteView value);
  /// Only the head of a byte string of `size` bytes, for content sent from another buffer.
  void bytes_head(std::uint64_t size);

 private:
  // A container that still waits for entries.
  struct Open {
    std::uint64_t left = 0;  // entries to come
    bool is_map = false;
    bool key_set = false;         // the value of the last key is to come
    std::size_t last_key_at = 0;  // the last key's content in out_
    std::size_t last_key_size = 0;
    bool first = true;
  };

  void head(std::uint8_t major, std::uint64_t value);
  void begin_value();
  void end_value();
  void open(std::uint64_t entries, bool is_map);

  std::vector<std::uint8_t>& out_;
  std::array<Open, kDepthMax> open_{};
  std::size_t depth_ = 0;
};

}  // namespace ron::oap
