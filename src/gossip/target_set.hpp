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

  bool empty() const { return size() == 0; }
  std::size_t size() const { return many_ == nullptr ? count_ : many_->items.size(); }
  std::span<const Target> items() const {
    return many_ == nullptr ? std::span(&one_, count_) : std::span<const Target>(many_->items);
  }

  /// Heap bytes held, without the allocator's overhead.
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t kIndexedFrom = 17;  // an index is made for this many ...
  static constexpr std::size_t kIndexedTo = 8;     // ... and dropped at so few
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  using Index = FlatTable<std::uint32_t>;  // positions in items

  /// Two or more.
  struct Many {
    std::vector<Target> items;
    std::unique_ptr<Index> index;  // null while small

    std::uint32_t find(Target target, std::uint64_t hash_key) const;
    void add(Target target, std::uint64_t hash_key);
    void remove(std::uint32_t hole, std::uint64_t hash_key);
    void make_index(std::uint64_t hash_key);
    void fill_hole(std::uint32_t hole, std::uint64_t hash_key);
  };

  // Most patterns have one subscriber: it stands here.
  Target one_;
  std::uint32_t count_ = 0;  // 0 or 1; of no meaning beside many_
  std::unique_ptr<Many> many_;
};

}  // namespace ron::gossip
