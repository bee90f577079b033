#include "findings.hpp"

namespace ron::smoke {

std::uint64_t Findings::sent() const {
  std::uint64_t sum = 0;
  for (const ClassFindings& each : classes) sum += each.sent;
  return sum;
}

std::uint64_t Findings::delivered() const {
  std::uint64_t sum = 0;
  for (const ClassFindings& each : classes) sum += each.delivered;
  return sum;
}

double Findings::delivered_bytes() const {
  double sum = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const ClassShape& form = shape(static_cast<Class>(i));
    sum += static_cast<double>(classes[i].delivered * form.chunks * form.chunk_bytes);
  }
  return sum;
}

Histogram Findings::latency() const {
  Histogram all;
  for (const ClassFindings& each : classes) all.merge(each.latency);
  return all;
}

Account Findings::total(bool slow) const {
  Account sum;
  sum.slow = slow;
  for (const Account& each : accounts) {
    if (each.slow != slow) continue;
    sum.expected += each.expected;
    sum.received += each.received;
    sum.lagged += each.lagged;
    sum.disorder += each.disorder;
  }
  return sum;
}

}  // namespace ron::smoke
