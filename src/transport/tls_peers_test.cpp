// TLS between nodes: who is let in, and that clients notice nothing of it.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "crypto/files.hpp"
#include "crypto/test_certificates.hpp"
#include "transport/tls_stream.hpp"

namespace ron::transport {
namespace {

using crypto::KeyAlgorithm;
using crypto::NodeIdentity;
using crypto::PeerTls;
using crypto::TlsContext;
using Identity = std::shared_ptr<const NodeIdentity>;

Identity made(KeyAlgorithm algorithm = KeyAlgorithm::kEd25519) {
  return std::make_shared<const NodeIdentity>(
      crypto::node_identity(crypto::make_node_key(algorithm).value()).value());
}

struct Ends {
  std::unique_ptr<TlsStream> server, client;
  bool server_done = false, client_done = false;
};

struct TlsPeersTest : testing::Test {
  crypto::test::Directory directory;
  crypto::test::Authority ca{directory};
  crypto::test::Paths node = ca.node();
  TlsBuffers buffers;
  Identity here = made(), there = made(KeyAlgorithm::kMlDsa65);
  PeerTls server_peers{.identity = here, .admitted = {there->node}, .ca_path = {}, .policy = {}};
  PeerTls client_peers{.identity = there, .admitted = {here->node}, .ca_path = {}, .policy = {}};

  crypto::PqMode pq = crypto::PqMode::kHybrid;

  crypto::ServerTls server_tls() const {
    return {.cert_path = node.cert,
            .key_path = node.key,
            .client_ca_path = ca.cert(),
            .require_client_cert = true,
            .client_names = {"URI:ron:client:*"},
            .policy = {.pq = pq},
            .peers = server_peers};
  }

  Ends shake(const std::shared_ptr<const TlsContext>& client) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    Ends two;
    two.server = std::make_unique<TlsStream>(
        Socket(fds[0]), StreamFacts{},
        TlsStreamOptions{.context = TlsContext::server(server_tls()).value()}, buffers);
    two.client = std::make_unique<TlsStream>(
        Socket(fds[1]), StreamFacts{},
        TlsStreamOptions{.context = client, .server_name = "localhost"}, buffers);
    for (int i = 0; i < 50; ++i) {
      two.client_done = two.client->handshake() == HandshakeStatus::kDone;
      two.server_done = two.server->handshake() == HandshakeStatus::kDone;
    }
    return two;
  }
  Ends dial() { return shake(TlsContext::peer_client(client_peers).value()); }

  /// Of a certificate of the CA with this name.
  Identity issued(const std::string& name) {
    const auto paths = ca.issue("issued", {.common_name = "issued", .names = {name}});
    return std::make_shared<const NodeIdentity>(
        crypto::node_identity(crypto::read_secret_file(paths.key).value(),
                              crypto::read_public_file(paths.cert).value())
            .value());
  }
};

TEST_F(TlsPeersTest, NodesProveTheirIdsToEachOther) {  // OAP-9.2 OAP-9.80
  Ends two = dial();
  ASSERT_TRUE(two.server_done && two.client_done)
      << two.server->failure().text << two.client->failure().text;
  EXPECT_EQ(two.server->facts().peer->node, there->node);
  EXPECT_EQ(two.client->facts().peer->node, here->node) << "not that of the clients' certificate";
  for (const auto* end : {two.server.get(), two.client.get()}) {
    EXPECT_TRUE(end->facts().is_node);
    EXPECT_TRUE(end->facts().hybrid);
    EXPECT_FALSE(end->facts().peer_authenticated) << "a node is no client";
  }
}

TEST_F(TlsPeersTest, ClientsMeetTheOtherCertificate) {
  const auto alice = ca.client();
  const auto client = TlsContext::client({.ca_path = ca.cert(),
                                          .cert_path = alice.cert,
                                          .key_path = alice.key,
                                          .server_names = {},
                                          .policy = {}});
  Ends two = shake(client.value());
  ASSERT_TRUE(two.server_done && two.client_done) << two.server->failure().text;
  EXPECT_TRUE(two.server->facts().peer_authenticated);
  EXPECT_FALSE(two.server->facts().is_node);
  EXPECT_NE(two.client->facts().peer->node, here->node);
}

TEST_F(TlsPeersTest, AStrangerIsRefusedOnEitherSide) {
  server_peers.admitted = {made()->node};
  Ends refused = dial();
  EXPECT_FALSE(refused.server_done);
  EXPECT_EQ(refused.server->failure().kind, FailureClass::kCert);

  server_peers.admitted = {there->node};
  client_peers.admitted = {};
  Ends distrusted = dial();
  EXPECT_FALSE(distrusted.client_done);
  EXPECT_EQ(distrusted.client->failure().kind, FailureClass::kCert);
}

TEST_F(TlsPeersTest, AnotherKeyUnderACopiedCertificateProvesNothing) {
  NodeIdentity forged = *made();
  forged.certificate_pem = there->certificate_pem;
  client_peers.identity = std::make_shared<const NodeIdentity>(std::move(forged));
  EXPECT_FALSE(TlsContext::peer_client(client_peers).has_value());
}

TEST_F(TlsPeersTest, ABundleVouchesForNodesButNotForClients) {
  server_peers = {.identity = here, .admitted = {}, .ca_path = ca.cert(), .policy = {}};
  EXPECT_FALSE(dial().server_done) << "signed by itself";
  client_peers.identity = issued("URI:ron:node:two");
  Ends vouched = dial();
  EXPECT_TRUE(vouched.server_done) << vouched.server->failure().text;
  EXPECT_EQ(vouched.server->facts().peer->node, client_peers.identity->node);
  client_peers.identity = issued("URI:ron:client:alice");
  EXPECT_FALSE(dial().server_done);
}

TEST_F(TlsPeersTest, RequiredHybridHoldsBetweenNodesToo) {
  client_peers.policy.pq = crypto::PqMode::kOff;
  EXPECT_TRUE(dial().server_done);
  pq = crypto::PqMode::kRequire;
  EXPECT_EQ(dial().server->failure().kind, FailureClass::kGroup);
  client_peers.policy.pq = crypto::PqMode::kRequire;
  EXPECT_TRUE(dial().server_done);
}

}  // namespace
}  // namespace ron::transport
