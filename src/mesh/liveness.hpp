// When a link is pinged, and when it is dead.
//
// One side pings, so that something is heard every 200 ms on an idle link; its pings and their
// answers keep both sides sure. Where only the other side sends, that side hears nothing, and pings
// itself. Besides, both sides ping when the link is new, so that the round-trip time is known, and
// once in a while, so that it stays true.
//
// Silence is death after 0.5 s, on a way that is used to answer at once. A stream that lost a
// packet is silent for a retransmission timeout and more: the silences a link came back from are
// remembered for a while, and allowed for.
#pragma once

#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/sessions.hpp"

namespace ron::mesh {

inline constexpr unsigned kFirstSamples = 6;  // the variance of a steady way is small by then
inline constexpr Duration kRefresh = 5s;

/// Something was heard. `usual` is the longest silence of late of all links, where a new one
/// begins.
void note_heard(Liveness& life, Duration& usual, Instant now, const ViewTimes& times);
/// When it is dead unless something is heard.
Instant dies_at(const Session& session, const ViewTimes& times);
/// Which of two neighbours pings: both say the same. The lower id on some links, the higher one on
/// others: were it always the lower one, the lowest of its neighbourhood would never be pinged, and
/// so never come to ping when the others do.
bool is_pinger(const NodeId& self, const NodeId& other);
/// So short a way that pings and answers of many links come within a small part of an interval.
bool is_near(const RoundTrip& way, const ViewTimes& times);
/// When the next ping is due; never() while one is not answered.
Instant pings_at(const Session& session, bool pinger, const ViewTimes& times);

}  // namespace ron::mesh
