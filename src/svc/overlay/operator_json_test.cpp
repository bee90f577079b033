#include "svc/overlay/operator_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ron::svc {
namespace {

using Parsed = nlohmann::json;

host::PeerInfo neighbour(std::uint8_t id) {
  host::PeerInfo info;
  info.view.node[0] = id;
  info.view.active = true;
  return info;
}

Parsed mesh_told(std::vector<host::PeerInfo> peers, const mesh::RelayStats& relay) {
  MeshView view{.enabled = true};
  view.inspection.peers = std::move(peers);
  view.snapshot.shards.emplace_back().mesh = host::MeshStats{.membership = {}, .relay = relay};
  return Parsed::parse(mesh_json(std::move(view)));
}

TEST(OperatorJson, LinksSayWhichTreesTheyCarry) {
  host::PeerInfo relay = neighbour(1);
  relay.view.trees = mesh::LinkTrees{.in = 2, .out = 5, .shared_in = false, .shared_out = true};
  const Parsed told = mesh_told({relay, neighbour(2)}, {});
  const Parsed expected = {{"in", 2}, {"out", 5}, {"shared_in", false}, {"shared_out", true}};
  EXPECT_EQ(told["links"][0]["trees"], expected);
  EXPECT_FALSE(told["links"][1].contains("trees")) << "no tree leads to a leaf";
}

TEST(OperatorJson, TheMeshSaysHowLateCopiesAreAndHowManyAreLost) {
  mesh::RelayStats relay;
  relay.lag_hot = std::chrono::microseconds(1500);
  relay.lag_cold = std::chrono::milliseconds(20);
  relay.loss = 0.25;
  const Parsed told = mesh_told({}, relay);
  EXPECT_EQ(told["relay"]["lag_ms"], Parsed({{"trees", 1.5}, {"shared", 20.0}}));
  EXPECT_EQ(told["relay"]["loss"], 0.25);
}

}  // namespace
}  // namespace ron::svc
