// link, unlink, peers and ping, message by message.
#include <gtest/gtest.h>

#include <algorithm>

#include "mesh/liveness.hpp"
#include "mesh/membership_solo_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::node_id;
using testing::Sent;
using testing::Solo;

std::vector<std::string> kinds(const std::vector<Sent>& sent) {
  std::vector<std::string> kinds;
  for (const Sent& each : sent) kinds.push_back(each.kind);
  return kinds;
}

std::vector<NodeId> told(const Sent& sent) {
  std::vector<NodeId> nodes;
  auto peers = oap::read_peers(sent.message());
  EXPECT_TRUE(peers);
  oap::PeerAddr peer;
  while (peers && peers->next(peer)) nodes.push_back(peer.node);
  return nodes;
}

/// Time in which the machine runs; where all `live`, something is heard on every session.
void pass(Solo& solo, Duration span, bool live = false) {
  for (Duration left = span; left > 0ms; left -= 100ms) {
    if (live) solo.heard_everywhere();
    solo.advance(std::min<Duration>(left, 100ms));
  }
}

/// A machine with `count` links of a second's age, to the nodes 1 to count.
std::vector<SessionId> with_links(Solo& solo, std::size_t count) {
  std::vector<SessionId> links;
  for (std::size_t node = 1; node <= count; ++node) {
    links.push_back(solo.up(node));
    solo.ask(links.back(), false);
  }
  pass(solo, 1100ms, true);
  solo.sent();
  return links;
}

// OAP-9.64 OAP-9.75 OAP-9.77
TEST(MembershipLinks, ALinkIsAckedWithTheNumberOfLinksAndMeasured) {
  Solo solo(1);
  const SessionId id = solo.up(1);
  solo.ask(id, false);
  const std::vector<Sent> sent = solo.sent(id);
  ASSERT_EQ(kinds(sent), (std::vector<std::string>{"ack", "peers", "ping"}));
  EXPECT_EQ(sent[0].header.corr, 1U);
  EXPECT_EQ(oap::read_ack(sent[0].message())->links, 1U);
  ASSERT_NE(solo.machine().link(id), nullptr);
  solo.advance(30ms);
  solo.ack(id, sent[2].header.corr);
  EXPECT_EQ(solo.machine().link(id)->rtt.srtt(), 30ms);
  EXPECT_EQ(kinds(solo.sent(id)), std::vector<std::string>{"ping"}) << "a few times at first";
}

TEST(MembershipLinks, ADialedNodeIsAskedAtOnce) {
  Solo solo(2);
  solo.command(1, false);
  const SessionId id = solo.answer(solo.dials().begin()->first);
  const std::vector<Sent> sent = solo.sent(id);
  ASSERT_EQ(kinds(sent), std::vector<std::string>{"link"});
  const auto request = oap::read_link(sent[0].message());
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->prio);
  EXPECT_FALSE(request->leaf);
  EXPECT_EQ(request->addr, address(0));
  EXPECT_EQ(solo.machine().link(id), nullptr) << "not before it is acked";
  solo.advance(40ms);
  solo.ack(id, sent[0].header.corr);
  ASSERT_NE(solo.machine().link(id), nullptr);
  EXPECT_EQ(solo.machine().link(id)->rtt.srtt(), 40ms);
}

TEST(MembershipLinks, WhoeverIsExpelledIsToldAndDialedAgainIfNamed) {  // OAP-9.74
  Solo solo(9);
  solo.command(1, false);
  const SessionId id = solo.answer(solo.dials().begin()->first);
  solo.ack(id, solo.sent(id).at(0).header.corr);
  ASSERT_NE(solo.machine().link(id), nullptr);
  solo.sent();
  solo.expel(1);
  EXPECT_EQ(kinds(solo.sent(id)), std::vector<std::string>{"bye"});
  EXPECT_FALSE(solo.open().contains(id));
  EXPECT_EQ(solo.machine().stats().expelled, 1U);
  for (int i = 0; i < 100 && solo.dials().empty(); ++i) solo.advance(100ms);
  ASSERT_EQ(solo.dials().size(), 1U);
  EXPECT_EQ(solo.dials().begin()->second, address(1)) << "the operator named it";
}

