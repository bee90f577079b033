// Small worlds in every test run; `./dev sim --table` runs the large ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/mesh/shrink.hpp"
#include "sim/mesh/world.hpp"

namespace ron::meshsim {
namespace {

Scenario scenario(const std::string& name, const std::vector<std::string>& lines = {}) {
  std::ifstream file(std::string(RON_SOURCE_DIR) + "/sim/mesh/scenarios/" + name + ".txt");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto read = read_scenario(name, text);
  EXPECT_TRUE(read) << name << ": " << read.error();
  for (const std::string& line : lines) EXPECT_TRUE(set_line(*read, line)) << line;
  return *read;
}

Outcome run(const Scenario& scenario, std::uint64_t seed, Protocol protocol = Protocol::kMesh) {
  Outcome outcome = World(scenario, protocol, seed).run();
  EXPECT_EQ(outcome.failure, "") << "replay: ./dev sim --scenario " << scenario.name << " --seed "
                                 << seed;
  return outcome;
}

TEST(Scenarios, AreAllWellFormed) {
  unsigned count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(RON_SOURCE_DIR) + "/sim/mesh/scenarios")) {
    if (entry.path().extension() != ".txt") continue;
    scenario(entry.path().stem());
    ++count;
  }
  EXPECT_GE(count, 15U);
}

TEST(Scenarios, RefuseWhatTheyDoNotKnow) {
  for (const char* text : {"nodes = many", "node = 5", "settle = 5", "loss = 0.5", "nodes = 5..2",
                           "latency = uniform 5ms", "target = rmr < 1", "nodes", "leaves = 100"}) {
    EXPECT_FALSE(read_scenario("bad", text)) << text;
  }
  const auto good =
      read_scenario("good", "settle = 1.5s # rest\n\nloss = 5%\ntarget = rmr <= 1 worst 2");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->settle, 1500ms);
  EXPECT_DOUBLE_EQ(good->loss, 0.05);
  ASSERT_EQ(good->targets.size(), 1U);
  EXPECT_EQ(good->targets[0].worst, 2);
}

TEST(Worlds, ThatFormDeliverEverything) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Outcome outcome = run(scenario("small"), seed);
    EXPECT_EQ(outcome.figures.at("delivered_pct"), 100);
    EXPECT_LE(outcome.figures.at("max_rtts"), 1.5);
  }
}

TEST(Worlds, WithALittleOfEverythingHoldEveryRule) {
  const Scenario all =
      scenario("all_at_once", {"nodes = 20", "messages = 30", "settle = 3s", "rest = 6s"});
  for (std::uint64_t seed = 1; seed <= 2; ++seed) run(all, seed);
}

TEST(Worlds, HealAfterAPartition) {
  const Scenario split = scenario("partition", {"nodes = 30", "messages = 60", "partition_for = 6s",
                                                "settle = 3s", "warm_each = 1"});
  EXPECT_LE(run(split, 1).figures.at("one_component_s"), 10);
}

TEST(Worlds, WithHostileNodesDeliverHonestMessages) {
  const Scenario hostile =
      scenario("adversaries", {"nodes = 16", "messages = 8", "origins = 3", "warm_each = 1",
                               "form = 1s", "settle = 3s", "warm_rest = 1s", "rest = 2s"});
  const Outcome outcome = run(hostile, 1);
  EXPECT_GE(outcome.figures.at("delivered_pct"), 99);
}

TEST(Worlds, WhereLeavesChangeTheirMindsKeepInterestInSync) {
  const Scenario leaves =
      scenario("leaf_interest", {"nodes = 40", "leaves = 30", "messages = 40", "settle = 3s",
                                 "crash_at = 1s", "restart_after = 1s"});
  const Outcome outcome = run(leaves, 1);
  EXPECT_EQ(outcome.figures.at("delivered_pct"), 100);
  EXPECT_GT(outcome.figures.at("interest_resumed"), 0);
}

TEST(Worlds, ThatStayInTwoPartsAreReported) {
  const Scenario split =
      scenario("partition", {"nodes = 20", "messages = 5", "partition_for = 1000s", "settle = 3s",
                             "warm_each = 1", "rest = 3s"});
  const Outcome outcome = World(split, Protocol::kMesh, 1).run();
  EXPECT_NE(outcome.failure.find("parts"), std::string::npos) << outcome.failure;
}

TEST(Worlds, TheSameSeedGivesTheSameTrace) {
  const Scenario all =
      scenario("all_at_once", {"nodes = 12", "messages = 10", "settle = 2s", "rest = 5s"});
  const Outcome first = run(all, 9);
  EXPECT_EQ(first.hash, run(all, 9).hash);
  EXPECT_NE(first.hash, run(all, 10).hash);
}

TEST(Worlds, AFailingOneShrinks) {
  const Scenario split =
      scenario("partition", {"nodes = 16", "messages = 4", "partition_for = 1000s", "settle = 2s",
                             "warm_each = 0", "rest = 2s"});
  const std::string smaller = shrink(split, Protocol::kMesh, 1);
  EXPECT_NE(smaller.find("nodes = "), std::string::npos) << smaller;
  EXPECT_NE(smaller.find("parts"), std::string::npos) << smaller;
}

// What the literature and the field say of them, in rough bounds; docs say more.
TEST(Baselines, BehaveAsThemselves) {
  const Scenario quick = scenario("a_1k_hot", {"nodes = 150", "settle = 3s", "messages = 30"});
  const Figures gossipsub = run(quick, 1, Protocol::kGossipsub).figures;
  EXPECT_NEAR(gossipsub.at("rmr"), 5.3, 0.6);
  EXPECT_EQ(gossipsub.at("delivered_pct"), 100);
  const Figures plumtree = run(quick, 1, Protocol::kPlumtree).figures;
  EXPECT_LT(plumtree.at("rmr"), 1.2);
  EXPECT_GT(plumtree.at("p99_ms"), 2 * gossipsub.at("p99_ms"));
  const Scenario alone =
      scenario("a_1k_hot", {"nodes = 100", "settle = 2s", "messages = 30", "origins = 1"});
  EXPECT_LT(run(alone, 1, Protocol::kPlumtree).figures.at("rmr"), 0.05) << "one sender, one tree";
}

}  // namespace
}  // namespace ron::meshsim
