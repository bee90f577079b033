// /readyz must not lie: each gate turns red for its cause, in its time, and heals.
#include "node/readiness.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace ron::node {
namespace {

using Names = std::vector<std::string_view>;

class Judged : public ::testing::Test {
 protected:
  Judged() { facts_.listeners_bound = facts_.metrics_bound = facts_.cfg_loaded = true; }

  // Observes every quarter of a second for `time`; publications flow at `published_` a step.
  void run(Duration time) {
    for (Duration passed{}; passed < time; passed += 250ms) {
      facts_.published += published_;
      facts_.shed += shed_;
      judge_.observe(facts_, now_);
      now_ = now_ + 250ms;
    }
  }

  ReadinessJudge judge_{ReadinessLimits{}};
  ReadinessFacts facts_;
  std::uint64_t published_ = 1000;
  std::uint64_t shed_ = 0;
  Instant now_{1s};
};

TEST_F(Judged, NotReadyBeforeTheFirstFacts) {
  EXPECT_FALSE(judge_.ready());
  EXPECT_FALSE(judge_.degraded());
}

TEST_F(Judged, FactsFollowAtOnceAndHealAtOnce) {
  const std::vector<std::pair<std::string_view, std::function<void(bool)>>> gates = {
      {"listeners_bound", [&](bool ok) { facts_.listeners_bound = ok; }},
      {"metrics_bound", [&](bool ok) { facts_.metrics_bound = ok; }},
      {"cfg_loaded", [&](bool ok) { facts_.cfg_loaded = ok; }},
      {"certificate_ok", [&](bool ok) { facts_.certificate_ok = ok; }},
      {"pq_ready", [&](bool ok) { facts_.pq_ready = ok; }},
      {"mesh_ok", [&](bool ok) { facts_.mesh_ok = ok; }},
      {"fd_headroom", [&](bool ok) { facts_.fd_percent = ok ? 89 : 95; }},
  };
  run(1s);
  EXPECT_TRUE(judge_.ready());
  for (const auto& [name, set] : gates) {
    set(false);
    run(250ms);
    EXPECT_EQ(judge_.missing(), Names{name});
    EXPECT_TRUE(judge_.degraded());
    set(true);
    run(250ms);
    EXPECT_TRUE(judge_.ready()) << name;
    EXPECT_FALSE(judge_.degraded());
  }
}

TEST_F(Judged, SeveralAreNamedInAFixedOrder) {
  facts_.draining = true;
  facts_.pq_ready = false;
  facts_.listeners_bound = false;
  run(250ms);
  EXPECT_EQ(judge_.missing(), (Names{"listeners_bound", "pq_ready", "draining"}));
}

TEST_F(Judged, AFullQueueIsRedAfterTheWindowAndGreenAtTheLowMark) {
  run(1s);
  facts_.queue_percent = 90;
  run(30s);
  EXPECT_TRUE(judge_.ready()) << "not a moment before the window is over";
  run(250ms);
  EXPECT_EQ(judge_.missing(), Names{"queues_ok"});
  facts_.queue_percent = 75;
  run(60s);
  EXPECT_EQ(judge_.missing(), Names{"queues_ok"}) << "75 is not below the low mark";
  facts_.queue_percent = 74;
  run(250ms);
  EXPECT_TRUE(judge_.ready());
  facts_.queue_percent = 90;
  run(29s);
  EXPECT_TRUE(judge_.ready()) << "healed: the window starts anew";
}

TEST_F(Judged, ADipEndsTheWindow) {
  facts_.queue_percent = 95;
  for (int i = 0; i < 10; ++i) {
    facts_.queue_percent = 95;
    run(29s);
    facts_.queue_percent = 89;  // not below the low mark, but below the high one
    run(250ms);
    EXPECT_TRUE(judge_.ready());
  }
}

TEST_F(Judged, ShedsCountAsAShareOfPublications) {
  run(1s);
  shed_ = 100;  // exactly 10 %
  run(30s);
  EXPECT_TRUE(judge_.ready());
  run(500ms);
  EXPECT_EQ(judge_.missing(), Names{"shed_rate_ok"});
  shed_ = 10;  // 1 % is not below 1 %
  run(60s);
  EXPECT_EQ(judge_.missing(), Names{"shed_rate_ok"});
  shed_ = 9;
  run(250ms);
  EXPECT_TRUE(judge_.ready());
  shed_ = 99;
  run(120s);
  EXPECT_TRUE(judge_.ready()) << "9.9 % is under the high mark";
}

TEST_F(Judged, MoreShedsThanPublicationsAreAllOfThem) {
  run(1s);
  published_ = 0;
  shed_ = 5;
  run(31s);
  EXPECT_EQ(judge_.missing(), Names{"shed_rate_ok"});
  shed_ = 0;
  run(250ms);
  EXPECT_TRUE(judge_.ready()) << "nothing published, nothing shed";
}

TEST_F(Judged, TotalsFromBeforeTheFirstLookAreNotARate) {
  facts_.published = 1'000'000;
  facts_.shed = 900'000;
  run(250ms);
  shed_ = 0;
  run(120s);
  EXPECT_TRUE(judge_.ready());
}

TEST_F(Judged, FileDescriptorsHealBelowTheLowMark) {
  facts_.fd_percent = 94;
  run(60s);
  EXPECT_TRUE(judge_.ready());
  facts_.fd_percent = 95;
  run(250ms);
  EXPECT_EQ(judge_.missing(), Names{"fd_headroom"});
  facts_.fd_percent = 90;
  run(60s);
  EXPECT_FALSE(judge_.ready());
  facts_.fd_percent = 89;
  run(250ms);
  EXPECT_TRUE(judge_.ready());
}

TEST_F(Judged, StartingAndDrainingAreNotDegraded) {
  facts_.listeners_bound = false;
  run(10s);
  EXPECT_FALSE(judge_.ready());
  EXPECT_FALSE(judge_.degraded()) << "it has never been ready";
  facts_.listeners_bound = true;
  run(250ms);
  EXPECT_TRUE(judge_.ready());
  facts_.draining = true;
  facts_.listeners_bound = false;
  run(250ms);
  EXPECT_EQ(judge_.missing(), (Names{"listeners_bound", "draining"}));
  EXPECT_FALSE(judge_.degraded()) << "it drains";
  facts_.draining = false;
  run(250ms);
  EXPECT_TRUE(judge_.degraded());
}

}  // namespace
}  // namespace ron::node
