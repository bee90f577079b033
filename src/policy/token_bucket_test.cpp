#include "policy/token_bucket.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <vector>

namespace ron::policy {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kBillion = 1'000'000'000;

Instant at_ns(std::int64_t ns) { return Instant(Duration(ns)); }

// The level in billionths of a token, in 128 bits, without any of the bucket's case distinctions.
class Model {
 public:
  Model(std::uint64_t rate, std::int64_t now_ns)
      : rate_(rate), level_(Wide{rate} * kBillion), last_ns_(now_ns) {}
  bool take(std::uint64_t n, std::int64_t now_ns) {
    if (now_ns > last_ns_) {
      level_ += Wide{rate_} * static_cast<std::uint64_t>(now_ns - last_ns_);
      last_ns_ = now_ns;
    }
    if (level_ > Wide{rate_} * kBillion) level_ = Wide{rate_} * kBillion;
    if (Wide{n} * kBillion > level_) return false;
    level_ -= Wide{n} * kBillion;
    return true;
  }

 private:
  std::uint64_t rate_;
  Wide level_;
  std::int64_t last_ns_;
};

struct Step {
  std::int64_t pause_ns;
  std::uint64_t n;
};

std::vector<Step> any_steps(std::uint64_t rate) {
  const auto pause = *rc::gen::element<std::int64_t>(0, 1, 999, 1'000'003, 400'000'000,
                                                     1'000'000'000, 7'000'000'000);
  return *rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
      rc::gen::set(&Step::pause_ns, rc::gen::inRange<std::int64_t>(0, pause + 1)),
      rc::gen::set(&Step::n, rc::gen::inRange<std::uint64_t>(0, rate / 2 + 2))));
}

std::uint64_t any_rate() {
  return *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 20),
                         rc::gen::inRange<std::uint64_t>(1, 200'000),
                         rc::gen::inRange<std::uint64_t>(kBillion - 5, kBillion * 40),
                         rc::gen::inRange<std::uint64_t>(UINT64_MAX - 1000, UINT64_MAX));
}

TEST(TokenBucket, StartsFullAndHoldsOneSecond) {  // OAP-5.23, OAP-3.13
  TokenBucket bucket(100, at_ns(0));
  EXPECT_TRUE(bucket.take(100, at_ns(0)));
  EXPECT_FALSE(bucket.take(1, at_ns(0)));
  EXPECT_FALSE(bucket.take(1, at_ns(9'999'999)));
  EXPECT_TRUE(bucket.take(1, at_ns(10'000'000)));
  EXPECT_TRUE(bucket.take(100, at_ns(3'600'000'000'000)));
  EXPECT_FALSE(bucket.take(1, at_ns(3'600'000'000'000)));
}

TEST(TokenBucket, RefusalTakesNothing) {
  TokenBucket bucket(10, at_ns(0));
  EXPECT_FALSE(bucket.take(11, at_ns(0)));
  EXPECT_FALSE(bucket.take(UINT64_MAX, at_ns(0)));
  EXPECT_TRUE(bucket.take(10, at_ns(0)));
  EXPECT_TRUE(bucket.take(0, at_ns(0)));
}

TEST(TokenBucket, ZeroRateIsNoLimit) {
  TokenBucket bucket(0, at_ns(0));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(UINT64_MAX, at_ns(0)));
  EXPECT_EQ(bucket.wait_for(UINT64_MAX, at_ns(0)), Duration::zero());
  bucket.set_rate(5, at_ns(7));
  EXPECT_EQ(bucket.rate(), 5U);
  EXPECT_TRUE(bucket.take(5, at_ns(7)));
  EXPECT_FALSE(bucket.take(1, at_ns(7)));
  bucket.set_rate(0, at_ns(7));
  EXPECT_TRUE(bucket.take(1'000'000, at_ns(7)));
}

