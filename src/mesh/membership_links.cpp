// link, unlink, ping, and the answers to them.
#include <algorithm>
#include <utility>

#include "mesh/liveness.hpp"
#include "mesh/membership_impl.hpp"

namespace ron::mesh {
namespace {

// A link younger than this is not let go for a newcomer: a crowd that comes at once would only
// push itself out again.
constexpr Duration kSettled = 1s;
constexpr Duration kTrimEvery = 1s;
// A node that was lost and answers again may be the way back to a part of the mesh that a partition
// cut off. One link for each node joins the parts; one for each lost node would shake the mesh.
constexpr Duration kReturnEvery = 60s;

}  // namespace

void Membership::Impl::send(const Session& session, std::uint16_t flags, CorrId corr,
                            ByteView payload, Orders& out) {
  out.sends.push_back(
      {session.id, Lane::kControl, oap::make_frame(flags, TenantId{}, corr, payload)});
}

// OAP-9.71 OAP-9.75: every ack tells how many links there are, so that neighbours know who has too
// many.
void Membership::Impl::send_ack(const Session& session, CorrId corr, Orders& out) {
  oap::Ack ack;
  ack.for_corr = corr;
  ack.links = sessions_.relays().size();
  send(session, oap::kResp, corr, oap::write_ack(ack), out);
}

void Membership::Impl::ask(Session& session, Instant now, Orders& out) {
  session.prio = !is_leaf() && links() + expected_ + 2 <= target();
  session.asked = ++corr_;
  session.may_ask = false;
  session.enter(Stage::kAsked, now, now + config_.times.handshake);
  const oap::LinkRequest request{
      .prio = session.prio, .leaf = is_leaf(), .addr = config_.advertise};
  send(session, oap::kReq, session.asked, oap::write_link(request), out);
}

// OAP-9.64
Membership::Impl::Answer Membership::Impl::on_link(Session& session, const oap::Header& header,
                                                   const oap::Message& message, Instant now,
                                                   Orders& out) {
  const auto request = oap::read_link(message);
  if (!request) return request.error();
  if (!request->addr.empty() && !request->leaf) session.addr = request->addr;
  if (session.linked()) {
    send_ack(session, header.corr, out);
    return std::nullopt;
  }
  const Role role = request->leaf ? Role::kLeaf : Role::kRelay;
  Session* freed = nullptr;
  // OAP-9.12: a leaf's links are to relays, and of its own choice.
  if (!moves(session, role, now, out) &&
      (is_leaf() || !has_room(session, *request, now, out, freed))) {
    refuse(session, header.corr, now, out);
    return std::nullopt;
  }
  accept(session, header.corr, role, now, out);
  if (freed != nullptr && freed->degree <= target()) introduce(session, *freed, out);
  return std::nullopt;
}

// The link of another session to the same node moves to this one, and needs no further room.
bool Membership::Impl::moves(const Session& session, Role role, Instant now, Orders& out) {
  Session* old = sessions_.linked(session.node);
  if (old == nullptr) return false;
  const bool alike = old->link.role == role;
  end(*old, now, out);
  return alike;
}

// OAP-9.66: a newcomer that lacks several links is set into the middle of one: a neighbour is let
// go and told of it. So degrees stay even while a mesh grows.
bool Membership::Impl::has_room(const Session& session, const oap::LinkRequest& request,
                                Instant now, Orders& out, Session*& freed) {
  if (request.leaf) return sessions_.leaves() < config_.views.leaves_max;
  if (links() < target()) return true;
  const bool below_most = links() < most();
  if (!request.prio) return below_most;
  Session* victim = to_let_go(session, now);
  const bool needy = victim != nullptr && victim->degree != 0 && victim->degree < target();
  if (victim == nullptr || (below_most && needy)) return below_most;
  introduce(*victim, session, out);
  let_go(*victim, now, out);
  freed = victim;
  return true;
}

// OAP-9.76: one candidate alone. With unlink it is one to dial; to a newcomer, one that will dial
// it.
void Membership::Impl::introduce(const Session& reader, const Session& to, Orders& out) {
  if (to.addr.empty()) return;
  const oap::PeerAddr peer{to.addr, to.node};
  send(reader, oap::kEvent, 0, oap::write_peers({&peer, 1}), out);
}

// The one with the most links, of those that have been here for a while. Half of the links that
// this node strives for are to nodes of its own choice: a crowd of newcomers cannot have those.
Session* Membership::Impl::to_let_go(const Session& newcomer, Instant now) {
  const auto chosen_here =
      std::count_if(sessions_.all().begin(), sessions_.all().end(),
                    [](const auto& each) { return each->linked() && each->dialed; });
  const bool keep = !newcomer.dialed && chosen_here * 2 <= static_cast<std::ptrdiff_t>(target());
  Session* victim = nullptr;
  std::uint64_t equals = 0;
  for (const auto& each : sessions_.all()) {
    if (!each->linked() || each->link.slot == kNoSlot || each->node == newcomer.node) continue;
    if (now - each->since < kSettled || (keep && each->dialed)) continue;
    if (victim != nullptr && each->degree < victim->degree) continue;
    equals = victim != nullptr && each->degree == victim->degree ? equals + 1 : 1;
    if (choice_.index(equals) == 0) victim = each.get();
  }
  return victim;
}

void Membership::Impl::let_go(Session& session, Instant now, Orders& out) {
  send(session, oap::kEvent, 0, oap::write_unlink(), out);
  ++stats_.links_dropped;
  link_down(session, now);
  met(session);
}

void Membership::Impl::accept(Session& session, CorrId corr, Role role, Instant now, Orders& out) {
  if (role == Role::kRelay && expected_ > 0) --expected_;
  link_up(session, role, now, out);
  send_ack(session, corr, out);
  tell(session, out);
  ping(session, now, out);
}

void Membership::Impl::refuse(Session& session, CorrId corr, Instant now, Orders& out) {
  const std::vector<oap::PeerAddr> candidates = sample(session.node);
  send(session, oap::kResp, corr, oap::write_busy("no room for a link", candidates), out);
  // Our own request on it, if there is one, is answered all the same.
  if (session.stage != Stage::kAsked) {
    session.enter(Stage::kOver, now, now + config_.times.linger);
  }
  met(session);
}

Membership::Impl::Answer Membership::Impl::on_answer(Session& session, CorrId corr,
                                                     const oap::Message& message, Instant now,
                                                     Orders& out) {
  if (corr == 0) return std::nullopt;
  if (corr == session.asked) {
    session.asked = 0;
    return on_link_answer(session, message, now, out);
  }
  if (corr != session.life.ping) return std::nullopt;
  session.life.ping = 0;
  if (message.kind != "ack") return std::nullopt;
  const auto ack = oap::read_ack(message);
  if (!ack) return ack.error();
  on_pong(session, *ack, now, out);
  return std::nullopt;
}

Membership::Impl::Answer Membership::Impl::on_link_answer(Session& session,
                                                          const oap::Message& message, Instant now,
                                                          Orders& out) {
  if (message.kind != "ack") return on_refusal(session, message, now, out);
  const auto ack = oap::read_ack(message);
  if (!ack) return ack.error();
  session.degree =
      static_cast<unsigned>(std::min<std::uint64_t>(ack->links.value_or(0), UINT8_MAX));
  if (session.stage != Stage::kAsked) return std::nullopt;  // linked by a request that crossed ours
  const Duration took = now - session.since;
  if (!moves(session, Role::kRelay, now, out) && links() >= most()) {
    send(session, oap::kEvent, 0, oap::write_unlink(), out);
    session.enter(Stage::kOver, now, now + config_.times.linger);
    met(session);
    return std::nullopt;
  }
  link_up(session, Role::kRelay, now, out);
  session.link.rtt.sample(took);
  session.life.samples = 1;
  tell(session, out);
  ping(session, now, out);
  // A stranger takes the place of a neighbour: an extra link would soon be given up again, and it
  // may be the only one to that part of the mesh.
  const bool stranger = session.dialed == Purpose::kReturn || session.dialed == Purpose::kLong;
  if (session.dialed == Purpose::kReturn) returns_at_ = now + kReturnEvery;
  if (stranger && links() > target()) {
    if (Session* victim = to_let_go(session, now)) let_go(*victim, now, out);
  }
  return std::nullopt;
}

Membership::Impl::Answer Membership::Impl::on_refusal(Session& session, const oap::Message& message,
                                                      Instant now, Orders& out) {
  ++stats_.links_refused;
  if (session.stage != Stage::kAsked) return std::nullopt;
  Answer fault;
  if (message.kind == "error") {
    auto candidates = oap::read_busy_peers(message);
    if (candidates) {
      oap::PeerAddr peer;
      while (candidates->next(peer)) learn(peer, source_of(session.node), true);
    } else {
      fault = candidates.error();
    }
  }
  met(session);
  end(session, now, out);
  if (++refused_ >= 4) rest(now, false);
  return fault;
}

// OAP-9.69: the session stays for a while.
void Membership::Impl::on_unlink(Session& session, Instant now) {
  if (!session.linked()) return;
  ++stats_.links_dropped;
  link_down(session, now);
  met(session);
  if (session.hint) views_.mark_fresh(*session.hint);  // OAP-9.76
}

void Membership::Impl::on_pong(Session& session, const oap::Ack& ack, Instant now, Orders& out) {
  session.link.rtt.sample(now - session.life.pinged);
  session.degree = static_cast<unsigned>(std::min<std::uint64_t>(ack.links.value_or(0), UINT8_MAX));
  if (!session.linked()) return;
  if (++session.life.samples < kFirstSamples) {
    ping(session, now, out);
    return;
  }
  // Both have more than they strive for: one side gives the link up.
  const bool spare = session.link.slot != kNoSlot && config_.self < session.node &&
                     links() > target() && session.degree > target();
  if (!spare || now - trimmed_ < kTrimEvery || now - session.since < kRefresh) return;
  if (!choice_.chance(1, 4)) return;  // others may think the same of the same neighbour
  trimmed_ = now;
  let_go(session, now, out);
}

void Membership::Impl::ping(Session& session, Instant now, Orders& out) {
  session.life.ping = ++corr_;
  session.life.pinged = now;
  ++stats_.pings;
  send(session, oap::kReq, session.life.ping, oap::write_ping(), out);
}

void Membership::Impl::link_up(Session& session, Role role, Instant now, Orders&) {
  session.link =
      Link{.session = session.id, .node = session.node, .epoch = session.epoch, .role = role};
  session.enter(Stage::kLinked, now, Instant::never());
  session.life = Liveness{.heard = now, .gap = usual_gap_, .pinged = now};
  sessions_.up(session, role == Role::kRelay && !is_leaf());
  views_.forget(session.node);
  ++stats_.links_up;
  changes_.push_back({true, session.link});
  refused_ = 0;
  backoff_.reset();
  for (NamedPeer& named : named_.all()) {
    if (named.found == session.node) named.backoff.reset();
  }
}

void Membership::Impl::link_down(Session& session, Instant now) {
  changes_.push_back({false, session.link});
  sessions_.down(session);
  session.enter(Stage::kOver, now, now + config_.times.linger);
}

}  // namespace ron::mesh
