#include "svc/overlay/metrics_map.hpp"

#include <algorithm>
#include <array>

#include "node/actions.hpp"
#include "svc/overlay/handshake_reason.hpp"

namespace ron::svc {
namespace {

using node::ShardStats;
using node::ShedReason;
using ops::Metric;
using ops::MetricsPage;

template <typename Enum>
constexpr std::size_t slot(Enum value) {
  return static_cast<std::size_t>(value);
}

double number(std::uint64_t value) { return static_cast<double>(value); }

std::uint64_t refused(const ShardStats& s, oap::Code code) {
  return s.errors_sent[slot(code)] + s.events_refused[slot(code)];
}

void fill_sessions(const ShardStats& s, MetricsPage& page) {
  page.add(Metric::kSessionsActive, {}, s.sessions_active);
  page.add(Metric::kSessionsOpen, {}, number(s.sessions_opened));
  for (std::size_t i = 0; i < s.sessions_closed.size(); ++i)
    page.add(Metric::kSessionsClose, {node::name(static_cast<node::CloseReason>(i))},
             number(s.sessions_closed[i]));
  page.add(Metric::kHandshakeAttempts, {}, number(s.handshakes));
  for (std::size_t i = 0; i < s.handshake_failures.size(); ++i)
    page.add(Metric::kHandshakeFailures, {handshake_reason(static_cast<node::HandshakeFailure>(i))},
             number(s.handshake_failures[i]));
  page.add(Metric::kAuthFailures, {"unauth"}, number(s.errors_sent[slot(oap::Code::kUnauth)]));
}

void fill_rejected(const ShardStats& s, MetricsPage& page) {
  using enum oap::Code;
  struct Row {
    std::string_view reason;
    oap::Code code;
  };
  constexpr std::array<Row, 9> kRows = {{{"proto", kBadFrame},
                                         {"proto", kBadVersion},
                                         {"oversize", kFrameTooLarge},
                                         {"ratio_cap", kRatioCap},
                                         {"quota", kQuotaExceeded},
                                         {"busy", kBusy},
                                         {"degraded", kNotReady},
                                         {"unauth", kUnauth},
                                         {"timeout", kTimeout}}};
  for (const Row& row : kRows)
    page.add(Metric::kRejected, {row.reason}, number(refused(s, row.code)));
  page.add(Metric::kRejected, {"unauth"}, number(refused(s, kForbidden)));
}

ops::HistogramValue histogram(const node::SizeHistogram& from) {
  return {{from.counts.begin(), from.counts.end()}, number(from.sum)};
}

ops::HistogramValue histogram(const host::TimeHistogram& from) {
  return {{from.counts.begin(), from.counts.end()}, from.sum_seconds};
}

ops::HistogramValue histogram(const LatencyHistogram& from) {
  return {{from.counts.begin(), from.counts.end()}, to_seconds(from.sum)};
}

void merge(ops::HistogramValue& into, const ops::HistogramValue& more) {
  into.counts.resize(std::max(into.counts.size(), more.counts.size()));
  for (std::size_t i = 0; i < more.counts.size(); ++i) into.counts[i] += more.counts[i];
  into.sum += more.sum;
}

void fill_flow(const ShardStats& s, MetricsPage& page) {
  constexpr std::array<std::string_view, node::kFrameClasses> kKinds = {"gossip", "ctrl", "other"};
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    page.add(Metric::kFrames, {"rx", kKinds[i]}, number(s.frames_rx[i]));
    page.add(Metric::kFrames, {"tx", kKinds[i]}, number(s.frames_tx[i]));
  }
  page.add(Metric::kBytes, {"rx"}, number(s.bytes_rx));
  page.add(Metric::kBytes, {"tx"}, number(s.bytes_tx));
  page.add(Metric::kFramesIgnored, {"unknown_kind"}, number(s.unknown_kinds));
  page.add(Metric::kFramesIgnored, {"stray_answer"}, number(s.stray_answers));
  page.add(Metric::kCreditClamped, {}, number(s.credit_clamped_bytes));
  page.add(Metric::kWindowOverruns, {}, number(s.window_overruns));
  page.add(Metric::kIoTimeouts, {"handshake"}, number(s.timeouts_handshake));
  page.add(Metric::kIoTimeouts, {"read"}, number(s.timeouts_read));
  page.add(Metric::kIoTimeouts, {"write"}, number(s.timeouts_write));
  page.add(Metric::kIoTimeouts, {"idle"}, number(s.timeouts_idle));
}

void fill_gossip(const ShardStats& s, MetricsPage& page) {
  page.add(Metric::kGossipSubscribers, {}, s.subscriptions);
  page.add(Metric::kGossipIngress, {}, number(s.published));
  page.add(Metric::kGossipFanout, {}, number(s.delivered));
  page.add(Metric::kGossipLagged, {}, number(s.lagged_told));
  page.add(Metric::kGossipPublishStalls, {}, number(s.mail_stalls));
  const auto shed = [&](ShedReason reason) { return number(s.shed[slot(reason)]); };
  page.add(Metric::kGossipDropped, {"full"}, shed(ShedReason::kFull));
  page.add(Metric::kGossipDropped, {"too_large"}, shed(ShedReason::kTooLarge));
  page.add(Metric::kGossipDropped, {"budget"}, shed(ShedReason::kBudget));
  page.add(Metric::kGossipDropped, {"no_member"}, shed(ShedReason::kNoRoomAnywhere));
  page.add(Metric::kQueueDropped, {"egress", "full"},
           shed(ShedReason::kFull) + shed(ShedReason::kNoRoomAnywhere));
  page.add(Metric::kQueueDropped, {"egress", "shed"}, shed(ShedReason::kBudget));
  page.add(Metric::kMemorySlabs, {}, number(s.slab_bytes));
  page.add(Metric::kMemorySlabsMax, {}, number(s.slab_bytes_max));
  page.add(Metric::kMemorySubscriptions, {}, number(s.subscription_bytes));
  page.add(Metric::kMemorySubscriptionsMax, {}, number(s.subscription_bytes_max));
}

// Each queue in frames and in bytes, and each bound in the unit of what it bounds.
void fill_queues(const ShardStats& s, MetricsPage& page) {
  struct Row {
    std::string_view queue;
    std::size_t frames, frames_max, bytes, bytes_max;
  };
  // Of what comes in, a session holds one unfinished frame, or input that waits.
  const std::array<Row, 3> rows = {
      {{"ingress", s.inputs_held, s.sessions, s.input_held_bytes, s.input_held_bytes_max},
       {"gossip_ingress", s.mail_waiting, s.mail_waiting_max, s.mail_bytes, s.mail_bytes_max},
       {"egress", s.lane_frames, s.lane_frames_max, s.lane_bytes, s.lane_bytes_max}}};
  for (const Row& row : rows) {
    page.add(Metric::kQueueDepth, {row.queue}, number(row.frames));
    page.add(Metric::kQueueCapacity, {row.queue}, number(row.frames_max));
    page.add(Metric::kQueueBytes, {row.queue}, number(row.bytes));
    page.add(Metric::kQueueCapacityBytes, {row.queue}, number(row.bytes_max));
  }
}

// ok: the channel is hybrid; fail: classical although hybrid was wanted; incompatible: refused.
// With the mode off every channel is what was asked for.
void fill_pq(const ShardStats& s, std::string_view mode, MetricsPage& page) {
  const bool off = mode == "off";
  page.add(Metric::kPqNegotiations, {mode, "ok"}, number(s.pq_hybrid + (off ? s.pq_classical : 0)));
  if (!off) page.add(Metric::kPqNegotiations, {mode, "fail"}, number(s.pq_classical));
  page.add(Metric::kPqNegotiations, {mode, "incompatible"}, number(s.pq_incompatible));
  page.add(Metric::kPqDowngrades, {}, number(s.downgrades));
}

void fill_tls(const host::TransportStats& t, std::string_view mode, MetricsPage& page) {
  using enum transport::FailureClass;
  const auto failures = [&](transport::FailureClass kind) {
    return number(t.tls_failures[slot(kind)]);
  };
  page.add(Metric::kTlsHandshakeFailures, {"cert"}, failures(kCert));
  page.add(Metric::kTlsHandshakeFailures, {"version"}, failures(kVersion));
  page.add(Metric::kTlsHandshakeFailures, {"cipher"}, failures(kCipher) + failures(kGroup));
  page.add(Metric::kTlsHandshakeFailures, {"alpn"}, failures(kAlpn));
  page.add(Metric::kTlsHandshakeFailures, {"other"}, failures(kProtocol));
  for (std::size_t i = 0; i < t.tls_failures.size(); ++i)
    page.add(Metric::kHandshakeFailures,
             {handshake_reason(static_cast<transport::FailureClass>(i))},
             number(t.tls_failures[i]));
  page.add(Metric::kPqNegotiations, {mode, "incompatible"}, failures(kGroup));
}

void fill_accept(const host::TransportStats& t, MetricsPage& page) {
  page.add(Metric::kConnections, {}, number(t.accepted));
  page.add(Metric::kConnectionsRefused, {"max_conns"}, number(t.refused_full));
  page.add(Metric::kConnectionsRefused, {"ratelimit"}, number(t.refused_rate));
  // A connection that came too fast is a handshake that failed, too: a flood shows in both.
  page.add(Metric::kHandshakeAttempts, {}, number(t.refused_rate));
  page.add(Metric::kHandshakeFailures, {"ratelimit"}, number(t.refused_rate));
  page.add(Metric::kConnectionsRefused, {"uid"}, number(t.refused_uid));
  page.add(Metric::kConnectionsRefused, {"no_files"}, number(t.no_files));
  page.add(Metric::kRejected, {"busy"}, number(t.refused_full));
  page.add(Metric::kRejected, {"handshake_ratelimit"}, number(t.refused_rate));
}

void fill_peer_lanes(const ShardStats& s, MetricsPage& page) {
  constexpr std::array<std::string_view, mesh::kLanes> kNames = {"control", "own", "relay", "lazy"};
  constexpr std::array<std::string_view, node::kPeerSheds> kWhys = {"full", "late", "best_effort"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    page.add(Metric::kMeshLaneFrames, {kNames[i]}, number(s.peer_lane_frames[i]));
    page.add(Metric::kMeshLaneBytes, {kNames[i]}, number(s.peer_lane_bytes[i]));
    page.add(Metric::kMeshLaneQueued, {kNames[i]}, number(s.peer_queued[i]));
    for (std::size_t why = 0; why < kWhys.size(); ++why) {
      page.add(Metric::kMeshLaneShed, {kNames[i], kWhys[why]}, number(s.peer_shed[i][why]));
    }
  }
}

void fill_membership(const mesh::MembershipStats& m, MetricsPage& page) {
  page.set(Metric::kMeshView, {"active"}, m.active);
  page.set(Metric::kMeshView, {"leaves"}, m.leaves);
  page.set(Metric::kMeshView, {"passive"}, m.passive);
  page.set(Metric::kMeshSessions, m.sessions);
  page.set(Metric::kMeshDialing, m.dialing);
  page.set(Metric::kMeshLinks, {"up"}, number(m.links_up));
  page.set(Metric::kMeshLinks, {"lost"}, number(m.links_lost));
  page.set(Metric::kMeshLinks, {"dropped"}, number(m.links_dropped));
  page.set(Metric::kMeshLinks, {"refused"}, number(m.links_refused));
  page.set(Metric::kMeshLinks, {"replaced"}, number(m.replaced));
  page.set(Metric::kMeshExpelled, {}, number(m.expelled));
  page.set(Metric::kMeshDials, number(m.dials));
  page.set(Metric::kMeshDialFailures, number(m.dials_failed));
}

void fill_relay(const mesh::RelayStats& r, MetricsPage& page) {
  page.set(Metric::kMeshPublished, number(r.published));
  page.set(Metric::kMeshBestEffort, number(r.best_effort));
  page.set(Metric::kMeshReceived, number(r.received));
  page.set(Metric::kMeshDelivered, number(r.delivered));
  page.set(Metric::kMeshDuplicates, number(r.duplicates));
  page.set(Metric::kMeshForwarded, number(r.forwarded));
  struct Row {
    Metric metric;
    std::uint64_t rx, tx;
  };
  const std::array<Row, 4> rows = {{{Metric::kMeshGrafts, r.grafts_received, r.grafts_sent},
                                    {Metric::kMeshPrunes, r.prunes_received, r.prunes_sent},
                                    {Metric::kMeshIhave, r.ihave_received, r.ihave_sent},
                                    {Metric::kMeshIwant, r.iwant_received, r.iwant_sent}}};
  for (const Row& row : rows) {
    page.set(row.metric, {"rx"}, number(row.rx));
    page.set(row.metric, {"tx"}, number(row.tx));
  }
  page.set(Metric::kMeshRepairHits, number(r.repaired));
  page.set(Metric::kMeshRepairMisses, number(r.repair_misses));
  page.set(Metric::kMeshGivenUp, number(r.given_up));
  page.set(Metric::kMeshLost, number(r.lost));
  page.set(Metric::kMeshRefused, {"variant"}, number(r.variants_refused));
  page.set(Metric::kMeshRefused, {"origin"}, number(r.origins_refused));
  page.set(Metric::kMeshRefused, {"unsolicited"}, number(r.unsolicited));
  page.set(Metric::kMeshShed, {"missing"}, number(r.shed_missing));
  page.set(Metric::kMeshShed, {"origins"}, number(r.shed_origins));
  page.set(Metric::kMeshShed, {"seen"}, number(r.shed_seen));
  page.set(Metric::kMeshShed, {"repair"}, number(r.shed_repair));
  page.set(Metric::kMeshShed, {"trace"}, number(r.shed_traces));
  page.set(Metric::kMeshTable, {"missing"}, number(r.missing));
  page.set(Metric::kMeshTable, {"origins"}, number(r.origins));
  page.set(Metric::kMeshTable, {"hot_origins"}, number(r.hot_origins));
  page.set(Metric::kMeshTable, {"seen"}, number(r.seen));
  page.set(Metric::kMeshTable, {"repair"}, number(r.repair_messages));
  page.set(Metric::kMeshRepairBytes, number(r.repair_bytes));
  page.set(Metric::kGossipLatency, {"relay"}, histogram(r.pushed_after));
  page.set(Metric::kGossipLatency, {"repair"}, histogram(r.repaired_after));
}

}  // namespace

