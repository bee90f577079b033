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

Entry& Window::touch(std::uint64_t seq, std::size_t limit) {
  if (Entry* const entry = find(seq)) return *entry;
  if (empty()) {
    low_ = high_ = seq;
    fit(seq, seq + 1);
  } else if (seq < low_) {
    fit(seq, high_);
  } else {
    const std::uint64_t high = seq + 1;
    // Slid first, so that the ring need not hold more than the limit.
    if (high - low_ > limit) low_ = std::min(high - limit, high_);
    fit(low_, high);
  }
  return ring_[index(seq)];
}

}  // namespace ron::mesh
