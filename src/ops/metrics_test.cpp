// The page against the format and the inventory.
#include "ops/metrics.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "ops/events.hpp"
#include "ops/process_facts.hpp"

namespace ron::ops {
namespace {

TEST(MetricsPage, every_family_is_there_from_the_start) {
  const std::string text = MetricsPage().text();
  for (const MetricRow& row : metrics()) {
    EXPECT_NE(text.find("# HELP " + std::string(row.name) + " "), std::string::npos) << row.name;
    EXPECT_NE(text.find("# TYPE " + std::string(row.name) + " "), std::string::npos) << row.name;
  }
  EXPECT_NE(text.find("overlay_handshake_failures_total{reason=\"pq_neg_fail\"} 0\n"),
            std::string::npos);
  EXPECT_NE(text.find("overlay_frames_total{dir=\"rx\",kind=\"gossip\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("readyz_state 0\n"), std::string::npos);
}

TEST(MetricsPage, series_are_set_added_and_labelled) {
  MetricsPage page;
  page.set(Metric::kFrames, {"tx", "ctrl"}, 7);
  page.add(Metric::kFrames, {"tx", "ctrl"}, 3);
  page.set(Metric::kBuildInfo, {"1.0\"\\\n", "abc"}, 1);
  page.set(Metric::kProcessCpu, 1.25);
  page.set(Metric::kBytes, {"rx"}, 12'345'678'901.0);
  const std::string text = page.text();
  EXPECT_NE(text.find("overlay_frames_total{dir=\"tx\",kind=\"ctrl\"} 10\n"), std::string::npos);
  EXPECT_NE(text.find("overlay_build_info{version=\"1.0\\\"\\\\\\n\",git=\"abc\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("process_cpu_seconds_total 1.25\n"), std::string::npos);
  EXPECT_NE(text.find("overlay_bytes_total{dir=\"rx\"} 12345678901\n"), std::string::npos);
}

TEST(MetricsPage, histograms_are_cumulated) {
  MetricsPage page;
  page.set(Metric::kFrameSize, {"rx"}, HistogramValue{{1, 2, 0, 0, 0, 0, 0, 0, 4}, 99.5});
  const std::string text = page.text();
  const std::string name = "overlay_frame_size_bytes";
  EXPECT_NE(text.find(name + "_bucket{dir=\"rx\",le=\"512\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find(name + "_bucket{dir=\"rx\",le=\"1024\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find(name + "_bucket{dir=\"rx\",le=\"1048576\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find(name + "_bucket{dir=\"rx\",le=\"+Inf\"} 7\n"), std::string::npos);
  EXPECT_NE(text.find(name + "_sum{dir=\"rx\"} 99.5\n"), std::string::npos);
  EXPECT_NE(text.find(name + "_count{dir=\"rx\"} 7\n"), std::string::npos);
  EXPECT_NE(text.find("le=\"0.005\""), std::string::npos);
}

TEST(MetricsPageDeathTest, a_label_value_outside_the_inventory_is_a_broken_invariant) {
  MetricsPage page;
  EXPECT_DEATH(page.set(Metric::kBytes, {"sideways"}, 1), "invariant broken");
  EXPECT_DEATH(page.set(Metric::kBytes, 1), "invariant broken");
}

TEST(Inventory, names_follow_the_rules) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < metrics().size(); ++i) {
    const MetricRow& row = metrics()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.metric), i);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.type == MetricType::kCounter) << row.name;
    EXPECT_EQ(row.buckets.empty(), row.type != MetricType::kHistogram) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    for (const char* never : {"peer=", "addr=", "tenant=", "topic=", "service="})
      EXPECT_EQ(row.labels.find(never), std::string_view::npos) << row.name;
  }
}

// Names and labels are a contract (B9); this list only grows.
TEST(Inventory, has_the_names_of_the_contract) {
  std::set<std::string> have;
  for (const MetricRow& row : metrics()) have.insert(std::string(row.name));
  for (const char* name : {"http_requests_total",
                           "request_latency_seconds",
                           "inflight_requests",
                           "service_restarts_total",
                           "rejected_total",
                           "overlay_sessions_active",
                           "overlay_sessions_open_total",
                           "overlay_sessions_close_total",
                           "overlay_handshake_attempts_total",
                           "overlay_handshake_failures_total",
                           "overlay_frames_total",
                           "overlay_bytes_total",
                           "overlay_frame_size_bytes",
                           "overlay_queue_depth",
                           "overlay_queue_capacity",
                           "overlay_queue_capacity_bytes",
                           "overlay_queue_bytes",
                           "overlay_queue_dropped_total",
                           "auth_failures_total",
                           "tls_handshake_failures_total",
                           "overlay_pq_negotiations_total",
                           "readyz_state",
                           "tasks_aborted_total",
                           "overlay_frames_ignored_total",
                           "overlay_credit_clamped_bytes_total",
                           "overlay_window_overruns_total",
                           "io_timeouts_total",
                           "config_update_total",
                           "overlay_connections_total",
                           "overlay_build_info",
                           "gossip_ingress_total",
                           "gossip_subscribers",
                           "gossip_fanout_total",
                           "gossip_dropped_total",
                           "pq_mode",
                           "overlay_amnesia"})
    EXPECT_TRUE(have.contains(name)) << name;
}

TEST(MetricsPage, passes_promtool) {
  ASSERT_EQ(std::system("command -v promtool >/dev/null 2>&1"), 0)
      << "./dev setup fetches promtool";
  MetricsPage page;
  page.set(Metric::kBuildInfo, {"0.1.0", "abc"}, 1);
  page.set(Metric::kHttpRequests, {"/metrics", "GET", "200"}, 1);
  FILE* tool = ::popen("promtool check metrics", "w");
  ASSERT_NE(tool, nullptr);
  const std::string text = page.text();
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), tool), text.size());
  EXPECT_EQ(::pclose(tool), 0);
}

TEST(ProcessFacts, are_about_this_process) {
  const ProcessFacts facts = process_facts();
  EXPECT_GE(facts.open_fds, 3U);
  EXPECT_GE(facts.max_fds, facts.open_fds);
  EXPECT_GT(facts.resident_bytes, 1U << 20U);
  EXPECT_GT(facts.start_unix_seconds, 1.6e9);
  const auto before = open_fd_count();
  FILE* file = std::fopen("/dev/null", "r");
  EXPECT_EQ(open_fd_count(), before + 1);
  std::fclose(file);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 200);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(open_fd_percent(), before * 100 / limit.rlim_cur);
  EXPECT_GE(raise_fd_limit(), facts.max_fds);
}

// docs/observability.md names every event, field, metric and gate.
TEST(Documentation, is_complete) {
  const auto root = std::filesystem::path(RON_SOURCE_DIR);
  std::ostringstream out;
  out << std::ifstream(root / "docs" / "observability.md").rdbuf();
  const std::string text = out.str();
  ASSERT_FALSE(text.empty());
  for (const EventRow& row : events())
    EXPECT_NE(text.find("| `" + std::string(row.name) + "` |"), std::string::npos) << row.name;
  for (const FieldRow& row : fields())
    EXPECT_NE(text.find("| `" + std::string(row.name) + "` |"), std::string::npos) << row.name;
  for (const MetricRow& row : metrics())
    EXPECT_NE(text.find("| `" + std::string(row.name) + "` |"), std::string::npos) << row.name;
}

// Names, types, labels and buckets are a contract: docs/api-history/metrics.txt. Rewritten with
// RON_UPDATE_GOLDEN=1; the CHANGELOG then says why (tools/lint/check_history.py).
TEST(Inventory, is_the_golden_one) {
  std::ostringstream now;
  for (const MetricRow& row : metrics()) {
    constexpr std::array<const char*, 3> kTypes = {"counter", "gauge", "histogram"};
    now << row.name << ' ' << kTypes[static_cast<std::size_t>(row.type)];
    if (!row.labels.empty()) now << ' ' << row.labels;
    if (!row.buckets.empty()) now << " buckets " << row.buckets;
    now << '\n';
  }
  const auto path = std::filesystem::path(RON_SOURCE_DIR) / "docs" / "api-history" / "metrics.txt";
  if (std::getenv("RON_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << now.str();
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(golden.str(), now.str());
}

}  // namespace
}  // namespace ron::ops
