// Counters of the host to the metrics of the inventory. The one place where both vocabularies meet.
#pragma once

#include "config/settings.hpp"
#include "host/snapshot.hpp"
#include "ops/metrics.hpp"

namespace ron::svc {

/// Puts everything a host counts on the page, summed over its shards.
void fill_metrics(const host::Snapshot& snapshot, const config::Settings& settings,
                  ops::MetricsPage& page);

/// Sums of all shards; gauges add up, maxima stay maxima.
struct NodeTotals {
  std::uint64_t published = 0;
  std::uint64_t shed_by_node = 0;   // for the shed gate
  std::uint32_t queue_percent = 0;  // the fullest shard's queue budget
  std::uint32_t sessions = 0;
  std::uint32_t deaf_listeners = 0;
  std::size_t held_bytes = 0;  // memory the node accounts for, roughly
};
NodeTotals totals_of(const host::Snapshot& snapshot, std::uint64_t queue_bytes);

}  // namespace ron::svc
