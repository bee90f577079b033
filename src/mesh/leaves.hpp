// The leaves of a relay: which of them want a publication (docs/OAP-1.md section 9.7).
//
// One index of patterns for all, so that a publication costs one look-up however many leaves there
// are. What an absent leaf wanted is kept a while: when it comes back in the same epoch, it need
// not tell everything again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "gossip/topic_index.hpp"
#include "mesh/interest.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

struct LeafLimits {
  unsigned absent = 16;     // leaves without a link whose interest is kept
  InterestLimits interest;  // of each leaf
};

class Leaves {
 public:
  /// `hash_key` is a secret, as TopicIndex says.
  Leaves(HashFn hash, std::uint64_t hash_key, const LeafLimits& limits)
      : hash_(hash), limits_(limits), index_(hash_key) {}

  /// The link of a leaf is up, perhaps instead of one over another session. The caller bounds how
  /// many there are.
  void up(const NodeId& node, std::uint64_t epoch, SessionId session);
  void down(SessionId session);

  /// An `interest` from a leaf with a link; nothing from a session that is none's.
  std::optional<InterestOf::Applied> apply(SessionId session, const oap::Interest& interest);

  /// Appends the sessions of all leaves that want a publication, each once, in the same order for
  /// the same calls. // OAP-9.14
  void match(TenantId tenant, std::string_view topic, std::vector<SessionId>& out);
  bool wants(SessionId session, TenantId tenant, std::string_view topic);

  /// What a leaf with a link is believed to want; nullptr when there is none of this node.
  const InterestKeys* interest(const NodeId& node) const;

  std::size_t patterns() const { return index_.target_count(); }
  std::size_t shed() const;  // beyond the limits of their leaves
  std::size_t memory_bytes() const { return index_.memory_bytes(); }

 private:
  struct Leaf {
    Leaf(gossip::TopicIndex& index, gossip::Target target, HashFn hash,
         const InterestLimits& limits)
        : interest(index, target, hash, limits) {}

    NodeId node{};
    std::uint64_t epoch = 0;
    std::optional<SessionId> session;
    std::uint64_t went = 0;    // when it went, as a count of leavings
    std::uint64_t listed = 0;  // the last match that has named it
    InterestOf interest;
  };

  std::size_t place_of(const NodeId& node) const;
  Leaf* find(SessionId session);
  void forget_oldest();

  HashFn hash_;
  LeafLimits limits_;
  gossip::TopicIndex index_;                   // targets are places in leaves_
  std::vector<std::unique_ptr<Leaf>> leaves_;  // null where free
  std::vector<gossip::Target> found_;          // of one match
  std::uint64_t leavings_ = 0, matches_ = 0;
};

}  // namespace ron::mesh