TEST(MembershipLinks, AFullNodeNamesOthers) {
  Solo solo(3);
  with_links(solo, 10);
  const SessionId id = solo.up(50);
  solo.ask(id, false);
  const std::vector<Sent> sent = solo.sent(id);
  ASSERT_EQ(kinds(sent), std::vector<std::string>{"error"});
  EXPECT_EQ(oap::read_error(sent[0].message())->code, "Busy");
  EXPECT_GE(oap::read_busy_peers(sent[0].message())->count(), 8U);
}

// OAP-9.66 OAP-9.76
TEST(MembershipLinks, ANewcomerIsSetIntoTheMiddleOfALink) {
  Solo solo(4);
  const std::vector<SessionId> links = with_links(solo, 8);
  const SessionId newcomer = solo.up(50);
  solo.ask(newcomer, true);
  EXPECT_EQ(solo.machine().stats().active, 8U);
  EXPECT_NE(solo.machine().link(newcomer), nullptr);
  const std::vector<Sent> sent = solo.sent();
  const auto unlink = std::find_if(sent.begin(), sent.end(),
                                   [](const Sent& each) { return each.kind == "unlink"; });
  ASSERT_NE(unlink, sent.end());
  const auto freed = std::find(links.begin(), links.end(), unlink->session);
  ASSERT_NE(freed, links.end());
  const Sent& hint = *std::prev(unlink);
  EXPECT_EQ(hint.session, *freed);
  EXPECT_EQ(told(hint), std::vector<NodeId>{node_id(1, 50)});
  ASSERT_EQ(sent.back().session, newcomer);
  EXPECT_EQ(told(sent.back()),
            std::vector<NodeId>{node_id(1, static_cast<std::size_t>(freed - links.begin()) + 1)});
}

TEST(MembershipLinks, AYoungLinkIsNotLetGo) {
  Solo solo(5);
  for (std::size_t node = 1; node <= 10; ++node) solo.ask(solo.up(node), true);
  EXPECT_EQ(solo.machine().stats().active, 10U);
  const SessionId newcomer = solo.up(50);
  solo.sent();
  solo.ask(newcomer, true);
  EXPECT_EQ(kinds(solo.sent()), std::vector<std::string>{"error"});
}

// OAP-9.69
TEST(MembershipLinks, UnlinkEndsTheLinkAndTheSessionLater) {
  Solo solo(6);
  const SessionId id = with_links(solo, 1).front();
  solo.say(id, oap::kEvent, 0, oap::write_unlink());
  EXPECT_EQ(solo.machine().link(id), nullptr);
  EXPECT_TRUE(solo.open().contains(id));
  pass(solo, 1s);
  EXPECT_FALSE(solo.open().contains(id));
}

// OAP-9.76
TEST(MembershipLinks, WhoIsLetGoDialsTheOneItIsToldOf) {
  Solo solo(7);
  const std::vector<SessionId> links = with_links(solo, 8);
  const std::string addr = address(77);
  const oap::PeerAddr hint{addr, node_id(1, 77)};
  solo.say(links[0], oap::kEvent, 0, oap::write_peers({&hint, 1}));
  solo.say(links[0], oap::kEvent, 0, oap::write_unlink());
  ASSERT_EQ(solo.dials().size(), 1U);
  EXPECT_EQ(solo.dials().begin()->second, addr);
}

// OAP-9.71
TEST(MembershipLinks, APingIsAnsweredOnAnySession) {
  Solo solo(8);
  const SessionId id = solo.up(1);
  solo.say(id, oap::kReq, 5, oap::write_ping());
  const std::vector<Sent> sent = solo.sent(id);
  ASSERT_EQ(kinds(sent), std::vector<std::string>{"ack"});
  EXPECT_EQ(oap::read_ack(sent[0].message())->for_corr, 5U);
}

/// What is sent when a neighbour pings, `idle` after all eight links were measured; `way` there and
/// back.
std::vector<std::string> sent_with_an_answer(Duration way, Duration idle) {
  Solo solo(13);
  for (std::size_t node = 1; node <= 8; ++node) solo.ask(solo.up(node), false);
  while (!solo.requests.empty()) {
    if (way > 0ms) solo.advance(way);
    for (const auto& [id, corr] : std::exchange(solo.requests, {})) solo.ack(id, corr);
  }
  solo.sent();
  solo.advance(idle);
  EXPECT_TRUE(solo.sent().empty()) << "none is due";
  solo.say(*solo.open().begin(), oap::kReq, 5, oap::write_ping());
  return kinds(solo.sent());
}

