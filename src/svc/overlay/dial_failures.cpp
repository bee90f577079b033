#include "svc/overlay/dial_failures.hpp"

#include <algorithm>

#include "svc/overlay/event_log.hpp"

namespace ron::svc {

void DialFailures::note(const host::Event& event) {
  const bool answered = event.kind == host::EventKind::kSessionOpened && event.dialed;
  const std::string_view reason = failed_peer_reason(event);
  if (!answered && reason.empty()) return;
  failures_.with([&](std::vector<Failure>& all) {
    std::erase_if(all, [&](const Failure& each) { return each.addr == event.peer; });
    if (answered) return;
    if (all.size() >= kMost) all.erase(all.begin());
    std::string why(reason);
    if (!event.text.empty()) why += ": " + std::string(event.text);
    all.push_back({std::string(event.peer), std::move(why)});
  });
}

std::string DialFailures::of(std::string_view addr) const {
  return failures_.with([&](const std::vector<Failure>& all) {
    const auto found = std::ranges::find(all, addr, &Failure::addr);
    return found == all.end() ? std::string() : found->why;
  });
}

}  // namespace ron::svc
