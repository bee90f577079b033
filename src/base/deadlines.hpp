// One deadline for each of many slots, and the earliest of them.
//
// A binary heap that knows where each slot stands, so that a slot has exactly one entry however
// often its deadline moves: timers are state, none fires stale, and the table is as large as the
// number of slots that wait for something.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace ron {

class Deadlines {
 public:
  /// Sets or moves the deadline of `slot`; Instant::never() removes it. O(log n).
  void set(std::uint32_t slot, Instant at);

  /// The deadline of `slot`, or never().
  Instant of(std::uint32_t slot) const;

  /// The earliest deadline, or never().
  Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }

  /// Takes out a slot whose deadline is not after `now`; false when there is none.
  bool pop_due(Instant now, std::uint32_t& slot);

  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Instant at;
    std::uint32_t slot;
  };
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  void place(std::uint32_t position, Entry entry);
  void sift_up(std::uint32_t position, Entry entry);
  void sift_down(std::uint32_t position, Entry entry);
  void remove(std::uint32_t position);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> position_;  // by slot
};

}  // namespace ron
