// The targets under one pattern: a set that is cheap when small and fast when large.
//
// A handful are searched one by one; from kIndexedFrom on, a hash index finds them, so that adding
// and removing stay O(1) under a pattern with ten thousand subscribers. Order is that of insertion,
// except that the last takes the place of one removed: the same calls give the same order.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "gossip/flat_table.hpp"

namespace ron::gossip {

/// Who gets what a pattern matches. The owner of the index gives the numbers their meaning.
struct Target {
  std::uint64_t id = 0;   // a session, a shard or a group member
  std::uint32_t tag = 0;  // kind, group index, flags
  friend auto operator<=>(const Target&, const Target&) = default;
};
static_assert(sizeof(Target) == 16 && std::is_trivially_copyable_v<Target>);

class TargetSet {
 public:
  /// False if it stood there already. `hash_key` must be the same in every call on one set.
  bool add(Target target, std::uint64_t hash_key);

  /// False if it was not there.
  bool remove(Target target, std::uint64_t hash_key);

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  std::span<const Target> items() const { return items_; }

  /// Heap bytes held, without the allocator's overhead.
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kIndexedFrom = 17;  // an index is made for this many ...
  static constexpr std::size_t kIndexedTo = 8;     // ... and dropped at so few
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  using Index = FlatTable<std::uint32_t>;  // positions in items_

  std::uint32_t find(Target target, std::uint64_t hash_key) const;
  void make_index(std::uint64_t hash_key);
  void fill_hole(std::uint32_t hole, std::uint64_t hash_key);

  std::vector<Target> items_;
  std::unique_ptr<Index> index_;  // null while small
};

}  // namespace ron::gossip
