#include "gossip/groups.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace ron::gossip {

Groups::Member* Groups::member_of(Group& group, SessionId session) {
  const auto at = std::ranges::lower_bound(group.members, session, {}, &Member::session);
  return at != group.members.end() && at->session == session ? &*at : nullptr;
}

GroupIndex Groups::join(TenantId tenant, std::string_view name, SessionId member,
                        std::uint32_t max_frame) {
  const auto [entry, fresh] = by_name_.try_emplace(Name{tenant, std::string(name)}, 0U);
  if (fresh) {
    if (free_.empty()) {
      entry->second = static_cast<GroupIndex>(groups_.size());
      groups_.emplace_back();
    } else {
      entry->second = free_.back();
      free_.pop_back();
    }
    groups_[entry->second].name = entry->first;
  }
  Group& group = groups_[entry->second];
  if (Member* known = member_of(group, member)) {
    ++known->patterns;
    return entry->second;
  }
  // A newcomer starts level with the least served, or it would be given everything at first.
  const auto least = std::ranges::min_element(group.members, {}, &Member::served);
  const std::uint64_t served = least == group.members.end() ? 0 : least->served;
  const auto place = std::ranges::lower_bound(group.members, member, {}, &Member::session);
  group.members.insert(place, {member, 1, max_frame, 0, served});
  by_member_[member].push_back(entry->second);
  return entry->second;
}

void Groups::leave(GroupIndex index, SessionId session) {
  Group& group = groups_[index];
  Member* member = member_of(group, session);
  if (member == nullptr || --member->patterns > 0) return;
  group.members.erase(group.members.begin() + (member - group.members.data()));
  const auto of_member = by_member_.find(session);
  RON_CHECK(of_member != by_member_.end());
  std::erase(of_member->second, index);
  if (of_member->second.empty()) by_member_.erase(of_member);
  if (!group.members.empty()) return;
  by_name_.erase(group.name);
  group = {};
  free_.push_back(index);
}

const GroupIndex* Groups::find(TenantId tenant, std::string_view name) const {
  const auto at = by_name_.find(Name{tenant, std::string(name)});
  return at == by_name_.end() ? nullptr : &at->second;
}

void Groups::set_full_lanes(SessionId session, std::uint8_t lanes) {
  const auto at = by_member_.find(session);
  if (at == by_member_.end()) return;
  for (const GroupIndex index : at->second) {
    if (Member* member = member_of(groups_[index], session)) member->full_lanes = lanes;
  }
}

const Groups::Member* Groups::choose(GroupIndex index, std::span<const SessionId> candidates,
                                     std::uint32_t frames, bool forced,
                                     const std::function<bool(const Member&)>& has_room) {
  Group& group = groups_[index];
  Member* best = nullptr;
  Member* fallback = nullptr;
  for (const SessionId session : candidates) {
    Member* member = member_of(group, session);
    if (member == nullptr) continue;
    if (fallback == nullptr || member->served < fallback->served) fallback = member;
    if (best != nullptr && member->served >= best->served) continue;
    if (has_room(*member)) best = member;
  }
  if (best == nullptr && forced) best = fallback;  // who will count the loss // OAP-4.40
  if (best == nullptr) return nullptr;
  // Who was passed over, for want of room or interest, does not keep the turn it missed.
  const std::uint64_t level = best->served;
  for (Member& member : group.members) member.served = std::max(member.served, level);
  best->served += frames;
  return best;
}

}  // namespace ron::gossip
