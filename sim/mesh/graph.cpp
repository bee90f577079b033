#include "sim/mesh/graph.hpp"

#include <algorithm>
#include <numeric>

namespace ron::meshsim {

unsigned parts(const Graph& graph) {
  std::vector<HostIndex> root(graph.links.size());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](HostIndex host) {
    while (root[host] != host) host = root[host] = root[root[host]];
    return host;
  };
  auto count = static_cast<unsigned>(std::count(graph.up.begin(), graph.up.end(), true));
  for (HostIndex host = 0; host < graph.links.size(); ++host) {
    for (const HostIndex peer : graph.links[host]) {
      const HostIndex a = find(host), b = find(peer);
      if (a == b) continue;
      root[a] = b;
      --count;
    }
  }
  return count;
}

std::set<std::pair<HostIndex, HostIndex>> one_sided(const Graph& graph) {
  std::set<std::pair<HostIndex, HostIndex>> found;
  for (HostIndex host = 0; host < graph.links.size(); ++host) {
    for (const HostIndex peer : graph.links[host]) {
      const auto& back = graph.links[peer];
      if (std::find(back.begin(), back.end(), host) == back.end()) found.emplace(host, peer);
    }
  }
  return found;
}

}  // namespace ron::meshsim
