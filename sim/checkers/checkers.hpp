// Everything that is judged about a finished run. Each is a function of the History alone, so that
// each has a test that shows it failing.
#pragma once

#include "sim/history.hpp"

namespace ron::sim {

/// Messages of one publisher session on one topic reach one subscriber session in order, each at
/// most once (OAP-4.34, OAP-4.41, OAP-4.42).
Verdict check_order(const History& history);

/// What arrives is what was published, byte for byte, under its tenant and corr, and only where a
/// subscription may have covered it: tenants never meet, no echo unasked (OAP-4.7, 4.30 to 4.35).
Verdict check_rightful(const History& history);

/// For a session that lived to the end: delivered + lagged is exactly what it had to get
/// (OAP-4.42 to OAP-4.45).
Verdict check_exact(const History& history);

/// A `lagged` stands before the first message after the gap (OAP-4.43).
Verdict check_gaps(const History& history);

/// One member of a group gets each message, no loss is hidden (OAP-4.36 to OAP-4.40).
Verdict check_groups(const History& history);

/// Over a second no member of a group gets more than twice its share of the messages that it and
/// others could take; less than a run's piece is no offence (OAP-4.39).
Verdict check_fairness(const History& history);

/// Every REQ and ACKREQ is answered exactly once unless the session ended (OAP-1.26, OAP-1.28).
Verdict check_answers(const History& history);

/// `to` of an ack is the number of sessions that got the message (OAP-4.16).
Verdict check_acks(const History& history);

/// Counts told by `refused` add up to what the node refused, and to what it had to (OAP-1.32).
Verdict check_refused(const History& history);

/// Credit comes back at the latest when half the window is used (OAP-5.9, OAP-5.10).
Verdict check_credit(const History& history);

/// A hello is refused while the node is not ready, unless it comes over a Unix socket, and only
/// then; a session that stands stays, and is not refused anything for it (OAP-3.23, OAP-3.24).
Verdict check_readiness(const History& history);

/// All of them; the first complaint.
Verdict check_all(const History& history);

}  // namespace ron::sim
