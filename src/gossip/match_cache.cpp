#include "gossip/match_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/hash.hpp"

namespace ron::gossip {
namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::size_t kWays = 8;

// The table alone takes at most this part of the byte budget.
constexpr std::size_t kTableShare = 4;

// The scratch of an unusually wide match is given back.
constexpr std::size_t kScratchKept = 4096;

// Of so many newcomers that find no room one pushes somebody out.
constexpr std::uint64_t kPushEvery = 8;

std::size_t text_bytes(std::size_t capacity) {
  return capacity <= std::string().capacity() ? 0 : capacity + 1;
}

}  // namespace

MatchCache::MatchCache(const Options& options)
    : key_(options.hash_key),
      slots_max_(std::bit_floor(
          std::min(options.entries_max, options.bytes_max / kTableShare / sizeof(Slot)))),
      bytes_max_(options.bytes_max) {}

std::span<const Target> MatchCache::match(const TopicIndex& index, TenantId tenant,
                                          std::string_view topic) {
  const std::uint64_t hash = keyed_hash(as_bytes(topic), mix(tenant.hi ^ key_, tenant.lo ^ ~key_));
  Slot* const slot = find(hash, tenant, topic);
  if (slot != nullptr && slot->entry->generation == index.generation()) {
    ++hits_;
    last_ = slot->entry.get();
    last_->used = true;
    return last_->targets;
  }
  ++misses_;
  if (scratch_.capacity() > kScratchKept) scratch_ = std::vector<Target>();
  scratch_.clear();
  last_ = nullptr;
  index.match(tenant, topic, scratch_);
  if (slot != nullptr) {
    renew(*slot, index.generation());
  } else {
    keep(hash, index.generation(), tenant, topic);
  }
  return scratch_;
}

void MatchCache::clear() {
  slots_ = std::vector<Slot>();  // not {}: that keeps the capacity
  scratch_ = std::vector<Target>();
  last_ = nullptr;
  entry_count_ = bytes_ = hand_ = 0;
}

std::span<MatchCache::Slot> MatchCache::set_of(std::uint64_t hash) {
  if (slots_.size() <= kWays) return slots_;
  return {&slots_[(hash & (slots_.size() / kWays - 1)) * kWays], kWays};
}

MatchCache::Slot* MatchCache::find(std::uint64_t hash, TenantId tenant, std::string_view topic) {
  for (Slot& slot : set_of(hash)) {
    if (slot.hash == hash && slot.entry != nullptr && slot.entry->tenant == tenant &&
        slot.entry->topic == topic) {
      return &slot;
    }
  }
  return nullptr;
}

// Copies scratch_ over what the index said before it changed; the counts go on.
void MatchCache::renew(Slot& slot, std::uint64_t generation) {
  Entry& entry = *slot.entry;
  bytes_ -= entry.memory_bytes();
  entry.generation = generation;
  entry.targets = scratch_;
  entry.used = true;
  bytes_ += entry.memory_bytes();
  if (entry.memory_bytes() > budget()) return drop(slot);
  last_ = &entry;
  make_room(0, generation);
}

// Copies scratch_ into a place of the topic's set, if there is room for it or can be made.
void MatchCache::keep(std::uint64_t hash, std::uint64_t generation, TenantId tenant,
                      std::string_view topic) {
  if (slots_max_ == 0) return;
  if (slots_.empty()) slots_.resize(std::min(kFirstSlots, slots_max_));
  Slot* slot = free_place(hash, generation);
  const std::size_t bytes =
      sizeof(Entry) + text_bytes(topic.size()) + scratch_.size() * sizeof(Target);
  if (bytes > budget()) return;
  if (slot == nullptr || bytes > budget() - bytes_) {
    if (++turned_away_ % kPushEvery != 0) return;
    if (slot == nullptr) slot = &victim(hash);
  }
  drop(*slot);
  make_room(bytes, generation);
  slot->hash = hash;
  slot->entry = std::make_unique<Entry>(Entry{.generation = generation,
                                              .tenant = tenant,
                                              .topic = std::string(topic),
                                              .targets = scratch_});
  last_ = slot->entry.get();
  bytes_ += last_->memory_bytes();
  ++entry_count_;
}

// A place that is empty or out of date, in a larger table if need be and allowed; or none.
MatchCache::Slot* MatchCache::free_place(std::uint64_t hash, std::uint64_t generation) {
  for (;;) {
    Slot* stale = nullptr;
    for (Slot& slot : set_of(hash)) {
      if (slot.entry == nullptr) return &slot;
      if (slot.entry->generation != generation) stale = &slot;
    }
    if (stale != nullptr || slots_.size() >= slots_max_) return stale;
    grow();
    make_room(0, generation);
  }
}

// Whoever was not used of late; when all were, one by chance, and the others have to show it again.
MatchCache::Slot& MatchCache::victim(std::uint64_t hash) {
  const std::span<Slot> set = set_of(hash);
  for (Slot& slot : set) {
    if (!slot.entry->used) return slot;
  }
  for (Slot& slot : set) slot.entry->used = false;
  return set[turned_away_ / kPushEvery % set.size()];
}

// Drops entries round the table until all is within the budget with `bytes` more, which would fit
// alone. Those in use are passed over once.
void MatchCache::make_room(std::size_t bytes, std::uint64_t generation) {
  const std::size_t room = budget() - bytes;
  while (bytes_ > room) {
    hand_ = (hand_ + 1) & (slots_.size() - 1);
    Slot& slot = slots_[hand_];
    if (slot.entry == nullptr) continue;
    const bool spared = slot.entry->used && slot.entry->generation == generation;
    slot.entry->used = false;
    if (!spared) drop(slot);
  }
}

// A set splits in two, so there is room for all of it on either side.
void MatchCache::grow() {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (Slot& slot : old) {
    if (slot.entry == nullptr) continue;
    const std::span<Slot> set = set_of(slot.hash);
    const auto empty = [](const Slot& place) { return place.entry == nullptr; };
    *std::ranges::find_if(set, empty) = std::move(slot);
  }
}

void MatchCache::drop(Slot& slot) {
  if (slot.entry == nullptr) return;
  if (last_ == slot.entry.get()) last_ = nullptr;
  bytes_ -= slot.entry->memory_bytes();
  --entry_count_;
  slot.entry.reset();
}

std::size_t MatchCache::Entry::memory_bytes() const {
  return sizeof(Entry) + text_bytes(topic.capacity()) + targets.capacity() * sizeof(Target);
}

}  // namespace ron::gossip
