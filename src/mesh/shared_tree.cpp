#include "mesh/shared_tree.hpp"

#include <algorithm>
#include <bit>

namespace ron::mesh {
namespace {

// Until signs say otherwise, a link is as late as its way is long; this many messages weigh as
// much.
constexpr double kPrior = 4;
constexpr double kLateMost = 200;  // ms

double ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

bool SharedTree::link_up(LinkSlot slot) {
  out |= bit(slot);
  signs_[slot] = {.late = 0, .count = 0, .since = static_cast<double>(messages_)};
  if (static_cast<unsigned>(std::popcount(in_)) >= parents_) return true;
  in_ |= bit(slot);
  return false;
}

void SharedTree::link_down(LinkSlot slot) {
  out &= ~bit(slot);
  in_ &= ~bit(slot);
}

void SharedTree::sign(LinkSlot slot, Duration late) {
  Signs& signs = signs_[slot];
  signs.late += std::min(ms(late), kLateMost);
  signs.count += 1;
}

double SharedTree::lateness(LinkSlot slot, Duration rtt) const {
  const Signs& signs = signs_[slot];
  const double messages = std::max(signs.count, messages_ - signs.since);
  // A neighbour that gives no sign of a message got it from us: there and back is what it is late.
  const double sum = signs.late + (messages - signs.count) * ms(rtt) + kPrior * ms(rtt) / 2;
  return sum / (messages + kPrior);
}

std::optional<SharedTree::Change> SharedTree::step(LinkMask links,
                                                   const std::array<double, kMaxLinks>& late) {
  checked_ = messages_;
  if (messages_ > kHalve) {  // old signs fade
    for (Signs& signs : signs_) signs = {signs.late / 2, signs.count / 2, signs.since / 2};
    messages_ /= 2;
    checked_ = messages_;
  }
  in_ &= links;
  LinkSlot best = kNoSlot, worst = kNoSlot;
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((links & bit(slot)) == 0) continue;
    if ((in_ & bit(slot)) == 0) {
      if (best == kNoSlot || late[slot] < late[best]) best = slot;
    } else if (worst == kNoSlot || late[slot] > late[worst]) {
      worst = slot;
    }
  }
  if (best == kNoSlot) return std::nullopt;
  Change change;
  if (static_cast<unsigned>(std::popcount(in_)) < parents_) {
    change.graft = best;
  } else if (worst != kNoSlot && late[best] + kBetter < late[worst]) {
    change = {.graft = best, .prune = worst};
    in_ &= ~bit(worst);
  } else {
    return std::nullopt;
  }
  in_ |= bit(best);
  return change;
}

}  // namespace ron::mesh
