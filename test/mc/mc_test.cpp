// The enumeration, shallow enough for every test run; `ron-mc` goes deeper.
#include <gtest/gtest.h>

#include "test/mc/small_world.hpp"

namespace ron::sim {
namespace {

class Races : public ::testing::TestWithParam<unsigned> {};

TEST_P(Races, HoldInEveryOrder) {
  const auto race = static_cast<Race>(GetParam());
  for (unsigned shards = 1; shards <= 2; ++shards) {
    const Explored explored = explore(race, {.shards = shards, .depth = 5, .worlds_most = 2000});
    EXPECT_EQ(explored.failure, "") << name(race) << ", k=" << shards;
    EXPECT_GE(explored.worlds, 8U) << name(race) << ": nothing was interleaved";
  }
}

INSTANTIATE_TEST_SUITE_P(Small, Races, ::testing::Range(0U, kRaces));

}  // namespace
}  // namespace ron::sim
