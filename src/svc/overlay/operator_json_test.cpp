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

TEST(OperatorJson, NamedPeersWithoutALinkSayWhatBecameOfThem) {
  using State = mesh::NamedView::State;
  DialFailures failures;
  failures.note(
      {.kind = host::EventKind::kDialFailed, .peer = "a:1", .text = "no", .dialed = true});
  NodeId node{};
  node[0] = 0xab;
  host::Inspection inspection;
  inspection.named = {
      {.addr = "a:1", .expected = node, .found = {}, .state = State::kWaiting, .failed = 3},
      {.addr = "b:2", .expected = {}, .found = node, .state = State::kSpare},
      {.addr = "c:3", .expected = {}, .found = {}, .state = State::kLinked}};
  const Parsed told = Parsed::parse(peers_json(inspection, failures, 1));
  const Parsed expected = {
      {{"addr", "a:1"},
       {"id", "ab" + std::string(62, '0')},
       {"state", "waiting"},
       {"failed", 3},
       {"failure", "io: no"}},
      {{"addr", "b:2"}, {"node", "ab" + std::string(62, '0')}, {"state", "spare"}, {"failed", 0}}};
  EXPECT_EQ(told["named"], expected) << "linked ones are among the peers";
}

}  // namespace
}  // namespace ron::svc
