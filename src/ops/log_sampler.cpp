#include "ops/log_sampler.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace ron::ops {

std::optional<std::uint64_t> LogSampler::admit(Event event, std::string_view reason, Instant now) {
  const std::size_t index = keyed_hash(as_bytes(reason), 0) % kSlots;
  Slot& slot = slots_[static_cast<std::size_t>(event)][index];
  if (now >= slot.window_end) {
    slot.window_end = now + kWindow;
    slot.seen = 0;
  }
  ++slot.seen;
  if (slot.seen <= kFirst || (slot.seen - kFirst) % kOneIn == 0)
    return std::exchange(slot.suppressed, 0);
  ++slot.suppressed;
  return std::nullopt;
}

}  // namespace ron::ops
