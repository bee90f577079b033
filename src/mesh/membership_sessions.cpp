// Sessions that come and go, and which of two to one node stays.
#include <algorithm>
#include <utility>

#include "mesh/membership_impl.hpp"

namespace ron::mesh {
namespace {

// Of strangers one in so many becomes a neighbour, which keeps the mesh mixed.
constexpr std::uint64_t kMixOf = 128;

enum class Stays : std::uint8_t { kOld, kNew, kBoth };

// OAP-9.8 OAP-9.9: both sides judge alike whatever order they learn of the two sessions in: by the
// start of the node, then by who dialed. Of two that one side dialed, that side keeps the first,
// and the other side waits for it to close one.
Stays judge(const Session& session, const Session& old, bool self_is_lower) {
  if (session.epoch != old.epoch) return session.epoch > old.epoch ? Stays::kNew : Stays::kOld;
  if (old.stage == Stage::kOver) return Stays::kNew;
  const bool ours = session.dialed.has_value();
  if (ours == old.dialed.has_value()) return ours ? Stays::kOld : Stays::kBoth;
  return ours == self_is_lower ? Stays::kNew : Stays::kOld;
}

}  // namespace

void Membership::Impl::session_up(const PeerSession& peer, Instant now, Orders& out) {
  woke(now);
  std::optional<Attempt> attempt;
  if (peer.dial) attempt = dials_.take(*peer.dial);
  if (attempt) {
    dials_.answered(now - attempt->started);
    if (attempt->purpose == Purpose::kProbe) silent_ /= 2;
    named_answered(*attempt, peer.node);
  }
  Session session{.id = peer.session, .node = peer.node, .epoch = peer.epoch};
  session.life.heard = now;
  session.enter(Stage::kIdle, now, now + config_.times.linger);
  if (attempt) {
    session.dialed = attempt->purpose;
    session.addr = attempt->addr;
  }
  std::optional<oap::WireError> error;
  const bool unasked = peer.dial && !attempt;  // given up meanwhile
  if (unasked || !admit(session, attempt, now, out, error) || !outlives_rivals(session, now, out)) {
    out.closes.push_back({peer.session, error});
  } else {
    Session& added = sessions_.add(std::move(session));
    if (attempt) begin(added, *attempt, now, out);
  }
  settle(now, out);
}

// Is it a session this node wants at all?
bool Membership::Impl::admit(const Session& session, const std::optional<Attempt>& attempt,
                             Instant now, Orders& out, std::optional<oap::WireError>& error) {
  const bool wrong = attempt && attempt->node && *attempt->node != session.node;
  if (wrong) {
    error = oap::WireError{oap::Code::kUnauth, "another node answers at this address", true};
  }
  if (wrong || session.node == config_.self) {
    if (attempt && attempt->node) views_.forget(*attempt->node);
    return false;
  }
  if (attempt || make_room(now, out)) return true;
  error = oap::WireError{oap::Code::kBusy, "too many peer sessions without a link", true};
  return false;
}

// Accepted sessions without a link are bounded; those that are over go first.
bool Membership::Impl::make_room(Instant now, Orders& out) {
  Session* oldest = nullptr;
  unsigned accepted = 0;
  for (const auto& each : sessions_.all()) {
    if (each->linked() || each->dialed) continue;
    ++accepted;
    if (each->stage != Stage::kOver) continue;
    if (oldest == nullptr || each->since < oldest->since) oldest = each.get();
  }
  if (accepted < config_.views.sessions_max) return true;
  if (oldest == nullptr) return false;
  end(*oldest, now, out);
  return true;
}

bool Membership::Impl::outlives_rivals(Session& session, Instant now, Orders& out) {
  std::vector<SessionId> rivals;
  for (const auto& each : sessions_.all()) {
    if (each->node == session.node) rivals.push_back(each->id);
  }
  return std::all_of(rivals.begin(), rivals.end(), [&](SessionId id) {
    return settle_rivals(session, *sessions_.find(id), now, out);
  });
}

// False when the new session must go.
bool Membership::Impl::settle_rivals(Session& session, Session& old, Instant now, Orders& out) {
  const bool same_start = session.epoch == old.epoch;
  switch (judge(session, old, config_.self < session.node)) {
    case Stays::kBoth: return true;
    case Stays::kOld:
      ++stats_.replaced;
      old.may_ask = old.may_ask || (same_start && session.dialed);
      return false;
    case Stays::kNew:
      // A link moves once it is agreed on there, so that it is never missing.
      if (same_start && old.linked()) return true;
      ++stats_.replaced;
      session.may_ask = same_start && (old.may_ask || old.stage == Stage::kAsked);
      end(old, now, out);
      return true;
  }
  return false;
}

void Membership::Impl::begin(Session& session, const Attempt& attempt, Instant now, Orders& out) {
  const bool moves = sessions_.linked(session.node) != nullptr;
  const bool room = links() < most();
  bool wants = links() < target();
  if (attempt.purpose == Purpose::kProbe) {
    session.may_ask = true;  // when one is missing, which search() knows
    if (!moves) return;
  }
  if (attempt.purpose == Purpose::kConfigured) wants = true;
  if (attempt.purpose == Purpose::kLong) wants = wants || choice_.chance(1, kMixOf);
  if (attempt.purpose == Purpose::kReturn) {
    wants = wants || now >= returns_at_;
    views_.learn({.node = session.node, .addr = session.addr}, choice_);
  }
  if (moves || (wants && room)) {
    ask(session, now, out);
    return;
  }
  session.enter(Stage::kOver, now, now + config_.times.linger);
  tell(session, out);
}

void Membership::Impl::named_answered(const Attempt& attempt, const NodeId& node) {
  NamedPeer* named = named_.at(attempt.addr);
  if (named == nullptr) return;
  named->self = node == config_.self;
  if (attempt.node && *attempt.node != node) return;
  named->found = node;
  named->answered = true;
  named->failed = 0;
}

void Membership::Impl::dial_failed(DialId dial, Instant now, Orders& out) {
  woke(now);
  if (const std::optional<Attempt> attempt = dials_.take(dial)) failed(*attempt);
  settle(now, out);
}

void Membership::Impl::failed(const Attempt& attempt) {
  ++stats_.dials_failed;
  if (NamedPeer* named = named_.at(attempt.addr)) ++named->failed;
  if (attempt.purpose == Purpose::kProbe) {
    silent_ = std::min(silent_ + 1, config_.views.probes);
  }
  if (attempt.purpose != Purpose::kConfigured && attempt.node) {
    views_.lose(*attempt.node, attempt.addr, choice_);
  }
}

void Membership::Impl::session_down(SessionId id, Instant now, Orders& out) {
  woke(now);
  if (Session* session = sessions_.find(id)) {
    const bool lost = session->linked();
    if (lost) ++stats_.links_lost;
    if (lost || session->stage == Stage::kAsked) {
      views_.lose(session->node, session->addr, choice_);
    }
    if (lost) link_down(*session, now);
    sessions_.erase(id);
  }
  settle(now, out);
}

void Membership::Impl::end(Session& session, Instant now, Orders& out,
                           std::optional<oap::WireError> error) {
  if (session.linked()) link_down(session, now);
  out.closes.push_back({session.id, error});
  sessions_.erase(session.id);
}

}  // namespace ron::mesh
