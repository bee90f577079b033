// Which messages of one origin and epoch are known: a sliding window over their sequence numbers.
//
// Windows grow on demand and slide at a bound. Ids are forged by nodes that hold no key of the
// origin's, so a window never jumps: an id far from every window gets a new one, beside, and an old
// id is not taken for a known one merely because a later one was seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mesh/link.hpp"

namespace ron::mesh {

/// Ids behind a window of which a bit is kept, at most: 128 KiB for an origin that is that busy.
inline constexpr std::uint64_t kPassedMost = 1U << 20U;

/// What is known of one id.
struct Entry {
  enum class State : std::uint8_t {
    kUnknown,
    kAnnounced,  // a neighbour has it
    kSeen,
  };
  std::uint64_t hash = 0;      // of the first variant seen
  LinkMask holders = 0;        // neighbours known to have it
  LinkMask asked = 0;          // neighbours we asked for it, who have not answered
  std::uint32_t first_at = 0;  // of the first sign of it, in ticks of kSignTick
  std::uint32_t stored = 0;    // its place in the repair store, 0 = none
  State state = State::kUnknown;
  LinkSlot first = kNoSlot;  // who gave that sign
  LinkSlot from = kNoSlot;   // who pushed it first
  bool repaired = false;     // it came because it was asked for
  bool varied = false;       // other variants of this id were seen
  bool lost = false;         // it was told of as a gap
};

static_assert(sizeof(Entry) == 32);  // a million of them may be held

class Window {
 public:
  /// The entry of an id inside, nullptr outside.
  Entry* find(std::uint64_t seq) {
    return seq >= low_ && seq < high_ ? &ring_[index(seq)] : nullptr;
  }

  /// Is the id so near that this window may reach out to it?
  bool reaches(std::uint64_t seq, std::size_t limit) const {
    if (empty()) return true;
    if (seq >= high_) return seq - high_ < limit / 4;
    return high_ - seq <= limit;
  }

  /// The entry of an id that is inside or within reach; slides at `limit` entries.
  Entry& touch(std::uint64_t seq, std::size_t limit);

  /// Has the window slid past this id, and not too long ago? Then one bit is left of it: seen or
  /// not.
  bool passed(std::uint64_t seq) const { return seq < low_ && seq >= past_low_; }
  bool passed_seen(std::uint64_t seq) const {
    return (past_[past_word(seq)] >> (seq % 64) & 1U) != 0;
  }
  void see_passed(std::uint64_t seq) { past_[past_word(seq)] |= std::uint64_t{1} << (seq % 64); }

  /// The slot of a link that has ended will be another neighbour's.
  void forget_link(LinkSlot slot);

  bool empty() const { return low_ == high_; }
  std::uint64_t low() const { return low_; }
  std::uint64_t high() const { return high_; }  // one behind the last
  std::size_t capacity() const { return ring_.size(); }

 private:
  std::size_t index(std::uint64_t seq) const { return seq & (ring_.size() - 1); }
  std::size_t past_word(std::uint64_t seq) const { return seq / 64 & (past_.size() - 1); }
  void fit(std::uint64_t low, std::uint64_t high);
  void leave(std::uint64_t low);

  std::vector<Entry> ring_;  // a power of two
  std::uint64_t low_ = 0, high_ = 0;
  std::vector<std::uint64_t> past_;  // bits of [past_low_, low_), a ring of a power of two words
  std::uint64_t past_low_ = 0;
};

}  // namespace ron::mesh
