#include "mesh/liveness.hpp"

#include <algorithm>

namespace ron::mesh {

// OAP-9.73
Instant dies_at(const Session& session, const ViewTimes& times) {
  const RoundTrip& rtt = session.link.rtt;
  // Before the first answer nobody knows how long the way is.
  const Duration way = rtt.known() ? 4 * rtt.rto(Duration::zero()) : times.handshake;
  return session.life.heard + std::max(times.dead, way);
}

// OAP-9.72 OAP-9.77
Instant pings_at(const Session& session, bool lower_id, const ViewTimes& times) {
  const Liveness& life = session.life;
  if (life.ping != 0) return Instant::never();
  if (life.samples < kFirstSamples) return life.pinged;  // as soon as the last one is answered
  const Instant refresh = life.pinged + kRefresh;
  // So early that even one that is lost and sent again is answered in time. Of an idle link the
  // other side hears these pings; where all traffic goes one way it hears nothing, and asks itself.
  const Duration wait = lower_id ? times.ping / 2 : times.ping * 3 / 4;
  return std::min(refresh, life.heard + wait);
}

}  // namespace ron::mesh
