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
  if (many_ != nullptr) {
    if (many_->find(target, hash_key) != kNowhere) return false;
    many_->add(target, hash_key);
    return true;
  }
  if (count_ == 0) {
    one_ = target;
    count_ = 1;
    return true;
  }
  if (one_ == target) return false;
  many_ = std::make_unique<Many>();
  many_->items = {one_, target};
  return true;
}

bool TargetSet::remove(Target target, std::uint64_t hash_key) {
  if (many_ == nullptr) {
    if (count_ == 0 || one_ != target) return false;
    count_ = 0;
    return true;
  }
  const std::uint32_t hole = many_->find(target, hash_key);
  if (hole == kNowhere) return false;
  many_->remove(hole, hash_key);
  if (many_->items.size() == 1) {
    one_ = many_->items.front();
    count_ = 1;
    many_.reset();
  }
  return true;
}

std::size_t TargetSet::memory_bytes() const {
  if (many_ == nullptr) return 0;
  const std::size_t index =
      many_->index == nullptr ? 0 : sizeof(Index) + many_->index->memory_bytes();
  return sizeof(Many) + many_->items.capacity() * sizeof(Target) + index;
}

std::uint32_t TargetSet::Many::find(Target target, std::uint64_t hash_key) const {
  if (index == nullptr) {
    const auto at = std::ranges::find(items, target);
    return at == items.end() ? kNowhere : static_cast<std::uint32_t>(at - items.begin());
  }
  std::size_t visited = 0;
  const std::uint32_t* at = index->find(
      hash_of(target, hash_key), [&](std::uint32_t i) { return items[i] == target; }, visited);
  return at == nullptr ? kNowhere : *at;
}

void TargetSet::Many::add(Target target, std::uint64_t hash_key) {
  RON_CHECK(items.size() < kNowhere);
  const auto position = static_cast<std::uint32_t>(items.size());
  items.push_back(target);
  if (index != nullptr) {
    index->insert(hash_of(target, hash_key), position);
  } else if (items.size() >= kIndexedFrom) {
    make_index(hash_key);
  }
}

void TargetSet::Many::remove(std::uint32_t hole, std::uint64_t hash_key) {
  if (index != nullptr) {
    index->take(hash_of(items[hole], hash_key), [hole](std::uint32_t at) { return at == hole; });
  }
  fill_hole(hole, hash_key);
  if (items.size() <= kIndexedTo) index.reset();
  if (items.size() * 4 > items.capacity()) return;
  // Half the room stays free, so that one more subscriber does not undo the work.
  std::vector<Target> smaller;
  smaller.reserve(items.size() * 2);
  smaller.assign(items.begin(), items.end());
  items = std::move(smaller);
}

void TargetSet::Many::make_index(std::uint64_t hash_key) {
  index = std::make_unique<Index>();
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    index->insert(hash_of(items[i], hash_key), i);
  }
}

// The last item moves into the hole, and the index learns its new place.
void TargetSet::Many::fill_hole(std::uint32_t hole, std::uint64_t hash_key) {
  const auto last = static_cast<std::uint32_t>(items.size() - 1);
  if (hole != last) {
    items[hole] = items[last];
    if (index != nullptr) {
      std::size_t visited = 0;
      *index->find(
          hash_of(items[hole], hash_key), [last](std::uint32_t at) { return at == last; },
          visited) = hole;
    }
  }
  items.pop_back();
}

}  // namespace ron::gossip
