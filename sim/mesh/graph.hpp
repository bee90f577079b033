// Who holds a link to whom, as the hosts say themselves.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim {

struct Graph {
  std::vector<std::vector<HostIndex>> links;  // by host
  std::vector<bool> up;
};

/// In how many parts the hosts that are up are.
unsigned parts(const Graph& graph);

/// Links that only their first host holds.
std::set<std::pair<HostIndex, HostIndex>> one_sided(const Graph& graph);

}  // namespace ron::meshsim
