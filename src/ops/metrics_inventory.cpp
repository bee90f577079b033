// The inventory. Data: opts out of the size aims.
#include <array>

#include "base/check.hpp"
#include "ops/metrics.hpp"

namespace ron::ops {
namespace {

using enum MetricType;

// clang-format off
constexpr std::array<MetricRow, kMetricCount> kRows = {{
    {Metric::kHttpRequests, "http_requests_total", kCounter, "route=/healthz|/readyz|/metrics|/version|/configz|/sessionz|/topicz|/meshz|other,method=GET|HEAD|other,status=*", "", "Requests to the admin listener."},
    {Metric::kRequestLatency, "request_latency_seconds", kHistogram, "route=/healthz|/readyz|/metrics|/version|/configz|/sessionz|/topicz|/meshz|other,method=GET|HEAD|other", "0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2 5", "Time from a request's last header byte to its answer being written."},
    {Metric::kInflightRequests, "inflight_requests", kGauge, "route=admin", "", "Connections the admin listener serves now."},

    {Metric::kBuildInfo, "overlay_build_info", kGauge, "version=*,git=*", "", "Always 1; the labels say what runs."},
    {Metric::kReadyState, "readyz_state", kGauge, "", "", "0 starting or draining, 1 ready, 2 degraded: was ready, is not."},
    {Metric::kReadinessGate, "overlay_readiness_gate", kGauge, "gate=listeners_bound|metrics_bound|cfg_loaded|certificate_ok|pq_ready|queues_ok|shed_rate_ok|mesh_ok|fd_headroom|draining", "", "1 where the gate of /readyz is met."},
    {Metric::kAmnesia, "overlay_amnesia", kGauge, "", "", "1 when nothing of a peer or message may reach a disk."},
    {Metric::kInsecurePlaintext, "overlay_insecure_plaintext", kGauge, "", "", "1 when a listener beyond loopback runs without TLS and client certificates."},
    {Metric::kPqMode, "pq_mode", kGauge, "mode=off|hybrid|require", "", "1 at the configured quantum-safe key exchange mode."},
    {Metric::kShards, "overlay_shards", kGauge, "", "", "Event-loop threads."},
    {Metric::kServiceRestarts, "service_restarts_total", kCounter, "", "", "Supervised parts that were restarted."},
    {Metric::kConfigUpdates, "config_update_total", kCounter, "", "", "Reloads that took effect."},
    {Metric::kConfigUpdateFailures, "config_update_failures_total", kCounter, "", "", "Reloads that were refused and changed nothing."},
    {Metric::kLogLinesDropped, "overlay_log_lines_dropped_total", kCounter, "", "", "Log lines lost because standard error did not keep up."},

    {Metric::kConnections, "overlay_connections_total", kCounter, "", "", "Connections accepted, before any handshake."},
    {Metric::kConnectionsRefused, "overlay_connections_refused_total", kCounter, "reason=max_conns|ratelimit|uid|no_files", "", "Connections closed at accept."},
    {Metric::kSessionsActive, "overlay_sessions_active", kGauge, "", "", "Sessions past their handshake and not closing."},
    {Metric::kSessionsOpen, "overlay_sessions_open_total", kCounter, "", "", "Sessions that finished their handshake."},
    {Metric::kSessionsClose, "overlay_sessions_close_total", kCounter, "reason=peer|protocol|timeout|refused|slow|drained|cut_off|mesh", "", "Sessions that ended, by reason."},
    {Metric::kHandshakeAttempts, "overlay_handshake_attempts_total", kCounter, "", "", "Connections that began a handshake."},
    {Metric::kHandshakeFailures, "overlay_handshake_failures_total", kCounter, "reason=timeout|tls|mtls|pq_neg_fail|ratelimit|proto|auth|io|not_ready", "", "Connections that did not become sessions."},
    {Metric::kTlsHandshakeFailures, "tls_handshake_failures_total", kCounter, "reason=cert|version|cipher|alpn|other", "", "TLS handshakes refused, by cause."},
    {Metric::kAuthFailures, "auth_failures_total", kCounter, "reason=unauth|expired|invalid_caveat", "", "Credentials that did not verify."},
    {Metric::kPqDowngrades, "overlay_pq_downgrades_total", kCounter, "", "", "Sessions whose hello spoke of hybrid key exchange over a classical TLS channel."},
    {Metric::kPqNegotiations, "overlay_pq_negotiations_total", kCounter, "mode=off|hybrid|require,outcome=ok|fail|incompatible", "", "Handshakes by configured mode: ok is hybrid, fail classical, incompatible refused."},
    {Metric::kCertExpiry, "overlay_tls_cert_expiry_timestamp_seconds", kGauge, "", "", "When the node's certificate ends, Unix time; 0 without TLS."},
    {Metric::kHandshakeSeconds, "overlay_handshake_seconds", kHistogram, "", "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.5 1 5", "TLS handshakes that succeeded."},
    {Metric::kAcceptToHandshake, "overlay_accept_to_handshake_seconds", kHistogram, "", "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.5 1 5", "From accept to the end of hello."},
    {Metric::kConnLifetime, "overlay_conn_lifetime_seconds", kHistogram, "", "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.5 1 5", "From accept to the end of the connection."},

    {Metric::kFrames, "overlay_frames_total", kCounter, "dir=rx|tx,kind=gossip|ctrl|other", "", "Frames."},
    {Metric::kBytes, "overlay_bytes_total", kCounter, "dir=rx|tx", "", "Bytes of frames, envelopes included."},
    {Metric::kFrameSize, "overlay_frame_size_bytes", kHistogram, "dir=rx|tx", "512 1024 4096 16384 65536 262144 524288 1048576", "Size of frames."},
    {Metric::kRejected, "rejected_total", kCounter, "reason=unauth|oversize|ratio_cap|timeout|busy|handshake_ratelimit|quota|degraded|proto", "", "Frames and connections refused, by reason."},
    {Metric::kFramesIgnored, "overlay_frames_ignored_total", kCounter, "reason=unknown_kind|stray_answer", "", "Legal frames without effect, by reason."},
    {Metric::kCreditClamped, "overlay_credit_clamped_bytes_total", kCounter, "", "", "Credit given beyond the announced window."},
    {Metric::kWindowOverruns, "overlay_window_overruns_total", kCounter, "", "", "Counted frames that came without credit."},
    {Metric::kIoTimeouts, "io_timeouts_total", kCounter, "op=handshake|read|write|idle", "", "Sessions ended by a timer."},
    {Metric::kTasksAborted, "tasks_aborted_total", kCounter, "kind=session", "", "Sessions cut off at the drain deadline."},

    {Metric::kGossipSubscribers, "gossip_subscribers", kGauge, "", "", "Subscriptions (tenant, pattern, session)."},
    {Metric::kGossipIngress, "gossip_ingress_total", kCounter, "", "", "Publications accepted."},
    {Metric::kGossipFanout, "gossip_fanout_total", kCounter, "", "", "Copies queued to subscribers."},
    {Metric::kGossipDropped, "gossip_dropped_total", kCounter, "reason=full|too_large|budget|no_member", "", "Copies that did not reach a subscriber's lane."},
    {Metric::kGossipLagged, "gossip_lagged_total", kCounter, "", "", "Losses that subscribers were told of."},
    {Metric::kGossipPublishStalls, "gossip_publish_stalls_total", kCounter, "", "", "Publishers paused because another shard was behind."},

    {Metric::kQueueDepth, "overlay_queue_depth", kGauge, "queue=ingress|gossip_ingress|egress", "", "Frames queued: egress is the lanes of all sessions, gossip_ingress messages on their way to another shard, ingress sessions that hold half a frame or input that waits."},
    {Metric::kQueueBytes, "overlay_queue_bytes", kGauge, "queue=ingress|gossip_ingress|egress", "", "Bytes queued."},
    {Metric::kQueueCapacity, "overlay_queue_capacity", kGauge, "queue=ingress|gossip_ingress|egress", "", "Frames that fit; compare with overlay_queue_depth. Those of egress and ingress grow with the sessions."},
    {Metric::kQueueCapacityBytes, "overlay_queue_capacity_bytes", kGauge, "queue=ingress|gossip_ingress|egress", "", "Bytes that fit; compare with overlay_queue_bytes. Those of egress grow with the sessions."},
    {Metric::kQueueDropped, "overlay_queue_dropped_total", kCounter, "queue=ingress|gossip_ingress|egress,reason=full|timeout|shed", "", "Frames a queue did not take: full is one session's bound, shed the node's budget."},
    {Metric::kMemorySlabs, "overlay_slab_bytes", kGauge, "", "", "Memory held by messages and unfinished frames, with the tables of lanes."},
    {Metric::kMemorySlabsMax, "overlay_slab_capacity_bytes", kGauge, "", "", "limits.total_queue_bytes, or less where limits.memory_budget says so; from three quarters of it on, publications are shed. Compare with overlay_slab_bytes."},
    {Metric::kMemorySubscriptions, "overlay_subscription_bytes", kGauge, "", "", "Memory held by subscriptions."},
    {Metric::kMemorySubscriptionsMax, "overlay_subscription_capacity_bytes", kGauge, "", "", "From here on new subscriptions are refused. Compare with overlay_subscription_bytes."},
    {Metric::kMemoryAccounted, "overlay_memory_accounted_bytes", kGauge, "", "", "Memory that messages, mail between shards, subscriptions and sessions take; process_resident_memory_bytes is that, the process itself and what the allocator keeps."},
    {Metric::kMemoryWorstCase, "overlay_memory_worst_case_bytes", kGauge, "", "", "What the process can come to with this configuration (docs/performance.md, Memory)."},
    {Metric::kMemoryBudget, "overlay_memory_budget_bytes", kGauge, "", "", "limits.memory_budget; 0 is none."},

    {Metric::kMeshView, "overlay_mesh_view_size", kGauge, "view=active|leaves|passive", "", "Nodes of the mesh: links to relays, links to leaves, and those remembered to replace one."},
    {Metric::kMeshSessions, "overlay_mesh_sessions", kGauge, "", "", "Sessions to nodes, with a link or without."},
    {Metric::kMeshDialing, "overlay_mesh_dialing", kGauge, "", "", "Nodes being dialed."},
    {Metric::kMeshLinks, "overlay_mesh_links_total", kCounter, "event=up|lost|dropped|refused|replaced", "", "Links that came up, died, were let go by either side, were refused for want of room; sessions that another one to the same node replaced."},
    {Metric::kMeshExpelled, "overlay_mesh_expelled_total", kCounter, "", "", "Neighbours let go for how they behaved (mesh.score_disconnect)."},
    {Metric::kMeshDials, "overlay_mesh_dials_total", kCounter, "", "", "Nodes dialed."},
    {Metric::kMeshDialFailures, "overlay_mesh_dial_failures_total", kCounter, "", "", "Dials that came to no session."},
    {Metric::kMeshPublished, "overlay_mesh_published_total", kCounter, "", "", "Publications of this node handed to the mesh."},
    {Metric::kMeshBestEffort, "overlay_mesh_best_effort_total", kCounter, "", "", "Publications among them that went as best effort."},
    {Metric::kMeshReceived, "overlay_mesh_received_total", kCounter, "", "", "Messages that peers sent, copies included."},
    {Metric::kMeshDelivered, "overlay_mesh_delivered_total", kCounter, "", "", "Messages among them that were new."},
    {Metric::kMeshDuplicates, "overlay_mesh_duplicates_total", kCounter, "", "", "Messages among them that had come before."},
    {Metric::kMeshForwarded, "overlay_mesh_forwarded_total", kCounter, "", "", "Messages pushed to peers, own publications included."},
    {Metric::kMeshRmr, "overlay_mesh_rmr", kGauge, "", "", "Relative message redundancy of the last minute: received / delivered - 1; 0 where every message came once."},
    {Metric::kMeshGrafts, "overlay_mesh_grafts_total", kCounter, "dir=rx|tx", "", "Peers taken into a relay tree."},
    {Metric::kMeshPrunes, "overlay_mesh_prunes_total", kCounter, "dir=rx|tx", "", "Peers left out of a relay tree, because the message came from another one first."},
    {Metric::kMeshIhave, "overlay_mesh_ihave_total", kCounter, "dir=rx|tx", "", "Announcements of messages."},
    {Metric::kMeshIwant, "overlay_mesh_iwant_total", kCounter, "dir=rx|tx", "", "Requests for announced messages."},
    {Metric::kMeshRepairHits, "overlay_mesh_repair_hits_total", kCounter, "", "", "Messages that came because they were asked for."},
    {Metric::kMeshRepairMisses, "overlay_mesh_repair_misses_total", kCounter, "", "", "Messages asked of this node that it no longer held."},
    {Metric::kMeshGivenUp, "overlay_mesh_given_up_total", kCounter, "", "", "Messages that were announced and asked for, and never came."},
    {Metric::kMeshLost, "overlay_mesh_lost_total", kCounter, "", "", "Messages of other nodes that did not come and will not, by their numbers: given up, or passed over and not come within mesh.repair_window. Sessions that asked are told."},
    {Metric::kMeshRefused, "overlay_mesh_refused_total", kCounter, "reason=variant|origin|unsolicited", "", "Messages of peers that were not taken: one more variant of an id, no statement of their origin, not asked for."},
    {Metric::kMeshShed, "overlay_mesh_shed_total", kCounter, "table=missing|origins|seen|repair|trace", "", "Entries that left a table of the mesh before their time, because it was full; trace: answers to probes that were not taken."},
    {Metric::kMeshTable, "overlay_mesh_table_size", kGauge, "table=missing|origins|hot_origins|seen|repair", "", "Entries of the tables of the mesh."},
    {Metric::kMeshLaneFrames, "overlay_mesh_lane_frames", kGauge, "lane=control|own|relay|lazy", "", "Frames that wait for peers, by lane."},
    {Metric::kMeshLaneBytes, "overlay_mesh_lane_bytes", kGauge, "lane=control|own|relay|lazy", "", "Bytes that wait for peers, by lane."},
    {Metric::kMeshLaneQueued, "overlay_mesh_lane_queued_total", kCounter, "lane=control|own|relay|lazy", "", "Frames queued to peers, by lane."},
    {Metric::kMeshLaneShed, "overlay_mesh_lane_shed_total", kCounter, "lane=control|own|relay|lazy,reason=full|late|best_effort", "", "Frames left out for peers that were slow, by lane: it was full, they had waited for mesh.lane_deadline, or it was half full and they were best effort."},
    {Metric::kMeshRepairBytes, "overlay_mesh_repair_bytes", kGauge, "", "", "Bytes of messages kept for peers that missed them."},
    {Metric::kMeshRepairBytesMax, "overlay_mesh_repair_capacity_bytes", kGauge, "", "", "mesh.repair_bytes. Compare with overlay_mesh_repair_bytes."},
    {Metric::kGossipLatency, "overlay_gossip_latency_seconds", kHistogram, "stage=enqueue|relay|repair", "0.0001 0.0005 0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 5", "Messages of the mesh, by this node's clock alone. enqueue: in a peer's lane until written. relay: from the first announcement to the message pushed, 0 where nobody announced it before. repair: the same where it had to be asked for."},

    {Metric::kProcessOpenFds, "process_open_fds", kGauge, "", "", "Open file descriptors."},
    {Metric::kProcessMaxFds, "process_max_fds", kGauge, "", "", "Limit of open file descriptors."},
    {Metric::kProcessMemory, "process_resident_memory_bytes", kGauge, "", "", "Resident memory."},
    {Metric::kProcessCpu, "process_cpu_seconds_total", kCounter, "", "", "CPU time used."},
    {Metric::kProcessStart, "process_start_time_seconds", kGauge, "", "", "Start of the process, Unix time."},
}};
// clang-format on

}  // namespace

std::span<const MetricRow> metrics() { return kRows; }

const MetricRow& row_of(Metric metric) {
  const MetricRow& row = kRows[static_cast<std::size_t>(metric)];
  RON_DCHECK(row.metric == metric);
  return row;
}

}  // namespace ron::ops
