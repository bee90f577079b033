#include "svc/overlay/redundancy.hpp"

#include <gtest/gtest.h>

namespace ron::svc {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) { return Instant(time); }

TEST(Redundancy, IsCopiesBeyondTheFirstOverNewMessages) {
  Redundancy rmr;
  EXPECT_EQ(rmr.value(), 0);
  rmr.observe(100, 100, at(0s));
  EXPECT_EQ(rmr.value(), 0) << "nothing to compare with";
  rmr.observe(250, 200, at(200ms));
  EXPECT_DOUBLE_EQ(rmr.value(), 0.5);
  rmr.observe(250, 200, at(400ms));
  EXPECT_DOUBLE_EQ(rmr.value(), 0.5) << "quiet is no news";
}

TEST(Redundancy, ForgetsWhatIsOlderThanItsWindow) {
  Redundancy rmr;
  std::uint64_t received = 0, delivered = 0;
  Duration now{0};
  for (; now < 30s; now += 200ms) rmr.observe(received += 20, delivered += 10, at(now));
  EXPECT_NEAR(rmr.value(), 1, 0.001);
  for (; now < 100s; now += 200ms) rmr.observe(received += 10, delivered += 10, at(now));
  EXPECT_NEAR(rmr.value(), 0, 0.001);
}

TEST(Redundancy, BeginsAnewWithTheMesh) {
  Redundancy rmr;
  rmr.observe(1000, 500, at(0s));
  rmr.observe(3000, 1500, at(1s));
  rmr.observe(0, 0, at(2s));
  EXPECT_EQ(rmr.value(), 0);
  rmr.observe(10, 10, at(3s));
  EXPECT_EQ(rmr.value(), 0);
}

}  // namespace
}  // namespace ron::svc
