#include "node/subscriptions.hpp"

#include <algorithm>

namespace ron::node {
namespace {

// Target::tag: two bits of kind, one of echo, the group's index above.
constexpr std::uint32_t kEchoBit = 4;
constexpr unsigned kGroupShift = 3;

std::uint32_t tag_of(Interest::Kind kind, bool echo, gossip::GroupIndex group) {
  return static_cast<std::uint32_t>(kind) | (echo ? kEchoBit : 0U) | (group << kGroupShift);
}

// About what stands beside the index for one subscription: the session's and the shard's map nodes,
// its place in the results of a match, and their copies of the text.
constexpr std::size_t kKeyCost = 288;
constexpr std::size_t kGroupCost = 256;  // of a group, its members and who is in it
constexpr std::size_t kEntryCost = 512;  // of an exact topic in the index, without its text
constexpr std::size_t kNodeCost = 512;   // of a trie node

std::size_t text_cost(std::string_view text) {
  constexpr std::size_t kInPlace = 15;
  return text.size() <= kInPlace ? 0 : text.size() + 24;
}

std::size_t key_cost(std::string_view pattern, std::string_view group) {
  return kKeyCost + 2 * text_cost(pattern) +
         (group.empty() ? 0 : kGroupCost + 2 * text_cost(group));
}

}  // namespace

std::size_t Subscriptions::memory_bytes() const {
  const std::size_t index = index_.memory_bytes();
  return index + index / 4 + key_bytes_;
}

std::size_t Subscriptions::cost_most(std::string_view pattern, std::string_view group) {
  const auto segments = static_cast<std::size_t>(std::ranges::count(pattern, '/')) + 1;
  return key_cost(pattern, group) + kEntryCost + segments * kNodeCost + 2 * text_cost(pattern);
}

gossip::Target Interest::plain(SessionId session, bool echo) {
  return {session.value, tag_of(Kind::kSession, echo, 0)};
}
gossip::Target Interest::of_shard(ShardIndex shard) {
  return {shard, tag_of(Kind::kShard, false, 0)};
}
gossip::Target Interest::member(SessionId session, gossip::GroupIndex group, bool echo) {
  return {session.value, tag_of(Kind::kMember, echo, group)};
}
Interest Interest::of(const gossip::Target& target) {
  const auto kind = static_cast<Kind>(target.tag & 3U);
  return {kind, (target.tag & kEchoBit) != 0, target.tag >> kGroupShift, SessionId{target.id},
          kind == Kind::kShard ? static_cast<ShardIndex>(target.id) : ShardIndex{0}};
}

Subscriptions::Subscriptions(std::uint64_t hash_key, bool alone)
    : index_(hash_key), cache_(gossip::MatchCache::Options{.hash_key = hash_key}), alone_(alone) {}

bool Subscriptions::add_plain(TenantId tenant, std::string_view pattern, SessionId session,
                              bool echo) {
  const bool replaced = index_.remove(tenant, pattern, Interest::plain(session, !echo));
  const bool added = index_.add(tenant, pattern, Interest::plain(session, echo));
  if (replaced || !added) return false;
  key_bytes_ += key_cost(pattern, "");
  if (alone_) return false;
  return ++local_count_[Key{tenant, std::string(pattern)}] == 1;
}

bool Subscriptions::remove_plain(TenantId tenant, std::string_view pattern, SessionId session,
                                 bool echo) {
  if (!index_.remove(tenant, pattern, Interest::plain(session, echo))) return false;
  key_bytes_ -= key_cost(pattern, "");
  if (alone_) return false;
  const auto count = local_count_.find(Key{tenant, std::string(pattern)});
  if (count == local_count_.end() || --count->second > 0) return false;
  local_count_.erase(count);
  return true;
}

void Subscriptions::add_shard(TenantId tenant, std::string_view pattern, ShardIndex shard) {
  index_.add(tenant, pattern, Interest::of_shard(shard));
}
void Subscriptions::remove_shard(TenantId tenant, std::string_view pattern, ShardIndex shard) {
  index_.remove(tenant, pattern, Interest::of_shard(shard));
}

bool Subscriptions::add_member(const Membership& m) {
  const gossip::GroupIndex group = groups_.join(m.tenant, m.group, m.member, m.max_frame);
  const bool replaced =
      index_.remove(m.tenant, m.pattern, Interest::member(m.member, group, !m.echo));
  const bool added = index_.add(m.tenant, m.pattern, Interest::member(m.member, group, m.echo));
  if (replaced || !added) {
    groups_.leave(group, m.member);  // counted before
    return false;
  }
  key_bytes_ += key_cost(m.pattern, m.group);
  return true;
}

bool Subscriptions::remove_member(const Membership& m) {
  const gossip::GroupIndex* group = groups_.find(m.tenant, m.group);
  if (group == nullptr) return false;
  const gossip::GroupIndex index = *group;
  const bool with = index_.remove(m.tenant, m.pattern, Interest::member(m.member, index, true));
  const bool without = index_.remove(m.tenant, m.pattern, Interest::member(m.member, index, false));
  if (!with && !without) return false;
  groups_.leave(index, m.member);
  key_bytes_ -= key_cost(m.pattern, m.group);
  return true;
}

std::span<const gossip::Target> Subscriptions::match(TenantId tenant, std::string_view topic) {
  return cache_.match(index_, tenant, topic);
}

std::vector<TopicView> Subscriptions::topic_views() const {
  std::vector<TopicView> out;
  cache_.each([&](const gossip::MatchCache::Known& known) {
    out.push_back({known.tenant, std::string(known.topic), known.frames, known.bytes,
                   static_cast<std::uint32_t>(known.targets)});
  });
  return out;
}

}  // namespace ron::node
