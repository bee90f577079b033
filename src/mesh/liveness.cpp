#include "mesh/liveness.hpp"

#include <algorithm>

namespace ron::mesh {

void note_heard(Liveness& life, Duration& usual, Instant now, const ViewTimes& times) {
  const Duration gap = now - life.heard;
  life.heard = now;
  if (gap <= times.ping / 2) return;
  life.gap = std::max(gap, life.gap - life.gap / 256);
  usual = std::max(std::min(gap, times.handshake), usual - usual / 1024);
}

// OAP-9.73
Instant dies_at(const Session& session, const ViewTimes& times) {
  const RoundTrip& rtt = session.link.rtt;
  // Before the first answer nobody knows how long the way is.
  const Duration way = rtt.known() ? 4 * rtt.rto(Duration::zero()) : times.handshake;
  const Duration gap = session.life.gap;
  const Duration lossy = std::min(gap + 3 * (gap - times.ping), 2 * times.handshake);
  return session.life.heard + std::max({times.dead, way, lossy});
}

bool is_pinger(const NodeId& self, const NodeId& other) {
  const bool alike = ((self.back() ^ other.back()) & 1U) == 0;
  return (self < other) == alike;
}

bool is_near(const RoundTrip& way, const ViewTimes& times) {
  return way.known() && way.least() <= times.ping / 16;
}

// OAP-9.72 OAP-9.77
Instant pings_at(const Session& session, bool pinger, const ViewTimes& times) {
  const Liveness& life = session.life;
  if (life.ping != 0) return Instant::never();
  if (life.samples < kFirstSamples) return life.pinged;  // as soon as the last one is answered
  // The answer is to come when the time is over; the other side waits a little longer.
  const Duration idle = pinger ? std::max(times.ping - session.link.rtt.srtt(), times.ping / 2)
                               : times.ping + times.ping / 4;
  return std::min(life.pinged + kRefresh, life.heard + idle);
}

}  // namespace ron::mesh
