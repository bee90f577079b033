// Each bound is seen when it is broken, and not before.
#include "sim/checkers/bounds.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace ron::sim {
namespace {

Profile profile() {
  Profile some;
  some.shards = 2;
  some.read_most = 1000;
  some.config.queue_bytes = 64U * 1024;
  some.config.mail_bytes = 4096;
  some.config.mail_messages = 16;
  some.config.max_sessions = 4;
  some.config.subscriptions_max = 10;
  some.config.session.inflight = 4;
  some.config.session.lanes.answers_watermark = 8;
  some.config.session.lanes.gossip_frames = 20;
  some.config.session.lanes.gossip_bytes = 2000;
  return some;
}

Gauges full() {
  Gauges gauges;
  gauges.stats.sessions = 2;
  gauges.stats.lane_frames = 40;
  gauges.stats.lane_bytes = 4000;
  gauges.stats.subscriptions = 20;
  gauges.stats.slab_bytes = 48U * 1024;
  gauges.answers = {8, 12};
  gauges.mail = {{.messages = 16, .publications = 18, .bytes = 4096}};
  return gauges;
}

TEST(Bounds, PassWhatIsFull) { EXPECT_EQ(check_bounds(full(), profile()), std::nullopt); }

TEST(Bounds, SeeEachThatIsBroken) {
  const std::pair<const char*, std::function<void(Gauges&)>> faults[] = {
      {"lane frames", [](Gauges& g) { g.stats.lane_frames = 41; }},
      {"lane bytes", [](Gauges& g) { g.stats.lane_bytes = 4001; }},
      {"sessions", [](Gauges& g) { g.stats.sessions = 5; }},
      {"subscriptions", [](Gauges& g) { g.stats.subscriptions = 21; }},
      {"bytes in blocks", [](Gauges& g) { g.stats.slab_bytes = 192U * 1024; }},
      {"answers", [](Gauges& g) { g.answers[1] = 40; }},
      {"publications", [](Gauges& g) { g.mail[0].publications = 24; }},
      {"bytes on their way", [](Gauges& g) { g.mail[0].bytes = 9000; }},
      {"messages", [](Gauges& g) { g.mail[0].messages = 200; }},
  };
  for (const auto& [what, break_it] : faults) {
    Gauges gauges = full();
    break_it(gauges);
    const Verdict verdict = check_bounds(gauges, profile());
    ASSERT_TRUE(verdict) << what;
    EXPECT_NE(verdict->find(what), std::string::npos) << *verdict;
  }
}

}  // namespace
}  // namespace ron::sim
