// One publication on its way to lanes (docs/OAP-1.md sections 4.4 and 5.2). Private to node/.
//
// Plain subscribers first, each session once; then each group's choice; then one message for each
// other shard that has either. Nothing of it outlives the call.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "node/core.hpp"

namespace ron::node {

class Delivery {
 public:
  Delivery(ShardCore& core, const Publication& publication);
  ~Delivery() { plain_.clear(); }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// To everybody: this shard's subscribers, groups, other shards. `ticket` as in PublishMail.
  ShardCore::Delivered to_all(std::uint64_t ticket);

  /// What another shard sent here: `plain` subscribers and chosen members; returns how many
  /// sessions it was queued to.
  std::uint32_t to_local(bool plain, std::span<const MemberPiece> pieces);

 private:
  struct Part {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t frames = 0;
  };
  struct Candidate {
    gossip::GroupIndex group;
    SessionId session;
    bool echo;
  };

  void find_subscribers();
  void to_plain();
  void to_groups();
  void to_group(gossip::GroupIndex group, std::span<const SessionId> members);
  Part next_part(std::uint32_t offset, std::uint32_t frames) const;
  gossip::RunRef run_of(const Part& part) const;
  bool has_room(const gossip::Groups::Member& member, const Part& part) const;
  void to_member(SessionId member, const Part& part);
  void push(Session& session, const gossip::RunRef& run);
  const gossip::RunRef& variant_for(const Session& session);
  const gossip::RunRef& plain_run();
  void to_shards(std::uint64_t ticket);

  ShardCore& core_;
  const Publication& publication_;
  unsigned lane_;
  std::uint64_t stamp_;
  gossip::RunRef inflated_;       // the uncompressed variant, made once if anybody needs it
  std::vector<Session*>& plain_;  // the core's, empty between calls
  std::vector<Candidate> candidates_;
  std::uint64_t plain_shards_ = 0;                // bit = shard with plain subscribers
  std::vector<std::vector<MemberPiece>> pieces_;  // by shard, for members elsewhere
  ShardCore::Delivered delivered_;
};

}  // namespace ron::node
