// Worlds of many machines: forming, crashes, partitions, and the rules two nodes settle by.
#include "mesh/membership.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mesh/membership_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::Index;
using testing::mix;
using testing::Net;
using testing::node_id;

Slice frame_of(std::uint16_t flags, CorrId corr, ByteView payload) {
  return oap::make_frame(flags, TenantId{}, corr, payload);
}

/// Links that stay one-sided longer than it takes to agree on one.
::testing::AssertionResult symmetric(Net& net) {
  if (net.run_until([&] { return net.lopsided() == 0; }, 2s)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << net.lopsided() << " links are held by one side only";
}

// Forming.

struct Size {
  Index nodes, seeds;
  friend std::ostream& operator<<(std::ostream& out, Size size) { return out << size.nodes; }
};

class Forming : public ::testing::TestWithParam<Size> {};

TEST_P(Forming, MakesOneMeshOfEvenDegrees) {
  const auto [nodes, seeds] = GetParam();
  Net net(nodes);
  net.add_many(nodes, seeds);
  EXPECT_TRUE(net.run_until([&] { return net.components() == 1; }, 2s, 100ms));
  net.run(10s);
  const Net::Degrees degrees = net.degrees();
  const Index most = net.config.views.active_max;
  const Index everybody = std::min<Index>(nodes - 1, net.config.views.active);
  EXPECT_EQ(net.components(), 1U);
  EXPECT_GE(degrees.least, std::min<Index>(everybody, 6));
  EXPECT_LE(degrees.most, std::min(nodes - 1, most));
  EXPECT_NEAR(degrees.mean, static_cast<double>(everybody), 0.5);
  EXPECT_TRUE(symmetric(net));
  EXPECT_EQ(net.faults, 0U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Forming,
                         ::testing::Values(Size{2, 1}, Size{2, 2}, Size{5, 1}, Size{9, 2},
                                           Size{20, 1}, Size{200, 1}, Size{1000, 3}));

TEST(Membership, SmallMeshesAreWholeAtOnceAndThenQuiet) {
  for (const Index nodes : {Index{2}, Index{5}, Index{9}}) {
    Net net(nodes);
    net.add_many(nodes, 1);
    EXPECT_TRUE(net.run_until([&] { return net.degrees().least == nodes - 1; }, 800ms)) << nodes;
    net.run(1s);
    const std::uint64_t dials = net.dials();
    net.run(60s);
    EXPECT_EQ(net.dials(), dials) << "nobody else is there to be dialed";
  }
}

TEST(Membership, ANodeAloneWaitsForTheOthers) {
  Net net(3);
  const Index first = net.add({0, 1});
  net.run(30s);
  EXPECT_EQ(net.degree(first), 0U);
  EXPECT_LE(net.dials(), 20U);
  net.add({0});
  EXPECT_TRUE(net.run_until([&] { return net.degrees().least == 1; }, 500ms));
}

TEST(Membership, ANewcomerIsSetIntoAMeshThatIsFull) {
  Net net(5);
  net.add_many(100, 1);
  net.run(15s);
  const std::uint64_t before = net.dials();
  const Index newcomer = net.add({0});
  EXPECT_TRUE(net.run_until([&] { return net.degree(newcomer) >= 8; }, 2s));
  net.run(3s);
  EXPECT_GE(net.degrees().least, 7U);
  EXPECT_LE(net.at(newcomer).stats().dials, 24U);
  EXPECT_LE(net.dials() - before, 200U) << "a newcomer is no storm";
  EXPECT_TRUE(symmetric(net));
}

TEST(Membership, ANodeThatNobodyCanDialHasLinksAllTheSame) {
  Net net(6);
  net.add_many(40, 1);
  net.run(5s);
  const Index hidden = net.add({0}, Role::kRelay, true);
  EXPECT_TRUE(net.run_until([&] { return net.degree(hidden) >= 7; }, 10s));
  for (Index i = 0; i < hidden; ++i) {
    for (const PeerView& peer : net.at(i).peers(net.now())) {
      EXPECT_TRUE(peer.active || peer.node != net.id(hidden)) << "told of without an address";
    }
  }
}

TEST(Membership, ASlowNetworkIsNoDeadNetwork) {
  Net net(7);
  net.nearest = 250ms;
  net.farthest = 350ms;
  net.add_many(20, 1);
  EXPECT_TRUE(net.run_until([&] { return net.degrees().least >= 4; }, 30s, 100ms));
  EXPECT_EQ(net.components(), 1U);
  net.run(60s);
  for (Index i = 0; i < net.size(); ++i) EXPECT_EQ(net.at(i).stats().links_lost, 0U);
}

TEST(Membership, TheSameSeedGivesTheSameMesh) {
  const auto trace = [](std::uint64_t seed) {
    Net net(seed);
    net.add_many(60, 2);
    net.run(3s);
    for (Index i = 0; i < 60; i += 3) net.crash(i);
    net.run(3s);
    return net.trace();
  };
  EXPECT_EQ(trace(1), trace(1));
  EXPECT_NE(trace(1), trace(2));
}

// Failures.

void crash_share(Net& net, Index percent) {
  for (Index i = 0; i < net.size(); ++i) {
    if (mix(i * 7919 + percent) % 100 < percent) net.crash(i);
  }
}

// OAP-9.72 OAP-9.73
TEST(Membership, ASilentDeathIsNoticedInHalfASecond) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {  // either of the two pings, by their ids
    Net net(seed);
    net.add_many(2, 1);
    net.run(20s);
    net.crash(1);
    const Duration last_words = net.farthest;  // that are still on their way
    EXPECT_TRUE(net.run_until([&] { return net.degree(0) == 0; }, last_words + 510ms)) << seed;
  }
}

TEST(Membership, HalfOfTheNodesCrashAtOnce) {
  Net net(50);
  net.add_many(200, 3);
  net.run(10s);
  crash_share(net, 50);
  EXPECT_TRUE(net.run_until([&] { return net.components() == 1; }, 700ms));
  EXPECT_TRUE(net.run_until([&] { return net.degrees().least >= 4 && net.lopsided() == 0; }, 1s));
  EXPECT_EQ(net.components(), 1U);
}

TEST(Membership, FourOfFiveNodesCrashAtOnce) {
  Net net(80);
  net.add_many(400, 3);
  net.run(10s);
  crash_share(net, 80);
  const std::uint64_t dials = net.dials();
  EXPECT_TRUE(net.run_until([&] { return net.components() == 1; }, 1s));
  EXPECT_TRUE(net.run_until([&] { return net.degrees().least >= 4; }, 1s));
  net.run(2s);
  EXPECT_EQ(net.components(), 1U);
  EXPECT_LE(net.dials() - dials, net.living().size() * 80);
}

class Partition : public ::testing::TestWithParam<Index> {};

TEST_P(Partition, HealsWithoutAStorm) {
  const Index nodes = GetParam();
  Net net(nodes + 60);
  net.add_many(nodes, 2);
  net.run(10s);
  for (Index i = 0; i < nodes; ++i) net.side(i, static_cast<int>(i % 2));
  net.run(60s);
  EXPECT_EQ(net.components(), 2U);
  for (Index i = 0; i < nodes; ++i) net.side(i, 0);
  const std::uint64_t dials = net.dials();
  EXPECT_TRUE(net.run_until([&] { return net.components() == 1; }, 5s));
  net.run(5s);
  EXPECT_EQ(net.components(), 1U);
  EXPECT_LE(net.dials() - dials, 2 * nodes * 5) << "at most two a node and second";
  net.run(30s);
  EXPECT_EQ(net.components(), 1U);
  EXPECT_GE(net.degrees().least, std::min<Index>(nodes - 1, 6));
  EXPECT_TRUE(symmetric(net));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Partition, ::testing::Values(4, 20, 100));

TEST(Membership, AStallIsNotTakenForTheDeathOfOthers) {
  Net net(9);
  net.add_many(30, 1);
  net.run(10s);
  net.stall(3, 2s);
  net.run(1s);
  EXPECT_EQ(net.lopsided(), net.degree(3)) << "the others let it go, it does not know yet";
  net.run(1s);
  EXPECT_TRUE(net.run_until([&] { return net.degree(3) >= 8; }, 1s));
  EXPECT_TRUE(symmetric(net));
  EXPECT_EQ(net.components(), 1U);
}

TEST(Membership, AShortStallCostsNoLink) {
  Net net(10);
  net.add_many(30, 1);
  net.run(20s);
  net.stall(3, 250ms);
  net.run(2s);
  for (const Index i : net.living()) EXPECT_EQ(net.at(i).stats().links_lost, 0U);
}

TEST(Membership, LostPacketsAreNotTakenForDeath) {
  Net net(20);
  net.add_many(40, 1);
  net.run(5s);
  net.loss = 1;
  net.run(20s);
  std::uint64_t before = 0, after = 0;
  for (const Index i : net.living()) before += net.at(i).stats().links_lost;
  net.run(60s);
  for (const Index i : net.living()) after += net.at(i).stats().links_lost;
  EXPECT_LE(after - before, net.size()) << "one a node and minute, of eight links";
  EXPECT_GE(net.degrees().least, 6U);
}

// Two nodes.

TEST(Membership, ALinkThatOnlyOneSideUsesLives) {
  Net net(21);
  net.add_many(2, 1);
  net.run(5s);
  const Slice frame = frame_of(oap::kEvent, 0, oap::write_keep());
  for (const Index from : {Index{0}, Index{1}}) {
    for (int i = 0; i < 100; ++i) {
      net.forge(from, 1 - from, frame);
      net.run(50ms);
    }
    EXPECT_EQ(net.at(0).stats().links_lost + net.at(1).stats().links_lost, 0U);
  }
}

// OAP-9.9
TEST(Membership, SimultaneousDialsSettleOnOneSession) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Net net(seed);
    net.add();
    net.add();
    net.dial(0, {address(1), net.id(1)});
    net.run(Duration(static_cast<std::int64_t>(mix(seed) % 200'000'000)));
    net.dial(1, {address(0), net.id(0)});
    net.run(2s);
    EXPECT_EQ(net.open_between(0, 1), 1U) << seed;
    EXPECT_EQ(net.degree(0), 1U) << seed;
    EXPECT_TRUE(symmetric(net)) << seed;
    net.run(10s);
    EXPECT_EQ(net.degree(0) + net.degree(1), 2U) << seed;
    EXPECT_LE(net.history(0).size(), 3U) << "up, or up and moved once: " << seed;
  }
}

