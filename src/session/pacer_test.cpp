#include "session/pacer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "session/pacer_model.hpp"

namespace ron::session {
namespace {
using namespace std::chrono_literals;

TEST(Pacer, ZeroIsNoLimit) {  // OAP-3.13
  Pacer pacer(0, Instant{});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(pacer.ready(Instant{}));
    pacer.take(Instant{});
  }
}

// OAP-5.25: whatever the user does and however the way bunches frames up (by up to half a second),
// the node's bucket, which holds one second's worth, never runs dry.
RC_GTEST_PROP(Pacer, NeverOverrunsTheBucketOfTheOtherSide, ()) {
  const auto rate = *rc::gen::element<std::uint64_t>(1, 2, 3, 7, 50, 200, 1000, 100'000);
  const auto gaps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 300));
  const Duration jitter = rate < 7 ? Duration{0} : Duration{500ms};
  Pacer pacer(rate, Instant{});
  BucketTwin bucket(rate);
  Instant now;
  Instant arrival;
  for (const int gap : gaps) {
    now = now + std::chrono::milliseconds(gap);
    for (int burst = 0; burst < 400 && pacer.ready(now); ++burst) {
      pacer.take(now);
      const Duration delay = jitter * *rc::gen::inRange(0, 2);
      arrival = std::max(arrival, now + delay);
      RC_ASSERT(bucket.take(arrival));
    }
  }
}

TEST(Pacer, RunsAtNearlyTheFullRate) {
  Pacer pacer(1000, Instant{});
  Instant now;
  int sent = 0;
  while (now < Instant(10s)) {
    now = std::max(now, pacer.ready_at(1));
    pacer.take(now);
    ++sent;
  }
  EXPECT_GE(sent, 9900);
}

TEST(Pacer, ReadyAtIsWhenItIsReady) {
  Pacer pacer(100, Instant{});
  while (pacer.ready(Instant{})) pacer.take(Instant{});
  const Instant three = pacer.ready_at(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pacer.ready(three));
    pacer.take(three);
  }
  EXPECT_FALSE(pacer.ready(three));
}

}  // namespace
}  // namespace ron::session
