// Host counters arrive under the right names, summed over shards.
#include "svc/overlay/metrics_map.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "node/actions.hpp"

namespace ron::svc {
namespace {

template <typename Enum>
std::size_t slot(Enum value) {
  return static_cast<std::size_t>(value);
}

bool has(const std::string& page, const std::string& line) {
  return page.find(line + "\n") != std::string::npos;
}

TEST(MetricsMap, sums_shards_under_the_contract_names) {
  host::Snapshot snapshot;
  snapshot.shards.resize(2);
  for (auto& shard : snapshot.shards) {
    shard.node.sessions_opened = 3;
    shard.node.handshakes = 4;
    shard.node.frames_rx[slot(node::FrameClass::kGossip)] = 10;
    shard.node.bytes_tx = 1000;
    shard.node.errors_sent[slot(oap::Code::kBadFrame)] = 1;
    shard.node.events_refused[slot(oap::Code::kBadFrame)] = 2;
    shard.node.shed[slot(node::ShedReason::kFull)] = 5;
    shard.node.sessions_closed[slot(node::CloseReason::kSlow)] = 1;
    shard.node.pq_classical = 2;
    shard.node.size_rx.add(600);
    shard.node.sessions = 4;
    shard.node.inputs_held = 1;
    shard.node.mail_bytes = 30;
    shard.node.mail_waiting_max = 1024;
    shard.node.lane_frames = 7;
    shard.node.lane_frames_max = 100;
    shard.node.lane_bytes_max = 4000;
    shard.node.slab_bytes_max = 128U << 20U;
    shard.transport.refused_full = 1;
    shard.transport.refused_rate = 2;
    shard.transport.tls_failures[slot(transport::FailureClass::kAlpn)] = 1;
    shard.transport.handshake_seconds.add(0.002);
  }
  ops::MetricsPage page;
  fill_metrics(snapshot, config::defaults(config::Profile::kMicronode), page);
  const std::string text = page.text();
  for (const char* line : {"overlay_sessions_open_total 6",
                           "overlay_handshake_attempts_total 12",
                           "overlay_handshake_failures_total{reason=\"ratelimit\"} 4",
                           "overlay_frames_total{dir=\"rx\",kind=\"gossip\"} 20",
                           "overlay_bytes_total{dir=\"tx\"} 2000",
                           "rejected_total{reason=\"proto\"} 6",
                           "rejected_total{reason=\"busy\"} 2",
                           "rejected_total{reason=\"handshake_ratelimit\"} 4",
                           "gossip_dropped_total{reason=\"full\"} 10",
                           "overlay_queue_dropped_total{queue=\"egress\",reason=\"full\"} 10",
                           "overlay_sessions_close_total{reason=\"slow\"} 2",
                           "tls_handshake_failures_total{reason=\"alpn\"} 2",
                           "overlay_handshake_failures_total{reason=\"tls\"} 2",
                           "overlay_pq_negotiations_total{mode=\"hybrid\",outcome=\"fail\"} 4",
                           "pq_mode{mode=\"hybrid\"} 1",
                           "overlay_frame_size_bytes_bucket{dir=\"rx\",le=\"512\"} 0",
                           "overlay_frame_size_bytes_bucket{dir=\"rx\",le=\"1024\"} 2",
                           "overlay_frame_size_bytes_sum{dir=\"rx\"} 1200",
                           "overlay_handshake_seconds_count 2",
                           "overlay_shards 2",
                           "overlay_queue_depth{queue=\"ingress\"} 2",
                           "overlay_queue_capacity{queue=\"ingress\"} 8",
                           "overlay_queue_capacity{queue=\"gossip_ingress\"} 2048",
                           "overlay_queue_bytes{queue=\"gossip_ingress\"} 60",
                           "overlay_queue_depth{queue=\"egress\"} 14",
                           "overlay_queue_capacity{queue=\"egress\"} 200",
                           "overlay_queue_capacity_bytes{queue=\"egress\"} 8000",
                           "overlay_slab_capacity_bytes 268435456"})
    EXPECT_TRUE(has(text, line)) << line;
}

TEST(MetricsMap, a_node_without_a_host_has_a_page) {
  ops::MetricsPage page;
  fill_metrics({}, config::defaults(config::Profile::kMicronode), page);
  EXPECT_TRUE(has(page.text(), "overlay_sessions_active 0"));
}

TEST(MetricsMap, the_fullest_shard_counts_for_readiness) {
  host::Snapshot snapshot;
  snapshot.shards.resize(2);
  snapshot.shards[0].node.slab_bytes = 10;
  snapshot.shards[1].node.slab_bytes = 27;
  snapshot.shards[0].node.shed[slot(node::ShedReason::kBudget)] = 3;
  snapshot.shards[1].node.shed[slot(node::ShedReason::kFull)] = 9;  // a slow reader, not the node
  const NodeTotals totals = totals_of(snapshot, 100);
  EXPECT_EQ(totals.queue_percent, 75U);
  EXPECT_EQ(totals.shed_by_node, 3U);
}

TEST(MetricsMap, the_mesh_has_its_own_where_there_is_one) {
  host::Snapshot snapshot;
  snapshot.shards.resize(2);
  for (auto& shard : snapshot.shards) {
    shard.node.peer_shed[slot(mesh::Lane::kRelay)] = {2, 1};
    shard.node.peer_waits.add(std::chrono::milliseconds(3));
  }
  const config::Settings settings = config::defaults(config::Profile::kMicronode);
  ops::MetricsPage without;
  fill_metrics(snapshot, settings, without);
  EXPECT_TRUE(has(without.text(), "overlay_mesh_view_size{view=\"active\"} 0"));

  host::MeshStats& mesh = snapshot.shards.front().mesh.emplace();
  mesh.membership.active = 8;
  mesh.membership.links_lost = 3;
  mesh.relay.duplicates = 5;
  mesh.relay.grafts_sent = 7;
  mesh.relay.repair_misses = 9;
  mesh.relay.pushed_after.add({});
  mesh.relay.repaired_after.add(std::chrono::milliseconds(400));
  ops::MetricsPage page;
  fill_metrics(snapshot, settings, page);
  const std::string text = page.text();
  for (const char* line :
       {"overlay_mesh_view_size{view=\"active\"} 8", "overlay_mesh_links_total{event=\"lost\"} 3",
        "overlay_mesh_duplicates_total 5", "overlay_mesh_grafts_total{dir=\"tx\"} 7",
        "overlay_mesh_repair_misses_total 9", "overlay_mesh_repair_capacity_bytes 16777216",
        "overlay_mesh_lane_shed_total{lane=\"relay\",reason=\"full\"} 4",
        "overlay_mesh_lane_shed_total{lane=\"relay\",reason=\"late\"} 2",
        "overlay_gossip_latency_seconds_bucket{stage=\"enqueue\",le=\"0.002\"} 0",
        "overlay_gossip_latency_seconds_bucket{stage=\"enqueue\",le=\"0.005\"} 2",
        "overlay_gossip_latency_seconds_sum{stage=\"enqueue\"} 0.006",
        "overlay_gossip_latency_seconds_count{stage=\"relay\"} 1",
        "overlay_gossip_latency_seconds_bucket{stage=\"repair\",le=\"0.5\"} 1"})
    EXPECT_TRUE(has(text, line)) << line;
}

TEST(MetricsMap, the_buckets_of_latency_are_those_of_the_inventory) {
  const std::vector<double> said = ops::bucket_bounds(ops::Metric::kGossipLatency);
  ASSERT_EQ(said.size(), LatencyHistogram::kBounds.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    EXPECT_DOUBLE_EQ(said[i], to_seconds(LatencyHistogram::kBounds[i]));
  }
}

}  // namespace
}  // namespace ron::svc
