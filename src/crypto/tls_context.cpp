#include "crypto/tls_context.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "crypto/files.hpp"
#include "crypto/issue_parts.hpp"
#include "crypto/library.hpp"
#include "crypto/openssl.hpp"

namespace ron::crypto {
namespace {

using Done = std::expected<void, std::string>;

int context_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

const TlsContext& context_of(const SSL* ssl) {
  return *static_cast<const TlsContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_slot()));
}

// A hello without ALPN never reaches the ALPN callback, so it is refused here (OAP-1.3).
int on_client_hello(SSL* ssl, int* alert, void* /*unused*/) {
  const unsigned char* at = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &at,
                                &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
            unsigned in_size, void* /*unused*/) {
  const std::string& wanted = context_of(ssl).alpn();
  for (unsigned at = 0; at < in_size; at += 1U + in[at]) {
    const std::string_view offered(reinterpret_cast<const char*>(in + at + 1), in[at]);
    if (offered != wanted) continue;
    *out = in + at + 1;
    *out_size = in[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Runs for every certificate of the peer's chain; the leaf's names are pinned at depth 0.
int on_verify(int chain_ok, X509_STORE_CTX* store) {
  if (chain_ok != 1) return 0;
  if (X509_STORE_CTX_get_error_depth(store) != 0) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const std::vector<SanPattern>& patterns = context_of(ssl).peer_names();
  if (patterns.empty()) return 1;
  const X509* leaf = X509_STORE_CTX_get_current_cert(store);
  if (any_match(patterns, certificate_facts(*leaf).names)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

const std::vector<SanPattern>& node_names() {
  static const std::vector<SanPattern> names = {*SanPattern::parse(kNodeNames)};
  return names;
}

// In place of the library's own verification, for nodes: the handshake proves the key, and an id
// that the operator named is all that is asked of it; its dates and issuer are looked at only where
// the bundle is to vouch for it.
int on_peer_verify(X509_STORE_CTX* store, void* /*unused*/) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const TlsContext& context = context_of(ssl);
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  const EVP_PKEY* key = leaf == nullptr ? nullptr : X509_get0_pubkey(leaf);
  if (key == nullptr || !signs_for_a_node(*key)) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  if (context.admits(certificate_facts(*leaf).node)) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  if (context.verifies_peer() && X509_verify_cert(store) != 1) return 0;
  // Clients may have certificates of the same bundle; they are no nodes.
  if (context.verifies_peer() && any_match(node_names(), certificate_facts(*leaf).names)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

// A node that dials is met by this node's other certificate.
int on_server_name(SSL* ssl, int* /*alert*/, void* /*unused*/) {
  const TlsContext* peers = context_of(ssl).peers();
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (peers == nullptr || name == nullptr || kPeerServerName != name) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, peers->native());
  // The context's own mode is taken over by new sessions only.
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(peers->native()), nullptr);
  return SSL_TLSEXT_ERR_OK;
}

const char* groups(PqMode pq, bool server) {
  switch (pq) {
    case PqMode::kOff: return "X25519";
    case PqMode::kRequire: return "X25519MLKEM768";
    case PqMode::kHybrid: break;
  }
  return server ? "X25519MLKEM768/X25519" : "X25519MLKEM768:X25519";
}

int no_password(char* /*into*/, int /*size*/, int /*rw*/, void* /*unused*/) { return 0; }

std::vector<X509Ptr> read_chain(const std::string& pem) {
  std::vector<X509Ptr> chain;
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* next = PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr)) {
    chain.emplace_back(next);
  }
  ERR_clear_error();  // the end of the file counts as an error there
  return chain;
}

Done check_validity(const std::string& path, const CertificateFacts& facts) {
  const std::uint64_t now = wall_clock().seconds;
  if (facts.not_after.seconds <= now) {
    return std::unexpected(path + ": the certificate of " + facts.subject +
                           " has expired: issue a new one (ronctl tls init makes one for "
                           "development)");
  }
  if (facts.not_before.seconds > now) {
    return std::unexpected(path + ": the certificate of " + facts.subject +
                           " is not valid yet: check the clock of this machine");
  }
  return {};
}

Done check_chain(const std::string& path, const std::vector<X509Ptr>& chain) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (auto ok = check_validity(path, certificate_facts(*chain[i])); !ok) return ok;
    if (i + 1 < chain.size() &&
        X509_check_issued(chain[i + 1].get(), chain[i].get()) != X509_V_OK) {
      return std::unexpected(path + ": certificate " + std::to_string(i + 2) +
                             " did not issue the one before it: put the node's certificate "
                             "first, then its intermediates in order");
    }
  }
  return {};
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(ctx_); }

