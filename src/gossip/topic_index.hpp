// Which targets does a topic reach? The subscriptions of one shard (docs/OAP-1.md section 4).
//
// Patterns without a wildcard stand in one hash table by (tenant, topic). The others stand in a
// trie by segment, one root a tenant (OAP-4.7): a `*` is a child of its own, a `**` is a second set
// of targets on the node it follows. Literal children of all nodes share one hash table keyed by
// (parent, segment), so that a node with a million children costs what one with two does, and
// nothing is ever iterated in hash order.
//
// Cost of a match: one lookup for the exact topic, then per trie node reached one lookup. A node
// has one path to it, so it is visited at most once; a topic of d segments visits at most
// min(trie nodes of the tenant, 2^(d+1) - 1) nodes, whatever the number of subscriptions: hostile
// patterns must pay for every node they make us visit with a pattern segment of their own. No memo
// would lower that: no node is reached twice. What repeats is the topic; MatchCache serves that.
//
// Invariants: a node or entry exists only while a target stands at it or below it; the order of
// results depends on the calls made, not on the hash key nor on addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "gossip/flat_table.hpp"
#include "gossip/target_set.hpp"

namespace ron::gossip {

class TopicIndex {
 public:
  /// `hash_key` is a secret: a stranger who knew it could choose topics that collide.
  explicit TopicIndex(std::uint64_t hash_key) : key_(hash_key) {}
  TopicIndex(const TopicIndex&) = delete;
  TopicIndex& operator=(const TopicIndex&) = delete;

  /// Adds a target under a pattern (oap::is_pattern holds). The same target under the same pattern
  /// counts once (OAP-4.23): false, and nothing changes, if it stood there. The caller bounds how
  /// many (1024 patterns a session). O(length), amortised.
  bool add(TenantId tenant, std::string_view pattern, Target target);

  /// Takes a target out; false, and nothing changes, if it was not there (OAP-4.26). O(length),
  /// amortised.
  bool remove(TenantId tenant, std::string_view pattern, Target target);

  /// Appends the targets of every pattern that matches a topic (oap::is_topic holds), one entry for
  /// each (pattern, target): an id that matches by three patterns stands there three times.
  /// Order: those of the exact topic; then down the trie, at each node those of `**`, then the
  /// literal segment's subtree, then that of `*`; under one pattern as TargetSet says.
  void match(TenantId tenant, std::string_view topic, std::vector<Target>& out) const;

  /// Does any pattern match?
  bool any(TenantId tenant, std::string_view topic) const;

  /// Moves with every change, so that results may be kept until it differs.
  std::uint64_t generation() const { return generation_; }

  /// Different (tenant, pattern) with at least one target.
  std::size_t pattern_count() const { return pattern_count_; }

  /// Different (tenant, pattern, target).
  std::size_t target_count() const { return target_count_; }

  /// Wildcard patterns' trie nodes, roots included.
  std::size_t node_count() const { return node_count_; }

  /// Heap bytes held, without the allocator's overhead: for budgets and the gauge. O(1).
  std::size_t memory_bytes() const;

  /// Trie nodes and hash slots looked at by the last match or any.
  std::size_t last_visited() const { return last_visited_; }

 private:
  struct Exact {
    TenantId tenant;
    std::string topic;
    TargetSet targets;
  };

  struct Node {
    Node* parent = nullptr;         // null for a root
    std::uint64_t path_hash = 0;    // of tenant and segments down to here
    std::string segment;            // a root's is the tenant's id; a `*` node's is "*"
    std::uint32_t child_count = 0;  // literal children, which stand in literals_
    bool is_star = false;           // owned by parent->star, not by literals_
    std::unique_ptr<Node> star;
    TargetSet ending;  // patterns that end at this node
    TargetSet rest;    // patterns that go on with `**` and end
    bool bare() const { return child_count == 0 && !star && ending.empty() && rest.empty(); }
  };

  /// Where the targets of one pattern are; exactly one pointer is set, or none.
  struct Place {
    Exact* exact = nullptr;
    Node* node = nullptr;
    TargetSet* targets = nullptr;
  };

  std::uint64_t tenant_hash(TenantId tenant) const;
  std::uint64_t child_hash(const Node* parent, std::uint64_t segment_hash) const;

  Exact* find_exact(TenantId tenant, std::string_view topic, std::size_t& visited) const;
  Node* find_root(TenantId tenant, std::size_t& visited) const;
  Node* find_literal(const Node* parent, std::string_view segment, std::uint64_t path_hash,
                     std::size_t& visited) const;

  template <typename Hit>
  void visit(TenantId tenant, std::string_view topic, Hit hit) const;

  Place find_place(TenantId tenant, std::string_view pattern) const;
  Place make_place(TenantId tenant, std::string_view pattern);
  Exact* make_exact(TenantId tenant, std::string_view topic);
  std::unique_ptr<Node> new_node(Node* parent, std::string_view segment, std::uint64_t path_hash);
  Node* make_node(Node* parent, std::string_view segment, std::uint64_t path_hash);
  Node* star_of(Node* node);
  Node* child_of(Node* node, std::string_view segment);
  void prune(const Place& place);
  void prune_up(Node* node);

  std::uint64_t key_;
  FlatTable<std::unique_ptr<Exact>> exacts_;
  FlatTable<std::unique_ptr<Node>> literals_;  // every node but the `*` ones; roots have no parent
  std::uint64_t generation_ = 0;
  std::size_t pattern_count_ = 0;
  std::size_t target_count_ = 0;
  std::size_t node_count_ = 0;
  std::size_t entry_bytes_ = 0;  // of entries, nodes and their targets
  mutable std::size_t last_visited_ = 0;
};

}  // namespace ron::gossip
