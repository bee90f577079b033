// Whole nodes that are joined by the mesh: what each of them delivers, and when one falls silent.
#include <gtest/gtest.h>

#include "node/peer_rig.hpp"
#include "oap/comp.hpp"

namespace ron::node::testing {
namespace {

TEST(Nodes, AreJoinedByADial) {
  Town town;
  const unsigned a = town.add({});
  const unsigned b = town.add({a});
  town.wait(50ms);
  EXPECT_EQ(town[a].shard(0).membership()->active, 1U);
  EXPECT_EQ(town[b].shard(0).membership()->active, 1U);
  const auto seen = town[a].shard(0).peers(town[a].now());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].node, town.member(b).identity.node);
  EXPECT_EQ(seen[0].session, town.session(a, b));
}

TEST(Nodes, OfTwoShardsEachDeliverFromAnyShardToAny) {
  constexpr ShardIndex kFirst = 0;
  constexpr ShardIndex kSecond = 1;
  Town town;
  const unsigned a = town.add({}, 2);
  town.member(a).accepts_on = 1;
  const unsigned b = town.add({a}, 2);
  town.wait(50ms);
  ASSERT_EQ(town[a].shard(0).membership()->active, 1U);
  for (const ShardIndex from : {kFirst, kSecond}) {
    for (const ShardIndex to : {kFirst, kSecond}) {
      for (const auto& [source, target] : {std::pair(a, b), std::pair(b, a)}) {
        const SessionId publisher = town[source].active(from);
        const SessionId subscriber = town[target].active(to);
        town[target].subscribe(subscriber, "t/**");
        town[source].send(publisher, oap::kReq, 8, Rig::gossip("t/x", "data"), {});
        town.settle();
        const auto ack = town[source].receive(publisher);
        ASSERT_EQ(ack.size(), 1U);
        EXPECT_EQ(ack[0].ack().links, 1U);
        const auto got = town[target].receive(subscriber);
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].payload, Rig::gossip("t/x", "data"));
        EXPECT_EQ(got[0].header.corr, 8U);
        town[target].handle(subscriber, StreamLost{subscriber});
      }
    }
  }
}

TEST(Nodes, ThatKnowEachOtherSettleOnOneSession) {  // OAP-9.9
  Town town;
  const unsigned a = town.add({1});
  const unsigned b = town.add({0});
  town.wait(2s);
  EXPECT_EQ(town.streams().size(), 2U) << "both dialed";
  for (const unsigned node : {a, b}) {
    EXPECT_EQ(town[node].shard(0).membership()->active, 1U);
    EXPECT_EQ(town[node].stats().peer_sessions, 1U);
  }
}

// The same list of peers may stand on every node.
TEST(Nodes, DoNotStayWithThemselves) {
  Town town;
  const unsigned a = town.add({0});
  town.wait(3s);
  EXPECT_EQ(town[a].shard(0).membership()->active, 0U);
  EXPECT_EQ(town[a].stats().peer_sessions, 0U);
}

TEST(Nodes, RelayForOthersOnce) {
  Town town;
  const unsigned a = town.add({});
  const unsigned b = town.add({a}, 2);
  const unsigned c = town.add({b});
  town.wait(100ms);
  const SessionId at_a = town[a].active();
  const SessionId at_b = town[b].active(1);
  const SessionId at_c = town[c].active();
  town[a].subscribe(at_a, "**");
  town[b].subscribe(at_b, "**");
  town[c].subscribe(at_c, "**");
  for (int i = 0; i < 20; ++i) town[a].publish(at_a, "t", std::to_string(i));
  town.wait(500ms);
  for (const auto& [node, session] : {std::pair(b, at_b), std::pair(c, at_c)}) {
    const auto got = town[node].receive(session);
    ASSERT_EQ(got.size(), 20U) << "node " << node;
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].data(), std::to_string(i));
  }
  EXPECT_TRUE(town[a].receive(at_a).empty()) << "it asked for no echo";
}

