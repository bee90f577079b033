#include "sim/mesh/plumtree.hpp"

#include <algorithm>

#include "sim/mesh/network.hpp"

namespace ron::meshsim::baseline {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kActive = 5;
constexpr Duration kBatch = 5ms, kFirstAsk = 80ms, kNextAsk = 40ms;
constexpr std::uint32_t kShorter = 7;  // hops
constexpr Duration kDialPatience = 500ms, kRetry = 100ms;

}  // namespace

void Plumtree::start(Instant) {}

Plumtree::Peer* Plumtree::find(SessionId session) {
  for (Peer& peer : peers_) {
    if (peer.session == session) return &peer;
  }
  return nullptr;
}

Plumtree::Peer* Plumtree::find_host(HostIndex host) {
  for (Peer& peer : peers_) {
    if (peer.host == host && peer.active) return &peer;
  }
  return nullptr;
}

unsigned Plumtree::active() const {
  return static_cast<unsigned>(
      std::count_if(peers_.begin(), peers_.end(), [](const Peer& p) { return p.active; }));
}

void Plumtree::tell(const Peer& peer, Kind kind, std::uint32_t number) {
  if (kind == Kind::kGraft) ++gauges_.grafts;
  if (kind == Kind::kPrune) ++gauges_.prunes;
  port_.send(peer.session, Lane::kControl, write(kind, number), {});
}

// --- views

void Plumtree::session_up(const SessionUp& up, Instant) {
  peers_.push_back({.session = up.session, .node = up.peer.node, .host = up.host});
  if (up.given) settle(peers_.back());
  if (!up.dial || *up.dial != dial_) return;
  tell(peers_.back(), Kind::kNeighbour, active() == 0 ? 1 : 0);
}

void Plumtree::settle(Peer& peer) { peer.active = peer.eager = true; }

void Plumtree::neighbour(Peer& peer) {
  const bool urgent = frame_.numbers[0] != 0;
  if (active() >= kActive && !urgent) return tell(peer, Kind::kReject);
  if (active() >= kActive) {
    std::vector<Peer*> all;
    for (Peer& other : peers_) {
      if (other.active) all.push_back(&other);
    }
    Peer& dropped = *all[choice_.index(all.size())];
    dropped.active = dropped.eager = false;
    port_.close(dropped.session);
    const SessionId gone = dropped.session, kept = peer.session;
    std::erase_if(peers_, [&](const Peer& other) { return other.session == gone; });
    Peer& stays = *find(kept);
    settle(stays);
    return tell(stays, Kind::kAccept);
  }
  settle(peer);
  tell(peer, Kind::kAccept);
}

void Plumtree::session_down(SessionId session, Instant now) {
  std::erase_if(peers_, [&](const Peer& peer) { return peer.session == session; });
  if (active() < kActive && !dialing_) replace(now);
}

void Plumtree::dial_failed(std::uint64_t dial, Instant now) {
  if (!dialing_ || dial != dial_) return;
  dialing_ = false;
  replace(now);
}

// The next candidate; when all have been tried, again after a while.
void Plumtree::replace(Instant now) {
  replace_at_ = Instant::never();
  if (active() >= kActive || passive_.empty()) return;
  const HostIndex host = passive_[choice_.index(passive_.size())];
  if (host == port_.host() || find_host(host) != nullptr) {
    replace_at_ = now + kRetry;
    return;
  }
  dialing_ = true;
  ++gauges_.dials;
  port_.dial(++dial_, addr_of(host, host), std::nullopt);
  replace_at_ = now + kDialPatience;
}

// --- the tree

void Plumtree::frames(SessionId session, std::span<const Slice> frames, Instant now) {
  for (const Slice& frame : frames) {
    Peer* peer = find(session);
    if (peer != nullptr) handle(*peer, frame, now);
  }
}

void Plumtree::handle(Peer& peer, const Slice& bytes, Instant now) {
  read(bytes, frame_);
  switch (frame_.kind) {
    case Kind::kMessage: message(peer, bytes, now); break;
    case Kind::kIhave: announced(peer, now); break;
    case Kind::kPrune: peer.eager = false; break;
    case Kind::kGraft: {
      peer.eager = true;
      const auto held = held_.find(frame_.numbers[0]);
      if (frame_.hops == 0 || held == held_.end()) break;
      ++gauges_.repaired;
      port_.send(peer.session, Lane::kRelay, held->second.frame, {});
      break;
    }
    case Kind::kNeighbour: neighbour(peer); break;
    case Kind::kAccept:
      dialing_ = false;
      settle(peer);
      replace(now);
      break;
    case Kind::kReject:
      dialing_ = false;
      port_.close(peer.session);
      std::erase_if(peers_, [s = peer.session](const Peer& other) { return other.session == s; });
      replace(now);
      break;
    default: break;
  }
}

