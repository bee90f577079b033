#include "sim/checkers/checkers.hpp"

namespace ron::sim {
namespace {

struct Seen {
  bool ready = false;
  bool unready = false;
};

// What the node was at some time between two stamps.
Seen seen_between(const History& history, Stamp from, Stamp upto) {
  Seen seen;
  bool ready = true;
  for (const ReadinessChange& change : history.readiness) {
    if (change.at > upto) break;
    if (change.at >= from) (ready ? seen.ready : seen.unready) = true;
    ready = change.ready;
  }
  (ready ? seen.ready : seen.unready) = true;
  return seen;
}

const char* fault_of(const History& history, const SessionRecord& session) {
  const Stamp drain = history.facts.drain_began;
  if (session.not_ready < drain) return "lost its readiness though it stood before";
  if (session.hello_sent == kNever || session.hello_answered == kNever) return nullptr;
  const Seen seen = seen_between(history, session.hello_sent, session.hello_answered);
  if (!session.hello_refused.empty()) {
    if (session.hello_refused != "NotReady")
      return "was refused a hello that nothing is wrong with";
    if (session.local) return "was locked out of its Unix socket";
    if (!seen.unready && session.hello_answered < drain)
      return "was refused by a node that is ready";
  } else if (!session.local && (!seen.ready || session.hello_sent > drain)) {
    return "was taken in by a node that is not ready";
  }
  return nullptr;
}

}  // namespace

Verdict check_readiness(const History& history) {
  for (std::size_t s = 0; s < history.sessions.size(); ++s) {
    if (const char* fault = fault_of(history, history.sessions[s])) {
      return "session " + std::to_string(s) + " " + fault;
    }
  }
  return std::nullopt;
}

}  // namespace ron::sim