// OAP-9.8
TEST(Membership, ANewStartReplacesTheDeadSessionAtOnce) {
  Net net(11);
  net.add();
  net.add({0});
  net.run(5s);
  ASSERT_EQ(net.degree(0), 1U);
  const std::uint64_t before = net.at(0).link(net.at(0).relays()[0]->session)->epoch;
  net.restart(1);
  EXPECT_TRUE(net.run_until(
      [&] { return net.degree(0) == 1 && net.at(0).relays()[0]->epoch > before; }, 400ms));
  const auto& history = net.history(0);
  ASSERT_GE(history.size(), 3U);
  EXPECT_FALSE(history[history.size() - 2].up);
  EXPECT_TRUE(history.back().up);
  EXPECT_EQ(net.at(0).stats().links_lost, 0U) << "nobody had to fall silent first";
  EXPECT_TRUE(symmetric(net));
}

TEST(Membership, ANodeThatDialsItselfForgetsThatAddress) {
  Net net(12);
  net.add({0});
  net.run(60s);
  EXPECT_EQ(net.dials(), 1U);
  EXPECT_EQ(net.at(0).stats().sessions, 0U);
}

TEST(Membership, AnotherNodeAtAPinnedAddressIsRefusedAndTriedAgain) {
  Net net(13);
  net.add();
  net.add();
  net.dial(0, {address(1), net.id(0)});
  net.run(5s);
  EXPECT_EQ(net.degree(0), 0U);
  EXPECT_GE(net.at(0).stats().dials, 3U);
}

