// What ronctl trace found, for people and for programs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "node_answer.hpp"

namespace ron::cli {

struct TracedNode {
  std::string url;
  std::string node;  // its id
  Json mesh;         // its answer to `mesh`; nothing where it is no operator's connection
  std::chrono::nanoseconds way{0};                // from ronctl to the node: half a round trip
  std::optional<std::chrono::nanoseconds> after;  // from the probe at the first node to here
};

/// Orders nodes by when they had the probe; those that never had it come last. The first of `nodes`
/// published it and stays first.
void order_by_arrival(std::vector<TracedNode>& nodes);

/// Places in `nodes` (ordered) of the neighbours of nodes[at] that had the probe before it: one of
/// them passed it on. None: a node that was not asked did, or times are not fine enough to tell.
/// Links are symmetric, so either end may tell.
std::vector<std::size_t> earlier_neighbours(const std::vector<TracedNode>& nodes, std::size_t at);

std::string trace_table(const std::vector<TracedNode>& nodes);
Json trace_json(const std::vector<TracedNode>& nodes);

}  // namespace ron::cli
