#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

using Flow = std::tuple<std::uint32_t, TenantId, std::string>;  // publisher, tenant, topic

// Follows one session's arrivals: what it was told to have lost covers what it is seen to have
// lost.
class GapWatch {
 public:
  GapWatch(const History& history, const Coverage& coverage, std::uint32_t session)
      : history_(history) {
    for (std::uint32_t i = 0; i < history.publications.size(); ++i) {
      const Publication& p = history.publications[i];
      if (p.fate != Fate::kAccepted || !coverage.plain(session, p).must) continue;
      expected_[{p.publisher, p.tenant, p.topic}].push_back(i);
    }
  }

  bool arrived(const Arrival& arrival) {
    if (arrival.lagged > 0) {
      told_ += arrival.lagged;
      return true;
    }
    const Publication& p = history_.publications[arrival.publication];
    const auto flow = expected_.find({p.publisher, p.tenant, p.topic});
    if (flow == expected_.end()) return true;
    std::size_t& at = next_[flow->first];
    while (at < flow->second.size() && flow->second[at] < arrival.publication) {
      ++at;
      ++missing_;
    }
    if (at < flow->second.size() && flow->second[at] == arrival.publication) ++at;
    return missing_ <= told_;
  }

 private:
  const History& history_;
  std::map<Flow, std::vector<std::uint32_t>> expected_;
  std::map<Flow, std::size_t> next_;
  std::uint64_t missing_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace

Verdict check_gaps(const History& history) {
  const Coverage coverage(history);
  for (std::uint32_t s = 0; s < history.sessions.size(); ++s) {
    if (history.sessions[s].ended < kNever && !history.sessions[s].complete) continue;
    GapWatch watch(history, coverage, s);
    for (const Arrival& arrival : history.arrivals) {
      if (arrival.session != s || watch.arrived(arrival)) continue;
      return "session " + std::to_string(s) + " got publication " +
             std::to_string(arrival.publication) + " behind a gap that no lagged told";
    }
  }
  return std::nullopt;
}

}  // namespace ron::sim
