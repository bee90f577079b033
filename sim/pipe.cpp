#include "sim/pipe.hpp"

#include <algorithm>

namespace ron::sim {

std::size_t Pipe::room() const {
  if (broken_ || finished_) return 0;
  const auto held = static_cast<std::size_t>(written_ - read_);
  return held >= options_.capacity ? 0 : options_.capacity - held;
}

Duration Pipe::delay() const {
  const auto low = static_cast<std::uint64_t>(options_.delay_min.count());
  const auto high = static_cast<std::uint64_t>(options_.delay_max.count());
  // Eight steps, so that an exhaustive enumeration or a fuzzer's byte need not name nanoseconds.
  const std::uint64_t step = (high - low) / 8;
  if (step == 0) return options_.delay_min;
  return Duration(static_cast<std::int64_t>(low + choice_.index(9) * step));
}

std::size_t Pipe::write(ByteView bytes) {
  const std::size_t size = std::min(room(), bytes.size());
  if (size == 0) return 0;
  const ByteView taken = bytes.first(size);
  bytes_.insert(bytes_.end(), taken.begin(), taken.end());
  written_ += size;
  last_arrival_ = std::max(last_arrival_, schedule_.now() + delay());
  schedule_.at(last_arrival_, [this, upto = written_] { arrive(upto, false); });
  return size;
}

void Pipe::finish() {
  if (finished_ || broken_) return;
  finished_ = true;
  last_arrival_ = std::max(last_arrival_, schedule_.now() + delay());
  schedule_.at(last_arrival_, [this, upto = written_] { arrive(upto, true); });
}

void Pipe::arrive(std::uint64_t upto, bool fin) {
  if (broken_) return;
  if (schedule_.now() < stalled_until_) {
    const Instant again = std::min(stalled_until_, schedule_.now() + std::chrono::milliseconds(50));
    schedule_.at(again, [this, upto, fin] { arrive(upto, fin); });
    return;
  }
  arrived_ = std::max(arrived_, upto);
  fin_arrived_ = fin_arrived_ || fin;
  if (on_readable) on_readable();
}

std::vector<std::uint8_t> Pipe::read(std::size_t most) {
  const std::size_t size = std::min(most, readable());
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(head_);
  std::vector<std::uint8_t> taken(from, from + static_cast<std::ptrdiff_t>(size));
  const bool was_full = room() == 0;
  head_ += size;
  read_ += size;
  if (head_ > bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  if (was_full && size > 0 && !finished_) {
    schedule_.after(delay(), [this] {
      if (on_writable) on_writable();
    });
  }
  return taken;
}

void Pipe::reset() {
  if (broken_) return;
  broken_ = true;
  bytes_.clear();
  head_ = 0;
  schedule_.after(delay(), [this] {
    if (on_readable) on_readable();
    if (on_writable) on_writable();
  });
}

}  // namespace ron::sim