void fill_metrics(const host::Snapshot& snapshot, const config::Settings& settings,
                  MetricsPage& page) {
  constexpr std::array<std::string_view, 3> kModes = {"off", "hybrid", "require"};
  const std::string_view mode = kModes[slot(settings.overlay.pq_mode)];
  ops::HistogramValue rx, tx, shake, accept, life, waits;
  for (const host::ShardSnapshot& shard : snapshot.shards) {
    fill_sessions(shard.node, page);
    fill_rejected(shard.node, page);
    fill_flow(shard.node, page);
    fill_gossip(shard.node, page);
    fill_queues(shard.node, page);
    fill_peer_lanes(shard.node, page);
    fill_pq(shard.node, mode, page);
    fill_tls(shard.transport, mode, page);
    fill_accept(shard.transport, page);
    merge(rx, histogram(shard.node.size_rx));
    merge(tx, histogram(shard.node.size_tx));
    merge(shake, histogram(shard.transport.handshake_seconds));
    merge(accept, histogram(shard.transport.accept_to_handshake_seconds));
    merge(life, histogram(shard.transport.lifetime_seconds));
    merge(waits, histogram(shard.node.peer_waits));
  }
  page.set(Metric::kShards, number(snapshot.shards.size()));
  page.set(Metric::kCertExpiry, number(snapshot.certificate_not_after));
  page.set(Metric::kPqMode, {mode}, 1);
  if (const host::MeshStats* mesh = snapshot.mesh()) {
    fill_membership(mesh->membership, page);
    fill_relay(mesh->relay, page);
    page.set(Metric::kGossipLatency, {"enqueue"}, std::move(waits));
    page.set(Metric::kMeshRepairBytesMax, number(settings.mesh.repair_bytes));
  }
  if (snapshot.shards.empty()) return;
  page.set(Metric::kFrameSize, {"rx"}, std::move(rx));
  page.set(Metric::kFrameSize, {"tx"}, std::move(tx));
  page.set(Metric::kHandshakeSeconds, {}, std::move(shake));
  page.set(Metric::kAcceptToHandshake, {}, std::move(accept));
  page.set(Metric::kConnLifetime, {}, std::move(life));
}

