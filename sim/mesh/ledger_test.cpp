// Every judge can fail: what it is for, done once by hand.
#include <gtest/gtest.h>

#include "sim/mesh/graph.hpp"
#include "sim/mesh/ledger.hpp"
#include "sim/mesh/mesh_node.hpp"

namespace ron::meshsim {
namespace {

constexpr HostIndex kHosts = 3;

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : ledger_(scenario_, kHosts, false) {
    scenario_.grace = 0s;
    for (HostIndex host = 0; host < kHosts; ++host) ledger_.born(host, Instant());
  }
  std::uint32_t publish(Duration at = 1s, bool after_fault = false) {
    Message message;
    message.at = Instant(at);
    message.bytes = {1, 2, 3};
    message.measured = true;
    message.after_fault = after_fault;
    return ledger_.add(std::move(message));
  }
  void deliver(HostIndex host, std::uint32_t number, Duration at, TenantId tenant = {}) {
    const std::vector<std::uint8_t> bytes = {1, 2, 3};
    ledger_.delivered(host, {number, tenant, bytes}, Instant(at));
  }
  Figures figures(std::optional<Instant> fault = std::nullopt) {
    Figures figures;
    ledger_.figures(figures, fault);
    return figures;
  }

  Scenario scenario_;
  Ledger ledger_;
};

TEST_F(LedgerTest, CountsCopiesAndTimes) {
  publish();
  for (HostIndex host = 1; host < kHosts; ++host) {
    deliver(host, 0, 1s + 10ms * host);
    ledger_.copied(host, {.number = 0}, Instant(1s));
  }
  ledger_.copied(1, {.number = 0}, Instant(1s));
  const Figures all = figures();
  EXPECT_EQ(ledger_.failure(), "");
  EXPECT_EQ(ledger_.lacking(), "");
  EXPECT_DOUBLE_EQ(all.at("rmr"), 0.5);
  EXPECT_NEAR(all.at("p50_ms"), 10, 0.1);
  EXPECT_NEAR(all.at("max_ms"), 20, 0.1);
  EXPECT_EQ(all.at("delivered_pct"), 100);
}

TEST_F(LedgerTest, TwiceIsAFault) {
  publish();
  deliver(1, 0, 2s);
  deliver(1, 0, 2s);
  EXPECT_NE(ledger_.failure().find("twice"), std::string::npos);
}

TEST_F(LedgerTest, WhoComesBackMayGetItOnceMore) {
  publish();
  deliver(1, 0, 2s);
  ledger_.died(1, Instant(3s));
  ledger_.born(1, Instant(4s));
  deliver(1, 0, 5s);
  EXPECT_EQ(ledger_.failure(), "");
  deliver(1, 0, 6s);
  EXPECT_NE(ledger_.failure().find("twice"), std::string::npos);
}

TEST_F(LedgerTest, AnotherTenantIsAFault) {
  publish();
  deliver(1, 0, 2s, {0, 7});
  EXPECT_NE(ledger_.failure().find("tenant"), std::string::npos);
}

TEST_F(LedgerTest, WhatNobodyPublishedIsAFault) {
  publish();
  const std::vector<std::uint8_t> other = {9};
  ledger_.delivered(1, {0, {}, other}, Instant(2s));
  EXPECT_NE(ledger_.failure().find("nobody published"), std::string::npos);
}

TEST(LedgerOfHostileWorldTest, AForgeryThatTakesThePlaceOfAMessageIsAFault) {
  const Scenario scenario{.grace = 0s};
  Ledger ledger(scenario, kHosts, true);
  const MessageId id{{7}, 1, 3}, of_a_forger{{9}, 1, 3};
  for (HostIndex host = 0; host < kHosts; ++host) ledger.born(host, Instant());
  ledger.named(0, id.origin);
  ledger.named(1, of_a_forger.origin);
  ledger.excuse(1);
  Message message;
  message.at = Instant(1s);
  message.bytes = {1, 2, 3};
  ledger.add(message);
  const std::vector<std::uint8_t> other = {9};
  ledger.delivered(2, {UINT32_MAX, {}, other, of_a_forger}, Instant(2s));
  EXPECT_EQ(ledger.suppressed(), "") << "under its own name";
  ledger.delivered(2, {UINT32_MAX, {}, other, id}, Instant(2s));
  EXPECT_EQ(ledger.suppressed(), "") << "no copy has told what the message is called";
  ledger.copied(1, {.number = 0, .message = message.bytes, .id = id}, Instant(2s));
  EXPECT_EQ(ledger.suppressed(), "host 2, message 0");
  ledger.delivered(2, {0, {}, message.bytes}, Instant(3s));
  EXPECT_EQ(ledger.suppressed(), "");
  EXPECT_EQ(ledger.failure(), "");
  Figures figures;
  ledger.figures(figures, std::nullopt);
  EXPECT_EQ(figures.at("forged_held"), 1);
}

TEST_F(LedgerTest, OnesOwnPublicationIsAFault) {
  publish();
  deliver(0, 0, 2s);
  EXPECT_NE(ledger_.failure().find("came back"), std::string::npos);
}

TEST_F(LedgerTest, ALeafMayOnlyGetWhatItAskedFor) {
  ledger_.leaf(1, {5});
  publish();
  EXPECT_FALSE(ledger_.owed(ledger_.message(0), 1));
  ledger_.copied(1, {.number = 0}, Instant(1s));
  EXPECT_NE(ledger_.failure().find("leaf"), std::string::npos);
}

TEST_F(LedgerTest, WhatALeafWantsChangesAndTakesHoldAfterAWhile) {
  ledger_.leaf(1, {0});
  ledger_.changed(1, 0, false, Instant(10s));
  ledger_.changed(1, 0, true, Instant(20s));
  publish(9500ms);  // it asked to the end of it, but not for as long as it may take
  publish(12s);
  publish(20500ms);  // it asked, but not for long enough
  publish(22s);
  publish(5s);
  const auto owed = [this](std::uint32_t number) {
    return ledger_.owed(ledger_.message(number), 1);
  };
  EXPECT_FALSE(owed(0));
  EXPECT_FALSE(owed(1));
  EXPECT_FALSE(owed(2));
  EXPECT_TRUE(owed(3));
  EXPECT_TRUE(owed(4));
  ledger_.copied(1, {.number = 0}, Instant(10900ms));
  deliver(1, 0, 10900ms);
  EXPECT_EQ(ledger_.failure(), "") << "within the grace";
  ledger_.copied(1, {.number = 1}, Instant(12100ms));
  EXPECT_NE(ledger_.failure().find("sent what it did not ask for"), std::string::npos);
}

TEST_F(LedgerTest, WhatALeafNoLongerWantsMayComeOnAnotherLinkFirst) {
  scenario_.leaf_change_every = 1s;
  ledger_.leaf(1, {0});
  ledger_.changed(1, 0, false, Instant(10s));
  publish(15s);
  ledger_.copied(1, {.number = 0, .since_up = 50ms}, Instant(15s));
  deliver(1, 0, 15s);
  EXPECT_EQ(ledger_.failure(), "");
  EXPECT_EQ(figures().at("uninterested_on_new_link"), 1);
  deliver(1, 0, 15s);
  EXPECT_NE(ledger_.failure().find("twice"), std::string::npos) << "once, as anything else";
}

TEST_F(LedgerTest, WhatALeafNeverWantedIsAFaultOnAnyLink) {
  ledger_.leaf(1, {5});
  publish();
  ledger_.copied(1, {.number = 0, .since_up = 50ms}, Instant(1s));
  EXPECT_NE(ledger_.failure().find("leaf"), std::string::npos);
}

TEST(InterestTest, NamesWhatARelayDoesNotKnowOrStillBelieves) {
  const Interest a = {{{}, "a"}}, both = {{{}, "a"}, {{}, "b"}}, other = {{{0, 7}, "a"}};
  EXPECT_EQ(out_of_sync(both, both), "");
  EXPECT_EQ(out_of_sync(both, a), "does not know that it wants b");
  EXPECT_EQ(out_of_sync(a, both), "still believes that it wants b");
  EXPECT_NE(out_of_sync(a, other), "") << "of another tenant";
}

TEST_F(LedgerTest, WhoLacksWhatIsNamed) {
  publish();
  deliver(1, 0, 2s);
  EXPECT_EQ(ledger_.lacking(), "host 2, message 0");
  EXPECT_EQ(figures().at("delivered_pct"), 50);
}

TEST_F(LedgerTest, BestEffortMayBeLostAndIsCounted) {
  Message message;
  message.bytes = {1};
  message.measured = message.best_effort = true;
  ledger_.add(message);
  EXPECT_EQ(ledger_.lacking(), "");
  EXPECT_EQ(figures().at("delivered_pct"), 0);
}

TEST_F(LedgerTest, WhoWasNotThereIsOwedNothing) {
  ledger_.died(2, Instant(500ms));
  publish();
  deliver(1, 0, 2s);
  EXPECT_EQ(ledger_.lacking(), "");
}

TEST_F(LedgerTest, APartitionExcusesOnlyWhatIsTooOld) {
  scenario_.repair_window = 30s;
  scenario_.merge_time = 5s;
  ledger_.split({1, 1, 2}, Instant(10s), Instant(70s));
  publish(20s);
  publish(50s);
  EXPECT_TRUE(ledger_.owed(ledger_.message(0), 1)) << "of the same side";
  EXPECT_FALSE(ledger_.owed(ledger_.message(0), 2));
  EXPECT_TRUE(ledger_.owed(ledger_.message(1), 2));
}

TEST_F(LedgerTest, CoverageComesBackWithTheFirstMessageFromWhichOnAllReachAll) {
  for (const Duration at : {10s, 11s, 12s}) {
    const std::uint32_t number = publish(at, true);
    deliver(1, number, at + 10ms);
    if (number != 1) deliver(2, number, at + (number == 2 ? 500ms : 10ms));
  }
  const Figures all = figures(Instant(10s));
  EXPECT_DOUBLE_EQ(all.at("full_coverage_s"), 2);
  EXPECT_DOUBLE_EQ(all.at("gap_delivered_pct"), 75);
  EXPECT_DOUBLE_EQ(all.at("prompt_coverage_s"), 999) << "the last one was late";
}

TEST(GraphTest, SeesPartsAndOneSidedLinks) {
  Graph graph{.links = {{1}, {0}, {3}, {}}, .up = {true, true, true, true}};
  EXPECT_EQ(parts(graph), 2U);
  EXPECT_EQ(one_sided(graph).size(), 1U);
  graph.links[3] = {2};
  EXPECT_TRUE(one_sided(graph).empty());
  graph.links[2].push_back(0);
  EXPECT_EQ(parts(graph), 1U);
}

TEST(BoundTest, FramesThatNobodyAccountsForAreOverTheBudget) {
  SlabMeter meter;
  NodeGauges gauges;
  EXPECT_EQ(over_budget(meter, gauges, {}), "");
  const Slice leaked = Slice::allocate(std::size_t{1} << 20U, &meter);
  EXPECT_NE(over_budget(meter, gauges, {}), "");
  EXPECT_EQ(over_budget(meter, gauges, {.frames = 1, .bytes = leaked.slab_size()}), "");
  gauges.kept_frames = 1;
  gauges.kept_bytes = leaked.slab_size();
  EXPECT_EQ(over_budget(meter, gauges, {}), "");
}

TEST(BoundTest, NamesTheGaugeThatIsOver) {
  const mesh::MeshConfig config;
  mesh::MembershipStats views;
  mesh::RelayStats relay;
  std::deque<mesh::Trace> traces;
  EXPECT_EQ(over_bound(config, views, relay, traces), "");
  traces.resize(1);
  traces[0].hops.resize(mesh::Traces::kHops + 1);
  EXPECT_NE(over_bound(config, views, relay, traces).find("trace_hops"), std::string::npos);
  traces.resize(mesh::Traces::kOwn + 1);
  EXPECT_NE(over_bound(config, views, relay, traces).find("traces"), std::string::npos);
  relay.missing = config.relay.missing + 1;
  EXPECT_NE(over_bound(config, views, relay, traces).find("missing"), std::string::npos);
  views.active = config.views.active_max + 1;
  EXPECT_NE(over_bound(config, views, relay, traces).find("active"), std::string::npos);
}

}  // namespace
}  // namespace ron::meshsim
