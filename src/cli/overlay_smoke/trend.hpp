// Growth over time, by least squares.
#pragma once

#include <span>

namespace ron::smoke {

struct Point {
  double at = 0;  // seconds
  double value = 0;
};

/// Change of value a second; 0 for fewer than two different times.
double slope(std::span<const Point> points);
/// What the straight line through the points gains from the first to the last.
double growth(std::span<const Point> points);
double mean(std::span<const Point> points);

}  // namespace ron::smoke
