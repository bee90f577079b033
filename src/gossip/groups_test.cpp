// Groups: one member gets each message, none more than its share. OAP-4.36, OAP-4.39.
#include "gossip/groups.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace ron::gossip {
namespace {

constexpr TenantId kTenant{};

SessionId session(std::uint32_t slot) { return SessionId::make(0, 1, slot); }

std::vector<SessionId> sessions(std::uint32_t count) {
  std::vector<SessionId> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(session(i));
  return all;
}

const auto kRoom = [](const Groups::Member&) { return true; };
const auto kFull = [](const Groups::Member&) { return false; };

GroupIndex group_of(Groups& groups, std::uint32_t count) {
  GroupIndex group = 0;
  for (std::uint32_t i = 0; i < count; ++i) group = groups.join(kTenant, "g", session(i), 1024);
  return group;
}

TEST(Groups, ServesTheLeastServed) {  // OAP-4.39
  Groups groups;
  const GroupIndex group = group_of(groups, 3);
  std::map<SessionId, int> got;
  for (int i = 0; i < 300; ++i) {
    ++got[groups.choose(group, sessions(3), 1, true, kRoom)->session];
  }
  for (const auto& [member, count] : got) EXPECT_EQ(count, 100);
  EXPECT_EQ(got.size(), 3U);
}

TEST(Groups, PassesOverWhoHasNoRoom) {  // OAP-4.36 OAP-4.40
  Groups groups;
  const GroupIndex group = group_of(groups, 2);
  const auto only_second = [](const Groups::Member& m) { return m.session == session(1); };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(groups.choose(group, sessions(2), 1, true, only_second)->session, session(1));
  }
  EXPECT_EQ(groups.choose(group, sessions(2), 1, false, kFull), nullptr);
  const auto* forced = groups.choose(group, sessions(2), 1, true, kFull);
  ASSERT_NE(forced, nullptr);
  EXPECT_EQ(forced->session, session(0)) << "the loss goes to the least served";
}

TEST(Groups, NobodyCatchesUp) {  // OAP-4.39
  Groups groups;
  const GroupIndex group = group_of(groups, 2);
  const auto only_second = [](const Groups::Member& m) { return m.session == session(1); };
  for (int i = 0; i < 1000; ++i) groups.choose(group, sessions(2), 1, true, only_second);
  int first = 0;
  for (int i = 0; i < 100; ++i) {
    first += groups.choose(group, sessions(2), 1, true, kRoom)->session == session(0) ? 1 : 0;
  }
  EXPECT_LE(first, 51) << "the turns it could not take are gone";
  EXPECT_GE(first, 49);
}

TEST(Groups, PiecesOfDifferentSizesAreStillSharedFairly) {  // OAP-4.39
  Groups groups;
  const GroupIndex group = group_of(groups, 3);
  std::map<SessionId, std::uint32_t> got;
  for (int i = 0; i < 900; ++i) {
    const std::uint32_t piece = i % 3 == 0 ? 8 : 1;
    got[groups.choose(group, sessions(3), piece, true, kRoom)->session] += piece;
  }
  for (const auto& [member, count] : got) EXPECT_NEAR(count, 1000, 8);
}

TEST(Groups, AMemberWithoutInterestDoesNotSaveTurnsUp) {  // OAP-4.39
  Groups groups;
  const GroupIndex group = group_of(groups, 3);
  const std::vector<SessionId> two = {session(1), session(2)};
  for (int i = 0; i < 1000; ++i) groups.choose(group, two, 1, true, kRoom);
  int first = 0;
  for (int i = 0; i < 30; ++i) {
    first += groups.choose(group, sessions(3), 1, true, kRoom)->session == session(0) ? 1 : 0;
  }
  EXPECT_NEAR(first, 10, 1);
}

TEST(Groups, ANewcomerStartsLevel) {
  Groups groups;
  const GroupIndex group = group_of(groups, 2);
  for (int i = 0; i < 1000; ++i) groups.choose(group, sessions(2), 1, true, kRoom);
  groups.join(kTenant, "g", session(2), 1024);
  int newcomer = 0;
  for (int i = 0; i < 300; ++i) {
    newcomer += groups.choose(group, sessions(3), 1, true, kRoom)->session == session(2) ? 1 : 0;
  }
  EXPECT_EQ(newcomer, 100);
}

TEST(Groups, OnlyCandidatesAreChosen) {
  Groups groups;
  const GroupIndex group = group_of(groups, 3);
  const std::vector<SessionId> two = {session(0), session(2)};
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(groups.choose(group, two, 1, true, kRoom)->session, session(1));
  }
  const std::vector<SessionId> stranger = {session(7)};
  EXPECT_EQ(groups.choose(group, stranger, 1, true, kRoom), nullptr);
}

TEST(Groups, AMemberStaysUntilItsLastPattern) {  // OAP-4.26
  Groups groups;
  const GroupIndex group = groups.join(kTenant, "g", session(0), 1024);
  EXPECT_EQ(groups.join(kTenant, "g", session(0), 1024), group);
  groups.leave(group, session(0));
  ASSERT_NE(groups.find(kTenant, "g"), nullptr);
  groups.leave(group, session(1));  // not a member: nothing
  EXPECT_NE(groups.find(kTenant, "g"), nullptr);
  groups.leave(group, session(0));
  EXPECT_EQ(groups.find(kTenant, "g"), nullptr);
  EXPECT_EQ(groups.size(), 0U);
  groups.leave(group, session(0));  // the group is gone: nothing
}