TEST(Membership, HangupDropsAndForgets) {
  Net net(14);
  net.add();
  net.add({0}, Role::kRelay, true);  // the other side cannot dial back
  net.run(2s);
  ASSERT_EQ(net.degree(0), 1U);
  net.hangup(1, 0);
  net.run(30s);
  EXPECT_EQ(net.degree(0), 0U);
  EXPECT_EQ(net.open_between(0, 1), 0U);
  EXPECT_TRUE(net.at(1).peers(net.now()).empty());
}

TEST(Membership, AnOperatorsDialIsRepeatedUntilItIsAnswered) {
  Net net(15);
  net.add();
  net.add();
  net.side(1, 1);
  net.dial(0, {address(1), std::nullopt});
  net.run(20s);
  EXPECT_EQ(net.degree(0), 0U);
  net.side(1, 0);
  EXPECT_TRUE(net.run_until([&] { return net.degree(0) == 1; }, 11s));
}

TEST(Membership, NamedPeersSayHowTheyStand) {
  using State = NamedView::State;
  Net net(16);
  net.add();
  net.add();
  net.side(1, 1);
  net.dial(0, {address(1), net.id(1)});
  net.dial(0, {address(0), std::nullopt});
  ASSERT_EQ(net.at(0).named().size(), 2U);
  EXPECT_EQ(net.at(0).named()[0].state, State::kDialing);
  EXPECT_EQ(net.at(0).named()[0].expected, net.id(1));
  EXPECT_FALSE(net.at(0).named()[0].found);
  net.run(20s);
  const std::uint32_t failed = net.at(0).named()[0].failed;
  EXPECT_GE(failed, 3U);
  EXPECT_EQ(net.at(0).named()[1].state, State::kSelf);
  EXPECT_FALSE(net.at(0).named()[1].found);

  net.side(1, 0);
  ASSERT_TRUE(net.run_until([&] { return net.degree(0) == 1; }, 11s));
  EXPECT_EQ(net.at(0).named()[0].state, State::kLinked);
  EXPECT_EQ(net.at(0).named()[0].found, net.id(1));
  EXPECT_EQ(net.at(0).named()[0].failed, 0U);
  net.crash(1);
  net.run(5s);
  EXPECT_NE(net.at(0).named()[0].state, State::kLinked);
}

