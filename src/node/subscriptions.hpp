// Who on this shard, and which other shards, want what.
//
// One index answers for plain subscribers of this shard, for the interest of other shards, and for
// the group members of the whole node. See docs/OAP-1.md section 4 for the rules.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "gossip/groups.hpp"
#include "gossip/match_cache.hpp"
#include "gossip/topic_index.hpp"
#include "node/control.hpp"

namespace ron::node {

/// What an index entry stands for, read out of its target.
struct Interest {
  enum class Kind : std::uint8_t { kSession, kShard, kMember };
  Kind kind;
  bool echo;
  gossip::GroupIndex group;  // kMember
  SessionId session;         // kSession, kMember
  ShardIndex shard;          // kShard

  static gossip::Target plain(SessionId session, bool echo);
  static gossip::Target of_shard(ShardIndex shard);
  static gossip::Target member(SessionId session, gossip::GroupIndex group, bool echo);
  static Interest of(const gossip::Target& target);
};

class Subscriptions {
 public:
  /// `alone`: nobody is to be told of a shard's first and last subscription, so they are not
  /// counted.
  explicit Subscriptions(std::uint64_t hash_key, bool alone = false);

  /// A plain subscription of a session of this shard. True when it is the shard's first of the
  /// pattern and other shards must be told. A changed echo replaces the old.
  bool add_plain(TenantId tenant, std::string_view pattern, SessionId session, bool echo);
  /// True when it was the shard's last of the pattern.
  bool remove_plain(TenantId tenant, std::string_view pattern, SessionId session, bool echo);

  void add_shard(TenantId tenant, std::string_view pattern, ShardIndex shard);
  void remove_shard(TenantId tenant, std::string_view pattern, ShardIndex shard);

  /// A group subscription of any session of the node.
  struct Membership {
    TenantId tenant;
    std::string_view pattern;
    std::string_view group;
    SessionId member;
    std::uint32_t max_frame = 0;
    bool echo = false;
  };
  /// True when the member did not have the pattern yet; and when it had it.
  bool add_member(const Membership& membership);
  bool remove_member(const Membership& membership);

  /// Everything that matches a topic; valid until the next call of any kind.
  std::span<const gossip::Target> match(TenantId tenant, std::string_view topic);

  /// Counts a run of `frames` on the topic that was matched last.
  void count(std::uint32_t frames, std::size_t bytes) { cache_.count(frames, bytes); }
  std::vector<TopicView> topic_views() const;

  gossip::Groups& groups() { return groups_; }
  const gossip::MatchCache& cache() const { return cache_; }
  /// Entries of the index: what sessions, other shards and group members of the node want.
  std::size_t size() const { return index_.target_count(); }

  /// Heap bytes of all of it, the allocator's share included, and of what the sessions of this
  /// shard keep of their own subscriptions; rather too much than too little. O(1).
  std::size_t memory_bytes() const;
  /// What one more subscription may add to memory_bytes at most.
  static std::size_t cost_most(std::string_view pattern, std::string_view group);

 private:
  struct Key {
    TenantId tenant;
    std::string pattern;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  gossip::TopicIndex index_;
  gossip::MatchCache cache_;
  gossip::Groups groups_;
  bool alone_;
  std::map<Key, std::uint32_t> local_count_;  // plain subscribers of this shard, by pattern
  std::size_t key_bytes_ = 0;                 // of subscriptions, beside the index
};

}  // namespace ron::node
