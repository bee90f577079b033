#include "policy/restarts.hpp"

#include <gtest/gtest.h>

namespace ron::policy {
namespace {

using namespace std::chrono_literals;

TEST(Restarts, WaitsLongerEachTimeAndGivesUpAfterFive) {
  SeedChoice choice(3);
  Restarts restarts;
  Instant now{1h};
  Duration sum{};
  for (unsigned i = 0; i < Restarts::kMost; ++i) {
    const auto wait = restarts.died(now, choice);
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, 50ms);
    EXPECT_LE(*wait, 2s);
    sum += *wait;
    now = now + *wait;
  }
  EXPECT_GE(sum, 1s) << "the waits grow";
  EXPECT_FALSE(restarts.died(now, choice).has_value());
}

TEST(Restarts, AMinuteOfPeaceIsForgiven) {
  SeedChoice choice(3);
  Restarts restarts;
  Instant now{1h};
  for (unsigned i = 0; i < 20; ++i) {
    const auto wait = restarts.died(now, choice);
    ASSERT_TRUE(wait.has_value());
    EXPECT_LE(*wait, 100ms);
    now = now + Restarts::kCalm;
  }
}

}  // namespace
}  // namespace ron::policy
