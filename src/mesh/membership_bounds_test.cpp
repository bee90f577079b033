// A world that says whatever it likes: bounds hold, orders make sense.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "mesh/membership_solo_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::node_id;
using testing::Solo;

template <typename Set>
auto any_of(const Set& set, Choice& choice) {
  return *std::next(set.begin(), static_cast<std::ptrdiff_t>(choice.index(set.size())));
}

void talk(Solo& solo, Choice& choice) {
  if (solo.open().empty()) return;
  const SessionId id = any_of(solo.open(), choice);
  switch (choice.index(7)) {
    case 0:
    case 1: return solo.ask(id, choice.chance(1, 2), choice.chance(1, 3));
    case 2: return solo.say(id, oap::kEvent, 0, oap::write_unlink());
    case 3: return solo.say(id, oap::kReq, 9, oap::write_ping());
    case 4: {
      std::vector<std::string> addrs;
      std::vector<oap::PeerAddr> peers;
      const std::uint64_t count = choice.index(oap::kPeersMax + 1);
      std::vector<std::size_t> nodes;
      for (std::uint64_t i = 0; i < count; ++i) nodes.push_back(choice.index(1000));
      for (const std::size_t node : nodes) addrs.push_back(address(node));
      for (std::size_t i = 0; i < nodes.size(); ++i)
        peers.push_back({addrs[i], node_id(1, nodes[i])});
      if (choice.chance(1, 2)) return solo.say(id, oap::kEvent, 0, oap::write_peers(peers));
      if (solo.requests.empty()) return;
      const auto [session, corr] = any_of(solo.requests, choice);
      if (!solo.open().contains(session)) return;
      return solo.say(session, oap::kResp, corr, oap::write_busy("full", peers));
    }
    default: {
      if (solo.requests.empty()) return;
      const auto [session, corr] = any_of(solo.requests, choice);
      if (!solo.open().contains(session)) return;
      return solo.ack(session, corr, choice.bits());
    }
  }
}

void act(Solo& solo, Choice& choice) {
  switch (choice.index(12)) {
    case 0:
    case 1:
    case 2: solo.up(choice.index(300), std::nullopt, 1 + choice.index(3)); return;
    case 3:
    case 4:
      if (solo.dials().empty()) return;
      {
        const DialId dial = any_of(solo.dials(), choice).first;
        if (choice.chance(1, 4)) return solo.fail(dial);
        solo.answer(dial);
      }
      return;
    case 5:
      if (!solo.open().empty() && choice.chance(1, 3)) solo.down(any_of(solo.open(), choice));
      return;
    case 6:
      if (choice.chance(1, 8)) solo.command(choice.index(400), choice.chance(1, 2));
      return;
    case 7:
      return solo.advance(Duration(static_cast<std::int64_t>(
          choice.index(choice.chance(1, 10) ? 3'000'000'000 : 50'000'000))));
    default: return talk(solo, choice);
  }
}

TEST(MembershipBounds, HoldWhateverTheWorldSays) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeedChoice choice(seed * 1000);
    Solo solo(seed, seed % 4 == 0 ? Role::kLeaf : Role::kRelay);
    for (int step = 0; step < 3000 && !::testing::Test::HasFailure(); ++step) act(solo, choice);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(MembershipBounds, TablesFillUpAndStayThere) {
  Solo solo(7);
  for (std::size_t node = 1; node <= 200; ++node) solo.ask(solo.up(node), true);
  for (std::size_t node = 201; node <= 400; ++node) solo.ask(solo.up(node), true, true);
  for (std::size_t node = 401; node <= 600; ++node) solo.up(node);
  const MembershipStats& stats = solo.machine().stats();
  const ViewLimits limits;
  EXPECT_EQ(stats.active, limits.active_max);
  EXPECT_EQ(stats.leaves, limits.leaves_max);
  EXPECT_EQ(stats.passive, limits.passive / 2) << "those that came by themselves";
  EXPECT_EQ(stats.sessions, limits.active_max + limits.leaves_max + limits.sessions_max);
}

TEST(MembershipBounds, ACrowdCannotHaveTheLinksThatThisNodeChose) {
  Solo solo(8);
  std::set<SessionId> chosen;
  for (std::size_t node = 1; node <= 4; ++node) solo.command(node, false);
  const auto dials = solo.dials();
  for (const auto& [dial, addr] : dials) chosen.insert(solo.answer(dial));
  const auto requests = solo.requests;
  for (const auto& [session, corr] : requests) solo.ack(session, corr);
  for (std::size_t node = 100; node < 400; ++node) {
    solo.ask(solo.up(node), true);
    solo.heard_everywhere();
    solo.advance(100ms);
  }
  std::size_t kept = 0;
  for (const Link* link : solo.machine().relays()) kept += chosen.contains(link->session) ? 1 : 0;
  EXPECT_EQ(kept, 4U);
  EXPECT_GE(solo.machine().stats().links_dropped, 20U) << "the others changed all the time";
}

}  // namespace
}  // namespace ron::mesh
