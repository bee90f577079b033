#include "mesh/interest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/blake3.hpp"
#include "mesh/leaves.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace ron::mesh {
namespace {

using Applied = InterestOf::Applied;
using Told = InterestOwn::Told;
using Frames = std::vector<Slice>;

constexpr TenantId kOther{0, 7};

oap::Interest decoded(const Slice& frame) {
  const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
  EXPECT_TRUE(message && message->kind == "interest");
  EXPECT_EQ(oap::read_header(frame.bytes().data()).flags, oap::kEvent);
  const auto interest = oap::read_interest(*message);
  EXPECT_TRUE(interest) << (interest ? "" : interest.error());
  return *interest;
}

std::size_t patterns_of(oap::InterestSets sets) {
  std::size_t count = 0;
  oap::InterestSet set;
  while (sets.next(set)) count += set.topics.number;
  return count;
}

struct OneLeaf {
  explicit OneLeaf(const InterestLimits& limits = {})
      : interest(index, {.id = 5}, blake3, limits) {}

  Applied apply(const Slice& frame) { return interest.apply(decoded(frame)); }
  // All of them, the last one's verdict.
  Applied apply(const Frames& frames) {
    Applied last = Applied::kIgnored;
    for (const Slice& frame : frames) last = apply(frame);
    return last;
  }
  bool wants(std::string_view topic, TenantId tenant = {}) const {
    return index.any(tenant, topic);
  }

