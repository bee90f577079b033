#include "mesh/link.hpp"

#include <gtest/gtest.h>

namespace ron::mesh {
namespace {

TEST(RoundTrip, TheFirstSampleIsTakenAsItIs) {
  RoundTrip rtt;
  EXPECT_FALSE(rtt.known());
  EXPECT_EQ(rtt.rto(3s), 3s);
  rtt.sample(80ms);
  EXPECT_TRUE(rtt.known());
  EXPECT_EQ(rtt.srtt(), 80ms);
  EXPECT_EQ(rtt.rttvar(), 40ms);
  EXPECT_EQ(rtt.rto(3s), 240ms);
}

TEST(RoundTrip, LaterOnesAreSmoothed) {
  RoundTrip rtt;
  rtt.sample(80ms);
  rtt.sample(160ms);
  EXPECT_EQ(rtt.srtt(), 90ms);    // 7/8 * 80 + 1/8 * 160
  EXPECT_EQ(rtt.rttvar(), 50ms);  // 3/4 * 40 + 1/4 * |80 - 160|
}

TEST(RoundTrip, TheShortestIsKept) {
  RoundTrip rtt;
  for (const Duration each : {80ms, 20ms, 160ms}) rtt.sample(each);
  EXPECT_EQ(rtt.least(), 20ms);
}

TEST(RoundTrip, ASteadyWayLosesItsVariance) {
  RoundTrip rtt;
  for (int i = 0; i < 20; ++i) rtt.sample(50ms);
  EXPECT_EQ(rtt.srtt(), 50ms);
  EXPECT_LT(rtt.rttvar(), 1ms);
}

TEST(RoundTrip, AnAnswerInNoTimeIsStillKnown) {
  RoundTrip rtt;
  rtt.sample(0ms);
  EXPECT_TRUE(rtt.known());
}

}  // namespace
}  // namespace ron::mesh
