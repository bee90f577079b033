// Counters of two moments to rates: what `ronctl top` shows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "node_answer.hpp"

namespace ron::cli {

/// What passes, a second.
struct Flow {
  double published = 0, delivered = 0, dropped = 0;  // messages
  double bytes_in = 0, bytes_out = 0;
};

struct SessionFlow {
  std::uint64_t id = 0;
  std::string who, channel, state;
  double age = 0;  // seconds
  std::uint64_t queued = 0, queued_bytes = 0;
  Flow flow;
};

/// One interval of a node.
struct Interval {
  double seconds = 0;
  bool ready = false, draining = false;
  std::uint64_t sessions = 0, subscriptions = 0;
  std::uint64_t queued = 0, queue_bytes = 0, queue_capacity = 0;
  std::uint64_t memory = 0, open_fds = 0, max_fds = 0;
  double cpu = 0;  // CPUs in use: 1.5 = one and a half
  Flow flow;
  std::vector<SessionFlow> busiest;
};

/// The difference a second of two readings of a counter; 0 when it began anew in between.
double rate(double before, double now, double seconds);

/// Orders of `busiest`; the node knows all but "traffic".
enum class TopOrder : std::uint8_t {
  kTraffic,
  kQueued,
  kDropped,
  kPublished,
  kDelivered,
  kAge,
  kId,
};

/// Remembers the reading before.
class RateMeter {
 public:
  /// `status` and `sessions` as the node answered them, `seconds` on a steady clock. The first call
  /// gives totals with rates of 0; a session seen for the first time counts from its beginning.
  Interval read(const Json& status, const Json& sessions, double seconds, TopOrder order);

 private:
  struct Counters {
    double published = 0, delivered = 0, dropped = 0, bytes_in = 0, bytes_out = 0;
  };
  static Counters of_node(const Json& status);
  static Counters of_session(const Json& session);
  static Flow flow(const Counters& before, const Counters& now, double seconds);
  SessionFlow read_session(const Json& session, double elapsed) const;

  bool first_ = true;
  double at_ = 0;
  double cpu_ = 0;
  Counters node_;
  std::map<std::uint64_t, Counters> sessions_;
};

}  // namespace ron::cli
