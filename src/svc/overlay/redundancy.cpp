#include "svc/overlay/redundancy.hpp"

namespace ron::svc {

void Redundancy::observe(std::uint64_t received, std::uint64_t delivered, Instant now) {
  // A mesh that began anew counts from 0 again.
  if (!samples_.empty() && received < samples_.back().received) samples_.clear();
  if (samples_.size() > 1 && now - samples_[samples_.size() - 2].at < kEvery) samples_.pop_back();
  samples_.push_back({now, received, delivered});
  while (samples_.size() > 2 && now - samples_[1].at >= kWindow) samples_.pop_front();
}

double Redundancy::value() const {
  if (samples_.size() < 2) return 0;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const auto delivered = static_cast<double>(last.delivered - first.delivered);
  if (delivered <= 0) return 0;
  return static_cast<double>(last.received - first.received) / delivered - 1;
}

}  // namespace ron::svc
