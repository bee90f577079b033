#include "mesh/link.hpp"

#include <algorithm>

namespace ron::mesh {

void RoundTrip::sample(Duration rtt) {
  rtt = std::max<Duration>(rtt, 1us);  // zero is "not known"
  least_ = known() ? std::min(least_, rtt) : rtt;
  if (!known()) {
    srtt_ = rtt;
    rttvar_ = rtt / 2;
    return;
  }
  const Duration off = srtt_ > rtt ? srtt_ - rtt : rtt - srtt_;
  rttvar_ = (3 * rttvar_ + off) / 4;
  srtt_ = (7 * srtt_ + rtt) / 8;
}

}  // namespace ron::mesh
