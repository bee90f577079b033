// Probes on their way: whom an answer goes back to, and what became of this node's own.
//
// A probe is a publication whose nodes tell that they have it (docs/OAP-1.md section 9, `traced`).
// The answer goes back along the way the probe came, so that nobody needs a clock in common with
// anybody, and only the node that published it learns of the others. A pure value; all is bounded:
// OAP-9.88.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

/// A node that had a probe.
struct TraceHop {
  NodeId node{};
  NodeId from{};      // the neighbour that brought it
  Duration after{0};  // it was published: until the answer came here, less the answer's own way
};

/// A probe of this node.
struct Trace {
  CorrId corr = 0;  // its name for the operator
  std::uint64_t seq = 0;
  Instant at;
  unsigned links = 0;          // it went to first
  std::vector<TraceHop> hops;  // in the order of their answers, each node once
  std::uint64_t left_out = 0;  // answers beyond kHops
};

class Traces {
 public:
  static constexpr std::size_t kOwn = 4;       // probes of this node that are kept
  static constexpr std::size_t kHops = 2048;   // nodes of each
  static constexpr std::size_t kPassing = 16;  // probes of others whose way back is known
  static constexpr Duration kLeast = 1s;       // for which each is known at least
  static constexpr unsigned kAnswers = 4096;   // to each of them that are passed on

  void begin(Trace trace);
  /// An answer to a probe of this node. False: there is no room for it, or no such probe.
  bool note(const oap::Traced& answer, Instant now);
  const std::deque<Trace>& own() const { return own_; }

  /// A probe came over `parent`. False when there have been too many lately.
  bool pass(const OriginEpoch& origin, std::uint64_t seq, SessionId parent, Instant now);
  /// The session that an answer goes on to, and is counted for; nothing when that is not known, or
  /// when there have been too many.
  std::optional<SessionId> way_back(const oap::Traced& answer);

 private:
  struct Passing {
    OriginEpoch origin;
    std::uint64_t seq = 0;
    SessionId parent;
    Instant at;
    unsigned answers = 0;
  };
  std::deque<Trace> own_;
  std::deque<Passing> passing_;  // the oldest first
};

}  // namespace ron::mesh
