// Who a node is to its peers: a key pair, and the certificate that shows it (docs/OAP-1.md
// section 9, docs/decisions/0018).
//
// The key signs the origin statement and the TLS handshake. The certificate of a key alone is made
// anew at each start and says nothing but the key.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "crypto/issue.hpp"
#include "crypto/secure_bytes.hpp"

namespace ron::crypto {

struct NodeIdentity {
  NodeId node{};                  // BLAKE3-256 of `key`
  std::vector<std::uint8_t> key;  // SubjectPublicKeyInfo, DER
  std::string certificate_pem;    // chain, the node's own first
  SecureBytes key_pem;
};

/// A private key as PEM. Ed25519 or ML-DSA-65: only these sign for a node.
std::expected<SecureBytes, std::string> make_node_key(KeyAlgorithm algorithm);

/// The identity of a key, with a certificate it signs itself.
std::expected<NodeIdentity, std::string> node_identity(SecureBytes key_pem);

/// The identity of a key and its certificate chain, from files of the operator's.
std::expected<NodeIdentity, std::string> node_identity(SecureBytes key_pem,
                                                       std::string certificate_pem);

/// A signature over `bytes` that CryptoFns::verify accepts with `identity.key`.
std::expected<std::vector<std::uint8_t>, std::string> sign(const NodeIdentity& identity,
                                                           ByteView bytes);

/// Writes a secret to a new file of mode 0600, whole or not at all; an existing file is an error.
std::expected<void, std::string> write_new_secret(const std::string& path,
                                                  const SecureBytes& secret);

}  // namespace ron::crypto
