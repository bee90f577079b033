#include "svc/overlay/mesh_settings.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "config/load.hpp"
#include "crypto/library.hpp"
#include "oap/peer_kinds.hpp"
#include "svc/overlay/node_settings.hpp"

namespace ron::svc {
namespace {

setup::Identity identity() {
  auto key = crypto::make_node_key(crypto::KeyAlgorithm::kEd25519).value();
  return std::make_shared<const crypto::NodeIdentity>(
      crypto::node_identity(std::move(key)).value());
}

TEST(MeshSettings, EachStartIsANewEpochWithItsStatement) {  // OAP-9.7
  const auto who = identity();
  const auto one = mesh_start(who), two = mesh_start(who);
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_NE(one->epoch, two->epoch);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  EXPECT_NEAR(static_cast<double>(one->epoch) / 65'536, static_cast<double>(ms), 60'000);
  const auto verify = crypto::crypto_fns().verify;
  EXPECT_TRUE(verify(who->key, oap::origin_signed_bytes(who->node, one->epoch), one->statement));
  EXPECT_FALSE(verify(who->key, oap::origin_signed_bytes(who->node, two->epoch), one->statement));
}

TEST(MeshSettings, AFanoutThatFitsTheViewIsNoBound) {
  const auto start = mesh_start(identity()).value();
  config::Settings settings = config::defaults(config::Profile::kMicronode);
  host::Settings out = host_settings(settings, {});
  join_mesh(out, settings, start, {});
  EXPECT_EQ(out.node.mesh->relay.fanout, 0U) << "the default, of 10 links at most";
  settings.overlay.gossip.relay_fanout = 7;
  join_mesh(out, settings, start, {});
  EXPECT_EQ(out.node.mesh->relay.fanout, 7U);
}

TEST(MeshSettings, TheKeysReachTheMesh) {
  config::Settings settings = config::defaults(config::Profile::kMicronode);
  settings.mesh.role = config::MeshRole::kLeaf;
  settings.mesh.active_view = 4;
  settings.mesh.passive_view = 20;
  settings.mesh.repair_bytes = 1U << 20U;
  settings.mesh.repair_window = std::chrono::seconds(7);
  settings.mesh.dedup_horizon = std::chrono::seconds(50);
  settings.mesh.score_dry_run = true;
  settings.mesh.score_shed = 30;
  settings.mesh.score_disconnect = 77;
  settings.overlay.gossip.relay_fanout = 3;
  settings.overlay.advertise_addr = "here:1";
  const auto start = mesh_start(identity()).value();
  const config::Peer peer{.addr = "there:2", .node = start.identity->node};
  host::Settings out = host_settings(settings, {});
  join_mesh(out, settings, start, {peer});
  ASSERT_TRUE(out.node.mesh.has_value());
  const mesh::MeshConfig& mesh = *out.node.mesh;
  EXPECT_EQ(mesh.self, start.identity->node);
  EXPECT_EQ(out.node.node, mesh.self);
  EXPECT_EQ(mesh.role, mesh::Role::kLeaf);
  EXPECT_EQ(mesh.advertise, "here:1");
  EXPECT_EQ(mesh.views.active, 4U);
  EXPECT_EQ(mesh.views.active_max, 5U);
  EXPECT_EQ(mesh.views.passive, 20U);
  EXPECT_EQ(mesh.relay.fanout, 3U);
  EXPECT_TRUE(mesh.score.dry_run);
  EXPECT_EQ(mesh.score.shed, 30U);
  EXPECT_EQ(mesh.score.disconnect, 77U);
  EXPECT_EQ(mesh.relay.repair_bytes, 1U << 20U);
  EXPECT_EQ(mesh.relay_times.repair, std::chrono::seconds(7));
  EXPECT_EQ(mesh.relay_times.dedup, std::chrono::seconds(50));
  ASSERT_EQ(mesh.peers.size(), 1U);
  EXPECT_EQ(mesh.peers.front().addr, "there:2");
  ASSERT_TRUE(out.peers.has_value());
  EXPECT_EQ(out.peers->admitted, std::vector<NodeId>{start.identity->node});
}

}  // namespace
}  // namespace ron::svc
