#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

const char* fault_of(const Arrival& arrival, const Publication& publication, Cover cover) {
  if (arrival.tenant != publication.tenant) return "under another tenant";
  if (arrival.digest != publication.digest) return "with other bytes";
  if (publication.corr != kAnyCorr && arrival.corr != publication.corr)
    return "with another corr_id";
  if (!arrival.flags_ok) return "with the wrong flags";
  if (publication.fate == Fate::kUnsent) return "though it was never sent";
  if (publication.fate == Fate::kRefused) return "though it was refused";
  if (arrival.at < publication.sent) return "before it was sent";
  if (!cover.may) return "though it was not subscribed to it";
  return nullptr;
}

}  // namespace

Verdict check_rightful(const History& history) {
  const Coverage coverage(history);
  for (const Arrival& arrival : history.arrivals) {
    if (arrival.lagged > 0) continue;
    const std::string number = std::to_string(arrival.publication);
    const std::string head = "session " + std::to_string(arrival.session) + " got publication ";
    if (arrival.publication >= history.publications.size()) return head + number + ": unknown";
    const Publication& publication = history.publications[arrival.publication];
    const Cover plain = coverage.plain(arrival.session, publication);
    const Cover grouped = coverage.any_group(arrival.session, publication);
    const Cover cover{plain.must || grouped.must, plain.may || grouped.may};
    if (const char* fault = fault_of(arrival, publication, cover))
      return head + number + " " + fault;
  }
  return std::nullopt;
}

}  // namespace ron::sim
