// The one pass that decides whether bytes are legal CBOR of OAP/1 (docs/OAP-1.md section 2).
//
// Private to src/oap. Works on pointers and keeps nothing but the place of the message's `kind`:
// every payload that comes in passes here, so this is the hot path. Recursion is bounded by
// kDepthMax, and no count or length is believed before the bytes for it are seen to be there.
#pragma once

#include <cstdint>
#include <string_view>

#include "oap/cbor.hpp"

namespace ron::oap {

class CborCheck {
 public:
  explicit CborCheck(const std::uint8_t* end) : end_(end) {}

  /// Checks the item at `at`; returns the place behind it, or null with a fault.
  const std::uint8_t* item(const std::uint8_t* at, int depth);

  std::string_view fault() const { return fault_; }
  /// Keys of every map in canonical order so far?
  bool canonical() const { return canonical_; }
  /// The value of the key `kind` in a map at depth 1; null when there is none.
  const std::uint8_t* kind() const { return kind_; }

 private:
  struct Key;

  const std::uint8_t* fail(std::string_view fault);
  const std::uint8_t* head(const std::uint8_t* at, std::uint64_t& value);
  const std::uint8_t* text(const std::uint8_t* at, std::uint64_t size);
  const std::uint8_t* key(const std::uint8_t* at, Key& key);
  const std::uint8_t* array(const std::uint8_t* at, std::uint64_t count, int depth);
  const std::uint8_t* map(const std::uint8_t* at, std::uint64_t count, int depth);
  const std::uint8_t* simple(std::uint8_t first, const std::uint8_t* after);

  std::uint64_t left(const std::uint8_t* at) const { return static_cast<std::uint64_t>(end_ - at); }

  const std::uint8_t* end_;
  const std::uint8_t* kind_ = nullptr;
  bool canonical_ = true;
  std::string_view fault_;
};

}  // namespace ron::oap
