#include "sim/mesh/gossipsub.hpp"

#include <algorithm>

namespace ron::meshsim::baseline {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kDegree = 6, kLow = 5, kHigh = 12, kLazy = 6;
constexpr std::size_t kWindows = 5, kGossiped = 3;
constexpr std::size_t kIdontwantFrom = 1024;
constexpr Duration kHeartbeat = 1s, kBackoff = 60s;

template <typename T>
void shuffle(std::vector<T>& all, Choice& choice) {
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[choice.index(i)]);
}

}  // namespace

void Gossipsub::start(Instant now) {
  heartbeat_at_ = now + Duration(static_cast<std::int64_t>(choice_.index(kHeartbeat.count())));
}

Gossipsub::Peer* Gossipsub::find(SessionId session) {
  for (Peer& peer : peers_) {
    if (peer.session == session) return &peer;
  }
  return nullptr;
}

unsigned Gossipsub::meshed() const {
  return static_cast<unsigned>(
      std::count_if(peers_.begin(), peers_.end(), [](const Peer& p) { return p.meshed; }));
}

void Gossipsub::session_up(const SessionUp& up, Instant) {
  peers_.push_back({.session = up.session, .node = up.peer.node});
}

void Gossipsub::session_down(SessionId session, Instant) {
  std::erase_if(peers_, [&](const Peer& peer) { return peer.session == session; });
}

void Gossipsub::frames(SessionId session, std::span<const Slice> frames, Instant now) {
  for (const Slice& frame : frames) {
    Peer* peer = find(session);
    if (peer != nullptr) handle(*peer, frame, now);
  }
}

void Gossipsub::handle(Peer& peer, const Slice& bytes, Instant now) {
  read(bytes, frame_);
  switch (frame_.kind) {
    case Kind::kMessage: message(peer, bytes, now); break;
    case Kind::kIhave: wanted(peer); break;
    case Kind::kIwant: asked(peer); break;
    case Kind::kIdontwant: peer.dontwant.push_back(frame_.numbers[0]); break;
    case Kind::kGraft:
      if (meshed() >= kHigh) {
        port_.send(peer.session, Lane::kControl, write(Kind::kPrune), {});
      } else {
        peer.meshed = true;
      }
      break;
    case Kind::kPrune: pruned(peer, now); break;
    default: break;
  }
}

void Gossipsub::pruned(Peer& peer, Instant now) {
  peer.meshed = false;
  peer.backoff = now + kBackoff;
}

void Gossipsub::message(Peer& peer, const Slice& bytes, Instant now) {
  const std::uint32_t number = frame_.numbers[0];
  port_.copy({.number = number});
  if (!seen_.add(number)) return;
  if (bytes.size() >= kIdontwantFrom) {
    for (const Peer& other : peers_) {
      if (!other.meshed || other.session == peer.session) continue;
      port_.send(other.session, Lane::kControl, write(Kind::kIdontwant, number), {});
    }
  }
  port_.deliver({.number = number}, validation_);
  forwards_.push_back({now + validation_, number, peer.session, bytes});
}

void Gossipsub::publish(const Publication& publication, Instant) {
  seen_.add(publication.number);
  port_.deliver({.number = publication.number}, {});
  forward({.number = publication.number,
           .frame = write(Kind::kMessage, publication.number, 0, publication.message.size())});
}

void Gossipsub::forward(const Forward& what) {
  cache_.front().emplace_back(what.number, what.frame);
  for (const Peer& peer : peers_) {
    if (!peer.meshed || peer.session == what.from) continue;
    if (std::find(peer.dontwant.begin(), peer.dontwant.end(), what.number) != peer.dontwant.end()) {
      continue;
    }
    port_.send(peer.session, Lane::kRelay, what.frame, {});
  }
}

void Gossipsub::wanted(Peer& peer) {
  std::erase_if(frame_.numbers, [&](std::uint32_t number) { return seen_.has(number); });
  ++gauges_.ihave;
  if (frame_.numbers.empty()) return;
  ++gauges_.iwant;
  port_.send(peer.session, Lane::kControl,
             write(Kind::kIwant, frame_.numbers.data(), frame_.numbers.size()), {});
}

void Gossipsub::asked(Peer& peer) {
  for (const std::uint32_t number : frame_.numbers) {
    for (const Window& window : cache_) {
      const auto held = std::find_if(window.begin(), window.end(),
                                     [&](const auto& entry) { return entry.first == number; });
      if (held == window.end()) continue;
      port_.send(peer.session, Lane::kRelay, held->second, {});
      ++gauges_.repaired;
      break;
    }
  }
}

void Gossipsub::graft(Peer& peer) {
  peer.meshed = true;
  ++gauges_.grafts;
  port_.send(peer.session, Lane::kControl, write(Kind::kGraft), {});
}

void Gossipsub::balance(Instant now) {
  std::vector<Peer*> in, out;
  for (Peer& peer : peers_) {
    if (peer.meshed) in.push_back(&peer);
    if (!peer.meshed && peer.backoff <= now) out.push_back(&peer);
  }
  if (in.size() < kLow) {
    shuffle(out, choice_);
    for (std::size_t i = 0; i < out.size() && in.size() + i < kDegree; ++i) graft(*out[i]);
  } else if (in.size() > kHigh) {
    shuffle(in, choice_);
    for (std::size_t i = kDegree; i < in.size(); ++i) {
      pruned(*in[i], now);
      ++gauges_.prunes;
      port_.send(in[i]->session, Lane::kControl, write(Kind::kPrune), {});
    }
  }
}

void Gossipsub::gossip() {
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < std::min(kGossiped, cache_.size()); ++i) {
    for (const auto& entry : cache_[i]) numbers.push_back(entry.first);
  }
  if (numbers.empty()) return;
  std::vector<Peer*> others;
  for (Peer& peer : peers_) {
    if (!peer.meshed) others.push_back(&peer);
  }
  shuffle(others, choice_);
  others.resize(std::min(others.size(), std::max<std::size_t>(kLazy, others.size() / 4)));
  const Slice frame = write(Kind::kIhave, numbers.data(), numbers.size(), 0, 16 * numbers.size());
  for (const Peer* peer : others) port_.send(peer->session, Lane::kLazy, frame, {});
}

void Gossipsub::heartbeat(Instant now) {
  balance(now);
  gossip();
  cache_.emplace_front();
  if (cache_.size() > kWindows) cache_.pop_back();
  for (Peer& peer : peers_) {
    peer.dontwant.erase(peer.dontwant.begin(),
                        peer.dontwant.begin() + static_cast<std::ptrdiff_t>(peer.dontwant_new));
    peer.dontwant_new = peer.dontwant.size();
  }
  heartbeat_at_ = heartbeat_at_ + kHeartbeat;
}

void Gossipsub::tick(Instant now) {
  while (!forwards_.empty() && forwards_.front().at <= now) {
    forward(forwards_.front());
    forwards_.pop_front();
  }
  if (heartbeat_at_ <= now) heartbeat(now);
}

Instant Gossipsub::next_deadline() const {
  return forwards_.empty() ? heartbeat_at_ : std::min(heartbeat_at_, forwards_.front().at);
}

std::vector<NodeId> Gossipsub::neighbours(Instant) const {
  std::vector<NodeId> nodes;
  for (const Peer& peer : peers_) nodes.push_back(peer.node);
  return nodes;
}

}  // namespace ron::meshsim::baseline
