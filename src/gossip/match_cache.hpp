// Results of TopicIndex::match, kept until the index changes.
//
// Publishers repeat their topics, so most matches are one hash, one compare. Direct-mapped: each
// topic has one place, and a newcomer takes it over. The table starts empty and doubles when two
// live topics want one place, up to `entries_max`; with all results it stays under `bytes_max`.
// One cache serves one index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "gossip/topic_index.hpp"

namespace ron::gossip {

class MatchCache {
 public:
  struct Options {
    std::uint64_t hash_key = 0;           // a secret, as the index's
    std::size_t entries_max = 4096;       // rounded down to a power of two; 0 keeps nothing
    std::size_t bytes_max = 1024 * 1024;  // of keys, results and the table
  };

  explicit MatchCache(const Options& options);

  /// What index.match appends for this topic (oap::is_topic holds), in the same order. Good until
  /// the next call.
  std::span<const Target> match(const TopicIndex& index, TenantId tenant, std::string_view topic);

  /// Counts publications on the topic of the last match, for as long as it is kept.
  void count(std::uint32_t frames, std::size_t bytes) {
    if (last_ == nullptr) return;
    last_->frames += frames;
    last_->frame_bytes += bytes;
  }

  /// A topic that is kept.
  struct Known {
    TenantId tenant;
    std::string_view topic;
    std::uint64_t frames = 0;  // counted since it came in
    std::uint64_t bytes = 0;
    std::size_t targets = 0;
  };
  template <typename Visit>
  void each(const Visit& visit) const {
    for (const Slot& slot : slots_) {
      if (slot == nullptr) continue;
      visit(
          Known{slot->tenant, slot->topic, slot->frames, slot->frame_bytes, slot->targets.size()});
    }
  }

  /// Forgets everything and gives the memory back; the counters stay.
  void clear();

  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }
  std::size_t entry_count() const { return entry_count_; }
  std::size_t memory_bytes() const { return bytes_ + slots_.size() * sizeof(Slot); }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t generation = 0;
    TenantId tenant;
    std::string topic;
    std::vector<Target> targets;
    std::uint64_t frames = 0;
    std::uint64_t frame_bytes = 0;
    std::size_t memory_bytes() const;
  };
  using Slot = std::unique_ptr<Entry>;

  Slot& slot_of(std::uint64_t hash) { return slots_[hash & (slots_.size() - 1)]; }
  void keep(std::uint64_t hash, const TopicIndex& index, TenantId tenant, std::string_view topic);
  void make_place(std::uint64_t hash, std::uint64_t generation);
  bool make_room(std::size_t bytes);
  void grow();
  void drop(Slot& slot);

  std::uint64_t key_;
  std::size_t slots_max_;
  std::size_t bytes_max_;
  std::vector<Slot> slots_;      // none, or a power of two
  std::vector<Target> scratch_;  // the result of the last miss
  Entry* last_ = nullptr;        // of the last match, if it is kept
  std::size_t entry_count_ = 0;
  std::size_t bytes_ = 0;  // of entries
  std::size_t hand_ = 0;   // where eviction goes on
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace ron::gossip
