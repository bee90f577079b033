#include "cli/common/histogram.hpp"

#include <algorithm>
#include <bit>

namespace ron::cli {

std::size_t Histogram::bucket_of(std::uint64_t value) {
  constexpr std::uint64_t kLinear = 1U << kSubBits;
  if (value < kLinear) return value;
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
  const std::uint64_t sub = (value >> exponent) - kLinear;
  const std::size_t index = ((exponent + 1ULL) << kSubBits) + sub;
  return std::min<std::size_t>(index, (kExponents << kSubBits) - 1);
}

std::uint64_t Histogram::upper_bound(std::size_t bucket) {
  constexpr std::uint64_t kLinear = 1U << kSubBits;
  if (bucket < kLinear) return bucket;
  const std::uint64_t exponent = (bucket >> kSubBits) - 1;
  const std::uint64_t sub = bucket & (kLinear - 1);
  return ((kLinear + sub + 1) << exponent) - 1;
}

void Histogram::add(std::chrono::nanoseconds time) {
  const std::int64_t ns = std::max<std::int64_t>(0, time.count());
  ++buckets_[bucket_of(static_cast<std::uint64_t>(ns))];
  ++count_;
  most_ = std::max(most_, ns);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  most_ = std::max(most_, other.most_);
}

std::chrono::nanoseconds Histogram::quantile(double share) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1)) + 1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      const auto bound = static_cast<std::int64_t>(upper_bound(i));
      return std::chrono::nanoseconds(std::min(bound, most_));
    }
  }
  return std::chrono::nanoseconds(most_);
}

}  // namespace ron::cli
