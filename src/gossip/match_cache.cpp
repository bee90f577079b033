#include "gossip/match_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/hash.hpp"

namespace ron::gossip {
namespace {

constexpr std::size_t kFirstSlots = 16;

// The table alone takes at most this part of the byte budget.
constexpr std::size_t kTableShare = 4;

// The scratch of an unusually wide match is given back.
constexpr std::size_t kScratchKept = 4096;

}  // namespace

MatchCache::MatchCache(const Options& options)
    : key_(options.hash_key),
      slots_max_(std::bit_floor(
          std::min(options.entries_max, options.bytes_max / kTableShare / sizeof(Slot)))),
      bytes_max_(options.bytes_max) {}

std::span<const Target> MatchCache::match(const TopicIndex& index, TenantId tenant,
                                          std::string_view topic) {
  const std::uint64_t hash = keyed_hash(as_bytes(topic), mix(tenant.hi ^ key_, tenant.lo ^ ~key_));
  if (!slots_.empty()) {
    const Slot& slot = slot_of(hash);
    if (slot != nullptr && slot->hash == hash && slot->generation == index.generation() &&
        slot->tenant == tenant && slot->topic == topic) {
      ++hits_;
      last_ = slot.get();
      return slot->targets;
    }
  }
  ++misses_;
  if (scratch_.capacity() > kScratchKept) scratch_ = std::vector<Target>();
  scratch_.clear();
  last_ = nullptr;
  index.match(tenant, topic, scratch_);
  keep(hash, index, tenant, topic);
  return scratch_;
}

void MatchCache::clear() {
  slots_ = std::vector<Slot>();  // not {}: that keeps the capacity
  scratch_ = std::vector<Target>();
  last_ = nullptr;
  entry_count_ = bytes_ = hand_ = 0;
}

// Copies scratch_ into the topic's place, if the budget has room for it.
void MatchCache::keep(std::uint64_t hash, const TopicIndex& index, TenantId tenant,
                      std::string_view topic) {
  if (slots_max_ == 0) return;
  std::uint64_t frames = 0;
  std::uint64_t frame_bytes = 0;
  if (!slots_.empty()) {  // the same topic, matched anew after a change of the index, counts on
    const Slot& before = slot_of(hash);
    if (before != nullptr && before->hash == hash && before->tenant == tenant &&
        before->topic == topic) {
      frames = before->frames;
      frame_bytes = before->frame_bytes;
    }
  }
  make_place(hash, index.generation());
  auto entry = std::make_unique<Entry>();
  entry->frames = frames;
  entry->frame_bytes = frame_bytes;
  entry->hash = hash;
  entry->generation = index.generation();
  entry->tenant = tenant;
  entry->topic = topic;
  entry->targets = scratch_;
  const std::size_t bytes = entry->memory_bytes();
  if (!make_room(bytes)) return;
  bytes_ += bytes;
  ++entry_count_;
  last_ = entry.get();
  slot_of(hash) = std::move(entry);
}

// Frees the topic's place, growing the table while somebody who is still valid stands there.
void MatchCache::make_place(std::uint64_t hash, std::uint64_t generation) {
  if (slots_.empty()) slots_.resize(std::min(kFirstSlots, slots_max_));
  while (slots_.size() < slots_max_) {
    const Slot& slot = slot_of(hash);
    if (slot == nullptr || slot->hash == hash || slot->generation != generation) break;
    grow();
  }
  drop(slot_of(hash));
}

// Drops entries round the table until all is within the budget with `bytes` more; false when these
// would not fit alone.
bool MatchCache::make_room(std::size_t bytes) {
  const std::size_t table = slots_.size() * sizeof(Slot);
  const bool fits = bytes <= bytes_max_ - table;
  const std::size_t room = bytes_max_ - table - (fits ? bytes : 0);
  while (bytes_ > room) {
    hand_ = (hand_ + 1) & (slots_.size() - 1);
    drop(slots_[hand_]);
  }
  return fits;
}

// A place splits in two, so entries never meet on the way.
void MatchCache::grow() {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (Slot& slot : old) {
    if (slot != nullptr) slot_of(slot->hash) = std::move(slot);
  }
}

void MatchCache::drop(Slot& slot) {
  if (slot == nullptr) return;
  if (last_ == slot.get()) last_ = nullptr;
  bytes_ -= slot->memory_bytes();
  --entry_count_;
  slot.reset();
}

std::size_t MatchCache::Entry::memory_bytes() const {
  const std::size_t text = topic.capacity() <= std::string().capacity() ? 0 : topic.capacity() + 1;
  return sizeof(Entry) + text + targets.capacity() * sizeof(Target);
}

}  // namespace ron::gossip
