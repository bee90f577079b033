// The one inventory of metrics, and a page of them in the Prometheus text format (0.0.4).
//
// Names, labels and label values are a contract (requirement B9) and a closed list: a value outside
// the inventory is a broken invariant, so no label can grow with strangers' input. Every series of
// the inventory appears on every page, 0 from the start, so that rates and alerts work at once.
// Counters are plain numbers owned elsewhere; a page is filled anew for every scrape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ron::ops {

enum class Metric : std::uint8_t {
  // HTTP
  kHttpRequests,
  kRequestLatency,
  kInflightRequests,
  // node
  kBuildInfo,
  kReadyState,
  kReadinessGate,
  kAmnesia,
  kInsecurePlaintext,
  kPqMode,
  kShards,
  kServiceRestarts,
  kConfigUpdates,
  kConfigUpdateFailures,
  kLogLinesDropped,
  // connections and sessions
  kConnections,
  kConnectionsRefused,
  kSessionsActive,
  kSessionsOpen,
  kSessionsClose,
  kHandshakeAttempts,
  kHandshakeFailures,
  kTlsHandshakeFailures,
  kAuthFailures,
  kPqDowngrades,
  kPqNegotiations,
  kCertExpiry,
  kHandshakeSeconds,
  kAcceptToHandshake,
  kConnLifetime,
  // flow
  kFrames,
  kBytes,
  kFrameSize,
  kRejected,
  kFramesIgnored,
  kCreditClamped,
  kWindowOverruns,
  kIoTimeouts,
  kTasksAborted,
  // gossip
  kGossipSubscribers,
  kGossipIngress,
  kGossipFanout,
  kGossipDropped,
  kGossipLagged,
  kGossipPublishStalls,
  // queues
  kQueueDepth,
  kQueueBytes,
  kQueueCapacity,
  kQueueCapacityBytes,
  kQueueDropped,
  kMemorySlabs,
  kMemorySlabsMax,
  kMemorySubscriptions,
  kMemorySubscriptionsMax,
  kMemoryAccounted,
  kMemoryWorstCase,
  kMemoryBudget,
  // process
  kMeshView,
  kMeshSessions,
  kMeshDialing,
  kMeshLinks,
  kMeshExpelled,
  kMeshDials,
  kMeshDialFailures,
  kMeshPublished,
  kMeshBestEffort,
  kMeshReceived,
  kMeshDelivered,
  kMeshDuplicates,
  kMeshForwarded,
  kMeshRmr,
  kMeshGrafts,
  kMeshPrunes,
  kMeshIhave,
  kMeshIwant,
  kMeshRepairHits,
  kMeshRepairMisses,
  kMeshGivenUp,
  kMeshLost,
  kMeshRefused,
  kMeshShed,
  kMeshTable,
  kMeshLaneFrames,
  kMeshLaneBytes,
  kMeshLaneQueued,
  kMeshLaneShed,
  kMeshRepairBytes,
  kMeshRepairBytesMax,
  kGossipLatency,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessMemory,
  kProcessCpu,
  kProcessStart,
};
inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(Metric::kProcessStart) + 1;

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

struct MetricRow {
  Metric metric;
  std::string_view name;
  MetricType type;
  std::string_view labels;   // "dir=rx|tx,kind=gossip|ctrl|other"; "version=*" takes any one value
  std::string_view buckets;  // histograms: upper bounds without +Inf, separated by spaces
  std::string_view help;
};

std::span<const MetricRow> metrics();
const MetricRow& row_of(Metric metric);

/// Counts by bucket, not cumulated; `counts` has one entry more than the inventory has bounds.
struct HistogramValue {
  std::vector<std::uint64_t> counts;
  double sum = 0;
};

class MetricsPage {
 public:
  MetricsPage();

  /// Sets one series. `values` are the label values in the inventory's order; each must be listed
  /// there (broken invariant otherwise), except for labels declared with `*`.
  void set(Metric metric, std::initializer_list<std::string_view> values, double value);
  void set(Metric metric, double value) { set(metric, {}, value); }
  void add(Metric metric, std::initializer_list<std::string_view> values, double value);
  void set(Metric metric, std::initializer_list<std::string_view> values, HistogramValue value);

  std::string text() const;

 private:
  struct Series {
    std::vector<std::string> values;
    double value = 0;
    HistogramValue histogram;
  };
  Series& series(Metric metric, std::initializer_list<std::string_view> values);
  void append(std::string& out, const MetricRow& row, const Series& series) const;

  std::vector<std::vector<Series>> families_;  // by Metric
};

/// Upper bounds of a histogram of the inventory.
std::vector<double> bucket_bounds(Metric metric);

}  // namespace ron::ops
