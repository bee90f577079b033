// BLAKE3-256: node ids, object addresses, duplicate keys.
//
// A pure function over the official C implementation, which picks the widest vector unit of the
// machine by itself. The library's header stays behind the .cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/crypto_fns.hpp"

namespace ron {

/// The 256-bit digest of `bytes`.
Digest256 blake3(ByteView bytes);

/// The same over bytes that come in parts. A value: a copy goes on from where the original stands.
class Blake3 {
 public:
  Blake3();
  void update(ByteView bytes);
  /// The digest of everything so far; more may follow.
  Digest256 digest() const;
  /// Starts over.
  void reset();

 private:
  alignas(16) std::array<std::uint8_t, 1920> state_;  // a blake3_hasher; its size is checked
};

}  // namespace ron
