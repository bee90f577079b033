#include <map>
#include <set>
#include <tuple>

#include "sim/checkers/checkers.hpp"

namespace ron::sim {

Verdict check_order(const History& history) {
  std::map<std::tuple<std::uint32_t, std::uint32_t, TenantId, std::string>, std::uint32_t> last;
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const Arrival& arrival : history.arrivals) {
    if (arrival.lagged > 0) continue;
    const auto number = std::to_string(arrival.publication);
    const auto session = std::to_string(arrival.session);
    if (!seen.emplace(arrival.session, arrival.publication).second) {
      return "session " + session + " got publication " + number + " twice";
    }
    const Publication& publication = history.publications[arrival.publication];
    const auto key =
        std::tuple(arrival.session, publication.publisher, publication.tenant, publication.topic);
    const auto [at, first] = last.try_emplace(key, arrival.publication);
    if (!first && at->second > arrival.publication) {
      return "session " + session + " got publication " + number + " after " +
             std::to_string(at->second);
    }
    at->second = arrival.publication;
  }
  return std::nullopt;
}

}  // namespace ron::sim
