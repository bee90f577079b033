#include "transport/accept_limiter.hpp"

#include <algorithm>
#include <string_view>

#include "base/check.hpp"

namespace ron::transport {

std::size_t AcceptLimiter::Hash::operator()(const SourceKey& key) const noexcept {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
}

bool AcceptLimiter::take_token(const SourceKey& source, Instant now) {
  if (limits_.sustained <= 0) return true;
  const auto found = buckets_.find(source);
  if (found != buckets_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
  } else {
    if (buckets_.size() >= std::max<std::size_t>(limits_.sources, 1)) {
      buckets_.erase(recent_.back().source);
      recent_.pop_back();
    }
    recent_.push_front({.source = source, .tokens = limits_.burst, .filled = now});
    buckets_[source] = recent_.begin();
  }
  Bucket& bucket = recent_.front();
  const double gained = to_seconds(now - bucket.filled) * limits_.sustained;
  bucket.tokens = std::min(limits_.burst, bucket.tokens + std::max(gained, 0.0));
  bucket.filled = std::max(bucket.filled, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

Admission AcceptLimiter::admit(const SourceKey& source, Instant now) {
  if (!take_token(source, now)) return Admission::kTooFast;
  if (open_ >= limits_.connections) return Admission::kFull;
  ++open_;
  return Admission::kAdmitted;
}

Admission AcceptLimiter::admit_unix() {
  if (open_ >= limits_.connections + kUnixReserve) return Admission::kFull;
  ++open_;
  return Admission::kAdmitted;
}

void AcceptLimiter::release() {
  RON_CHECK(open_ > 0);
  --open_;
}

}  // namespace ron::transport
