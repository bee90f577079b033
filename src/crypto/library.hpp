// What the linked TLS library is and can do; the core's randomness and digests from it.
#pragma once

#include <string>

#include "base/choice.hpp"
#include "base/crypto_fns.hpp"

namespace ron::crypto {

/// "OpenSSL 3.5.7 ...", for --version and /version.
std::string library_version();

/// The library offers X25519MLKEM768 (C56: `pq_ready`).
bool hybrid_available();

/// Randomness of the operating system, through the library's generator.
class SystemChoice final : public Choice {
 public:
  std::uint64_t index(std::uint64_t count) override;

 private:
  std::uint64_t draw();
  std::uint64_t pool_[16] = {};
  unsigned left_ = 0;
};

/// BLAKE3-256 and HMAC-SHA256.
CryptoFns crypto_fns();

}  // namespace ron::crypto