TEST(Membership, AWithdrawnAddressIsDialedNoMore) {
  Net net(17);
  net.add();
  net.dial(0, {address(7), std::nullopt});  // nobody is there
  net.dial(0, {address(8), net.id(0)});
  EXPECT_FALSE(net.withdraw(0, address(9)));
  EXPECT_TRUE(net.withdraw(0, address(7)));
  EXPECT_EQ(net.at(0).named().size(), 1U);
  EXPECT_EQ(net.at(0).stats().dialing, 1U) << "the dial under way is given up";
  EXPECT_TRUE(net.withdraw(0, address(8)));
  EXPECT_EQ(net.at(0).stats().dialing, 0U);
  const std::uint64_t dials = net.at(0).stats().dials;
  net.run(60s);
  EXPECT_EQ(net.at(0).stats().dials, dials);
  EXPECT_FALSE(net.withdraw(0, address(7))) << "withdrawn already";
}

TEST(Membership, WithdrawingAnAddressDropsTheNodeThatAnsweredThere) {
  Net net(18);
  net.add();
  net.add({0}, Role::kRelay, true);  // the other side cannot dial back
  net.run(2s);
  ASSERT_EQ(net.degree(1), 1U);
  net.dial(1, {address(7), net.id(0)});  // a wrong address of the right node
  EXPECT_TRUE(net.withdraw(1, address(7)));
  net.run(1s);
  EXPECT_EQ(net.degree(1), 1U) << "its link is by another address";
  EXPECT_TRUE(net.withdraw(1, address(0)));
  net.run(30s);
  EXPECT_EQ(net.degree(1), 0U);
  EXPECT_TRUE(net.at(1).named().empty());
  EXPECT_TRUE(net.at(1).peers(net.now()).empty());
}

