// TLS settings, built once and checked whole before anybody uses them.
//
// TLS 1.3 only, ALPN required, no tickets, no early data, no renegotiation, no compression
// (OAP-1.3, C52-C55). A context never changes after `server` or `client` has returned it: a reload
// builds a new one, and sessions keep the one they began with. Proven settings: the key-exchange
// list of a server separates its groups by '/', so that a client which offers the hybrid as well as
// X25519 gets the hybrid (with ':' it would be downgraded in silence).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.hpp"
#include "crypto/san.hpp"

struct ssl_ctx_st;

namespace ron::crypto {

inline constexpr std::string_view kAlpnOap = "ron/oap1";  // OAP-1.3

enum class PqMode : std::uint8_t {
  kOff,      // X25519
  kHybrid,   // X25519MLKEM768 wherever the other side can, else X25519
  kRequire,  // X25519MLKEM768 or nothing
};

struct TlsPolicy {
  PqMode pq = PqMode::kHybrid;
  bool allow_aes128 = false;  // refused unless pq is off (C52)
  std::string alpn{kAlpnOap};
};

struct ServerTls {
  std::string cert_path;  // leaf first, then its intermediates
  std::string key_path;
  std::string client_ca_path;  // bundle that client certificates must chain to; empty = none asked
  bool require_client_cert = false;
  std::vector<std::string> client_names;  // patterns (san.hpp); empty = every certificate of the CA
  TlsPolicy policy;
};

struct ClientTls {
  std::string ca_path;    // bundle that the server's certificate must chain to
  std::string cert_path;  // what this side presents; both empty or both set
  std::string key_path;
  std::vector<std::string> server_names;  // patterns; empty = the host name that was dialled
  TlsPolicy policy;
};

class TlsContext {
 public:
  /// Reads and checks everything: permissions, that the key belongs to the certificate, that the
  /// chain is in order, that nothing has expired. The error says what to do about it.
  static std::expected<std::shared_ptr<const TlsContext>, std::string> server(
      const ServerTls& settings);
  static std::expected<std::shared_ptr<const TlsContext>, std::string> client(
      const ClientTls& settings);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  ssl_ctx_st* native() const { return ctx_; }
  bool is_server() const { return is_server_; }
  /// The other side must show a certificate (always true for a client).
  bool verifies_peer() const { return verifies_peer_; }
  const std::vector<SanPattern>& peer_names() const { return peer_names_; }
  const std::string& alpn() const { return alpn_; }
  /// This side's own certificate.
  const std::optional<CertificateFacts>& certificate() const { return certificate_; }

 private:
  TlsContext() = default;
  using Done = std::expected<void, std::string>;
  Done set_policy(const TlsPolicy& policy);
  Done set_identity(const std::string& cert_path, const std::string& key_path);
  Done set_trust(const std::string& ca_path);
  Done set_names(const std::vector<std::string>& patterns);

  ssl_ctx_st* ctx_ = nullptr;
  bool is_server_ = false;
  bool verifies_peer_ = false;
  std::string alpn_;
  std::vector<SanPattern> peer_names_;
  std::optional<CertificateFacts> certificate_;
};

}  // namespace ron::crypto
