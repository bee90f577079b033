// Hosts that dial each other, over real sockets on loopback.
#include <gtest/gtest.h>

#include <mutex>

#include "crypto/library.hpp"
#include "crypto/test_certificates.hpp"
#include "host/host.hpp"
#include "host/test_peer.hpp"
#include "host/test_wait.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::host {
namespace {

using test::open_files;
using test::soon;
using namespace std::chrono_literals;
using Identity = std::shared_ptr<const crypto::NodeIdentity>;

Identity new_identity() {
  auto key = crypto::make_node_key(crypto::KeyAlgorithm::kEd25519).value();
  return std::make_shared<const crypto::NodeIdentity>(
      crypto::node_identity(std::move(key)).value());
}

/// A node of a mesh whose members may all be peers of each other.
struct Member {
  Identity identity = new_identity();
  std::vector<std::uint8_t> statement;
  std::string listen = "127.0.0.1:0";
  std::unique_ptr<Host> host;

  unsigned links() const {
    const Snapshot now = host->snapshot();
    return now.mesh() == nullptr ? 0 : now.mesh()->membership.active;
  }
  mesh::ConfiguredPeer at() const {
    return {.addr = host->bound().front(), .node = identity->node};
  }
};

struct HostPeers : testing::Test {
  crypto::test::Directory directory;
  crypto::test::Authority ca{directory};
  crypto::test::Paths node = ca.node();
  std::mutex mutex;
  std::vector<std::string> failed;  // dials
  Member one, two;

  Settings settings_of(Member& member, std::vector<mesh::ConfiguredPeer> peers, unsigned shards) {
    Settings out;
    out.listen = {member.listen};
    out.shards = shards;
    out.accept.sustained = 0;
    out.peers = crypto::PeerTls{.identity = member.identity,
                                .admitted = {one.identity->node, two.identity->node},
                                .ca_path = {},
                                .policy = {}};
    out.tls = crypto::ServerTls{.cert_path = node.cert, .key_path = node.key};
    out.tls->peers = out.peers;
    mesh::MeshConfig mesh;
    mesh.self = member.identity->node;
    mesh.epoch = 1;
    mesh.peers = std::move(peers);
    member.statement =
        crypto::sign(*member.identity, oap::origin_signed_bytes(mesh.self, mesh.epoch)).value();
    mesh.key = member.identity->key;
    mesh.statement = member.statement;
    out.node.node = mesh.self;
    out.node.mesh = std::move(mesh);
    out.node.crypto = crypto::crypto_fns();
    out.on_event = [this](const Event& event) {
      if (event.kind != EventKind::kDialFailed) return;
      const std::scoped_lock lock(mutex);
      failed.emplace_back(event.peer);
    };
    return out;
  }
  void start(Member& member, std::vector<mesh::ConfiguredPeer> peers = {}, unsigned shards = 1) {
    auto started = Host::start(settings_of(member, std::move(peers), shards));
    ASSERT_TRUE(started.has_value()) << started.error();
    member.host = std::move(*started);
  }
  std::size_t failures() {
    const std::scoped_lock lock(mutex);
    return failed.size();
  }
  transport::DialTarget target(const Member& member) const {
    const auto context = crypto::TlsContext::client(
        {.ca_path = ca.cert(), .cert_path = {}, .key_path = {}, .server_names = {}, .policy = {}});
    return {.at = *transport::split_host_port(member.host->bound().front()),
            .unix_path = {},
            .tls = context.value()};
  }
};

TEST_F(HostPeers, LinkAndRelay) {
  for (const unsigned shards : {1U, 3U}) {
    start(one, {}, shards);
    start(two, {one.at()}, shards);
    ASSERT_TRUE(soon([&] { return one.links() == 1 && two.links() == 1; }));
    test::Peer reader(target(one)), writer(target(two));
    ASSERT_TRUE(reader.connected() && writer.connected()) << reader.error.text;
    ASSERT_TRUE(reader.greet() && reader.subscribe("a/b"));
    ASSERT_TRUE(writer.greet() && writer.publish("a/b", "across"));
    EXPECT_TRUE(reader.next_with("across").has_value());
    two.host.reset();
    EXPECT_TRUE(soon([&] { return one.links() == 0; }));
    one.host.reset();
  }
}

TEST_F(HostPeers, WhereTheyListenIsToldWhenNobodySays) {
  start(one);
  start(two, {one.at()});
  ASSERT_TRUE(soon([&] { return one.links() == 1; }));
  EXPECT_TRUE(soon([&] {
    const Inspection known = one.host->inspect(Inspect::kPeers);
    return known.peers.size() == 1 && known.peers.front().view.addr == two.host->bound().front();
  }));
}

TEST_F(HostPeers, ADialThatFailsIsToldAndTriedAgain) {
  start(one);
  const std::string gone = one.host->bound().front();
  one.host.reset();
  start(two, {{.addr = gone, .node = one.identity->node}, {.addr = "no address", .node = {}}});
  EXPECT_TRUE(soon([&] { return failures() >= 4; }));
  EXPECT_EQ(two.links(), 0U);
  one.listen = gone;
  start(one);
  EXPECT_TRUE(soon([&] { return two.links() == 1; }));
}

TEST_F(HostPeers, EveryAddressOfANameIsTried) {
  one.listen = "[::1]:0";
  start(one);
  const auto port = transport::split_host_port(one.host->bound().front())->port;
  start(two, {{.addr = "localhost:" + std::to_string(port), .node = one.identity->node}});
  EXPECT_TRUE(soon([&] { return two.links() == 1; }));
  EXPECT_EQ(failures(), 0U);
}

TEST_F(HostPeers, OperatorsDialAndHangUp) {
  start(one);
  start(two);
  EXPECT_EQ(two.links(), 0U);
  two.host->dial_peer(one.host->bound().front(), one.identity->node);
  ASSERT_TRUE(soon([&] { return two.links() == 1; }));
  crypto::PeerTls nobody{.identity = one.identity, .admitted = {}, .ca_path = {}, .policy = {}};
  crypto::ServerTls tls{.cert_path = node.cert, .key_path = node.key};
  tls.peers = nobody;
  ASSERT_TRUE(one.host->reload_tls(tls).has_value());
  ASSERT_TRUE(one.host->reload_peers(nobody).has_value());
  EXPECT_EQ(one.links(), 1U) << "sessions keep what they began with";
  one.host->hang_up(two.identity->node);
  EXPECT_TRUE(soon([&] { return one.links() == 0 && two.links() == 0; }));
}

TEST_F(HostPeers, DescriptorsComeBack) {
  const std::size_t before = open_files();
  start(one);
  start(two, {one.at(), {.addr = "127.0.0.1:1", .node = new_identity()->node}});
  ASSERT_TRUE(soon([&] { return one.links() == 1 && failures() >= 2; }));
  two.host.reset();
  one.host.reset();
  EXPECT_TRUE(soon([&] { return open_files() == before; }));
}

TEST_F(HostPeers, AMeshNeedsTlsTowardsItsPeers) {
  Settings settings = settings_of(one, {}, 1);
  settings.peers.reset();
  EXPECT_FALSE(Host::start(settings).has_value());
}

}  // namespace
}  // namespace ron::host
