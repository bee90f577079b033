#include <vector>

#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

struct Count {
  std::uint64_t delivered = 0;
  std::uint64_t lagged = 0;
};

std::vector<Count> count_arrivals(const History& history) {
  std::vector<Count> counts(history.sessions.size());
  for (const Arrival& arrival : history.arrivals) {
    Count& count = counts[arrival.session];
    count.lagged += arrival.lagged;
    if (arrival.lagged == 0) ++count.delivered;
  }
  return counts;
}

}  // namespace

Verdict check_exact(const History& history) {
  const Coverage coverage(history);
  const std::vector<Count> counts = count_arrivals(history);
  for (std::uint32_t s = 0; s < history.sessions.size(); ++s) {
    if (!history.sessions[s].complete) continue;
    std::uint64_t must = 0;
    std::uint64_t may = 0;
    for (const Publication& publication : history.publications) {
      if (publication.fate == Fate::kRefused || publication.fate == Fate::kUnsent) continue;
      const Cover plain = coverage.plain(s, publication);
      const Cover grouped = coverage.any_group(s, publication);
      if (plain.must && publication.fate == Fate::kAccepted) ++must;
      if (plain.may || grouped.may) ++may;
    }
    const std::uint64_t total = counts[s].delivered + counts[s].lagged;
    const std::string head = "session " + std::to_string(s) + ": delivered " +
                             std::to_string(counts[s].delivered) + " + lagged " +
                             std::to_string(counts[s].lagged);
    if (total < must) return head + " but had to get " + std::to_string(must);
    if (total > may) return head + " but could only get " + std::to_string(may);
  }
  return std::nullopt;
}

}  // namespace ron::sim
