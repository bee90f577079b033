#include "session/pacer.hpp"

#include <algorithm>
#include <chrono>

namespace ron::session {
namespace {
using namespace std::chrono_literals;

constexpr std::uint64_t kSlowerNum = 129;  // 1/128 slower than allowed
constexpr std::uint64_t kSlowerDen = 128;
constexpr std::uint64_t kNanos = 1'000'000'000;
constexpr std::uint64_t kRateMost = kNanos;  // beyond this pacing by nanoseconds means nothing
constexpr Duration kBurst = 250ms;
constexpr Duration kWake = 5ms;
}  // namespace

Pacer::Pacer(std::uint64_t rate, Instant now) : next_(now) {
  if (rate == 0 || rate > kRateMost) return;
  const std::uint64_t nanos = (kNanos * kSlowerNum + rate * kSlowerDen - 1) / (rate * kSlowerDen);
  interval_ = Duration(static_cast<std::int64_t>(nanos));
  // A limit of one a second has no room for any burst.
  burst_ = rate == 1 ? Duration{0} : kBurst;
}

void Pacer::take(Instant now) {
  if (interval_ == Duration{0}) return;
  next_ = std::max(next_, now) + interval_;
}

Instant Pacer::ready_at(std::uint64_t count) const {
  if (interval_ == Duration{0}) return Instant{};
  const auto more = static_cast<std::int64_t>(count > 0 ? count - 1 : 0);
  const Duration since = next_.since_origin() + interval_ * more - burst_;
  return Instant(std::max(since, Duration{0}));
}

std::uint64_t Pacer::batch() const {
  if (interval_ == Duration{0}) return 1;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, kWake / interval_));
}

}  // namespace ron::session
