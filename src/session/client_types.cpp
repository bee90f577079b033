#include "session/client_types.hpp"

#include <array>

namespace ron::session {

static_assert(static_cast<std::size_t>(Failure::kDisconnected) == oap::kCodeCount);

std::string_view name(Failure failure) {
  constexpr std::array<std::string_view, kFailureCount - oap::kCodeCount> kLocal = {
      "Disconnected", "Cancelled", "Closed", "Connect", "Protocol"};
  const auto index = static_cast<std::size_t>(failure);
  if (index < oap::kCodeCount) return oap::name(static_cast<oap::Code>(index));
  return kLocal[index - oap::kCodeCount];
}

Failure failure_of(oap::Code code) { return static_cast<Failure>(code); }

}  // namespace ron::session