void Plumtree::message(Peer& peer, const Slice& bytes, Instant now) {
  const std::uint32_t number = frame_.numbers[0];
  port_.copy({.number = number});
  if (held_.contains(number)) {
    peer.eager = false;
    tell(peer, Kind::kPrune);
    return;
  }
  peer.eager = true;
  const std::uint32_t hops = frame_.hops + 1;
  const Slice onward = write(Kind::kMessage, number, hops, bytes.size() - 13);
  held_[number] = {onward, hops, peer.host};
  port_.deliver({.number = number}, validation_);
  const auto missing = missing_.find(number);
  if (missing != missing_.end()) {
    for (const auto& [host, other_hops] : missing->second.announced) {
      Peer* shorter = find_host(host);
      if (shorter == nullptr || other_hops + kShorter > hops) continue;
      shorter->eager = true;
      tell(*shorter, Kind::kGraft);
      peer.eager = false;
      tell(peer, Kind::kPrune);
      break;
    }
    missing_.erase(missing);
  }
  forwards_.push_back({now + validation_, number, hops, peer.host});
}

void Plumtree::publish(const Publication& publication, Instant now) {
  const std::uint32_t number = publication.number;
  held_[number] = {write(Kind::kMessage, number, 0, publication.message.size()), 0, kNoHost};
  port_.deliver({.number = number}, {});
  forward({.number = number}, now);
}

void Plumtree::forward(const Forward& what, Instant now) {
  for (Peer& peer : peers_) {
    if (!peer.active || peer.host == what.from) continue;
    if (peer.eager) {
      port_.send(peer.session, Lane::kRelay, held_[what.number].frame, {});
      continue;
    }
    peer.lazy.push_back(what.number);
    peer.lazy.push_back(what.hops);
    if (flush_at_.is_never()) flush_at_ = now + kBatch;
  }
}

void Plumtree::flush() {
  flush_at_ = Instant::never();
  for (Peer& peer : peers_) {
    if (peer.lazy.empty()) continue;
    ++gauges_.ihave;
    port_.send(peer.session, Lane::kLazy,
               write(Kind::kIhave, peer.lazy.data(), peer.lazy.size(), 0, 32 * peer.lazy.size()),
               {});
    peer.lazy.clear();
  }
}

void Plumtree::announced(Peer& peer, Instant now) {
  for (std::size_t i = 0; i + 1 < frame_.numbers.size(); i += 2) {
    const std::uint32_t number = frame_.numbers[i];
    if (held_.contains(number)) continue;
    const auto [at, fresh] = missing_.try_emplace(number);
    if (fresh) at->second.at = now + kFirstAsk;
    at->second.announced.emplace_back(peer.host, frame_.numbers[i + 1]);
    missing_at_ = std::min(missing_at_, at->second.at);
  }
}

void Plumtree::ask(std::uint32_t number, Missing& missing, Instant now) {
  while (!missing.announced.empty()) {
    Peer* peer = find_host(missing.announced.front().first);
    missing.announced.pop_front();
    if (peer == nullptr) continue;
    peer->eager = true;
    ++gauges_.grafts;
    ++gauges_.iwant;
    port_.send(peer->session, Lane::kControl, write(Kind::kGraft, number, 1), {});
    break;
  }
  missing.at = missing.announced.empty() ? Instant::never() : now + kNextAsk;
}

void Plumtree::tick(Instant now) {
  while (!forwards_.empty() && forwards_.front().at <= now) {
    forward(forwards_.front(), now);
    forwards_.pop_front();
  }
  if (flush_at_ <= now) flush();
  if (missing_at_ <= now) {
    missing_at_ = Instant::never();
    for (auto& [number, missing] : missing_) {
      if (missing.at <= now) ask(number, missing, now);
      missing_at_ = std::min(missing_at_, missing.at);
    }
  }
  if (replace_at_ <= now) {
    if (dialing_) port_.cancel(dial_);
    dialing_ = false;
    replace(now);
  }
}

Instant Plumtree::next_deadline() const {
  Instant next = std::min({flush_at_, missing_at_, replace_at_});
  return forwards_.empty() ? next : std::min(next, forwards_.front().at);
}

std::vector<NodeId> Plumtree::neighbours(Instant) const {
  std::vector<NodeId> nodes;
  for (const Peer& peer : peers_) {
    if (peer.active) nodes.push_back(peer.node);
  }
  return nodes;
}

NodeGauges Plumtree::gauges() const {
  NodeGauges all = gauges_;
  all.links = active();
  return all;
}

}  // namespace ron::meshsim::baseline
