#include "session/client_outbox.hpp"

#include <algorithm>

namespace ron::session {

bool Outbox::has_room(std::size_t bytes) const {
  if (queue_.empty()) return true;
  return queue_.size() < frames_max_ && queued_bytes_ + bytes <= bytes_max_;
}

bool Outbox::half_empty() const {
  return queue_.size() <= frames_max_ / 2 && queued_bytes_ <= bytes_max_ / 2;
}

void Outbox::push(Outgoing item) {
  queued_bytes_ += item.frame.size();
  queue_.push_back(std::move(item));
}

Outgoing Outbox::pop() {
  Outgoing item = queue_.pop_front();
  queued_bytes_ -= item.frame.size();
  return item;
}

void Outbox::stage(Slice wire, std::optional<Outgoing> origin) {
  staged_bytes_ += wire.size();
  stage_.push_back({std::move(wire), std::move(origin)});
}

std::size_t Outbox::pieces(std::span<IoPiece> into, std::size_t max_bytes) const {
  std::size_t count = 0;
  std::size_t total = 0;
  for (; count < into.size() && count < stage_.size() && total < max_bytes; ++count) {
    const Slice& wire = stage_[count].wire;
    const std::size_t skip = count == 0 ? begun_ : 0;
    into[count] = {wire.data() + skip, wire.size() - skip};
    total += into[count].size;
  }
  return count;
}

std::size_t Outbox::wrote(std::size_t bytes) {
  RON_CHECK(bytes <= staged_bytes_);
  staged_bytes_ -= bytes;
  begun_ += bytes;
  std::size_t frames = 0;
  while (!stage_.empty() && begun_ >= stage_.front().wire.size()) {
    begun_ -= stage_.front().wire.size();
    stage_.pop_front();
    ++frames;
  }
  return frames;
}

std::vector<Ticket> Outbox::rewind() {
  std::vector<Ticket> unsent;
  while (!stage_.empty()) {
    Staged last = stage_.pop_back();
    if (!last.origin) continue;
    if (last.origin->ticket != 0) unsent.push_back(last.origin->ticket);
    queued_bytes_ += last.origin->frame.size();
    queue_.push_front(std::move(*last.origin));
  }
  staged_bytes_ = begun_ = 0;
  return unsent;
}

}  // namespace ron::session
