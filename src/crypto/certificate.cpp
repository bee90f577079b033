#include "crypto/certificate.hpp"

#include <arpa/inet.h>

#include <array>
#include <chrono>
#include <ctime>

#include "base/blake3.hpp"
#include "crypto/openssl.hpp"

namespace ron::crypto {
namespace {

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size > 0 ? size : 0)};
}

WallTime seconds(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::time_t at = ::timegm(&parts);
  return {at > 0 ? static_cast<std::uint64_t>(at) : 0};
}

std::string string_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return "invalid";
  ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

std::vector<San> names_of(const X509& certificate) {
  std::vector<San> names;
  const auto free_all = [](GENERAL_NAMES* all) { GENERAL_NAMES_free(all); };
  const std::unique_ptr<GENERAL_NAMES, decltype(free_all)> all(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      free_all);
  for (int i = 0; all != nullptr && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    switch (name->type) {
      case GEN_DNS: names.push_back("DNS:" + string_of(name->d.dNSName)); break;
      case GEN_URI: names.push_back("URI:" + string_of(name->d.uniformResourceIdentifier)); break;
      case GEN_IPADD: names.push_back("IP:" + address_text(name->d.iPAddress)); break;
      default: break;
    }
  }
  return names;
}

NodeId node_of(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size <= 0) return {};
  const NodeId node = blake3({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return node;
}

}  // namespace

CertificateFacts certificate_facts(const x509_st& certificate) {
  start_openssl();
  CertificateFacts facts;
  facts.subject = name_text(X509_get_subject_name(&certificate));
  facts.issuer = name_text(X509_get_issuer_name(&certificate));
  facts.not_before = seconds(X509_get0_notBefore(&certificate));
  facts.not_after = seconds(X509_get0_notAfter(&certificate));
  facts.names = names_of(certificate);
  facts.node = node_of(certificate);
  if (const EVP_PKEY* key = X509_get0_pubkey(&certificate); key != nullptr) {
    const char* name = EVP_PKEY_get0_type_name(key);
    facts.key_algorithm = name != nullptr ? name : "unknown";
  }
  ERR_clear_error();
  return facts;
}

std::expected<CertificateFacts, std::string> certificate_facts(std::string_view pem) {
  start_openssl();
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return std::unexpected("not a PEM certificate: " + take_error());
  return certificate_facts(*certificate);
}

WallTime wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count())};
}

}  // namespace ron::crypto
