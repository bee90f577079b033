#include "mesh/dialing.hpp"

#include <algorithm>
#include <utility>

namespace ron::mesh {

Duration Dials::patience() const {
  return std::clamp<Duration>(usual_ + usual_ / 2, times_.probe,
                              std::max(times_.probe, times_.handshake));
}

void Dials::begin(Attempt attempt, Instant now, Orders& out) {
  attempt.dial = ++last_;
  attempt.started = now;
  attempt.until = now + (attempt.purpose == Purpose::kProbe ? patience() : times_.handshake);
  out.dials.push_back(Dial{attempt.dial, attempt.addr, attempt.node});
  attempts_.push_back(std::move(attempt));
}

std::optional<Attempt> Dials::take(DialId dial) {
  const auto at = std::find_if(attempts_.begin(), attempts_.end(),
                               [&](const Attempt& each) { return each.dial == dial; });
  if (at == attempts_.end()) return std::nullopt;
  Attempt taken = std::move(*at);
  attempts_.erase(at);
  return taken;
}

std::optional<Attempt> Dials::expired(Instant now, Orders& out) {
  const auto at = std::find_if(attempts_.begin(), attempts_.end(),
                               [&](const Attempt& each) { return each.until <= now; });
  if (at == attempts_.end()) return std::nullopt;
  out.cancels.push_back(CancelDial{at->dial});
  return take(at->dial);
}

template <typename Which>
void Dials::cancel_if(Which which, Orders& out) {
  std::erase_if(attempts_, [&](const Attempt& each) {
    if (!which(each)) return false;
    out.cancels.push_back(CancelDial{each.dial});
    return true;
  });
}

void Dials::cancel_probes(Orders& out) {
  cancel_if([](const Attempt& each) { return each.purpose == Purpose::kProbe; }, out);
}

void Dials::cancel(const NodeId& node, Orders& out) {
  cancel_if([&](const Attempt& each) { return each.node == node; }, out);
}

void Dials::cancel(std::string_view addr, Orders& out) {
  cancel_if([&](const Attempt& each) { return each.addr == addr; }, out);
}

void Dials::forgive(Instant now) {
  for (Attempt& each : attempts_) each.until = std::max(each.until, now + times_.probe);
}

void Dials::answered(Duration took) {
  usual_ = usual_ == Duration::zero() ? took : (7 * usual_ + took) / 8;
}

bool Dials::to(const NodeId& node) const {
  return std::any_of(attempts_.begin(), attempts_.end(),
                     [&](const Attempt& each) { return each.node == node; });
}

bool Dials::to(std::string_view addr) const {
  return std::any_of(attempts_.begin(), attempts_.end(),
                     [&](const Attempt& each) { return each.addr == addr; });
}

std::size_t Dials::probes() const {
  return static_cast<std::size_t>(
      std::count_if(attempts_.begin(), attempts_.end(),
                    [](const Attempt& each) { return each.purpose == Purpose::kProbe; }));
}

Instant Dials::next() const {
  Instant next = Instant::never();
  for (const Attempt& each : attempts_) next = std::min(next, each.until);
  return next;
}

void DialBudget::refill(Instant now) {
  const std::int64_t came = (now - since_) / 1s * kRate;
  if (came <= 0) return;
  left_ = std::min(kBurst, left_ + came);
  since_ = since_ + came / kRate * 1s;
}

bool DialBudget::take(Instant now) {
  refill(now);
  if (left_ == 0) return false;
  --left_;
  return true;
}

Instant DialBudget::next(Instant now) const { return left_ > 0 ? now : std::max(now, since_ + 1s); }

void NamedPeers::add(ConfiguredPeer peer, Instant now) {
  if (NamedPeer* known = at(peer.addr)) {
    known->peer = std::move(peer);
    known->next = now;
    known->answered = false;
    known->failed = 0;
    known->backoff.reset();
    return;
  }
  if (peers_.size() >= kMost) peers_.erase(peers_.begin());
  peers_.push_back({.peer = std::move(peer),
                    .found = std::nullopt,
                    .backoff = policy::Backoff({times_.retry_first, times_.retry_most}),
                    .next = now});
}

bool NamedPeers::forget(const NodeId& node) {
  return std::erase_if(peers_, [&](const NamedPeer& each) {
           return each.found == node || each.peer.node == node;
         }) > 0;
}

bool NamedPeers::forget(std::string_view addr) {
  return std::erase_if(peers_, [&](const NamedPeer& each) { return each.peer.addr == addr; }) > 0;
}

NamedPeer* NamedPeers::at(std::string_view addr) {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const NamedPeer& each) { return each.peer.addr == addr; });
  return found == peers_.end() ? nullptr : &*found;
}

}  // namespace ron::mesh
