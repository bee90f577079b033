#include <algorithm>
#include <map>
#include <set>

#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

struct Sums {
  std::uint64_t must = 0;  // publications one member had to be chosen for
  std::uint64_t may = 0;
  std::uint64_t got = 0;  // copies and losses of its members
};

std::vector<std::set<std::uint32_t>> receivers_of(const History& history) {
  std::vector<std::set<std::uint32_t>> receivers(history.publications.size());
  for (const Arrival& arrival : history.arrivals) {
    if (arrival.lagged == 0) receivers[arrival.publication].insert(arrival.session);
  }
  return receivers;
}

}  // namespace

// Two statements: no publication reaches two members by the group; and where all members are known
// to the end and have no other subscriptions, copies and losses add up.
Verdict check_groups(const History& history) {
  const Coverage coverage(history);
  const auto receivers = receivers_of(history);
  std::map<std::string, std::vector<std::uint32_t>> members;
  for (std::uint32_t s = 0; s < history.sessions.size(); ++s) {
    if (!history.sessions[s].group.empty()) members[history.sessions[s].group].push_back(s);
  }
  for (const auto& [group, sessions] : members) {
    Sums sums;
    const bool summable = std::ranges::all_of(sessions, [&](std::uint32_t s) {
      const SessionRecord& record = history.sessions[s];
      return (record.complete || !record.established) && !coverage.has_plain(s);
    });
    for (std::size_t i = 0; i < history.publications.size(); ++i) {
      const Publication& publication = history.publications[i];
      if (publication.fate == Fate::kRefused || publication.fate == Fate::kUnsent) continue;
      bool must = false;
      bool may = false;
      std::uint64_t by_group = 0;
      for (const std::uint32_t s : sessions) {
        const Cover cover = coverage.grouped(s, group, publication);
        must = must || cover.must;
        may = may || cover.may;
        const bool got = receivers[i].contains(s);
        if (got && !coverage.plain(s, publication).may) ++by_group;
      }
      if (by_group > 1) {
        return "publication " + std::to_string(i) + " reached " + std::to_string(by_group) +
               " members of group " + group;
      }
      if (may) ++sums.may;
      if (must && publication.fate == Fate::kAccepted) ++sums.must;
    }
    if (!summable) continue;
    for (const Arrival& arrival : history.arrivals) {
      if (std::ranges::find(sessions, arrival.session) == sessions.end()) continue;
      sums.got += arrival.lagged > 0 ? arrival.lagged : 1;
    }
    const std::string head = "group " + group + " got or lost " + std::to_string(sums.got) + ", ";
    if (sums.got < sums.must) return head + "had to get " + std::to_string(sums.must);
    if (sums.got > sums.may) return head + "could only get " + std::to_string(sums.may);
  }
  return std::nullopt;
}

Verdict check_all(const History& history) {
  for (const auto check :
       {check_rightful, check_order, check_exact, check_gaps, check_groups, check_fairness,
        check_answers, check_acks, check_refused, check_credit, check_readiness}) {
    if (auto verdict = check(history)) return verdict;
  }
  return std::nullopt;
}

}  // namespace ron::sim
