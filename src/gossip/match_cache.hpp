// Results of TopicIndex::match, kept until the index changes.
//
// Publishers repeat their topics, so most matches are one hash, one compare. Set-associative: a
// topic may stand in any of eight places, so that a thousand fit into a table of four thousand
// without pushing each other out. The table starts empty and doubles when a set is full of live
// topics, up to `entries_max`; with all results it stays under `bytes_max`.
//
// Where there is no room, whoever was not asked for again goes first (second chance), and only one
// newcomer in eight may push at all: when more topics are in turn than fit, those inside go on
// being hit instead of all missing in a circle, and a flood of new names costs matches, not copies.
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
      if (slot.entry == nullptr) continue;
      const Entry& entry = *slot.entry;
      visit(
          Known{entry.tenant, entry.topic, entry.frames, entry.frame_bytes, entry.targets.size()});
    }
  }

  /// Forgets everything and gives the memory back; the counters stay.
  void clear();

  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }
  std::size_t entry_count() const { return entry_count_; }
  std::size_t memory_bytes() const { return bytes_ + table_bytes(); }

 private:
  struct Entry {
    std::uint64_t generation = 0;
    TenantId tenant;
    std::string topic;
    std::vector<Target> targets;
    std::uint64_t frames = 0;
    std::uint64_t frame_bytes = 0;
    bool used = false;  // since the hand or a newcomer came by
    std::size_t memory_bytes() const;
  };
  struct Slot {
    std::uint64_t hash = 0;  // of the entry's topic and tenant
    std::unique_ptr<Entry> entry;
  };

  std::span<Slot> set_of(std::uint64_t hash);
  Slot* find(std::uint64_t hash, TenantId tenant, std::string_view topic);
  void keep(std::uint64_t hash, std::uint64_t generation, TenantId tenant, std::string_view topic);
  void renew(Slot& slot, std::uint64_t generation);
  Slot* free_place(std::uint64_t hash, std::uint64_t generation);
  Slot& victim(std::uint64_t hash);
  void make_room(std::size_t bytes, std::uint64_t generation);
  void grow();
  void drop(Slot& slot);
  std::size_t table_bytes() const { return slots_.size() * sizeof(Slot); }
  std::size_t budget() const { return bytes_max_ - table_bytes(); }  // of all entries

  std::uint64_t key_;
  std::size_t slots_max_;
  std::size_t bytes_max_;
  std::vector<Slot> slots_;      // none, or a power of two: sets of kWays, or one smaller set
  std::vector<Target> scratch_;  // the result of the last miss
  Entry* last_ = nullptr;        // of the last match, if it is kept
  std::size_t entry_count_ = 0;
  std::size_t bytes_ = 0;          // of entries
  std::size_t hand_ = 0;           // where eviction goes on
  std::uint64_t turned_away_ = 0;  // newcomers without room so far
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace ron::gossip
