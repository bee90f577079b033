#include "mesh/sessions.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.hpp"

namespace ron::mesh {
namespace {

struct ById {
  bool operator()(const std::unique_ptr<Session>& session, SessionId id) const {
    return session->id < id;
  }
};

}  // namespace

Session& Sessions::add(Session session) {
  const auto at = std::lower_bound(sessions_.begin(), sessions_.end(), session.id, ById{});
  return **sessions_.insert(at, std::make_unique<Session>(std::move(session)));
}

void Sessions::erase(SessionId id) {
  const auto at = std::lower_bound(sessions_.begin(), sessions_.end(), id, ById{});
  RON_CHECK(at != sessions_.end() && (*at)->id == id && !(*at)->linked());
  sessions_.erase(at);
}

Session* Sessions::find(SessionId id) const {
  const auto at = std::lower_bound(sessions_.begin(), sessions_.end(), id, ById{});
  return at == sessions_.end() || (*at)->id != id ? nullptr : at->get();
}

Session* Sessions::linked(const NodeId& node) const {
  for (const auto& each : sessions_) {
    if (each->linked() && each->node == node) return each.get();
  }
  return nullptr;
}

Session* Sessions::to(const NodeId& node) const {
  for (const auto& each : sessions_) {
    if (each->node == node) return each.get();
  }
  return nullptr;
}

void Sessions::up(Session& session, bool between_relays) {
  if (!between_relays) {
    session.link.slot = kNoSlot;
    ++leaves_;
    return;
  }
  RON_CHECK(slots_ != ~LinkMask{0});
  session.link.slot = static_cast<LinkSlot>(std::countr_one(slots_));
  slots_ |= bit(session.link.slot);
  const auto at = std::find_if(relays_.begin(), relays_.end(),
                               [&](const Link* each) { return each->slot > session.link.slot; });
  relays_.insert(at, &session.link);
}

void Sessions::down(Session& session) {
  if (session.link.slot == kNoSlot) {
    --leaves_;
    return;
  }
  slots_ &= ~bit(session.link.slot);
  std::erase(relays_, &session.link);
}

}  // namespace ron::mesh
