#include "base/deadlines.hpp"

namespace ron {

void Deadlines::place(std::uint32_t position, Entry entry) {
  heap_[position] = entry;
  position_[entry.slot] = position;
}

void Deadlines::sift_up(std::uint32_t position, Entry entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 2;
    if (heap_[parent].at <= entry.at) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void Deadlines::sift_down(std::uint32_t position, Entry entry) {
  const auto count = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = 2 * position + 1;
    if (child >= count) break;
    if (child + 1 < count && heap_[child + 1].at < heap_[child].at) ++child;
    if (entry.at <= heap_[child].at) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

void Deadlines::remove(std::uint32_t position) {
  position_[heap_[position].slot] = kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && last.at < heap_[(position - 1) / 2].at) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

void Deadlines::set(std::uint32_t slot, Instant at) {
  if (slot >= position_.size()) {
    if (at.is_never()) return;
    position_.resize(slot + 1, kNowhere);
  }
  const std::uint32_t position = position_[slot];
  if (at.is_never()) {
    if (position != kNowhere) remove(position);
    return;
  }
  if (position == kNowhere) {
    heap_.push_back({at, slot});
    sift_up(static_cast<std::uint32_t>(heap_.size() - 1), {at, slot});
    return;
  }
  if (at < heap_[position].at) {
    sift_up(position, {at, slot});
  } else {
    sift_down(position, {at, slot});
  }
}

Instant Deadlines::of(std::uint32_t slot) const {
  if (slot >= position_.size() || position_[slot] == kNowhere) return Instant::never();
  return heap_[position_[slot]].at;
}

bool Deadlines::pop_due(Instant now, std::uint32_t& slot) {
  if (heap_.empty() || heap_.front().at > now) return false;
  slot = heap_.front().slot;
  remove(0);
  return true;
}

}  // namespace ron
