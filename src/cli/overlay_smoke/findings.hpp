// What a run found, as plain numbers: the input of verdicts and report.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/common/histogram.hpp"
#include "plan.hpp"
#include "trend.hpp"

namespace ron::smoke {

using cli::Histogram;

/// Publications that one reader should have got.
struct Account {
  std::string reader;
  std::uint64_t expected = 0;
  std::uint64_t received = 0;
  std::uint64_t lagged = 0;    // told lost
  std::uint64_t disorder = 0;  // twice, or out of order
  bool slow = false;           // on purpose
  bool right() const { return received + lagged == expected && disorder == 0; }
};

/// Messages of one class, at the readers that are not slow on purpose.
struct ClassFindings {
  std::uint64_t sent = 0;       // messages
  std::uint64_t delivered = 0;  // whole messages, at all readers
  Histogram latency;            // from when it was due until its last byte is there
};

/// Publications; a message of class L is 16.
struct Flow {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;  // of data
};

struct Flip {
  double at = 0;  // seconds
  bool ready = false;
  std::string cause;   // the missing gates, or why there is no answer
  bool alarm = false;  // red although every reader that wants to keep up got everything until now
};

/// From the node's /readyz and /metrics.
struct Observed {
  std::uint64_t polls = 0;
  double seconds = 0, red_seconds = 0;  // not ready, or no answer
  std::vector<Flip> flips;
  Histogram answer;                       // time of /readyz
  std::vector<Point> memory, files, cpu;  // bytes, descriptors, seconds used; after `from`
  double memory_most = 0, files_most = 0, files_limit = 0;
  double shards = 1;
};

/// A node the tool has started itself.
struct OwnNode {
  std::chrono::milliseconds start{0};        // from fork to its ready event
  double files_before = 0, files_after = 0;  // open files without any session
  std::uint64_t reloads_asked = 0, reloads_done = 0, reloads_failed = 0;
  int end_code = 0;
};

/// Sessions that come and go.
struct Churn {
  std::uint64_t sessions = 0, subscriptions = 0, received = 0;
  std::uint64_t told = 0;    // lost and told
  std::uint64_t untold = 0;  // missing between two messages, and not told
  std::uint64_t failed = 0;  // connections or subscriptions that did not come about
};

/// One line of the table over time.
struct Interval {
  double at = 0;                   // its end, seconds
  double sent = 0, delivered = 0;  // whole messages a second
  std::chrono::nanoseconds p50{0}, p95{0}, p99{0};
  std::uint64_t lost = 0;  // at readers that are not slow on purpose
  double cpu = 0;          // cores
  double memory = 0, files = 0;
  bool observed = false, ready = false;
};

struct Findings {
  Plan plan;
  std::string node;  // where, and how the channel is protected
  bool hybrid = false, tls = false;
  double seconds = 0;  // of sending
  bool interrupted = false;
  std::uint64_t scheduled = 0;  // messages
  Flow flow;
  std::array<ClassFindings, kClasses> classes;
  std::array<Histogram, kPhases> phases;  // latency of all classes
  std::vector<Account> accounts;
  std::vector<Interval> intervals;
  std::vector<std::string> problems;  // what went wrong in words; any fails the run
  std::uint64_t connects = 0;
  Histogram connect;  // time of connecting, TLS and hello included
  std::optional<Observed> observed;
  std::optional<OwnNode> own;
  std::optional<Churn> churn;

  std::uint64_t sent() const;       // messages
  std::uint64_t delivered() const;  // whole messages
  double delivered_bytes() const;
  Histogram latency() const;
  /// Publications at all readers (`slow`: at those slow on purpose).
  Account total(bool slow) const;
};

}  // namespace ron::smoke