Done TlsContext::set_policy(const TlsPolicy& policy) {
  if (policy.allow_aes128 && policy.pq != PqMode::kOff) {
    return std::unexpected(
        "AES-128 is allowed only with pq_mode=off: symmetric keys of 256 bits "
        "belong to quantum-safe key exchange (C52)");
  }
  if (policy.pq != PqMode::kOff && !hybrid_available()) {
    return std::unexpected(library_version() +
                           " cannot do X25519MLKEM768: build against OpenSSL "
                           ">= 3.5, or set pq_mode=off");
  }
  if (policy.alpn.empty() || policy.alpn.size() > 255) {
    return std::unexpected("the ALPN name must have 1 to 255 bytes");
  }
  alpn_ = policy.alpn;
  const std::string ciphers = std::string("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") +
                              (policy.allow_aes128 ? ":TLS_AES_128_GCM_SHA256" : "");
  SSL_CTX_set_options(ctx_, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                SSL_OP_CIPHER_SERVER_PREFERENCE);
  // No auto chain: what the certificate file holds is sent, not the CA that the other side trusts
  // anyway; it would cost each session of the other side 3 KB.
  SSL_CTX_set_mode(ctx_, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS |
                             SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(ctx_, SSL_SESS_CACHE_OFF);
  const bool ok = SSL_CTX_set_min_proto_version(ctx_, TLS1_3_VERSION) == 1 &&
                  SSL_CTX_set_max_proto_version(ctx_, TLS1_3_VERSION) == 1 &&
                  SSL_CTX_set_ciphersuites(ctx_, ciphers.c_str()) == 1 &&
                  SSL_CTX_set1_groups_list(ctx_, groups(policy.pq, is_server_)) == 1 &&
                  SSL_CTX_set_num_tickets(ctx_, 0) == 1 &&
                  SSL_CTX_set_max_early_data(ctx_, 0) == 1 &&
                  SSL_CTX_set_ex_data(ctx_, context_slot(), this) == 1;
  if (!ok) return std::unexpected("TLS settings refused by the library: " + take_error());
  return {};
}

Done TlsContext::set_identity(const std::string& cert_path, const std::string& key_path) {
  const auto pem = read_public_file(cert_path);
  if (!pem) return std::unexpected(pem.error());
  const auto key_pem = read_secret_file(key_path);
  if (!key_pem) return std::unexpected(key_pem.error());
  return use(*pem, *key_pem, cert_path, key_path);
}

Done TlsContext::use(const std::string& pem, const SecureBytes& key_pem,
                     const std::string& cert_name, const std::string& key_name) {
  const std::vector<X509Ptr> chain = read_chain(pem);
  if (chain.empty()) return std::unexpected(cert_name + " holds no PEM certificate");
  const BioPtr in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  if (key == nullptr) {
    return std::unexpected(key_name + " holds no usable PEM private key (" + take_error() +
                           "); encrypted keys are not supported");
  }
  if (X509_check_private_key(chain[0].get(), key.get()) != 1) {
    ERR_clear_error();
    return std::unexpected(key_name + " is not the key of the certificate in " + cert_name);
  }
  if (auto ok = check_chain(cert_name, chain); !ok) return ok;
  bool ok = SSL_CTX_use_certificate(ctx_, chain[0].get()) == 1 &&
            SSL_CTX_use_PrivateKey(ctx_, key.get()) == 1;
  for (std::size_t i = 1; ok && i < chain.size(); ++i) {
    ok = SSL_CTX_add1_chain_cert(ctx_, chain[i].get()) == 1;
  }
  if (!ok || SSL_CTX_check_private_key(ctx_) != 1) {
    return std::unexpected(cert_name + " cannot be used: " + take_error());
  }
  certificate_ = certificate_facts(*chain[0]);
  return {};
}

Done TlsContext::set_trust(const std::string& ca_path) {
  const auto pem = read_public_file(ca_path);
  if (!pem) return std::unexpected(pem.error());
  const std::vector<X509Ptr> bundle = read_chain(*pem);
  if (bundle.empty()) return std::unexpected(ca_path + " holds no PEM certificate");
  X509_STORE* store = SSL_CTX_get_cert_store(ctx_);
  for (const X509Ptr& authority : bundle) {
    // One authority of a bundle may have run out during a rollover; it just verifies nobody.
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return std::unexpected(ca_path + " cannot be used: " + take_error());
    }
    if (is_server_ && !for_peers_) SSL_CTX_add_client_CA(ctx_, authority.get());
  }
  verifies_peer_ = true;
  return {};
}

Done TlsContext::set_names(const std::vector<std::string>& patterns) {
  for (const std::string& text : patterns) {
    auto pattern = SanPattern::parse(text);
    if (!pattern) return std::unexpected(pattern.error());
    peer_names_.push_back(std::move(*pattern));
  }
  return {};
}