// About what each costs; a TLS session's is the library's.
constexpr std::size_t kBytesASession = 2048;
constexpr std::size_t kBytesATlsSession = 33U * 1024;

NodeTotals totals_of(const host::Snapshot& snapshot, std::uint64_t queue_bytes) {
  NodeTotals out;
  // A node has a certificate, or no TLS.
  const std::size_t a_session =
      snapshot.certificate_not_after > 0 ? kBytesATlsSession : kBytesASession;
  const std::uint64_t share =
      std::max<std::uint64_t>(1, queue_bytes / std::max<std::size_t>(1, snapshot.shards.size()));
  for (const host::ShardSnapshot& shard : snapshot.shards) {
    out.published += shard.node.published;
    out.shed_by_node += shard.node.shed[slot(ShedReason::kBudget)];
    out.sessions += shard.node.sessions_active;
    out.deaf_listeners += shard.transport.deaf;
    // Publications are shed from three quarters of the budget on: that is what is full at 100 %.
    const std::uint64_t usable = std::max<std::uint64_t>(1, share / 4 * 3);
    out.queue_percent = std::max(out.queue_percent,
                                 static_cast<std::uint32_t>(shard.node.slab_bytes * 100 / usable));
    out.held_bytes += shard.node.slab_bytes + shard.node.mail_bytes +
                      shard.node.subscription_bytes + shard.node.sessions * a_session;
  }
  return out;
}

}  // namespace ron::svc