// Leaves.

// OAP-9.12
TEST(Membership, LeavesKeepTwoLinksToRelaysAndAcceptNone) {
  Net net(16);
  net.add_many(10, 1);
  net.run(2s);
  std::vector<Index> leaves;
  for (int i = 0; i < 30; ++i) leaves.push_back(net.add({0}, Role::kLeaf));
  net.run(5s);
  const auto proper = [&] {
    return std::all_of(leaves.begin(), leaves.end(), [&](Index leaf) {
      const std::vector<Index> relays = net.neighbours(leaf);
      return relays.size() == 2 && std::all_of(relays.begin(), relays.end(),
                                               [&](Index i) { return i < 10 && net.alive(i); });
    });
  };
  EXPECT_TRUE(proper());
  EXPECT_GE(net.at(0).relays().size(), 8U) << "leaves take no place from relays";
  for (const Index leaf : leaves) {
    EXPECT_TRUE(net.at(leaf).relays().empty()) << "no slot";
    EXPECT_EQ(net.at(leaf).stats().active, 2U) << "links to relays, as operators see them";
    EXPECT_EQ(net.at(leaf).stats().leaves, 0U);
    for (Index i = 0; i < 10; ++i) {
      for (const PeerView& peer : net.at(i).peers(net.now())) {
        EXPECT_TRUE(peer.active || peer.node != net.id(leaf)) << "a leaf is no candidate";
      }
    }
  }
  net.dial(1, {address(leaves[0]), std::nullopt});
  net.run(1s);
  EXPECT_TRUE(proper()) << "a leaf accepts nobody";
  for (Index i = 0; i < 5; ++i) net.crash(i);
  EXPECT_TRUE(net.run_until(proper, 3s));
  EXPECT_EQ(net.components(), 1U);
}

TEST(Membership, ARelayHasRoomForSomeLeaves) {
  Net net(17);
  net.config.views.leaves_max = 5;
  net.add();
  for (int i = 0; i < 12; ++i) net.add({0}, Role::kLeaf);
  net.run(5s);
  EXPECT_EQ(net.at(0).stats().leaves, 5U);
}

// Adversaries.

// OAP-9.70
TEST(Membership, AFloodOfCandidatesFillsAShare) {
  Net net(18);
  net.add_many(60, 1);
  net.run(10s);
  const Index liar = net.neighbours(5).front();
  std::set<NodeId> honest;
  for (Index i = 0; i < net.size(); ++i) honest.insert(net.id(i));
  for (std::size_t round = 0; round < 500; ++round) {
    std::vector<std::string> addrs;
    std::vector<oap::PeerAddr> told;
    for (std::size_t i = 0; i < oap::kPeersMax; ++i)
      addrs.push_back(address(100'000 + round * 32 + i));
    for (std::size_t i = 0; i < oap::kPeersMax; ++i) {
      told.push_back({addrs[i], node_id(99, round * 32 + i)});
    }
    net.forge(liar, 5, frame_of(oap::kEvent, 0, oap::write_peers(told)));
    net.run(20ms);
  }
  Index lies = 0, known = 0;
  for (const PeerView& peer : net.at(5).peers(net.now())) {
    (honest.contains(peer.node) ? known : lies) += 1;
  }
  EXPECT_LE(lies, 2 * (120U / 8 + 1)) << "its share, and what honest nodes were told and told on";
  EXPECT_GE(known, 40U);
  EXPECT_GE(net.degree(5), 7U);
  EXPECT_LE(net.at(5).stats().dials, 100U) << "told addresses are not dialed for being told";
}

}  // namespace
}  // namespace ron::mesh