TEST(Nodes, ThatFallSilentAreReplacedByWhoeverAnswers) {  // OAP-9.73
  Town town;
  const unsigned a = town.add({});
  const unsigned b = town.add({a});
  town.wait(100ms);
  ASSERT_EQ(town[b].shard(0).membership()->active, 1U);
  Town::Stream& stream = town.streams().front();
  stream.reads[0] = stream.reads[1] = false;
  town.wait(1s);
  ASSERT_EQ(town.streams().size(), 2U) << "dialed again";
  EXPECT_EQ(town[b].shard(0).membership()->active, 1U);
  const SessionId publisher = town[a].active();
  const SessionId subscriber = town[b].active();
  town[b].subscribe(subscriber, "t");
  town[a].publish(publisher, "t", "again");
  town.settle();
  EXPECT_EQ(town[b].receive(subscriber).size(), 1U);
}

TEST(Nodes, ThatAreLeavesGetWhatTheirSessionsAskFor) {  // OAP-9.14
  Town town;
  const unsigned relay = town.add({});
  const unsigned leaf =
      town.add({relay}, 2, [](NodeConfig& config) { config.mesh->role = mesh::Role::kLeaf; });
  town.wait(200ms);
  ASSERT_EQ(town[relay].shard(0).membership()->leaves, 1U);
  const SessionId publisher = town[relay].active();
  const SessionId plain = town[leaf].active(1);
  const SessionId member = town[leaf].active(0);
  town[leaf].subscribe(plain, "a");
  town[leaf].subscribe(member, "b", "group");
  const auto publish = [&] {
    town.wait(100ms);
    const auto before = town[leaf].shard(0).relay()->received;
    for (const char* topic : {"a", "b", "c"}) town[relay].publish(publisher, topic, "x");
    town.wait(100ms);
    return town[leaf].shard(0).relay()->received - before;
  };
  EXPECT_EQ(publish(), 2U) << "nothing of c";
  EXPECT_EQ(town[leaf].receive(plain).size(), 1U);
  EXPECT_EQ(town[leaf].receive(member).size(), 1U);
  oap::SubOut unsub;
  unsub.topics = {"a"};
  town[leaf].send(plain, oap::kReq, 50, oap::write_unsub(unsub));
  EXPECT_EQ(publish(), 1U);
  town[leaf].handle(member, StreamLost{member});
  EXPECT_EQ(publish(), 0U);
}

TEST(Nodes, PassACompressedPublicationOnPlain) {
  Town town;
  const unsigned a = town.add({});
  const unsigned b = town.add({a});
  town.wait(50ms);
  oap::Hello hello = Rig::hello_of();
  hello.comp_zstd = true;
  const SessionId publisher = town[a].active(0, hello);
  const SessionId subscriber = town[b].active();
  town[b].subscribe(subscriber, "t");
  const Bytes message = Rig::gossip("t", std::string(300, 'a') + std::string(200, 'b'));
  const auto packed = oap::compress(message);
  ASSERT_TRUE(packed);
  town[a].send(publisher, static_cast<std::uint16_t>(oap::kEvent | oap::kComp), 3, *packed);
  town.settle();
  const auto got = town[b].receive(subscriber);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].payload, message);
  EXPECT_EQ(got[0].header.flags, oap::kEvent);
}

TEST(Nodes, ThatDrainTellTheirPeersAndLeaveNothing) {
  Town town;
  const unsigned a = town.add({});
  const unsigned b = town.add({a});
  town.wait(50ms);
  town[b].handle_all(Drain{2s, "going down"});
  town.wait(1s);
  ASSERT_NE(town[b].drained(), nullptr);
  EXPECT_EQ(town[b].drained()->count, 0U);
  EXPECT_TRUE(town[b].shard(0).next_deadline().is_never());
  EXPECT_EQ(town[a].shard(0).membership()->active, 0U);
  EXPECT_EQ(town[a].stats().peer_sessions, 0U);
}

}  // namespace
}  // namespace ron::node::testing
