// Counts of times in buckets about 3 % wide, from a nanosecond to minutes. Fixed size.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace ron::cli {

class Histogram {
 public:
  void add(std::chrono::nanoseconds time);
  void merge(const Histogram& other);
  std::uint64_t count() const { return count_; }
  /// The time that `share` (0..1) of all are not above, to bucket accuracy; 0 without any.
  std::chrono::nanoseconds quantile(double share) const;
  std::chrono::nanoseconds most() const { return std::chrono::nanoseconds(most_); }

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr unsigned kExponents = 44;
  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t upper_bound(std::size_t bucket);

  std::array<std::uint64_t, (kExponents << kSubBits)> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t most_ = 0;
};

}  // namespace ron::cli
