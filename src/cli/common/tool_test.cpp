#include "cli/common/tool.hpp"

#include <gtest/gtest.h>

#include "cli/common/histogram.hpp"

namespace ron::cli {
namespace {

TEST(Text, CountsAndTimes) {
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(1234567), "1 234 567");
  EXPECT_EQ(counted_text(1, "link"), "1 link");
  EXPECT_EQ(counted_text(0, "link"), "0 links");
  EXPECT_EQ(counted_text(1000, "link"), "1 000 links");
  EXPECT_EQ(time_text(std::chrono::nanoseconds(1500)), "1.5 us");
  EXPECT_EQ(rate_text(2.5e6), "2.5 MB/s");
}

TEST(ExitCodes, FollowTheHelp) {
  EXPECT_EQ(exit_code({sdk::ErrorCode::kTimeout, "", true, {}}), kTimeout);
  EXPECT_EQ(exit_code({sdk::ErrorCode::kNoResponder, "", true, {}}), kNoResponder);
  EXPECT_EQ(exit_code({sdk::ErrorCode::kForbidden, "", true, {}}), kRefused);
  EXPECT_EQ(connect_exit_code({sdk::ErrorCode::kConnect, "", true, {}}), kNoConnection);
  EXPECT_EQ(connect_exit_code({sdk::ErrorCode::kUnauth, "", true, {}}), kRefused);
}

TEST(Histogram, QuantilesAreRightToBucketAccuracy) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5).count(), 0);
  for (int i = 1; i <= 100'000; ++i) histogram.add(std::chrono::nanoseconds(i));
  EXPECT_EQ(histogram.count(), 100'000U);
  for (const double share : {0.5, 0.9, 0.99, 0.999}) {
    const auto got = static_cast<double>(histogram.quantile(share).count());
    EXPECT_NEAR(got, share * 1e5, share * 1e5 * 0.04);
  }
  EXPECT_EQ(histogram.quantile(1.0).count(), 100'000);
  Histogram other;
  other.add(std::chrono::hours(100));
  histogram.merge(other);
  EXPECT_EQ(histogram.most(), std::chrono::hours(100));
}

}  // namespace
}  // namespace ron::cli
