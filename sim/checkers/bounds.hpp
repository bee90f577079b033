// The bounds of one shard, judged after every turn of it (docs/architecture.md, "Bounded by
// construction").
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "node/stats.hpp"
#include "sim/history.hpp"
#include "sim/profile.hpp"

namespace ron::sim {

/// How full everything is that must not grow.
struct Gauges {
  node::ShardStats stats;
  std::vector<std::size_t> answers;  // frames in the answers lane of each session
  struct Mail {
    std::size_t messages = 0;      // of every kind, waiting in the outbox
    std::size_t publications = 0;  // from there on until the other shard reports them as consumed
    std::size_t bytes = 0;         // of those
  };
  std::vector<Mail> mail;  // to each other shard
};

/// The first bound that is broken.
Verdict check_bounds(const Gauges& gauges, const Profile& profile);

}  // namespace ron::sim
