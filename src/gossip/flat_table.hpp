// An open-addressing hash table of values that know their own key.
//
// The caller hashes and compares, so one table serves keys of any shape and a lookup never builds a
// key. 32 bits of the hash stand beside each value: most probes that miss touch nothing else.
// Invariants: at most 5/8 full; linear probing without tombstones (removal shifts back); owns
// nothing while empty, and shrinks as it empties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace ron::gossip {

template <typename Value>
class FlatTable {
 public:
  /// The 32 bits of a 64-bit hash that the table keeps; never 0, which marks a free slot.
  static std::uint32_t fold(std::uint64_t hash) {
    const auto folded = static_cast<std::uint32_t>(hash >> 32U);
    return folded == 0 ? 1 : folded;
  }

  /// The value with this hash for which `same(value)` holds, or null. Adds the slots it looked at
  /// to `visited`. The pointer is good until the next insert or erase.
  template <typename Same>
  Value* find(std::uint32_t hash, Same same, std::size_t& visited) {
    const std::size_t at = position(hash, same, visited);
    return at == kNowhere ? nullptr : &slots_[at].value;
  }
  template <typename Same>
  const Value* find(std::uint32_t hash, Same same, std::size_t& visited) const {
    const std::size_t at = position(hash, same, visited);
    return at == kNowhere ? nullptr : &slots_[at].value;
  }

  /// Adds a value whose key is not in the table. Amortised O(1); a growing step is O(n).
  void insert(std::uint32_t hash, Value value) {
    if ((count_ + 1) * 8 > slots_.size() * 5) resize(slots_.empty() ? 4 : slots_.size() * 2);
    place(hash, std::move(value));
    ++count_;
  }

  /// Takes out the value for which `same` holds; it must be in the table.
  template <typename Same>
  Value take(std::uint32_t hash, Same same) {
    std::size_t visited = 0;
    std::size_t hole = position(hash, same, visited);
    RON_CHECK(hole != kNowhere);
    Value taken = std::move(slots_[hole].value);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = (hole + 1) & mask; slots_[at].hash != 0; at = (at + 1) & mask) {
      // A value may move into the hole unless its home lies behind the hole on its way here.
      if (((at - slots_[at].hash) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = Slot{};
    --count_;
    if (count_ * 8 < slots_.size()) resize(count_ == 0 ? 0 : slots_.size() / 2);
    return taken;
  }

  std::size_t size() const { return count_; }
  std::size_t memory_bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Value value{};
  };
  static constexpr std::size_t kNowhere = SIZE_MAX;

  template <typename Same>
  std::size_t position(std::uint32_t hash, Same& same, std::size_t& visited) const {
    if (count_ == 0) return kNowhere;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      ++visited;
      if (slots_[at].hash == 0) return kNowhere;
      if (slots_[at].hash == hash && same(slots_[at].value)) return at;
    }
  }

  void place(std::uint32_t hash, Value value) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].hash != 0) at = (at + 1) & mask;
    slots_[at].hash = hash;
    slots_[at].value = std::move(value);
  }

  void resize(std::size_t size) {
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(size));
    for (Slot& slot : old) {
      if (slot.hash != 0) place(slot.hash, std::move(slot.value));
    }
  }

  std::vector<Slot> slots_;  // none, or a power of two
  std::size_t count_ = 0;
};

}  // namespace ron::gossip
