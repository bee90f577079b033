#include "policy/token_bucket.hpp"

#include <algorithm>

namespace ron::policy {
namespace {

constexpr std::uint64_t kBillion = 1'000'000'000;  // nanoseconds of a second, billionths of a token

// Nanoseconds from `from` to `to`; unsigned, so that instants of opposite sign cannot overflow.
std::uint64_t elapsed_ns(Instant from, Instant to) {
  return static_cast<std::uint64_t>(to.since_origin().count()) -
         static_cast<std::uint64_t>(from.since_origin().count());
}

}  // namespace

bool TokenBucket::take(std::uint64_t n, Instant now) {
  if (rate_ == 0) return true;
  refill(now);
  if (n > whole_) return false;
  whole_ -= n;
  return true;
}

std::uint64_t TokenBucket::available(Instant now) {
  if (rate_ == 0) return UINT64_MAX;
  refill(now);
  return whole_;
}

Duration TokenBucket::wait_for(std::uint64_t n, Instant now) const {
  if (rate_ == 0) return Duration::zero();
  if (n > rate_) return Duration::max();
  TokenBucket later = *this;
  later.refill(now);
  if (n <= later.whole_) return Duration::zero();
  __extension__ using Wide = unsigned __int128;
  const Wide missing = Wide{n - later.whole_} * kBillion - later.billionths_;
  const auto wait_ns = static_cast<std::int64_t>((missing + rate_ - 1) / rate_);  // <= one second
  // A clock that stepped back must first catch up with the instant the level counts from.
  if (now >= last_) return Duration(wait_ns);
  const std::uint64_t behind_ns = elapsed_ns(now, last_);
  const auto room_ns = static_cast<std::uint64_t>(Duration::max().count() - wait_ns);
  return behind_ns >= room_ns ? Duration::max()
                              : Duration(wait_ns + static_cast<std::int64_t>(behind_ns));
}

void TokenBucket::set_rate(std::uint64_t rate_per_second, Instant now) {
  if (rate_ == 0) {
    *this = TokenBucket(rate_per_second, std::max(now, last_));
    return;
  }
  refill(now);
  rate_ = rate_per_second;
  if (whole_ < rate_) return;
  whole_ = rate_;
  billionths_ = 0;
}

// Adds rate * elapsed. One second fills any bucket, so elapsed is cut there; and as the rate is
// split at a billion, every product below stays under 2^64:
//   rate * t = (seconds_part * 10^9 + rest) * t, seconds_part * t <= rate, rest * t <= 10^18.
void TokenBucket::refill(Instant now) {
  if (now <= last_) return;
  const std::uint64_t t = std::min(elapsed_ns(last_, now), kBillion);
  last_ = now;
  const std::uint64_t part = (rate_ % kBillion) * t + billionths_;
  const std::uint64_t gained = (rate_ / kBillion) * t + part / kBillion;
  if (gained >= rate_ - whole_) {
    whole_ = rate_;
    billionths_ = 0;
  } else {
    whole_ += gained;
    billionths_ = part % kBillion;
  }
}

}  // namespace ron::policy