  gossip::TopicIndex index{1};
  InterestOf interest;
};

TEST(interest, digest_is_of_tenant_and_pattern) {  // OAP-9.19 OAP-9.58
  std::vector<std::uint8_t> bytes(16);
  bytes[15] = 7;
  for (const char c : std::string("a/*")) bytes.push_back(static_cast<std::uint8_t>(c));
  const Digest256 whole = blake3(bytes);
  InterestDigest want{};
  std::copy_n(whole.begin(), 16, want.begin());
  EXPECT_EQ(interest_digest(blake3, kOther, "a/*"), want);

  InterestOwn own(blake3);
  EXPECT_TRUE(own.add(kOther, "a/*"));
  EXPECT_EQ(own.digest(), want);
  EXPECT_FALSE(own.add(kOther, "a/*")) << "only the first counts";
  EXPECT_TRUE(own.add({}, "b"));
  EXPECT_TRUE(own.remove(kOther, "a/*"));
  EXPECT_FALSE(own.remove(kOther, "a/*"));
  EXPECT_EQ(own.digest(), interest_digest(blake3, {}, "b"));
}

TEST(interest, a_new_link_is_told_everything_and_then_the_changes) {  // OAP-9.59 OAP-9.60
  InterestOwn own(blake3);
  own.add({}, "a");
  own.add(kOther, "b/*");
  OneLeaf leaf;
  Told told;
  Frames frames;
  EXPECT_TRUE(own.behind(told));
  own.greet(told, frames);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(decoded(frames[0]).seq, 1U);
  EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
  EXPECT_FALSE(own.behind(told));
  EXPECT_TRUE(leaf.wants("a"));
  EXPECT_TRUE(leaf.wants("b/x", kOther));
  EXPECT_FALSE(leaf.wants("b/x"));

  frames.clear();
  own.update(told, frames);
  EXPECT_TRUE(frames.empty()) << "nothing is new";
  own.add({}, "c");
  own.remove({}, "a");
  EXPECT_TRUE(own.behind(told));
  own.update(told, frames);
  ASSERT_EQ(frames.size(), 1U) << "one message for all that is new";
  EXPECT_EQ(decoded(frames[0]).seq, 2U);
  EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
  EXPECT_TRUE(leaf.wants("c"));
  EXPECT_FALSE(leaf.wants("a"));
}

TEST(interest, what_came_and_went_is_not_told) {
  InterestOwn own(blake3);
  Told told;
  Frames frames;
  own.greet(told, frames);
  EXPECT_EQ(frames.size(), 1U) << "a neighbour learns that there is nothing";
  own.add({}, "a");
  own.remove({}, "a");
  own.update(told, frames);
  EXPECT_EQ(frames.size(), 1U);
  EXPECT_FALSE(own.behind(told));
}

TEST(interest, a_large_set_goes_in_several_messages) {  // OAP-9.62
  InterestOwn own(blake3);
  for (int i = 0; i < 2500; ++i) own.add(i % 2 == 0 ? TenantId{} : kOther, std::to_string(i));
  for (const bool whole : {true, false}) {
    OneLeaf leaf;
    Told told{.change = 0, .seq = whole ? 0U : 1U};
    Frames frames;
    own.update(told, frames);
    ASSERT_EQ(frames.size(), 3U);
    for (const Slice& frame : frames) {
      EXPECT_LE(patterns_of(decoded(frame).add), oap::kInterestMax);
    }
    if (!whole) continue;
    EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
    EXPECT_EQ(leaf.interest.size(), own.size());
  }
}

TEST(interest, a_lost_message_is_asked_for_once) {  // OAP-9.61
  InterestOwn own(blake3);
  OneLeaf leaf;
  Told told;
  Frames frames;
  own.greet(told, frames);
  EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
  Frames lost;
  own.add({}, "lost");
  own.update(told, lost);
  for (int i = 0; i < 3; ++i) {
    frames.clear();
    own.add({}, std::to_string(i));
    own.update(told, frames);
    EXPECT_EQ(leaf.apply(frames), i == 0 ? Applied::kAskAll : Applied::kIgnored);
  }
  frames.clear();
  own.repeat(told, frames);
  EXPECT_EQ(decoded(frames[0]).seq, 1U);
  EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
  EXPECT_TRUE(leaf.wants("lost"));
  EXPECT_EQ(leaf.interest.size(), 4U);
}

TEST(interest, a_digest_that_does_not_fit_is_asked_about_a_few_times) {  // OAP-9.61
  OneLeaf leaf;
  const oap::InterestOut out{.add = {{{}, {"a"}}}, .seq = 1, .digest = {1}};
  const auto payload = oap::write_interest(out);
  const auto message = oap::read_message(payload);
  const auto lie = oap::read_interest(*message);
  ASSERT_TRUE(lie);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(leaf.interest.apply(*lie), Applied::kAskAll) << i;
  EXPECT_EQ(leaf.interest.apply(*lie), Applied::kBroken);
  leaf.interest.resumed();
  EXPECT_EQ(leaf.interest.apply(*lie), Applied::kAskAll) << "a new session, a new chance";
}

TEST(interest, of_one_message_the_removals_come_first) {  // OAP-9.57
  OneLeaf leaf;
  for (const std::uint64_t seq : {1U, 2U}) {
    oap::InterestOut out{.add = {{{}, {"a"}}}, .seq = seq};
    if (seq == 2) out.remove = out.add;
    out.digest = interest_digest(blake3, {}, "a");
    const auto payload = oap::write_interest(out);
    const auto message = oap::read_message(payload);
    EXPECT_EQ(leaf.interest.apply(*oap::read_interest(*message)), Applied::kTaken);
    EXPECT_TRUE(leaf.wants("a"));
  }
}

TEST(interest, a_neighbour_far_behind_is_told_everything) {
  InterestOwn own(blake3);
  Told told;
  Frames frames;
  own.greet(told, frames);
  own.greet(told, frames);
  EXPECT_EQ(told.seq, 2U);
  for (int i = 0; i < 3000; ++i) {
    own.add({}, "x");
    own.remove({}, "x");
  }
  own.add({}, "y");
  frames.clear();
  own.update(told, frames);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(decoded(frames[0]).seq, 1U) << "the log does not reach back that far";
}

TEST(interest, beyond_the_limits_is_shed_and_comes_back_with_room) {  // OAP-9.63
  InterestOwn own(blake3);
  OneLeaf leaf({.patterns = 8});
  Told told;
  const auto tell = [&] {
    Frames frames;
    own.update(told, frames);
    return leaf.apply(frames);
  };
  for (int i = 10; i < 22; ++i) own.add({}, std::to_string(i));
  EXPECT_EQ(tell(), Applied::kTaken) << "what is shed stays part of the digest";
  EXPECT_EQ(leaf.interest.size(), 8U);
  EXPECT_EQ(leaf.interest.shed(), 4U);
  EXPECT_FALSE(leaf.wants("21"));
  own.remove({}, "20");
  EXPECT_EQ(tell(), Applied::kTaken);
  EXPECT_EQ(leaf.interest.shed(), 3U);
  for (int i = 10; i < 18; ++i) own.remove({}, std::to_string(i));
  EXPECT_EQ(tell(), Applied::kAskAll) << "there is room now";
  Frames frames;
  own.repeat(told, frames);
  EXPECT_EQ(leaf.apply(frames), Applied::kTaken);
  EXPECT_TRUE(leaf.wants("21"));
  EXPECT_EQ(leaf.interest.shed(), 0U);
}

// The estimate that the limit is held by is never less than what the index takes.
RC_GTEST_PROP(interest, memory_stays_within_the_limit, ()) {
  constexpr std::size_t kBytes = 200'000;
  InterestOwn own(blake3);
  const auto count = *rc::gen::inRange<std::size_t>(1, 1500);
  const auto depth = *rc::gen::inRange<std::size_t>(1, 100);
  const bool wild = *rc::gen::arbitrary<bool>();
  for (std::size_t i = 0; i < count; ++i) {
    std::string pattern = std::to_string(i);
    for (std::size_t d = 1; d < depth; ++d) pattern += "/s";
    own.add({i % 3, 0}, pattern + (wild ? "/*" : ""));
  }
  OneLeaf leaf({.patterns = 4096, .bytes = kBytes});
  Told told;
  Frames frames;
  own.greet(told, frames);
  RC_ASSERT(leaf.apply(frames) == Applied::kTaken);
  RC_ASSERT(leaf.interest.bytes() <= kBytes);
  RC_ASSERT(leaf.index.memory_bytes() <= leaf.interest.bytes() + 4096);
  RC_ASSERT(leaf.interest.size() + leaf.interest.shed() == own.size());
}

// ---- a leaf and a relay over sessions that break -----------------------------------------------

struct Rig {
  static constexpr NodeId kNode{1};