bool TlsContext::admits(const NodeId& node) const {
  return std::ranges::binary_search(admitted_, node);
}

TlsContext::Made TlsContext::make(bool server) {
  start_openssl();
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->is_server_ = server;
  made->ctx_ = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
  RON_CHECK(made->ctx_ != nullptr);
  return made;
}

Done TlsContext::set_alpn() {
  if (is_server_) {
    SSL_CTX_set_alpn_select_cb(ctx_, on_alpn, nullptr);
    SSL_CTX_set_client_hello_cb(ctx_, on_client_hello, nullptr);
    return {};
  }
  std::string wire(1, static_cast<char>(alpn_.size()));
  wire += alpn_;
  if (SSL_CTX_set_alpn_protos(ctx_, reinterpret_cast<const unsigned char*>(wire.data()),
                              static_cast<unsigned>(wire.size())) != 0) {
    return std::unexpected("ALPN refused by the library: " + take_error());
  }
  return {};
}

TlsContext::Made TlsContext::for_peers(const PeerTls& settings, bool server) {
  if (settings.identity == nullptr) return std::unexpected("a node without a key has no peers");
  auto made = make(server);
  TlsContext& context = **made;
  context.for_peers_ = true;
  context.admitted_ = settings.admitted;
  std::ranges::sort(context.admitted_);
  if (auto ok = context.set_policy(settings.policy); !ok) return std::unexpected(ok.error());
  const NodeIdentity& identity = *settings.identity;
  if (auto ok = context.use(identity.certificate_pem, identity.key_pem, "the node's certificate",
                            "the node's key");
      !ok) {
    return std::unexpected(ok.error());
  }
  if (!settings.ca_path.empty()) {
    if (auto ok = context.set_trust(settings.ca_path); !ok) return std::unexpected(ok.error());
  }
  SSL_CTX_set_verify(context.ctx_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.ctx_, on_peer_verify, nullptr);
  if (auto ok = context.set_alpn(); !ok) return std::unexpected(ok.error());
  return made;
}

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::peer_client(
    const PeerTls& settings) {
  return for_peers(settings, false);
}

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::server(
    const ServerTls& settings) {
  const std::shared_ptr<TlsContext> made = *make(true);
  if (settings.client_ca_path.empty() &&
      (settings.require_client_cert || !settings.client_names.empty())) {
    return std::unexpected(
        "client certificates need a CA bundle of your own to be checked "
        "against: set the path of the client CA");
  }
  if (auto ok = made->set_policy(settings.policy); !ok) return std::unexpected(ok.error());
  if (auto ok = made->set_identity(settings.cert_path, settings.key_path); !ok) {
    return std::unexpected(ok.error());
  }
  int mode = SSL_VERIFY_NONE;
  if (!settings.client_ca_path.empty()) {
    if (auto ok = made->set_trust(settings.client_ca_path); !ok) return std::unexpected(ok.error());
    mode = SSL_VERIFY_PEER;
    if (settings.require_client_cert) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  if (auto ok = made->set_names(settings.client_names); !ok) return std::unexpected(ok.error());
  SSL_CTX_set_verify(made->ctx_, mode, on_verify);
  if (settings.peers) {
    auto peers = for_peers(*settings.peers, true);
    if (!peers) return std::unexpected(peers.error());
    made->peers_ = std::move(*peers);
    SSL_CTX_set_tlsext_servername_callback(made->ctx_, on_server_name);
  }
  if (auto ok = made->set_alpn(); !ok) return std::unexpected(ok.error());
  return made;
}

std::expected<std::shared_ptr<const TlsContext>, std::string> TlsContext::client(
    const ClientTls& settings) {
  const std::shared_ptr<TlsContext> made = *make(false);
  if (settings.ca_path.empty()) {
    return std::unexpected(
        "the server's certificate needs a CA bundle to be checked against: "
        "give the path of the CA");
  }
  if (settings.cert_path.empty() != settings.key_path.empty()) {
    return std::unexpected("a client certificate needs both its path and its key's path");
  }
  if (auto ok = made->set_policy(settings.policy); !ok) return std::unexpected(ok.error());
  if (!settings.cert_path.empty()) {
    if (auto ok = made->set_identity(settings.cert_path, settings.key_path); !ok) {
      return std::unexpected(ok.error());
    }
  }
  if (auto ok = made->set_trust(settings.ca_path); !ok) return std::unexpected(ok.error());
  if (auto ok = made->set_names(settings.server_names); !ok) return std::unexpected(ok.error());
  SSL_CTX_set_verify(made->ctx_, SSL_VERIFY_PEER, on_verify);
  if (auto ok = made->set_alpn(); !ok) return std::unexpected(ok.error());
  return made;
}

}  // namespace ron::crypto
