#include "mesh/window.hpp"

#include <algorithm>
#include <bit>

namespace ron::mesh {

void Window::fit(std::uint64_t low, std::uint64_t high) {
  const std::size_t needed = std::bit_ceil(std::max<std::size_t>(high - low, 8));
  if (needed > ring_.size()) {
    std::vector<Entry> larger(needed);
    for (std::uint64_t seq = low_; seq < high_; ++seq) {
      larger[seq & (needed - 1)] = ring_[index(seq)];
    }
    ring_ = std::move(larger);
  }
  for (std::uint64_t seq = low; seq < std::min(low_, high); ++seq) ring_[index(seq)] = Entry{};
  for (std::uint64_t seq = std::max(high_, low); seq < high; ++seq) ring_[index(seq)] = Entry{};
  low_ = low;
  high_ = high;
}

// The ids up to `low` leave; their bits stay.
void Window::leave(std::uint64_t low) {
  // Grown while it is not full, so that a quiet origin has none.
  const std::uint64_t span = low - past_low_;
  if (past_.size() * 64 < span + 64 && past_.size() * 64 < kPassedMost) {
    std::vector<std::uint64_t> larger(
        std::bit_ceil(std::min<std::uint64_t>(span + 64, kPassedMost) / 64 + 1));
    for (std::uint64_t seq = past_low_; seq < low_; ++seq) {
      if (passed_seen(seq))
        larger[seq / 64 & (larger.size() - 1)] |= std::uint64_t{1} << (seq % 64);
    }
    past_ = std::move(larger);
  }
  const std::uint64_t room = (past_.size() - 1) * 64;  // a word is wiped as its first id comes in
  for (std::uint64_t seq = low_; seq < low; ++seq) {
    if (seq % 64 == 0 || seq == past_low_) past_[past_word(seq)] = 0;
    if (ring_[index(seq)].state == Entry::State::kSeen) see_passed(seq);
  }
  low_ = low;
  if (low_ - past_low_ > room) past_low_ = low_ - room;
}

void Window::forget_link(LinkSlot slot) {
  for (std::uint64_t seq = low_; seq < high_; ++seq) {
    Entry& entry = ring_[index(seq)];
    entry.holders &= ~bit(slot);
    entry.asked &= ~bit(slot);
    if (entry.first == slot) entry.first = kNoSlot;
    if (entry.from == slot) entry.from = kNoSlot;
  }
}

Entry& Window::touch(std::uint64_t seq, std::size_t limit) {
  if (Entry* const entry = find(seq)) return *entry;
  if (empty()) {
    low_ = high_ = past_low_ = seq;
    fit(seq, seq + 1);
  } else if (seq < low_) {
    past_low_ = std::min(past_low_, seq);
    fit(seq, high_);
  } else {
    const std::uint64_t high = seq + 1;
    // Slid first, so that the ring need not hold more than the limit.
    if (high - low_ > limit) leave(std::min(high - limit, high_));
    fit(low_, high);
  }
  return ring_[index(seq)];
}

}  // namespace ron::mesh
