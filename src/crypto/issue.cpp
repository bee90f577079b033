#include "crypto/issue.hpp"

#include <openssl/rand.h>

#include "crypto/issue_parts.hpp"
#include "crypto/openssl.hpp"

namespace ron::crypto {
namespace {

using Done = std::expected<void, std::string>;

// Clocks of two machines differ; a certificate counts from a little before it was made.
constexpr long kBackdateSeconds = 300;
constexpr int kSerialBytes = 16;

const char* library_name(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kEd25519: return "ED25519";
    case KeyAlgorithm::kP256: return "P-256";
    case KeyAlgorithm::kMlDsa65: break;
  }
  return "ML-DSA-65";
}

Done set_serial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return std::unexpected("no randomness");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, full length
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool ok = number != nullptr &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  if (!ok) return std::unexpected(take_error());
  return {};
}

Done set_common_name(X509* certificate, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) != 1) {
    return std::unexpected("common name '" + name + "' refused: " + take_error());
  }
  return {};
}

Done add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  const bool ok = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  if (!ok) return std::unexpected("extension '" + value + "' refused: " + take_error());
  return {};
}

/// The parts every certificate has: version, serial, subject, validity, key.
std::expected<X509Ptr, std::string> begin(const std::string& name, std::chrono::days validity,
                                          EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  if (auto ok = set_serial(certificate.get()); !ok) return std::unexpected(ok.error());
  if (auto ok = set_common_name(certificate.get(), name); !ok) return std::unexpected(ok.error());
  const bool ok =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kBackdateSeconds) != nullptr &&
      X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(validity.count()), 0,
                       nullptr) != nullptr &&
      X509_set_pubkey(certificate.get(), key) == 1;
  if (!ok) return std::unexpected(take_error());
  return certificate;
}

Done sign(X509* certificate, EVP_PKEY* key) {
  // EdDSA and ML-DSA bring their own digest.
  const EVP_MD* digest = EVP_PKEY_is_a(key, "EC") == 1 ? EVP_sha256() : nullptr;
  if (X509_sign(certificate, key, digest) == 0) {
    return std::unexpected("cannot sign: " + take_error());
  }
  return {};
}

std::expected<std::string, std::string> certificate_pem(const X509& certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(out.get(), &certificate) != 1) {
    return std::unexpected("cannot write PEM: " + take_error());
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::expected<Issued, std::string> finish(const X509& certificate, EVP_PKEY* key) {
  auto pem = certificate_pem(certificate);
  if (!pem) return std::unexpected(pem.error());
  auto key_pem = private_pem(key);
  if (!key_pem) return std::unexpected(key_pem.error());
  return Issued{std::move(*pem), std::move(*key_pem)};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ",") + part;
  return all;
}

Done extend_leaf(X509* certificate, X509* ca, const LeafRequest& request) {
  std::vector<std::string> usage;
  if (request.server) usage.emplace_back("serverAuth");
  if (request.client) usage.emplace_back("clientAuth");
  if (usage.empty()) return std::unexpected("a certificate must serve a server, a client or both");
  if (request.names.empty()) return std::unexpected("a certificate needs at least one name");
  for (const std::string& name : request.names) {
    const bool known =
        name.starts_with("DNS:") || name.starts_with("IP:") || name.starts_with("URI:");
    if (!known || name.find_first_of(",\n") != std::string::npos) {
      return std::unexpected("name '" + name +
                             "' must be DNS:..., IP:... or URI:... without comma");
    }
  }
  const std::pair<int, std::string> extensions[] = {
      {NID_basic_constraints, "critical,CA:FALSE"}, {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, joined(usage)},           {NID_subject_alt_name, joined(request.names)},
      {NID_subject_key_identifier, "hash"},         {NID_authority_key_identifier, "keyid"},
  };
  for (const auto& [nid, value] : extensions) {
    if (auto ok = add_extension(certificate, ca, nid, value); !ok) return ok;
  }
  return {};
}

}  // namespace

KeyPtr make_key(KeyAlgorithm algorithm) {
  if (algorithm == KeyAlgorithm::kP256) return KeyPtr(EVP_EC_gen("P-256"));
  return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, library_name(algorithm)));
}

std::expected<SecureBytes, std::string> private_pem(EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return std::unexpected("cannot write PEM: " + take_error());
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  SecureBytes pem(text, text + size);
  cleanse(text, static_cast<std::size_t>(size));
  return pem;
}

std::expected<std::string, std::string> self_signed(EVP_PKEY* key, const std::string& common_name,
                                                    const std::string& name,
                                                    std::chrono::days validity) {
  auto certificate = begin(common_name, validity, key);
  if (!certificate) return std::unexpected(certificate.error());
  X509* made = certificate->get();
  X509_set_issuer_name(made, X509_get_subject_name(made));
  const LeafRequest request{.common_name = common_name, .names = {name}};
  if (auto ok = extend_leaf(made, made, request); !ok) return std::unexpected(ok.error());
  if (auto ok = sign(made, key); !ok) return std::unexpected(ok.error());
  return certificate_pem(*made);
}

std::expected<KeyAlgorithm, std::string> key_algorithm(std::string_view name) {
  if (name == "ed25519") return KeyAlgorithm::kEd25519;
  if (name == "p256") return KeyAlgorithm::kP256;
  if (name == "ml-dsa-65") return KeyAlgorithm::kMlDsa65;
  return std::unexpected("unknown key algorithm '" + std::string(name) +
                         "': take ed25519, p256 or ml-dsa-65");
}

std::expected<Issued, std::string> make_ca(const CaRequest& request) {
  start_openssl();
  const KeyPtr key = make_key(request.algorithm);
  if (key == nullptr) return std::unexpected("cannot make the key: " + take_error());
  auto certificate = begin(request.common_name, request.validity, key.get());
  if (!certificate) return std::unexpected(certificate.error());
  X509* made = certificate->get();
  X509_set_issuer_name(made, X509_get_subject_name(made));
  for (const auto& [nid, value] :
       {std::pair<int, const char*>{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}}) {
    if (auto ok = add_extension(made, made, nid, value); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = sign(made, key.get()); !ok) return std::unexpected(ok.error());
  return finish(*made, key.get());
}

std::expected<Issued, std::string> make_leaf(const LeafRequest& request, std::string_view ca_pem,
                                             const SecureBytes& ca_key_pem) {
  start_openssl();
  const BioPtr ca_in(BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size())));
  const X509Ptr ca(PEM_read_bio_X509(ca_in.get(), nullptr, nullptr, nullptr));
  const BioPtr key_in(BIO_new_mem_buf(ca_key_pem.data(), static_cast<int>(ca_key_pem.size())));
  const KeyPtr ca_key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  if (ca == nullptr || ca_key == nullptr) {
    return std::unexpected("the CA's certificate or key is not usable: " + take_error());
  }
  if (X509_check_private_key(ca.get(), ca_key.get()) != 1) {
    ERR_clear_error();
    return std::unexpected("the CA's key does not belong to its certificate");
  }
  const KeyPtr key = make_key(request.algorithm);
  if (key == nullptr) return std::unexpected("cannot make the key: " + take_error());
  auto certificate = begin(request.common_name, request.validity, key.get());
  if (!certificate) return std::unexpected(certificate.error());
  X509* made = certificate->get();
  X509_set_issuer_name(made, X509_get_subject_name(ca.get()));
  if (auto ok = extend_leaf(made, ca.get(), request); !ok) return std::unexpected(ok.error());
  if (auto ok = sign(made, ca_key.get()); !ok) return std::unexpected(ok.error());
  return finish(*made, key.get());
}

}  // namespace ron::crypto
