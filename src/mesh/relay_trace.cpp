// Probes: who has them says so to whoever brought them (docs/OAP-1.md section 9).
#include <algorithm>
#include <chrono>

#include "mesh/relay_inside.hpp"

namespace ron::mesh {

// OAP-9.86: in the lane that may shed, so that answers cost nobody a message.
void RelayMachine::tell_traced(const Neighbour& from, const OriginEpoch& key, std::uint64_t seq) {
  if (!traces_.pass(key, seq, from.link.session, now_)) {
    ++stats_.shed_traces;
    return;
  }
  const oap::Traced traced{.origin = key.origin,
                           .epoch = key.epoch,
                           .seq = seq,
                           .node = config_.self,
                           .from = from.link.node,
                           .back = 0};
  send(from.link.session, Lane::kLazy, event(oap::write_traced(traced)));
}

std::optional<oap::Fault> RelayMachine::on_traced(const Neighbour& from,
                                                  const oap::Message& message) {
  auto traced = oap::read_traced(message);
  if (!traced) return traced.error();
  // What a neighbour says of itself can be judged. // OAP-9.87
  if (traced->node == from.link.node && traced->from != config_.self) {
    return "traced names another neighbour than the one it was sent to";
  }
  const Duration way = ways_->round_trip(from.link.session).srtt() / 2;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(way).count();
  traced->back = std::min(traced->back + static_cast<std::uint64_t>(took), oap::kTracedBackMost);
  if (OriginEpoch{traced->origin, traced->epoch} == self_) {
    if (!traces_.note(*traced, now_)) ++stats_.shed_traces;
    return std::nullopt;
  }
  const auto on = traces_.way_back(*traced);
  if (on && find(*on) != nullptr) {
    send(*on, Lane::kLazy, event(oap::write_traced(*traced)));
  } else {
    ++stats_.shed_traces;
  }
  return std::nullopt;
}

}  // namespace ron::mesh
