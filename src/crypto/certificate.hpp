// What a certificate says, as plain values: who, until when, under which names, and the node id
// that its public key makes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/san.hpp"

struct x509_st;

namespace ron::crypto {

struct CertificateFacts {
  std::string subject;  // "CN = node1"
  std::string issuer;
  WallTime not_before;
  WallTime not_after;  // for the expiry gauge and tls.max_age (C53)
  std::vector<San> names;
  NodeId node{};              // BLAKE3-256 of the SubjectPublicKeyInfo // OAP-9.2
  std::string key_algorithm;  // "ED25519", "EC", "ML-DSA-65"
};

/// Facts of an X509 object.
CertificateFacts certificate_facts(const x509_st& certificate);

/// Facts of the first certificate in a PEM text.
std::expected<CertificateFacts, std::string> certificate_facts(std::string_view pem);

/// The clock of the machine, for validity checks.
WallTime wall_clock();

}  // namespace ron::crypto
