// Group subscriptions: one member gets each message (docs/OAP-1.md section 4.4).
//
// Every shard knows the members of every group of the node, so the shard of the publisher chooses:
// one decision, one hop, and a session that also has a plain subscription still gets one copy. The
// choice goes to the eligible member that was served least; a member that could not take its turn
// does not catch up, so that over a second none gets more than twice its share: `served` is what a
// member got, raised to where the round stands. // OAP-4.36 OAP-4.39
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace ron::gossip {

using GroupIndex = std::uint32_t;

class Groups {
 public:
  /// One more pattern of `member` in (tenant, name); the group begins with its first. Patterns of a
  /// member are counted, so that it stays until the last is gone.
  GroupIndex join(TenantId tenant, std::string_view name, SessionId member,
                  std::uint32_t max_frame);

  /// One pattern less. The group ends with its last member.
  void leave(GroupIndex group, SessionId member);

  /// The group's index, if it has members.
  const GroupIndex* find(TenantId tenant, std::string_view name) const;

  /// Which of a member's gossip lanes are full, as its shard says (for members elsewhere).
  void set_full_lanes(SessionId member, std::uint8_t lanes);

  struct Member {
    SessionId session;
    std::uint32_t patterns = 0;
    std::uint32_t max_frame = 0;
    std::uint8_t full_lanes = 0;
    std::uint64_t served = 0;  // frames
  };

  /// Chooses who gets the next `frames` frames among `candidates` (sorted by session): the least
  /// served that `has_room`; if none has, nothing when `forced` is false, else the least served of
  /// all. The chosen one is charged.
  const Member* choose(GroupIndex group, std::span<const SessionId> candidates,
                       std::uint32_t frames, bool forced,
                       const std::function<bool(const Member&)>& has_room);

  std::size_t size() const { return by_name_.size(); }

 private:
  struct Name {
    TenantId tenant;
    std::string name;
    friend auto operator<=>(const Name&, const Name&) = default;
  };
  struct Group {
    Name name;
    std::vector<Member> members;  // by session
  };
  Member* member_of(Group& group, SessionId session);

  std::map<Name, GroupIndex, std::less<>> by_name_;
  std::map<SessionId, std::vector<GroupIndex>> by_member_;
  std::vector<Group> groups_;
  std::vector<GroupIndex> free_;
};

}  // namespace ron::gossip
