#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {

Verdict check_answers(const History& history) {
  for (std::size_t s = 0; s < history.sessions.size(); ++s) {
    const SessionRecord& session = history.sessions[s];
    const std::string head = "session " + std::to_string(s) + " asked " +
                             std::to_string(session.answers_due) + " times and got " +
                             std::to_string(session.answers_got) + " answers";
    if (session.answers_got > session.answers_due) return head;
    if (session.complete && !session.drained && session.answers_got < session.answers_due)
      return head;
  }
  return std::nullopt;
}

Verdict check_acks(const History& history) {
  const Coverage coverage(history);
  std::vector<std::uint64_t> copies(history.publications.size());
  for (const Arrival& arrival : history.arrivals) {
    if (arrival.lagged == 0) ++copies[arrival.publication];
  }
  for (std::size_t i = 0; i < history.publications.size(); ++i) {
    const Publication& publication = history.publications[i];
    if (!publication.to) continue;
    std::uint64_t reachable = 0;
    bool all_complete = history.facts.policy == gossip::DropPolicy::kNewest;
    for (std::uint32_t s = 0; s < history.sessions.size(); ++s) {
      const bool may = coverage.plain(s, publication).may || coverage.any_group(s, publication).may;
      if (!may) continue;
      ++reachable;
      all_complete = all_complete && history.sessions[s].complete;
    }
    const std::string head = "the ack of publication " + std::to_string(i) + " says " +
                             std::to_string(*publication.to) + " sessions, ";
    if (*publication.to > reachable) return head + "only " + std::to_string(reachable) + " match";
    if (*publication.to < copies[i]) return head + std::to_string(copies[i]) + " got it";
    if (all_complete && *publication.to != copies[i]) {
      return head + std::to_string(copies[i]) + " got it";
    }
  }
  return std::nullopt;
}

Verdict check_refused(const History& history) {
  std::uint64_t told = 0;
  for (std::size_t s = 0; s < history.sessions.size(); ++s) {
    const SessionRecord& session = history.sessions[s];
    std::uint64_t to_it = 0;
    for (const auto& [code, count] : session.refused_told) to_it += count;
    told += to_it;
    const bool all_read = session.complete && !session.drained && history.facts.at_rest;
    if (all_read && to_it < session.refusals_due) {
      return "session " + std::to_string(s) + " was told of " + std::to_string(to_it) +
             " refused events, not of " + std::to_string(session.refusals_due);
    }
  }
  const std::string head = "refused told " + std::to_string(told) + " events, the node refused " +
                           std::to_string(history.facts.refused_by_node);
  if (told > history.facts.refused_by_node) return head;
  bool all_complete = history.facts.at_rest;
  for (const SessionRecord& session : history.sessions) {
    all_complete = all_complete && (session.complete || !session.established);
  }
  if (all_complete && told != history.facts.refused_by_node) return head;
  return std::nullopt;
}

Verdict check_credit(const History& history) {
  const std::uint64_t window = history.facts.recv_window;
  if (window == 0 || !history.facts.at_rest) return std::nullopt;
  for (std::size_t s = 0; s < history.sessions.size(); ++s) {
    const SessionRecord& session = history.sessions[s];
    if (!session.complete || session.drained || session.sent_garbage) continue;
    const std::uint64_t out = session.counted_sent - session.credit_back;
    if (out == 0 || out < (window + 1) / 2 || (window == 1 && out == 0)) continue;
    return "session " + std::to_string(s) + " was left with " + std::to_string(out) +
           " bytes of its window of " + std::to_string(window) + " not given back";
  }
  return std::nullopt;
}

}  // namespace ron::sim
