// Making certificates: a development CA, node and client certificates (`ronctl tls init`).
//
// Keys leave as PEM in memory that is wiped; writing them to a file with mode 0600 is the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secure_bytes.hpp"

namespace ron::crypto {

enum class KeyAlgorithm : std::uint8_t { kEd25519, kP256, kMlDsa65 };

/// "ed25519", "p256", "ml-dsa-65".
std::expected<KeyAlgorithm, std::string> key_algorithm(std::string_view name);

struct CaRequest {
  KeyAlgorithm algorithm = KeyAlgorithm::kEd25519;
  std::string common_name = "RustyOnions development CA";
  std::chrono::days validity{825};
};

struct LeafRequest {
  KeyAlgorithm algorithm = KeyAlgorithm::kEd25519;
  std::string common_name;
  std::vector<std::string> names;  // "DNS:localhost", "IP:127.0.0.1", "URI:ron:node:one"
  bool server = true;
  bool client = true;
  std::chrono::days validity{30};  // C53
};

struct Issued {
  std::string certificate_pem;
  SecureBytes key_pem;
};

std::expected<Issued, std::string> make_ca(const CaRequest& request);

/// Signed by the CA of the two PEM texts. The certificate is the leaf alone.
std::expected<Issued, std::string> make_leaf(const LeafRequest& request, std::string_view ca_pem,
                                             const SecureBytes& ca_key_pem);

}  // namespace ron::crypto
