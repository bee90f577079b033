#include "trend.hpp"

namespace ron::smoke {

double mean(std::span<const Point> points) {
  double sum = 0;
  for (const Point& point : points) sum += point.value;
  return points.empty() ? 0 : sum / static_cast<double>(points.size());
}

double slope(std::span<const Point> points) {
  if (points.empty()) return 0;
  double at = 0;
  for (const Point& point : points) at += point.at;
  at /= static_cast<double>(points.size());
  const double value = mean(points);
  double covariance = 0;
  double variance = 0;
  for (const Point& point : points) {
    covariance += (point.at - at) * (point.value - value);
    variance += (point.at - at) * (point.at - at);
  }
  return variance > 0 ? covariance / variance : 0;
}

double growth(std::span<const Point> points) {
  return points.empty() ? 0 : slope(points) * (points.back().at - points.front().at);
}

}  // namespace ron::smoke
