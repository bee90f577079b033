#include "policy/backoff.hpp"

#include <algorithm>

namespace ron::policy {

Duration Backoff::next(Choice& choice) {
  const Duration step = std::min(step_, limits_.most);
  step_ = step > limits_.most / 2 ? limits_.most : step * 2;
  const Duration low = step / 2;
  const auto spread = static_cast<std::uint64_t>((step - low).count());
  return low + Duration(static_cast<std::int64_t>(choice.index(spread + 1)));
}

}  // namespace ron::policy
