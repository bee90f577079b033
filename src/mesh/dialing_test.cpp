#include "mesh/dialing.hpp"

#include <gtest/gtest.h>

#include "mesh/membership_rig.hpp"

namespace ron::mesh {
namespace {

using testing::address;
using testing::node_id;

constexpr Instant at(Duration since) { return Instant(since); }

class DialsTest : public ::testing::Test {
 protected:
  DialId begin(Purpose purpose, Duration when) {
    dials.begin({.purpose = purpose, .addr = address(1), .node = node_id(1, 1)}, at(when), out);
    return out.dials.back().dial;
  }

  ViewTimes times;
  Dials dials{times};
  Orders out;
};

TEST_F(DialsTest, AProbeThatIsNotAnsweredIsGivenUp) {
  const DialId probe = begin(Purpose::kProbe, 0s);
  const DialId named = begin(Purpose::kConfigured, 0s);
  EXPECT_EQ(dials.next(), at(times.probe));
  EXPECT_FALSE(dials.expired(at(times.probe - 1ns), out));
  const auto expired = dials.expired(at(times.probe), out);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->dial, probe);
  ASSERT_EQ(out.cancels.size(), 1U);
  EXPECT_EQ(out.cancels[0].dial, probe);
  EXPECT_FALSE(dials.take(probe));
  EXPECT_TRUE(dials.take(named));
  EXPECT_EQ(dials.size(), 0U);
}

TEST_F(DialsTest, PatienceFollowsTheNetworkUpToAHandshake) {
  dials.answered(1s);
  begin(Purpose::kProbe, 0s);
  EXPECT_EQ(dials.next(), at(1500ms));
  for (int i = 0; i < 50; ++i) dials.answered(60s);
  EXPECT_TRUE(dials.expired(at(1500ms), out));
  begin(Purpose::kProbe, 0s);
  EXPECT_EQ(dials.next(), at(times.handshake));
}

TEST_F(DialsTest, OnlyProbesAreCancelledTogether) {
  begin(Purpose::kProbe, 0s);
  begin(Purpose::kReturn, 0s);
  begin(Purpose::kProbe, 0s);
  EXPECT_EQ(dials.probes(), 2U);
  dials.cancel_probes(out);
  EXPECT_EQ(out.cancels.size(), 2U);
  EXPECT_EQ(dials.size(), 1U);
  dials.cancel(node_id(1, 1), out);
  EXPECT_EQ(dials.size(), 0U);
}

TEST(DialBudget, ABurstAndThenARate) {
  DialBudget budget;
  std::int64_t taken = 0;
  while (budget.take(at(0s))) ++taken;
  EXPECT_EQ(taken, DialBudget::kBurst);
  EXPECT_EQ(budget.next(at(0s)), at(1s));
  taken = 0;
  for (int ms = 0; ms < 11'000; ms += 10) taken += budget.take(at(ms * 1ms)) ? 1 : 0;
  EXPECT_EQ(taken, 10 * DialBudget::kRate);
  EXPECT_EQ(budget.next(at(11s)), at(11s));
}

TEST(NamedPeers, AreBoundedAndKnownByAddress) {
  ViewTimes times;
  NamedPeers named(times);
  for (std::size_t i = 0; i < 2 * NamedPeers::kMost; ++i) {
    named.add({address(i), std::nullopt}, at(0s));
  }
  EXPECT_EQ(named.all().size(), NamedPeers::kMost);
  EXPECT_EQ(named.at(address(0)), nullptr);
  NamedPeer* last = named.at(address(2 * NamedPeers::kMost - 1));
  ASSERT_NE(last, nullptr);
  last->answered = true;
  named.add({last->peer.addr, std::nullopt}, at(5s));
  EXPECT_EQ(named.all().size(), NamedPeers::kMost);
  EXPECT_FALSE(last->answered);
  EXPECT_EQ(last->next, at(5s));
  last->found = node_id(1, 3);
  EXPECT_TRUE(named.forget(node_id(1, 3)));
  EXPECT_FALSE(named.forget(node_id(1, 3)));
}

}  // namespace
}  // namespace ron::mesh