  void connect() {
    session = SessionId::make(0, ++sessions, 1);
    leaves.up(kNode, epoch, *session);
    Frames frames;
    own.greet(told, frames);
    send(frames);
  }
  void disconnect() {
    if (!session) return;
    leaves.down(*session);
    session.reset();
    wire.clear();  // what was under way is lost
    asked = false;
  }
  void send(const Frames& frames) { wire.insert(wire.end(), frames.begin(), frames.end()); }
  void tell() {
    if (!session) return;
    Frames frames;
    own.update(told, frames);
    send(frames);
  }
  void deliver(std::size_t most) {
    for (; most > 0 && !wire.empty(); --most) {
      const auto applied = leaves.apply(*session, decoded(wire.front()));
      wire.erase(wire.begin());
      RC_ASSERT(applied && *applied != Applied::kBroken);
      asked = asked || *applied == Applied::kAskAll;
    }
  }
  void answer() {
    if (!asked || !session) return;
    asked = false;
    Frames frames;
    own.repeat(told, frames);
    send(frames);
  }

  InterestOwn own{blake3};
  Told told;
  Leaves leaves{blake3, 3, {}};
  std::uint64_t epoch = 1;
  std::uint32_t sessions = 0;
  std::optional<SessionId> session;
  Frames wire;
  bool asked = false;
};

// Whatever breaks in between: once messages get through, the relay knows what the leaf wants.
RC_GTEST_PROP(interest, a_relay_learns_what_its_leaf_wants, ()) {
  const std::vector<std::string> patterns{"a", "b", "a/*", "b/**", "*/c", "**"};
  Rig rig;
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    const TenantId tenant{0, *rc::gen::inRange<std::uint64_t>(0, 2)};
    switch (*rc::gen::inRange(0, 9)) {
      case 0:
      case 1: rig.own.add(tenant, *rc::gen::elementOf(patterns)); break;
      case 2: rig.own.remove(tenant, *rc::gen::elementOf(patterns)); break;
      case 3: rig.tell(); break;
      case 4: rig.deliver(*rc::gen::inRange<std::size_t>(0, 3)); break;
      case 5: rig.answer(); break;
      case 6: rig.disconnect(); break;
      case 7:
        if (!rig.session) rig.connect();
        break;
      default:  // the leaf starts anew
        rig.disconnect();
        ++rig.epoch;
        rig.told = {};
    }
  }
  if (!rig.session) rig.connect();
  rig.tell();
  for (int round = 0; round < 3; ++round) {
    rig.deliver(SIZE_MAX);
    rig.answer();
  }
  rig.deliver(SIZE_MAX);
  RC_ASSERT(!rig.asked);
  RC_ASSERT(rig.leaves.patterns() == rig.own.size());
  for (const std::string topic : {"a", "b", "a/x", "b/x/y", "x/c", "z"}) {
    for (const std::uint64_t lo : {0U, 1U}) {
      bool want = false;
      for (const std::string& pattern : patterns) {
        InterestOwn copy = rig.own;
        want = want || (copy.remove({0, lo}, pattern) && oap::matches(pattern, topic));
      }
      std::vector<SessionId> found;
      rig.leaves.match({0, lo}, topic, found);
      RC_ASSERT(found.size() == (want ? 1U : 0U));
      RC_ASSERT(rig.leaves.wants(*rig.session, {0, lo}, topic) == want);
    }
  }
}

