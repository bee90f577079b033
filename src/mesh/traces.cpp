#include "mesh/traces.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ron::mesh {

void Traces::begin(Trace trace) {
  if (own_.size() >= kOwn) own_.pop_front();
  own_.push_back(std::move(trace));
}

bool Traces::note(const oap::Traced& answer, Instant now) {
  const auto mine = std::ranges::find(own_, answer.seq, &Trace::seq);
  if (mine == own_.end()) return false;
  const bool known =
      std::ranges::find(mine->hops, answer.node, &TraceHop::node) != mine->hops.end();
  if (known || mine->hops.size() >= kHops) {
    if (!known) ++mine->left_out;
    return false;
  }
  const Duration passed = (now - mine->at) - std::chrono::microseconds(answer.back);
  mine->hops.push_back({answer.node, answer.from, std::max(passed, Duration{0})});
  return true;
}

bool Traces::pass(const OriginEpoch& origin, std::uint64_t seq, SessionId parent, Instant now) {
  if (passing_.size() >= kPassing) {
    if (now < passing_.front().at + kLeast) return false;
    passing_.pop_front();
  }
  passing_.push_back({origin, seq, parent, now, 0});
  return true;
}

std::optional<SessionId> Traces::way_back(const oap::Traced& answer) {
  const OriginEpoch origin{answer.origin, answer.epoch};
  const auto found = std::ranges::find_if(passing_, [&](const Passing& each) {
    return each.origin == origin && each.seq == answer.seq;
  });
  if (found == passing_.end() || found->answers >= kAnswers) return std::nullopt;
  ++found->answers;
  return found->parent;
}

}  // namespace ron::mesh
