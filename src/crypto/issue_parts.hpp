// What issue.cpp and identity.cpp share about keys and certificates. Only for .cpp files of this
// folder, as openssl.hpp.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "crypto/issue.hpp"
#include "crypto/openssl.hpp"

namespace ron::crypto {

/// nullptr when the library cannot make one.
KeyPtr make_key(KeyAlgorithm algorithm);

/// PKCS #8.
std::expected<SecureBytes, std::string> private_pem(EVP_PKEY* key);

/// A certificate of `key` by itself, for both sides of TLS, as PEM.
std::expected<std::string, std::string> self_signed(EVP_PKEY* key, const std::string& common_name,
                                                    const std::string& name,
                                                    std::chrono::days validity);

/// The keys that a node may have (docs/OAP-1.md section 9).
inline bool signs_for_a_node(const EVP_PKEY& key) {
  return EVP_PKEY_is_a(&key, "ED25519") == 1 || EVP_PKEY_is_a(&key, "ML-DSA-65") == 1;
}

}  // namespace ron::crypto
