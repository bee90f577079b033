// Who wants what on a shard, against a naive twin. OAP-4.7, OAP-4.23, OAP-4.26.
#include "node/subscriptions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "node/kind_table.hpp"
#include "oap/topic.hpp"

namespace ron::node {
namespace {

constexpr TenantId kTenant{0, 5};

SessionId session(std::uint32_t slot) { return SessionId::make(0, 1, slot); }

TEST(Interest, ReadsBackWhatItStandsFor) {
  for (const bool echo : {false, true}) {
    const Interest plain = Interest::of(Interest::plain(session(7), echo));
    EXPECT_EQ(plain.kind, Interest::Kind::kSession);
    EXPECT_EQ(plain.session, session(7));
    EXPECT_EQ(plain.echo, echo);
    const Interest member = Interest::of(Interest::member(session(8), 123'456, echo));
    EXPECT_EQ(member.kind, Interest::Kind::kMember);
    EXPECT_EQ(member.session, session(8));
    EXPECT_EQ(member.group, 123'456U);
    EXPECT_EQ(member.echo, echo);
  }
  const Interest shard = Interest::of(Interest::of_shard(63));
  EXPECT_EQ(shard.kind, Interest::Kind::kShard);
  EXPECT_EQ(shard.shard, 63);
}

TEST(Subscriptions, TellsTheFirstAndTheLastOfAPattern) {
  Subscriptions subs(1);
  EXPECT_TRUE(subs.add_plain(kTenant, "a", session(1), false));
  EXPECT_FALSE(subs.add_plain(kTenant, "a", session(2), false));
  EXPECT_TRUE(subs.add_plain({}, "a", session(1), false)) << "another tenant, another pattern";
  EXPECT_FALSE(subs.remove_plain(kTenant, "a", session(1), false));
  EXPECT_FALSE(subs.remove_plain(kTenant, "a", session(1), false));
  EXPECT_TRUE(subs.remove_plain(kTenant, "a", session(2), false));
  EXPECT_TRUE(subs.remove_plain({}, "a", session(1), false));
  EXPECT_EQ(subs.size(), 0U);
}

TEST(Subscriptions, TellsNothingWithoutOtherShards) {
  Subscriptions subs(1, true);
  EXPECT_FALSE(subs.add_plain(kTenant, "a", session(1), false));
  EXPECT_EQ(subs.match(kTenant, "a").size(), 1U);
  EXPECT_FALSE(subs.remove_plain(kTenant, "a", session(1), false));
  EXPECT_EQ(subs.size(), 0U);
}

TEST(Subscriptions, CostNoMoreThanSaidAndGiveItBack) {
  Subscriptions subs(1);
  const std::size_t empty = subs.memory_bytes();
  std::vector<std::string> patterns = {"a", "a/b", "*", "**", std::string(255, 'x')};
  std::string deep = "d";
  while (deep.size() < 250) deep += "/s";
  patterns.push_back(deep + "/*");
  for (int i = 0; i < 200; ++i) patterns.push_back("t/" + std::to_string(i) + "/*/x");
  std::size_t most = 0;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) {
    const std::size_t before = subs.memory_bytes();
    subs.add_plain(kTenant, patterns[i], session(1), false);
    subs.add_plain(kTenant, patterns[i], session(1), true);  // replaces
    subs.add_member({kTenant, patterns[i], "workers", session(2), 0, false});
    EXPECT_GE(subs.memory_bytes(), before + 2 * patterns[i].size());
    most += Subscriptions::cost_most(patterns[i], "") +
            Subscriptions::cost_most(patterns[i], "workers");
    EXPECT_LE(subs.memory_bytes(), most) << patterns[i];
  }
  for (const std::string& pattern : patterns) {
    subs.remove_plain(kTenant, pattern, session(1), true);
    subs.remove_member({kTenant, pattern, "workers", session(2), 0, false});
  }
  EXPECT_EQ(subs.size(), 0U);
  EXPECT_EQ(subs.memory_bytes(), empty);
}

TEST(Subscriptions, AChangedEchoReplacesAndCountsOnce) {  // OAP-4.23
  Subscriptions subs(1);
  subs.add_plain(kTenant, "a", session(1), false);
  EXPECT_FALSE(subs.add_plain(kTenant, "a", session(1), true));
  ASSERT_EQ(subs.match(kTenant, "a").size(), 1U);
  EXPECT_TRUE(Interest::of(subs.match(kTenant, "a")[0]).echo);
  EXPECT_TRUE(subs.remove_plain(kTenant, "a", session(1), true));
  EXPECT_EQ(subs.size(), 0U);
}

TEST(Subscriptions, AMemberAddedTwiceLeavesAtOnce) {  // OAP-4.23 OAP-4.26
  Subscriptions subs(1);
  const Subscriptions::Membership a{kTenant, "a", "g", session(1), 1024, false};
  Subscriptions::Membership echo = a;
  echo.echo = true;
  subs.add_member(a);
  subs.add_member(a);
  subs.add_member(echo);
  EXPECT_EQ(subs.size(), 1U);
  EXPECT_EQ(subs.groups().size(), 1U);
  subs.remove_member(a);  // whatever its echo
  EXPECT_EQ(subs.size(), 0U);
  EXPECT_EQ(subs.groups().size(), 0U);
  subs.remove_member(a);
}

// ---- against the naive twin --------------------------------------------------------------------

struct Entry {
  Interest::Kind kind;
  std::string pattern;
  std::string group;
  std::uint64_t id;  // session or shard
  auto key() const { return std::tuple(kind, pattern, group, id); }
  friend bool operator<(const Entry& a, const Entry& b) { return a.key() < b.key(); }
};

// By segments, as the text says it. // OAP-4.4 OAP-4.5
bool matches(std::string_view pattern, std::string_view topic) {
  const auto segment = [](std::string_view& path) {
    const std::size_t end = path.find('/');
    const std::string_view head = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
    return head;
  };
  while (!pattern.empty() && !topic.empty()) {
    if (pattern == "**") return true;
    const std::string_view want = segment(pattern);
    const std::string_view have = segment(topic);
    if (want != "*" && want != have) return false;
  }
  return pattern.empty() && topic.empty();
}

struct SubscriptionsModel {
  std::map<Entry, bool> entries;  // -> echo

  std::size_t plain(const std::string& pattern) const {
    return static_cast<std::size_t>(std::ranges::count_if(entries, [&](const auto& e) {
      return e.first.kind == Interest::Kind::kSession && e.first.pattern == pattern;
    }));
  }
  bool group_lives(const std::string& group) const {
    return std::ranges::any_of(entries, [&](const auto& e) { return e.first.group == group; });
  }
  auto match(const std::string& topic) const {
    std::multiset<std::tuple<Interest::Kind, std::string, std::uint64_t, bool>> found;
    for (const auto& [entry, echo] : entries) {
      if (matches(entry.pattern, topic)) found.emplace(entry.kind, entry.group, entry.id, echo);
    }
    return found;
  }
};

// A target that several patterns yield is reported once.
template <typename T>
std::set<T> once(const std::multiset<T>& all) {
  return {all.begin(), all.end()};
}

RC_GTEST_PROP(SubscriptionsProperty, EqualsTheNaiveTwin, ()) {
  Subscriptions subs(*rc::gen::arbitrary<std::uint64_t>());
  SubscriptionsModel twin;
  const std::vector<std::string> patterns = {"a", "a/b", "a/*", "*/b", "**", "a/**"};
  const std::vector<std::string> groups = {"g", "h"};
  const auto step_count = *rc::gen::inRange(0, 120);
  for (int i = 0; i < step_count; ++i) {
    const std::string pattern = *rc::gen::elementOf(patterns);
    const std::string group = *rc::gen::elementOf(groups);
    const auto slot = *rc::gen::inRange(0U, 4U);
    const bool echo = *rc::gen::arbitrary<bool>();
    const Entry plain{Interest::Kind::kSession, pattern, "", session(slot).value};
    const Entry shard{Interest::Kind::kShard, pattern, "", slot};
    const Entry member{Interest::Kind::kMember, pattern, group, session(slot).value};
    switch (*rc::gen::inRange(0, 6)) {
      case 0: {
        const bool first = twin.plain(pattern) == 0;
        RC_ASSERT(subs.add_plain(kTenant, pattern, session(slot), echo) == first);
        twin.entries[plain] = echo;
        break;
      }
      case 1: {
        const auto at = twin.entries.find(plain);
        const bool known = at != twin.entries.end();
        const bool as = known ? at->second : echo;
        if (known) twin.entries.erase(at);
        RC_ASSERT(subs.remove_plain(kTenant, pattern, session(slot), as) ==
                  (known && twin.plain(pattern) == 0));
        break;
      }
      case 2:
        subs.add_shard(kTenant, pattern, static_cast<ShardIndex>(slot));
        twin.entries[shard] = false;
        break;
      case 3:
        subs.remove_shard(kTenant, pattern, static_cast<ShardIndex>(slot));
        twin.entries.erase(shard);
        break;
      case 4:
        subs.add_member({kTenant, pattern, group, session(slot), 1024, echo});
        twin.entries[member] = echo;
        break;
      default:
        subs.remove_member({kTenant, pattern, group, session(slot), 0, echo});
        twin.entries.erase(member);
        break;
    }
    RC_ASSERT(subs.size() == twin.entries.size());
    for (const std::string& name : groups) {
      RC_ASSERT((subs.groups().find(kTenant, name) != nullptr) == twin.group_lives(name));
    }
    for (const std::string topic : {"a", "a/b", "c/b", "c"}) {
      std::multiset<std::tuple<Interest::Kind, std::string, std::uint64_t, bool>> got;
      for (const gossip::Target& target : subs.match(kTenant, topic)) {
        const Interest in = Interest::of(target);
        std::string name;
        for (const std::string& known : groups) {
          const auto* index = subs.groups().find(kTenant, known);
          const bool is =
              in.kind == Interest::Kind::kMember && index != nullptr && *index == in.group;
          if (is) name = known;
        }
        const bool of_shard = in.kind == Interest::Kind::kShard;
        got.emplace(in.kind, name, of_shard ? in.shard : in.session.value, in.echo);
      }
      RC_ASSERT(once(got) == once(twin.match(topic)));
      RC_ASSERT(subs.match({}, topic).empty());  // OAP-4.7
    }
  }
}

// ---- the table of kinds ------------------------------------------------------------------------

TEST(KindTable, SaysWhichFlagsEachKindComesWith) {  // OAP-2.22 OAP-2.25 OAP-5.6
  const auto forms = [](std::string_view name) { return find_kind(name)->forms; };
  EXPECT_EQ(forms("gossip"), kAsReq | kAsEvent | kAsAckReq);  // OAP-4.12
  for (const char* name : {"sub", "unsub", "hello"}) EXPECT_EQ(forms(name), kAsReq);
  for (const char* name : {"keep", "credit", "lagged", "refused", "bye"}) {
    EXPECT_EQ(forms(name), kAsEvent);
  }
  for (const char* name : {"hello_ack", "ack", "error"}) EXPECT_EQ(forms(name), 0);
  EXPECT_EQ(find_kind("gossi"), nullptr);
  EXPECT_EQ(find_kind(""), nullptr);
  EXPECT_EQ(find_kind("Gossip"), nullptr);
  for (const char* name : {"keep", "credit", "sub", "unsub", "bye", "hello"}) {
    EXPECT_FALSE(find_kind(name)->counted) << name;
  }
  EXPECT_TRUE(find_kind("gossip")->counted);
  EXPECT_EQ(find_kind("gossip")->right, Right::kPublish);
  EXPECT_EQ(find_kind("sub")->right, Right::kSubscribe);
}

}  // namespace
}  // namespace ron::node
