// When a link is pinged, and when it is dead.
//
// One side pings, the one with the lower node id, when nothing was heard for a while; its pings and
// their answers keep both sides sure. Besides, both sides ping when the link is new, so that the
// round-trip time is known, and once in a while, so that it stays true.
#pragma once

#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/sessions.hpp"

namespace ron::mesh {

inline constexpr unsigned kFirstSamples = 6;  // the variance of a steady way is small by then
inline constexpr Duration kRefresh = 5s;

/// When it is dead unless something is heard.
Instant dies_at(const Session& session, const ViewTimes& times);
/// When the next ping is due; never() while one is not answered.
Instant pings_at(const Session& session, bool lower_id, const ViewTimes& times);

}  // namespace ron::mesh
