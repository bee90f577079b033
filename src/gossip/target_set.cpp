#include "gossip/target_set.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace ron::gossip {
namespace {

std::uint32_t hash_of(Target target, std::uint64_t hash_key) {
  return FlatTable<std::uint32_t>::fold(mix(target.id ^ hash_key, target.tag ^ ~hash_key));
}

}  // namespace

bool TargetSet::add(Target target, std::uint64_t hash_key) {
  if (find(target, hash_key) != kNowhere) return false;
  RON_CHECK(items_.size() < kNowhere);
  const auto position = static_cast<std::uint32_t>(items_.size());
  // Most patterns have one subscriber: no spare room for a second.
  if (items_.empty()) items_.reserve(1);
  items_.push_back(target);
  if (index_ != nullptr) {
    index_->insert(hash_of(target, hash_key), position);
  } else if (items_.size() >= kIndexedFrom) {
    make_index(hash_key);
  }
  return true;
}

bool TargetSet::remove(Target target, std::uint64_t hash_key) {
  const std::uint32_t hole = find(target, hash_key);
  if (hole == kNowhere) return false;
  if (index_ != nullptr) {
    index_->take(hash_of(target, hash_key), [hole](std::uint32_t at) { return at == hole; });
  }
  fill_hole(hole, hash_key);
  if (items_.size() <= kIndexedTo) index_.reset();
  if (items_.size() * 4 <= items_.capacity()) {
    // Half the room stays free, so that one more subscriber does not undo the work.
    std::vector<Target> smaller;
    smaller.reserve(items_.size() * 2);
    smaller.assign(items_.begin(), items_.end());
    items_ = std::move(smaller);
  }
  return true;
}

std::size_t TargetSet::memory_bytes() const {
  const std::size_t index = index_ == nullptr ? 0 : sizeof(Index) + index_->memory_bytes();
  return items_.capacity() * sizeof(Target) + index;
}

std::uint32_t TargetSet::find(Target target, std::uint64_t hash_key) const {
  if (index_ == nullptr) {
    const auto at = std::find(items_.begin(), items_.end(), target);
    return at == items_.end() ? kNowhere : static_cast<std::uint32_t>(at - items_.begin());
  }
  std::size_t visited = 0;
  const std::uint32_t* at = index_->find(
      hash_of(target, hash_key), [&](std::uint32_t i) { return items_[i] == target; }, visited);
  return at == nullptr ? kNowhere : *at;
}

void TargetSet::make_index(std::uint64_t hash_key) {
  index_ = std::make_unique<Index>();
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    index_->insert(hash_of(items_[i], hash_key), i);
  }
}

// The last item moves into the hole, and the index learns its new place.
void TargetSet::fill_hole(std::uint32_t hole, std::uint64_t hash_key) {
  const auto last = static_cast<std::uint32_t>(items_.size() - 1);
  if (hole != last) {
    items_[hole] = items_[last];
    if (index_ != nullptr) {
      std::size_t visited = 0;
      *index_->find(
          hash_of(items_[hole], hash_key), [last](std::uint32_t at) { return at == last; },
          visited) = hole;
    }
  }
  items_.pop_back();
}

}  // namespace ron::gossip