TEST(interest, a_leaf_that_comes_back_goes_on_where_it_was) {  // OAP-9.60
  Rig rig;
  rig.own.add({}, "a");
  rig.connect();
  rig.deliver(SIZE_MAX);
  rig.disconnect();
  std::vector<SessionId> found;
  rig.leaves.match({}, "a", found);
  EXPECT_TRUE(found.empty()) << "there is no link";
  rig.own.add({}, "b");
  rig.connect();
  ASSERT_EQ(rig.wire.size(), 1U);
  EXPECT_EQ(decoded(rig.wire[0]).seq, 2U);
  EXPECT_EQ(patterns_of(decoded(rig.wire[0]).add), 1U) << "only what is new";
  rig.deliver(SIZE_MAX);
  EXPECT_FALSE(rig.asked);
  EXPECT_EQ(rig.leaves.patterns(), 2U);
  rig.leaves.match({}, "a", found);
  EXPECT_EQ(found, std::vector{*rig.session});
}

TEST(leaves, match_names_each_leaf_once) {  // OAP-9.14
  Leaves leaves(blake3, 1, {});
  for (std::uint32_t i = 1; i <= 3; ++i) {
    InterestOwn own(blake3);
    own.add({}, "a/*");
    if (i == 2) own.add({}, "a/b");
    if (i == 3) own.remove({}, "a/*");
    NodeId node{};
    node[0] = static_cast<std::uint8_t>(i);
    const SessionId session{i};
    leaves.up(node, 1, session);
    Told told;
    Frames frames;
    own.greet(told, frames);
    EXPECT_EQ(leaves.apply(session, decoded(frames[0])), Applied::kTaken);
  }
  std::vector<SessionId> found;
  leaves.match({}, "a/b", found);
  std::ranges::sort(found);
  EXPECT_EQ(found, (std::vector{SessionId{1}, SessionId{2}}));
  EXPECT_FALSE(leaves.wants(SessionId{3}, {}, "a/b"));
  EXPECT_EQ(leaves.shed(), 0U);
  leaves.down(SessionId{9});
  leaves.down(SessionId{1});
  found.clear();
  leaves.match({}, "a/b", found);
  EXPECT_EQ(found, std::vector{SessionId{2}});
}

TEST(leaves, those_absent_longest_are_forgotten) {
  Leaves leaves(blake3, 1, {.absent = 2});
  InterestOwn own(blake3);
  own.add({}, "a");
  for (std::uint8_t i = 1; i <= 5; ++i) {
    const SessionId session{i};
    leaves.up(NodeId{i}, 1, session);
    Told told;
    Frames frames;
    own.greet(told, frames);
    EXPECT_EQ(leaves.apply(session, decoded(frames[0])), Applied::kTaken);
    leaves.down(session);
    EXPECT_EQ(leaves.patterns(), std::min<std::size_t>(i, 2));
  }
  EXPECT_FALSE(leaves.apply(SessionId{5}, {})) << "no link, no interest";
  Told told{.change = 1, .seq = 1};
  Frames frames;
  own.greet(told, frames);
  leaves.up(NodeId{4}, 1, SessionId{44});
  EXPECT_EQ(leaves.apply(SessionId{44}, decoded(frames[0])), Applied::kTaken) << "kept";
  leaves.up(NodeId{1}, 1, SessionId{11});
  EXPECT_EQ(leaves.apply(SessionId{11}, decoded(frames[0])), Applied::kAskAll) << "forgotten";
  leaves.up(NodeId{4}, 2, SessionId{45});
  EXPECT_EQ(leaves.apply(SessionId{45}, decoded(frames[0])), Applied::kAskAll) << "a new epoch";
}

}  // namespace
}  // namespace ron::mesh
