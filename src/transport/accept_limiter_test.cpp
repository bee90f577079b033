#include "transport/accept_limiter.hpp"

#include <gtest/gtest.h>

namespace ron::transport {
namespace {

using namespace std::chrono_literals;

SourceKey source(unsigned host) {
  return Address::parse("10.0." + std::to_string(host / 250) + "." + std::to_string(host % 250) +
                        ":1")
      ->source();
}
Instant at(Duration offset) { return Instant(1s + offset); }

TEST(AcceptLimiter, BurstThenSustained) {
  AcceptLimiter limiter({.connections = 1000, .sustained = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kTooFast);
  EXPECT_EQ(limiter.admit(source(2), at(0s)), Admission::kAdmitted) << "others are not concerned";
  EXPECT_EQ(limiter.admit(source(1), at(99ms)), Admission::kTooFast);
  EXPECT_EQ(limiter.admit(source(1), at(101ms)), Admission::kAdmitted);
  EXPECT_EQ(limiter.admit(source(1), at(101ms)), Admission::kTooFast);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.admit(source(1), at(60s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.admit(source(1), at(60s)), Admission::kTooFast) << "no more than one burst";
}

TEST(AcceptLimiter, CeilingAndUnixReserve) {
  AcceptLimiter limiter({.connections = 2, .sustained = 0});
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kFull);
  for (unsigned i = 0; i < kUnixReserve; ++i) {
    EXPECT_EQ(limiter.admit_unix(), Admission::kAdmitted);
  }
  EXPECT_EQ(limiter.admit_unix(), Admission::kFull);
  for (unsigned i = 0; i < kUnixReserve; ++i) limiter.release();
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kFull);
  limiter.release();
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.open(), 2U);
}

TEST(AcceptLimiter, TableIsBoundedAndForgetsTheOldest) {
  AcceptLimiter limiter({.connections = 100'000, .sustained = 0.001, .burst = 1, .sources = 100});
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(limiter.admit(source(i), at(0s)), Admission::kAdmitted);
  }
  EXPECT_EQ(limiter.admit(source(0), at(0s)), Admission::kTooFast);  // now the latest
  EXPECT_EQ(limiter.admit(source(500), at(0s)), Admission::kAdmitted);
  EXPECT_EQ(limiter.sources(), 100U);
  EXPECT_EQ(limiter.admit(source(0), at(0s)), Admission::kTooFast) << "still remembered";
  EXPECT_EQ(limiter.admit(source(1), at(0s)), Admission::kAdmitted) << "was forgotten";
  for (unsigned i = 0; i < 5000; ++i) static_cast<void>(limiter.admit(source(i), at(0s)));
  EXPECT_EQ(limiter.sources(), 100U);
}

}  // namespace
}  // namespace ron::transport
