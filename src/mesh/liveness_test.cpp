#include "mesh/liveness.hpp"

#include <gtest/gtest.h>

namespace ron::mesh {
namespace {

constexpr Instant at(Duration since) { return Instant(since); }

class LivenessTest : public ::testing::Test {
 protected:
  LivenessTest() {
    session.life.heard = at(10s);
    session.life.pinged = at(10s);
    session.life.samples = kFirstSamples;
    for (int i = 0; i < 10; ++i) session.link.rtt.sample(40ms);
  }
  void hear(Duration since) { note_heard(session.life, usual, at(since), times); }

  ViewTimes times;
  Session session;
  Duration usual{0};
};

// OAP-9.72
TEST_F(LivenessTest, ThePingerPingsSoThatSomethingIsHeardInTime) {
  EXPECT_EQ(pings_at(session, true, times), at(10s + times.ping - 40ms));
  EXPECT_EQ(pings_at(session, false, times), at(10s + times.ping + times.ping / 4));
  session.life.ping = 7;
  EXPECT_TRUE(pings_at(session, true, times).is_never()) << "one at a time";
}

TEST_F(LivenessTest, OneSideIsThePingerAndNobodyPingsAllOthers) {
  std::vector<NodeId> nodes(16);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].front() = nodes[i].back() = static_cast<std::uint8_t>(i);
  }
  for (const NodeId& node : nodes) {
    int pings = 0;
    for (const NodeId& other : nodes) {
      if (other == node) continue;
      EXPECT_NE(is_pinger(node, other), is_pinger(other, node));
      pings += static_cast<int>(is_pinger(node, other));
    }
    EXPECT_GE(pings, 7);
    EXPECT_LE(pings, 8);
  }
}

// OAP-9.77
TEST_F(LivenessTest, ANewLinkIsMeasuredAtOnceAndABusyOneOnceInAWhile) {
  session.life.samples = kFirstSamples - 1;
  EXPECT_EQ(pings_at(session, false, times), at(10s));
  session.life.samples = kFirstSamples;
  session.life.heard = at(14990ms);
  EXPECT_EQ(pings_at(session, true, times), at(10s + kRefresh));
}

// OAP-9.73
TEST_F(LivenessTest, SilenceIsDeathAfterHalfASecondOrFourTimeouts) {
  EXPECT_EQ(dies_at(session, times), at(10s + times.dead));
  session.link.rtt.sample(400ms);
  EXPECT_EQ(dies_at(session, times), at(10s) + 4 * session.link.rtt.rto(0ms));
}

TEST_F(LivenessTest, BeforeTheFirstAnswerNobodyKnowsTheWay) {
  session.link.rtt = RoundTrip();
  EXPECT_EQ(dies_at(session, times), at(10s + times.handshake));
}

TEST_F(LivenessTest, SilencesThatEndedAreAllowedForAndForgotten) {
  hear(10'200ms);
  EXPECT_EQ(dies_at(session, times), at(10'700ms)) << "as often as pings come: nothing new";
  hear(10'660ms);
  EXPECT_EQ(dies_at(session, times), at(10'660ms + 460ms + 3 * 260ms));
  EXPECT_EQ(usual, 460ms);
  Duration now = 10'660ms;
  for (int i = 0; i < 600; ++i) hear(now += 200ms);
  EXPECT_EQ(dies_at(session, times), at(now + times.dead));
  EXPECT_LT(usual, 460ms);
}

TEST_F(LivenessTest, NoSilenceIsAllowedForWithoutEnd) {
  hear(60s);
  EXPECT_EQ(dies_at(session, times), at(60s + 2 * times.handshake));
  EXPECT_EQ(usual, times.handshake);
}

}  // namespace
}  // namespace ron::mesh
