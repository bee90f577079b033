// Values addressed by slot and generation: a stale id finds nothing, never somebody else's value.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.hpp"

namespace ron {

template <typename T>
class SlotMap {
 public:
  struct Key {
    std::uint32_t slot;
    std::uint32_t generation;  // 24 bits, never 0
  };

  /// Reserves a slot; the value is set by `put`.
  Key reserve() {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Slot& at = slots_[slot];
    at.generation = (at.generation % kGenerationMax) + 1;
    ++count_;
    return {slot, at.generation};
  }

  void put(Key key, std::unique_ptr<T> value) { slots_[key.slot].value = std::move(value); }

  T* find(std::uint32_t slot, std::uint32_t generation) const {
    if (slot >= slots_.size() || slots_[slot].generation != generation) return nullptr;
    return slots_[slot].value.get();
  }

  /// The value in a slot whatever its generation, for walks over all of them; may be null.
  T* at(std::uint32_t slot) const { return slots_[slot].value.get(); }

  void erase(std::uint32_t slot) {
    RON_CHECK(slot < slots_.size() && slots_[slot].value != nullptr);
    slots_[slot].value.reset();
    free_.push_back(slot);
    --count_;
  }

  std::size_t size() const { return count_; }
  std::uint32_t slot_count() const { return static_cast<std::uint32_t>(slots_.size()); }

 private:
  static constexpr std::uint32_t kGenerationMax = 0xffffff;
  struct Slot {
    std::unique_ptr<T> value;
    std::uint32_t generation = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t count_ = 0;
};

}  // namespace ron
