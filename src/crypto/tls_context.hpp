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
#include "crypto/identity.hpp"
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

/// The server name that a node gives when it dials another one. The node that answers then shows
/// the certificate of its node key instead of the one for clients, and asks for that of the other.
/// OAP-9.80
inline constexpr std::string_view kPeerServerName = "peer.ron.invalid";

/// The names by which a CA says that a certificate is a node's (san.hpp).
inline constexpr std::string_view kNodeNames = "URI:ron:node:*";

/// TLS between nodes (docs/decisions/0018): both sides show the certificate of their node key. A
/// node is let in when its id is among `admitted`, whatever its certificate says besides the key,
/// or when the certificate chains to the bundle and carries a name of kNodeNames; nobody else is.
struct PeerTls {
  std::shared_ptr<const NodeIdentity> identity;
  std::vector<NodeId> admitted;
  std::string ca_path;  // empty = ids only
  TlsPolicy policy;
};

struct ServerTls {
  std::string cert_path;  // leaf first, then its intermediates
  std::string key_path;
  std::string client_ca_path;  // bundle that client certificates must chain to; empty = none asked
  bool require_client_cert = false;
  std::vector<std::string> client_names;  // patterns (san.hpp); empty = every certificate of the CA
  TlsPolicy policy;
  std::optional<PeerTls> peers;  // nothing = nodes are met like clients
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
  /// For dialing nodes.
  static std::expected<std::shared_ptr<const TlsContext>, std::string> peer_client(
      const PeerTls& settings);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  ssl_ctx_st* native() const { return ctx_; }
  bool is_server() const { return is_server_; }
  /// The other side must show a certificate (always true for a client).
  bool verifies_peer() const { return verifies_peer_; }
  const std::vector<SanPattern>& peer_names() const { return peer_names_; }
  const std::string& alpn() const { return alpn_; }
  /// For nodes: what the other side proves is its node id.
  bool is_for_peers() const { return for_peers_; }
  /// Of a server: what it is to nodes that dial; null when it knows none.
  const TlsContext* peers() const { return peers_.get(); }
  /// May the node of this certificate be a peer, by its key alone?
  bool admits(const NodeId& node) const;
  /// This side's own certificate.
  const std::optional<CertificateFacts>& certificate() const { return certificate_; }

 private:
  TlsContext() = default;
  using Done = std::expected<void, std::string>;
  using Made = std::expected<std::shared_ptr<TlsContext>, std::string>;
  static Made make(bool server);
  static Made for_peers(const PeerTls& settings, bool server);
  Done set_policy(const TlsPolicy& policy);
  Done set_alpn();
  Done use(const std::string& pem, const SecureBytes& key_pem, const std::string& cert_name,
           const std::string& key_name);
  Done set_identity(const std::string& cert_path, const std::string& key_path);
  Done set_trust(const std::string& ca_path);
  Done set_names(const std::vector<std::string>& patterns);

  ssl_ctx_st* ctx_ = nullptr;
  bool is_server_ = false;
  bool verifies_peer_ = false;
  bool for_peers_ = false;
  std::shared_ptr<const TlsContext> peers_;
  std::vector<NodeId> admitted_;  // sorted
  std::string alpn_;
  std::vector<SanPattern> peer_names_;
  std::optional<CertificateFacts> certificate_;
};

}  // namespace ron::crypto