TEST(TokenBucket, TimeMayStandStillOrStepBack) {
  TokenBucket bucket(1'000, at_ns(5'000'000'000));
  EXPECT_TRUE(bucket.take(1'000, at_ns(5'000'000'000)));
  EXPECT_FALSE(bucket.take(1, at_ns(0)));
  EXPECT_FALSE(bucket.take(1, at_ns(5'000'000'000)));
  EXPECT_EQ(bucket.wait_for(1, at_ns(4'999'000'000)), Duration(2'000'000));
  EXPECT_TRUE(bucket.take(1, at_ns(5'001'000'000)));
}

TEST(TokenBucket, ExtremesDoNotOverflow) {
  const Instant first(Duration::min());
  TokenBucket bucket(UINT64_MAX, first);
  EXPECT_TRUE(bucket.take(UINT64_MAX, first));
  EXPECT_EQ(bucket.wait_for(UINT64_MAX, first), Duration(1'000'000'000));
  EXPECT_TRUE(bucket.take(UINT64_MAX, Instant::never()));
  EXPECT_FALSE(bucket.take(1, Instant::never()));
  EXPECT_EQ(bucket.wait_for(1, first), Duration::max());
  EXPECT_EQ(TokenBucket(3, first).wait_for(4, first), Duration::max());
}

TEST(TokenBucket, LoweredRateCutsTheLevelAndRaisedOneKeepsIt) {
  TokenBucket bucket(100, at_ns(0));
  bucket.set_rate(10, at_ns(0));
  EXPECT_FALSE(bucket.take(11, at_ns(0)));
  EXPECT_TRUE(bucket.take(10, at_ns(0)));
  bucket.set_rate(1'000, at_ns(100'000'000));  // one token saved up at the old rate
  EXPECT_TRUE(bucket.take(1, at_ns(100'000'000)));
  EXPECT_FALSE(bucket.take(1, at_ns(100'000'000)));
  EXPECT_TRUE(bucket.take(1, at_ns(101'000'000)));
}

RC_GTEST_PROP(TokenBucketProperty, EqualsExactModel, ()) {
  const std::uint64_t rate = any_rate();
  TokenBucket bucket(rate, at_ns(0));
  Model model(rate, 0);
  std::int64_t now_ns = 0;
  for (const Step& step : any_steps(rate)) {
    now_ns += step.pause_ns;
    RC_ASSERT(bucket.take(step.n, at_ns(now_ns)) == model.take(step.n, now_ns));
  }
}

RC_GTEST_PROP(TokenBucketProperty, NoWindowExceedsRateTimesTimePlusRate, ()) {
  const std::uint64_t rate = any_rate();
  TokenBucket bucket(rate, at_ns(0));
  std::vector<Step> taken;  // (when, how many)
  std::int64_t now_ns = 0;
  for (const Step& step : any_steps(rate)) {
    now_ns += step.pause_ns;
    if (bucket.take(step.n, at_ns(now_ns))) taken.push_back({now_ns, step.n});
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    Wide sum = 0;
    for (std::size_t j = i; j < taken.size(); ++j) {
      sum += taken[j].n;
      const auto t = static_cast<std::uint64_t>(taken[j].pause_ns - taken[i].pause_ns);
      RC_ASSERT(sum * kBillion <= Wide{rate} * t + Wide{rate} * kBillion);
    }
  }
}

RC_GTEST_PROP(TokenBucketProperty, WaitIsEnoughAndNotOneNanosecondTooLong, ()) {
  const std::uint64_t rate = any_rate();
  TokenBucket bucket(rate, at_ns(0));
  std::int64_t now_ns = 0;
  for (const Step& step : any_steps(rate)) {
    now_ns += step.pause_ns;
    bucket.take(step.n, at_ns(now_ns));
  }
  const auto n = *rc::gen::inRange<std::uint64_t>(1, rate + 1);
  const std::int64_t wait_ns = bucket.wait_for(n, at_ns(now_ns)).count();
  TokenBucket early = bucket;
  if (wait_ns > 0) RC_ASSERT(!early.take(n, at_ns(now_ns + wait_ns - 1)));
  RC_ASSERT(bucket.take(n, at_ns(now_ns + wait_ns)));
}

// However the calls fall, a drained bucket gives exactly floor(rate * t): nothing drifts.
RC_GTEST_PROP(TokenBucketProperty, LosesNothingBetweenCalls, ()) {
  const auto rate = *rc::gen::inRange<std::uint64_t>(1, 2'000);
  TokenBucket bucket(rate, at_ns(0));
  RC_ASSERT(bucket.take(rate, at_ns(0)));
  std::int64_t now_ns = 0;
  std::uint64_t got = 0;
  for (int i = 0; i < 300; ++i) {
    // Short pauses against the second that the bucket holds, so that it never fills up.
    now_ns += *rc::gen::inRange<std::int64_t>(0, 900'000);
    while (bucket.take(1, at_ns(now_ns))) ++got;
  }
  RC_ASSERT(Wide{got} == Wide{rate} * static_cast<std::uint64_t>(now_ns) / kBillion);
}

}  // namespace
}  // namespace ron::policy
