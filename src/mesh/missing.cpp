#include "mesh/missing.hpp"

namespace ron::mesh {

bool MissingTable::add(const MissingId& id, Instant due, LinkSlot by) {
  if (ids_.contains(id)) return true;
  if (!has_room(by)) return false;
  ++taken_[share_of(by)];
  ids_.emplace(id, Missing{.due = due, .expected = due, .by = by});
  order_.emplace(due, id);
  return true;
}

Missing* MissingTable::find(const MissingId& id) {
  const auto found = ids_.find(id);
  return found == ids_.end() ? nullptr : &found->second;
}

void MissingTable::postpone(const MissingId& id, Instant due) {
  const auto found = ids_.find(id);
  if (found == ids_.end()) return;
  order_.erase({found->second.due, id});
  found->second.due = due;
  order_.emplace(due, id);
}

bool MissingTable::remove(const MissingId& id) {
  const auto found = ids_.find(id);
  if (found == ids_.end()) return false;
  order_.erase({found->second.due, id});
  --taken_[share_of(found->second.by)];
  ids_.erase(found);
  return true;
}

const MissingId* MissingTable::due(Instant now) const {
  return order_.empty() || order_.begin()->first > now ? nullptr : &order_.begin()->second;
}

}  // namespace ron::mesh
