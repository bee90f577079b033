#include "trend.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ron::smoke {
namespace {

TEST(Trend, OfALine) {
  std::vector<Point> points;
  for (int i = 0; i <= 100; ++i) points.push_back({1000.0 + i, 5 + 2.0 * i});
  EXPECT_NEAR(slope(points), 2, 1e-9);
  EXPECT_NEAR(growth(points), 200, 1e-6);
}

TEST(Trend, NoiseIsNotGrowth) {
  std::vector<Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back({double(i), 50 + (i % 7) - 3.0});
  EXPECT_LT(std::abs(growth(points)), 0.1);
}

TEST(Trend, OfTooLittle) {
  EXPECT_EQ(slope({}), 0);
  EXPECT_EQ(growth({}), 0);
  const std::vector<Point> same{{1, 5}, {1, 9}};
  EXPECT_EQ(slope(same), 0);
  EXPECT_EQ(mean(same), 7);
}

}  // namespace
}  // namespace ron::smoke