// OAP-9.72
TEST(MembershipLinks, WhoIsPingedPingsItsOtherNearNeighboursWithTheAnswer) {
  std::vector<std::string> all = {"ack"};
  for (std::size_t node = 2; node <= 8; ++node) {
    if (is_pinger(node_id(1, 0), node_id(1, node))) all.emplace_back("ping");
  }
  ASSERT_GT(all.size(), 2U);
  ASSERT_LT(all.size(), 8U);
  const std::vector<std::string> none = {"ack"};
  EXPECT_EQ(sent_with_an_answer(0ms, 90ms), none) << "long before they are due";
  EXPECT_EQ(sent_with_an_answer(0ms, 110ms), all);
  EXPECT_EQ(sent_with_an_answer(0ms, 170ms), all) << "where the others ping, it waits for them";
  EXPECT_EQ(sent_with_an_answer(40ms, 110ms), none) << "over far links each at its time";
}

TEST(MembershipLinks, AStrangerThatLooksInIsToldInReturnOnce) {
  Solo solo(9);
  with_links(solo, 3);
  const SessionId id = solo.up(50);
  solo.say(id, oap::kEvent, 0, oap::write_peers({}));
  const std::vector<Sent> sent = solo.sent(id);
  ASSERT_EQ(kinds(sent), std::vector<std::string>{"peers"});
  EXPECT_EQ(told(sent[0]).size(), 3U);
  solo.say(id, oap::kEvent, 0, oap::write_peers({}));
  EXPECT_TRUE(solo.sent(id).empty());
}

TEST(MembershipLinks, ASessionWithoutALinkIsClosed) {
  Solo solo(10);
  const SessionId id = solo.up(1);
  pass(solo, 999ms);
  EXPECT_TRUE(solo.open().contains(id));
  pass(solo, 1ms);
  EXPECT_FALSE(solo.open().contains(id));
}

TEST(MembershipLinks, WhoDoesNotAnswerALinkIsGivenUp) {
  Solo solo(11);
  solo.command(1, false);
  const SessionId id = solo.answer(solo.dials().begin()->first);
  pass(solo, 1900ms);
  EXPECT_TRUE(solo.open().contains(id));
  pass(solo, 100ms);
  EXPECT_FALSE(solo.open().contains(id));
}

/// Looks at strangers in two minutes with all links there are to be.
std::uint64_t looks(bool one_is_lost) {
  Solo solo(14);
  const std::vector<SessionId> links = with_links(solo, 8);
  const std::string addr = address(60);
  const oap::PeerAddr stranger{addr, node_id(1, 60)};
  solo.say(links[0], oap::kEvent, 0, oap::write_peers({&stranger, 1}));
  if (one_is_lost) {
    const SessionId ninth = solo.up(70);
    solo.ask(ninth, false);
    solo.down(ninth);
  }
  const std::uint64_t before = solo.machine().stats().long_probes;
  for (Duration passed{0}; passed < 120s; passed += 100ms) {
    solo.heard_everywhere();
    solo.advance(100ms);
    while (!solo.dials().empty()) {
      const DialId dial = solo.dials().begin()->first;
      if (one_is_lost) {
        solo.fail(dial);
      } else {
        solo.answer(dial);
      }
    }
  }
  return solo.machine().stats().long_probes - before;
}

TEST(MembershipLinks, StrangersAreLookedAtMoreOftenWhileANodeIsLost) {
  const std::uint64_t calm = looks(false);
  EXPECT_GE(calm, 3U);
  EXPECT_LE(calm, 15U);
  EXPECT_GE(looks(true), 24U);
}

TEST(MembershipLinks, AMalformedMessageIsAFault) {
  Solo solo(12);
  const SessionId id = solo.up(1);
  const std::vector<std::uint8_t> payload = {0xa1, 0x64, 'k', 'i', 'n', 'd',
                                             0x64, 'l',  'i', 'n', 'k'};  // without prio
  const auto message = oap::read_message(payload);
  ASSERT_TRUE(message);
  oap::Header header;
  header.flags = oap::kReq;
  header.corr = 1;
  Orders out;
  EXPECT_TRUE(solo.machine().received(id, header, *message, solo.now(), out));
  EXPECT_EQ(solo.machine().stats().active, 0U);
}

}  // namespace
}  // namespace ron::mesh
