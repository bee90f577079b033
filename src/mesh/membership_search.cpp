// Candidates: told, dialed, probed.
#include <algorithm>
#include <utility>

#include "mesh/membership_impl.hpp"

namespace ron::mesh {
namespace {

constexpr std::size_t kTold = 16;        // candidates a message
constexpr unsigned kListens = 4;         // `peers` of one session that are heeded a second
constexpr Duration kYouth = 10s;         // of a node, in which it tells and asks more often
constexpr Duration kExpect = 500ms;      // is a link waited for that somebody was let go for
constexpr std::uint64_t kCalmLooks = 4;  // one look at a stranger in so many, while none is lost
constexpr Duration kUrgentRest = 1s;     // at most between tries of a node with few links

}  // namespace

void Membership::Impl::learn(const oap::PeerAddr& peer, Source source, bool fresh) {
  if (peer.addr == config_.advertise || sessions_.linked(peer.node) != nullptr) return;
  const bool added = views_.learn(
      {.node = peer.node, .addr = std::string(peer.addr), .source = source, .fresh = fresh},
      choice_);
  if (added && exhausted_) news_ = true;
}

// The other side of a session that is no link any more, or did not become one: it lives, but is not
// asked again in this round.
void Membership::Impl::met(const Session& session) {
  if (session.addr.empty()) return;
  const Source source = session.dialed ? kMet : kCalled;
  views_.learn({.node = session.node, .addr = session.addr, .source = source}, choice_);
  views_.mark_tried(session.node);
}

// OAP-9.70: what is told is dialed at most, and only who answers counts.
Membership::Impl::Answer Membership::Impl::on_peers(Session& session, const oap::Message& message,
                                                    Instant now, Orders& out) {
  auto told = oap::read_peers(message);
  if (!told) return told.error();
  if (now - session.listened >= 1s) {
    session.listened = now;
    session.listens = 0;
  }
  if (++session.listens > kListens) return std::nullopt;
  session.hint.reset();
  const bool one = told->count() == 1;
  oap::PeerAddr peer;
  while (told->next(peer)) {
    learn(peer, source_of(session.node), false);
    if (one) session.hint = peer.node;
  }
  if (session.hint && session.prio && session.linked()) expect(*session.hint, now);
  session.prio = session.prio && !session.hint;
  // A stranger looks in: it is told in return, and the one who looked has seen enough.
  if (session.stage == Stage::kIdle && !session.dialed && !session.told) tell(session, out);
  if (session.stage == Stage::kOver && session.dialed) end(session, now, out);
  return std::nullopt;
}

// The other side let somebody go to make room, who will come here for a new link, or is dialed
// where it cannot.
void Membership::Impl::expect(const NodeId& node, Instant now) {
  if (config_.advertise.empty()) {
    views_.mark_fresh(node);
    return;
  }
  views_.mark_tried(node);
  ++expected_;
  expected_until_ = now + kExpect;
}

// Neighbours first: they are alive.
std::vector<oap::PeerAddr> Membership::Impl::sample(const NodeId& reader) {
  std::vector<oap::PeerAddr> chosen;
  const auto shuffle_tail = [&](std::size_t first, std::size_t most) {
    const std::size_t end = std::min(chosen.size(), most);
    for (std::size_t at = first; at < end; ++at) {
      std::swap(chosen[at], chosen[at + choice_.index(chosen.size() - at)]);
    }
    chosen.resize(end);
  };
  for (const auto& each : sessions_.all()) {
    if (!each->linked() || each->addr.empty() || each->node == reader) continue;
    if (each->link.role == Role::kRelay) chosen.push_back({each->addr, each->node});
  }
  shuffle_tail(0, kTold / 2);
  const std::size_t neighbours = chosen.size();
  for (const Candidate& each : views_.passive()) {
    if (each.node != reader) chosen.push_back({each.addr, each.node});
  }
  shuffle_tail(neighbours, kTold);
  return chosen;
}

void Membership::Impl::tell(Session& session, Orders& out) {
  session.told = true;
  send(session, oap::kEvent, 0, oap::write_peers(sample(session.node)), out);
}

void Membership::Impl::shuffle(Instant now, Orders& out) {
  const bool young = now - started_at_ < kYouth;
  shuffle_at_ = now + jitter(young ? config_.times.shuffle / 8 : config_.times.shuffle);
  std::vector<Session*> neighbours;
  for (const auto& each : sessions_.all()) {
    if (each->linked()) neighbours.push_back(each.get());
  }
  if (!neighbours.empty()) tell(*neighbours[choice_.index(neighbours.size())], out);
}

void Membership::Impl::long_probe(Instant now, Orders& out) {
  long_at_ = now + (links() == 0 ? std::min<Duration>(1s, config_.times.long_probe)
                                 : jitter(config_.times.long_probe));
  if (dials_.size() >= config_.views.probes || (is_leaf() && links() >= target())) return;
  const auto& passive = views_.passive();
  const auto& lost = views_.lost();
  if (passive.empty() && lost.empty()) return;
  // Nothing was cut off: a look at a stranger may wait, it costs both sides a handshake.
  if (lost.empty() && links() >= target() && !choice_.chance(1, kCalmLooks)) return;
  const bool back = !lost.empty() && (passive.empty() || choice_.chance(3, 4));
  const auto& list = back ? lost : passive;
  const Candidate& to = list[choice_.index(list.size())];
  if (dials_.to(to.node) || sessions_.to(to.node) != nullptr) return;
  ++stats_.long_probes;
  ++stats_.dials;
  dials_.begin(
      {.purpose = back ? Purpose::kReturn : Purpose::kLong, .addr = to.addr, .node = to.node}, now,
      out);
}

unsigned Membership::Impl::have() const {
  unsigned have = links() + expected_;
  for (const auto& each : sessions_.all()) {
    // A link asked for with priority may bring a second one.
    if (each->stage == Stage::kAsked) have += each->prio ? 2 : 1;
  }
  return have;
}

void Membership::Impl::use_spares(Instant now, Orders& out) {
  for (const auto& each : sessions_.all()) {
    if (have() >= target()) return;
    if (each->stage == Stage::kIdle && each->may_ask) ask(*each, now, out);
  }
}

void Membership::Impl::search(Instant now, Orders& out) {
  search_at_ = Instant::never();
  if (expected_ > 0 && expected_until_ <= now) expected_ = 0;
  use_spares(now, out);
  if (have() >= target()) {
    if (links() + expected_ >= target()) dials_.cancel_probes(out);
    return;
  }
  if (now < calm_until_ && !news_) {
    search_at_ = calm_until_;
    return;
  }
  if (calm_until_ != Instant() && calm_until_ <= now) {
    views_.new_round();
    calm_until_ = Instant();
    exhausted_ = false;
  }
  news_ = false;
  probe(now, out);
}

// As many at once as links are missing, and more the more neighbours and candidates fell silent
// lately: one that leaves is replaced by one dial, a crash of most nodes is answered by all the
// dials that are allowed.
void Membership::Impl::probe(Instant now, Orders& out) {
  const unsigned most = config_.views.probes;
  const unsigned width = std::min(most, target() - have() + silent_);
  while (dials_.probes() < width && dials_.size() < most) {
    if (budget_.next(now) > now) {
      search_at_ = budget_.next(now);
      return;
    }
    const Candidate* to = views_.pick(choice_);
    if (to == nullptr) {
      if (dials_.probes() == 0 && have() == links()) rest(now, true);
      return;
    }
    if (dials_.to(to->node) || sessions_.to(to->node) != nullptr) continue;
    budget_.take(now);
    ++stats_.dials;
    dials_.begin({.purpose = Purpose::kProbe, .addr = to->addr, .node = to->node}, now, out);
  }
}

void Membership::Impl::rest(Instant now, bool exhausted) {
  if (now < calm_until_) return;
  const Duration wait = backoff_.next(choice_);
  calm_until_ = now + (urgent() ? std::min(wait, kUrgentRest) : wait);
  exhausted_ = exhausted;
  refused_ = 0;
  search_at_ = calm_until_;
}

bool Membership::Impl::due(const NamedPeer& named) const {
  if (named.self || (named.answered && links() >= target())) return false;
  if (named.found && sessions_.to(*named.found) != nullptr) return false;
  if (named.peer.node && sessions_.to(*named.peer.node) != nullptr) return false;
  return !dials_.to(named.peer.addr);
}

void Membership::Impl::redial(Instant now, Orders& out) {
  named_at_ = Instant::never();
  for (NamedPeer& named : named_.all()) {
    if (!due(named)) continue;
    if (named.next > now) {
      named_at_ = std::min(named_at_, named.next);
      continue;
    }
    if (dials_.size() >= config_.views.probes) return;
    named.next = now + config_.times.probe + named.backoff.next(choice_);
    ++stats_.dials;
    dials_.begin(
        {.purpose = Purpose::kConfigured, .addr = named.peer.addr, .node = named.peer.node}, now,
        out);
  }
}

}  // namespace ron::mesh
