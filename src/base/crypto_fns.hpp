// The cryptography the core needs, as a table of functions passed in at construction.
//
// Production fills it from crypto/ (OpenSSL, BLAKE3); the simulator passes a deterministic twin, so
// that a run replays bit for bit and ten thousand nodes cost no real signatures.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace ron {

using Digest256 = std::array<std::uint8_t, 32>;

struct CryptoFns {
  /// BLAKE3-256: node ids, addresses, duplicate keys.
  Digest256 (*hash)(ByteView bytes);
  /// HMAC-SHA256: capability chains.
  Digest256 (*hmac)(ByteView key, ByteView bytes);
  /// Is `signature` one over `bytes` by the key of this SubjectPublicKeyInfo (DER)? Ed25519 and
  /// ML-DSA-65; false for any other, and for bytes that are none.
  bool (*verify)(ByteView key, ByteView bytes, ByteView signature);
};

}  // namespace ron
