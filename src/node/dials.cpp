#include "node/dials.hpp"

#include <algorithm>

namespace ron::node {

void Dials::order(const mesh::Dial& dial) {
  entries_[dial.dial] = {.dial = dial, .handed_out = false, .session = {}};
  ordered_.push_back(dial.dial);
}

std::optional<SessionId> Dials::cancel(mesh::DialId dial) {
  const auto at = entries_.find(dial);
  if (at == entries_.end()) return std::nullopt;
  const Entry entry = std::move(at->second);
  entries_.erase(at);
  if (!entry.handed_out) {
    std::erase(ordered_, dial);
  } else if (!entry.session) {
    cancelled_.push_back(dial);
  }
  return entry.session;
}

std::optional<mesh::Dial> Dials::take() {
  if (ordered_.empty()) return std::nullopt;
  Entry& entry = entries_.at(ordered_.front());
  ordered_.pop_front();
  entry.handed_out = true;
  return entry.dial;
}

std::optional<mesh::DialId> Dials::take_cancelled() {
  if (cancelled_.empty()) return std::nullopt;
  const mesh::DialId dial = cancelled_.front();
  cancelled_.pop_front();
  return dial;
}

bool Dials::awaited(mesh::DialId dial) const {
  const auto at = entries_.find(dial);
  return at != entries_.end() && at->second.handed_out && !at->second.session;
}

void Dials::opened(mesh::DialId dial, SessionId session) { entries_.at(dial).session = session; }

bool Dials::forget(mesh::DialId dial) {
  std::erase(ordered_, dial);
  return entries_.erase(dial) > 0;
}

const mesh::Dial* Dials::find(mesh::DialId dial) const {
  const auto at = entries_.find(dial);
  return at == entries_.end() ? nullptr : &at->second.dial;
}

}  // namespace ron::node
