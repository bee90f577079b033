#include "mesh/membership.hpp"

#include <algorithm>
#include <utility>

#include "mesh/liveness.hpp"
#include "mesh/membership_impl.hpp"

namespace ron::mesh {

Membership::Membership(const MeshConfig& config, Choice& choice)
    : impl_(std::make_unique<Impl>(config, choice)) {}
Membership::~Membership() = default;

void Membership::start(Instant now, Orders& out) { impl_->start(now, out); }
void Membership::session_up(const PeerSession& peer, Instant now, Orders& out) {
  impl_->session_up(peer, now, out);
}
void Membership::session_down(SessionId session, Instant now, Orders& out) {
  impl_->session_down(session, now, out);
}
void Membership::dial_failed(DialId dial, Instant now, Orders& out) {
  impl_->dial_failed(dial, now, out);
}
void Membership::heard(SessionId session, Instant now) { impl_->heard(session, now); }
std::optional<oap::Fault> Membership::received(SessionId session, const oap::Header& header,
                                               const oap::Message& message, Instant now,
                                               Orders& out) {
  return impl_->received(session, header, message, now, out);
}
void Membership::dial(ConfiguredPeer peer, Instant now, Orders& out) {
  impl_->dial(std::move(peer), now, out);
}
bool Membership::hangup(const NodeId& node, Instant now, Orders& out) {
  return impl_->hangup(node, now, out);
}
bool Membership::withdraw(std::string_view addr, Instant now, Orders& out) {
  return impl_->withdraw(addr, now, out);
}
void Membership::expel(const NodeId& node, Instant now, Orders& out) {
  impl_->expel(node, now, out);
}
void Membership::tick(Instant now, Orders& out) { impl_->tick(now, out); }
Instant Membership::next_deadline() const { return impl_->next(); }
std::vector<LinkChange>& Membership::changes() { return impl_->changes(); }
const Link* Membership::link(SessionId session) const {
  const Session* found = impl_->sessions().find(session);
  return found != nullptr && found->linked() ? &found->link : nullptr;
}
const std::vector<const Link*>& Membership::relays() const { return impl_->sessions().relays(); }
std::vector<PeerView> Membership::peers(Instant now) const { return impl_->peers(now); }
std::vector<NamedView> Membership::named() const { return impl_->named(); }
const MembershipStats& Membership::stats() const { return impl_->stats(); }

namespace {

MeshConfig bounded(MeshConfig config) {
  ViewLimits& views = config.views;
  views.active_max = std::clamp(views.active_max, 1U, kMaxLinks);
  views.active = std::clamp(views.active, 1U, views.active_max);
  views.probes = std::max(views.probes, 1U);
  views.sessions_max = std::max(views.sessions_max, 1U);
  return config;
}

}  // namespace

Membership::Impl::Impl(const MeshConfig& config, Choice& choice)
    : config_(bounded(config)),
      choice_(choice),
      dials_(config_.times),
      named_(config_.times),
      views_(config_.self, config_.views.passive),
      backoff_({config_.times.retry_first, config_.times.retry_most}) {}

void Membership::Impl::start(Instant now, Orders& out) {
  started_ = true;
  started_at_ = now;
  shuffle_at_ = now + jitter(config_.times.shuffle / 8);
  long_at_ = now + jitter(config_.times.long_probe);
  for (const ConfiguredPeer& peer : config_.peers) named_.add(peer, now);
  settle(now, out);
}

void Membership::Impl::dial(ConfiguredPeer peer, Instant now, Orders& out) {
  woke(now);
  named_.add(std::move(peer), now);
  settle(now, out);
}

bool Membership::Impl::hangup(const NodeId& node, Instant now, Orders& out) {
  woke(now);
  bool found = named_.forget(node);
  found = part_from(node, now, out) || found;
  settle(now, out);
  return found;
}

// A peer that the operator named is dialed again, and let in once its points are forgotten.
void Membership::Impl::expel(const NodeId& node, Instant now, Orders& out) {
  ++stats_.expelled;
  for (const auto& session : sessions_.all()) {
    if (session->node != node) continue;
    send(*session, oap::kEvent, 0,
         oap::write_bye({.reason = "expelled", .alt = {}, .after_ms = {}}),
         out);  // OAP-9.74
  }
  part_from(node, now, out);
  settle(now, out);
}

bool Membership::Impl::part_from(const NodeId& node, Instant now, Orders& out) {
  bool found = false;
  while (Session* session = sessions_.to(node)) {
    end(*session, now, out);
    found = true;
  }
  dials_.cancel(node, out);
  return views_.forget(node) || found;
}

// The node that is expected there may well be linked by another address: it stays.
bool Membership::Impl::withdraw(std::string_view addr, Instant now, Orders& out) {
  woke(now);
  std::optional<NodeId> node;
  const NamedPeer* const named = named_.at(addr);
  const bool known = named != nullptr;
  if (known) node = named->found;
  for (const auto& session : sessions_.all()) {
    if (session->addr == addr) node = session->node;
  }
  for (const Candidate& each : views_.passive()) {
    if (!node && each.addr == addr) node = each.node;
  }
  named_.forget(addr);
  dials_.cancel(addr, out);
  const bool left = node && hangup(*node, now, out);
  settle(now, out);
  return known || left;
}

void Membership::Impl::heard(SessionId id, Instant now) {
  woke(now);
  Session* session = sessions_.find(id);
  if (session == nullptr) return;
  if (session->linked()) {
    note_heard(session->life, usual_gap_, now, config_.times);
  } else {
    session->life.heard = now;
  }
}

std::optional<oap::Fault> Membership::Impl::received(SessionId id, const oap::Header& header,
                                                     const oap::Message& message, Instant now,
                                                     Orders& out) {
  heard(id, now);
  Session* session = sessions_.find(id);
  if (session == nullptr) return std::nullopt;
  Answer fault;
  if (header.has(oap::kResp)) {
    fault = on_answer(*session, header.corr, message, now, out);
  } else if (message.kind == "link") {
    fault = on_link(*session, header, message, now, out);
  } else if (message.kind == "ping") {
    send_ack(*session, header.corr, out);
    if (session->linked()) ping_together(*session, now, out);
  } else if (message.kind == "unlink") {
    on_unlink(*session, now);
  } else if (message.kind == "peers") {
    fault = on_peers(*session, message, now, out);
  }
  settle(now, out);
  return fault;
}

void Membership::Impl::woke(Instant now) {
  if (!next_.is_never() && now - next_ > config_.times.ping) forgive(now);
}

void Membership::Impl::forgive(Instant now) {
  for (const auto& session : sessions_.all()) {
    // What was under way measured our own stall, not the other side.
    session->life.heard = now;
    session->life.ping = 0;
    session->life.samples = std::min(session->life.samples, kFirstSamples - 1);
    if (!session->linked()) session->since = now;
    session->until = std::max(session->until, now + config_.times.linger);
  }
  dials_.forgive(now);
  next_ = now;
}

void Membership::Impl::tick(Instant now, Orders& out) {
  woke(now);
  while (const std::optional<Attempt> attempt = dials_.expired(now, out)) failed(*attempt);
  std::vector<SessionId> ids;
  ids.reserve(sessions_.all().size());
  for (const auto& session : sessions_.all()) ids.push_back(session->id);
  for (const SessionId id : ids) {
    if (Session* session = sessions_.find(id)) check_session(*session, now, out);
  }
  if (shuffle_at_ <= now) shuffle(now, out);
  if (long_at_ <= now) long_probe(now, out);
  settle(now, out);
}

Instant Membership::Impl::due_ping(const Session& session) const {
  return pings_at(session, is_pinger(config_.self, session.node), config_.times);
}

void Membership::Impl::check_session(Session& session, Instant now, Orders& out) {
  if (!session.linked()) {
    if (session.until > now) return;
    if (session.stage == Stage::kAsked) views_.lose(session.node, session.addr, choice_);
    end(session, now, out);
    return;
  }
  if (dies_at(session, config_.times) <= now) {
    ++stats_.links_lost;
    silent_ = std::min(silent_ + 1, config_.views.probes);
    const NodeId node = session.node;
    const std::string addr = session.addr;
    end(session, now, out);
    views_.lose(node, addr, choice_);
    return;
  }
  if (due_ping(session) <= now) ping_together(session, now, out);
}

// Pings that are nearly due go along, so that they share a tick. Among near neighbours, whose pings
// arrive at once, half an interval counts as nearly: a ping takes theirs along, and soon all come
// at the same time and wake a node once, not one by one. Over far links that would not work, and
// go round in circles.
void Membership::Impl::ping_together(const Session& with, Instant now, Orders& out) {
  const Duration ping = config_.times.ping;
  const bool near = is_near(with.link.rtt, config_.times);
  for (const auto& session : sessions_.all()) {
    if (!session->linked()) continue;
    const bool goes_along =
        near && is_near(session->link.rtt, config_.times) && is_pinger(config_.self, session->node);
    const Duration early = goes_along ? ping / 2 : ping / 8;
    if (due_ping(*session) <= now + early) this->ping(*session, now, out);
  }
}

void Membership::Impl::settle(Instant now, Orders& out) {
  if (started_) {
    redial(now, out);
    search(now, out);
  }
  schedule(now);
}

void Membership::Impl::schedule(Instant now) {
  Instant next = std::min({dials_.next(), shuffle_at_, long_at_, search_at_, named_at_});
  if (expected_ > 0) next = std::min(next, expected_until_);
  for (const auto& session : sessions_.all()) {
    if (!session->linked()) {
      next = std::min(next, session->until);
      continue;
    }
    const Instant ping = due_ping(*session);
    next = std::min({next, ping, dies_at(*session, config_.times)});
  }
  next_ = std::max(next, now);
}

Duration Membership::Impl::jitter(Duration most) {
  const auto half = static_cast<std::uint64_t>(most.count() / 2);
  return most / 2 + Duration(static_cast<std::int64_t>(choice_.index(half + 1)));
}

unsigned Membership::Impl::links() const {
  return is_leaf() ? sessions_.leaves() : static_cast<unsigned>(sessions_.relays().size());
}

std::vector<PeerView> Membership::Impl::peers(Instant now) const {
  std::vector<PeerView> views;
  for (const auto& session : sessions_.all()) {
    if (!session->linked()) continue;
    views.push_back({session->node, session->addr, true, session->link.role,
                     session->link.rtt.srtt(), now - session->since, session->id});
  }
  for (const Candidate& each : views_.passive()) {
    views.push_back({.node = each.node, .addr = each.addr, .session = {}});
  }
  return views;
}

std::vector<NamedView> Membership::Impl::named() const {
  std::vector<NamedView> views;
  for (const NamedPeer& each : named_.all()) {
    const auto is_it = [&](const auto& session) {
      return session->linked() && (session->node == each.found || session->node == each.peer.node ||
                                   session->addr == each.peer.addr);
    };
    NamedView view{.addr = each.peer.addr,
                   .expected = each.peer.node,
                   .found = each.self ? std::nullopt : each.found,
                   .failed = each.failed};
    if (std::ranges::any_of(sessions_.all(), is_it)) {
      view.state = NamedView::State::kLinked;
    } else if (each.self) {
      view.state = NamedView::State::kSelf;
    } else if (dials_.to(each.peer.addr)) {
      view.state = NamedView::State::kDialing;
    } else if (each.answered && links() >= target()) {
      view.state = NamedView::State::kSpare;
    }
    views.push_back(std::move(view));
  }
  return views;
}

const MembershipStats& Membership::Impl::stats() {
  // A leaf has links to relays only, whatever it is to them.
  stats_.active = links();
  stats_.leaves = is_leaf() ? 0 : sessions_.leaves();
  stats_.passive = static_cast<std::uint32_t>(views_.passive().size());
  stats_.dialing = static_cast<std::uint32_t>(dials_.size());
  stats_.sessions = static_cast<std::uint32_t>(sessions_.all().size());
  return stats_;
}

}  // namespace ron::mesh