TEST(Groups, AnIndexIsUsedAgainWithNothingOfTheOldGroup) {
  Groups groups;
  const GroupIndex old = groups.join(kTenant, "old", session(0), 1024);
  groups.leave(old, session(0));
  const GroupIndex fresh = groups.join(kTenant, "new", session(1), 1024);
  EXPECT_EQ(fresh, old);
  EXPECT_EQ(groups.find(kTenant, "old"), nullptr);
  EXPECT_EQ(groups.choose(fresh, sessions(2), 1, true, kRoom)->session, session(1));
}

TEST(Groups, NamesOfDifferentTenantsAreDifferentGroups) {  // OAP-4.7 OAP-4.36
  Groups groups;
  const GroupIndex a = groups.join({0, 1}, "g", session(0), 1024);
  const GroupIndex b = groups.join({0, 2}, "g", session(1), 1024);
  EXPECT_NE(a, b);
  EXPECT_EQ(*groups.find({0, 2}, "g"), b);
  EXPECT_EQ(groups.choose(a, sessions(2), 1, true, kRoom)->session, session(0));
}

TEST(Groups, HintsReachEveryGroupOfAMember) {
  Groups groups;
  const GroupIndex a = groups.join(kTenant, "a", session(0), 1024);
  const GroupIndex b = groups.join(kTenant, "b", session(0), 2048);
  groups.set_full_lanes(session(0), 0x81);
  groups.set_full_lanes(session(5), 0xff);  // unknown: nothing
  for (const GroupIndex group : {a, b}) {
    std::uint8_t seen = 0;
    groups.choose(group, sessions(1), 1, true, [&](const Groups::Member& m) {
      seen = m.full_lanes;
      EXPECT_EQ(m.max_frame, group == a ? 1024U : 2048U);
      return true;
    });
    EXPECT_EQ(seen, 0x81);
  }
  groups.leave(a, session(0));
  groups.set_full_lanes(session(0), 0);
  groups.choose(b, sessions(1), 1, true, [&](const Groups::Member& m) {
    EXPECT_EQ(m.full_lanes, 0);
    return true;
  });
}

// Whatever came before, while all have room nobody is ahead of anybody by more than one piece.
RC_GTEST_PROP(GroupsProperty, FairWithinOnePiece, ()) {  // OAP-4.39
  Groups groups;
  const auto count = *rc::gen::inRange(2U, 6U);
  const GroupIndex group = group_of(groups, count);
  const auto all = sessions(count);
  const auto past = *rc::gen::inRange(0, 40);
  for (int i = 0; i < past; ++i) {  // some members cannot take their turns
    const auto mask = *rc::gen::inRange(0U, 64U);
    const auto room = [&](const Groups::Member& m) {
      return ((mask >> m.session.slot()) & 1U) == 1;
    };
    groups.choose(group, all, *rc::gen::inRange(1U, 50U), true, room);
  }
  const auto piece_max = *rc::gen::inRange(1U, 20U);
  std::map<SessionId, std::uint64_t> got;
  for (const SessionId member : all) got[member] = 0;
  constexpr std::uint32_t kPastPieceMax = 49;  // the past leaves a lead of at most one piece
  for (int i = 0; i < 300; ++i) {
    const auto piece = *rc::gen::inRange(1U, piece_max + 1);
    const auto* chosen = groups.choose(group, all, piece, false, kRoom);
    RC_ASSERT(chosen != nullptr);
    got[chosen->session] += piece;
  }
  const auto [low, high] =
      std::ranges::minmax_element(got, {}, [](const auto& entry) { return entry.second; });
  RC_ASSERT(high->second - low->second <= kPastPieceMax + piece_max);
}

// Members, their groups and counts against plain sets.
RC_GTEST_PROP(GroupsProperty, MembershipEqualsTheNaiveTwin, ()) {
  Groups groups;
  std::map<std::string, std::multiset<std::uint32_t>> twin;
  const auto step_count = *rc::gen::inRange(0, 100);
  for (int i = 0; i < step_count; ++i) {
    const std::string name(1, *rc::gen::element('a', 'b', 'c'));
    const auto slot = *rc::gen::inRange(0U, 4U);
    if (*rc::gen::inRange(0, 2) == 0) {
      groups.join(kTenant, name, session(slot), 1024);
      twin[name].insert(slot);
    } else if (const GroupIndex* group = groups.find(kTenant, name)) {
      groups.leave(*group, session(slot));
      const auto at = twin[name].find(slot);
      if (at != twin[name].end()) twin[name].erase(at);
    }
    std::size_t alive = 0;
    for (const auto& [known, members] : twin) {
      const GroupIndex* group = groups.find(kTenant, known);
      RC_ASSERT((group != nullptr) == !members.empty());
      if (group == nullptr) continue;
      ++alive;
      std::set<std::uint32_t> asked;
      groups.choose(*group, sessions(4), 1, false, [&](const Groups::Member& m) {
        asked.insert(m.session.slot());
        RC_ASSERT(m.patterns == members.count(m.session.slot()));
        return false;
      });
      // Only members are asked (whoever is not ahead of the best).
      for (const auto one : asked) RC_ASSERT(members.contains(one));
      RC_ASSERT(!asked.empty());
    }
    RC_ASSERT(groups.size() == alive);
  }
}

}  // namespace
}  // namespace ron::gossip
