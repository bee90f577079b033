// A world that does not end fails, and says what it did last, instead of hanging.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/scenario.hpp"

namespace ron::sim {
namespace {

using namespace std::chrono_literals;

// Puts itself off for ever, without any time passing.
void again(World& world) {
  world.note("again", 7);
  world.schedule.after(Duration{0}, [&world] { again(world); });
}

TEST(Watchdog, AWorldThatStandsStillInTimeFails) {
  SeedChoice choice(1);
  Trace trace;
  World world({}, choice, {.trace = &trace, .steps_most = 1000});
  again(world);
  come_to_rest(world);
  EXPECT_NE(world.failure.find("does not end"), std::string::npos) << world.failure;
  EXPECT_LT(world.now().since_origin(), 1s);
  EXPECT_NE(trace.last().find("again"), std::string::npos) << trace.last();
}

TEST(Watchdog, TheReportOfAFailedWorldHasItsLastEvents) {
  SeedChoice choice(3);
  const Outcome outcome = run_world(Profile::draw(choice, 2, 300), choice, {.steps_most = 500});
  EXPECT_NE(outcome.failure.find("does not end"), std::string::npos) << outcome.failure;
  EXPECT_GT(std::ranges::count(outcome.details, '\n'), 20) << outcome.details;
}

// Never at rest, though time passes.
class Restless final : public Actor {
 public:
  void act() override {}
  void calm() override {}
  bool resting() const override { return false; }
  void conclude() override {}
};

TEST(Watchdog, AClientThatNeverRestsFailsItsWorld) {
  SeedChoice choice(1);
  World world({}, choice, {});
  world.actors.push_back(std::make_unique<Restless>());
  come_to_rest(world);
  EXPECT_NE(world.failure.find("client 0 waits"), std::string::npos) << world.failure;
}

}  // namespace
}  // namespace ron::sim
