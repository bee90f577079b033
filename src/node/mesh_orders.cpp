// What the mesh orders is done here: frames to the lanes of peers, publications of other nodes to
// the sessions of this one, dials, closes (docs/OAP-1.md sections 5 and 9).
#include <algorithm>

#include "node/core.hpp"

namespace ron::node {
namespace {

std::size_t slot(mesh::Lane lane) { return static_cast<std::size_t>(lane); }
std::size_t slot(PeerShed reason) { return static_cast<std::size_t>(reason); }

gossip::PeerLane peer_lane(mesh::Lane lane) {
  return static_cast<gossip::PeerLane>(slot(lane) - 1);  // control is the answers lane
}

gossip::LaneBound bound_of(const gossip::PeerLaneLimits& limits, mesh::Lane lane) {
  switch (lane) {
    case mesh::Lane::kControl: return limits.control;
    case mesh::Lane::kOwn: return limits.own;
    case mesh::Lane::kRelay: return limits.relay;
    case mesh::Lane::kLazy: break;
  }
  return limits.lazy;
}

// The frame is legal: this node made it, or has judged it. Only `relay` spends credit.
ShardCore::ForPeers for_peers(const Slice& frame, gossip::RunRef run) {
  const ByteView payload = frame.bytes().subspan(oap::kHeaderSize);
  if (const auto usual = oap::read_usual_relay(payload)) {
    return {std::move(run), true, oap::is_best_effort(usual->seq)};
  }
  const auto message = oap::read_message(payload);
  if (!message || message->kind != "relay") return {std::move(run), false, false};
  const auto relay = oap::read_relay(*message);
  return {std::move(run), true, relay && oap::is_best_effort(relay->seq)};
}

// Best effort takes no room that others need: it goes first.
gossip::LaneBound half_of(const gossip::LaneBound& bound) {
  return {bound.frames / 2, bound.bytes / 2};
}

oap::Decoded<oap::Gossip> read_publication(ByteView payload) {
  if (const auto usual = oap::read_usual_gossip(payload)) return *usual;
  const auto message = oap::read_message(payload);
  if (!message) return std::unexpected(message.error());
  if (message->kind != "gossip") return std::unexpected(oap::Fault("not a publication"));
  return oap::read_gossip(*message);
}

gossip::RunRef run_of(const Slice& frame) {
  return gossip::RunRef::make(frame, 1,
                              static_cast<std::uint32_t>(frame.size() - oap::kHeaderSize));
}

}  // namespace

// Nothing of the mesh is called while orders are obeyed but what appends new ones, so that there is
// no recursion; sessions that end on the way leave theirs here too.
void ShardCore::obey_mesh() {
  if (!seat_) return;
  while (!seat_->orders.empty()) {
    std::swap(seat_->orders, seat_->obeying);
    mesh::Orders& orders = seat_->obeying;
    send_all(orders.sends);
    for (const mesh::Deliver& publication : orders.deliveries) deliver_from_mesh(publication);
    for (const mesh::Gap& gap : orders.gaps) {
      tell_gap(gap);
      send_to_others(GapMail{gap});
    }
    for (const mesh::Close& close : orders.closes) obey(close);
    for (const mesh::Dial& dial : orders.dials) obey(dial);
    for (const mesh::CancelDial& cancel : orders.cancels) obey(cancel);
    for (const mesh::Expelled& expelled : orders.expelled) {
      seat_->expelled.push_back(expelled);
      order({.kind = Action::Kind::kExpelled});
    }
    orders.clear();
  }
}

// ---- frames to peers ---------------------------------------------------------------------------

// The same frame often goes to many: neighbours in the list share it.
void ShardCore::send_all(std::span<const mesh::Send> sends) {
  std::vector<std::vector<PeerTo>> to(count_);  // by shard
  for (std::size_t i = 0; i < sends.size();) {
    const Slice& frame = sends[i].frame;
    for (; i < sends.size() && sends[i].frame.data() == frame.data(); ++i) {
      to[sends[i].session.shard()].push_back({sends[i].session, sends[i].lane});
    }
    for (unsigned shard = 0; shard < count_; ++shard) {
      if (to[shard].empty()) continue;
      if (shard == self_) {
        send_to_peers(frame, to[shard]);
      } else {
        mail_to_peers(static_cast<ShardIndex>(shard), frame, std::move(to[shard]));
      }
      to[shard].clear();
    }
  }
}

// One peer may ask for more in a frame than the way to its shard should hold: to pause whoever
// feeds it comes too late then.
void ShardCore::mail_to_peers(ShardIndex shard, const Slice& frame, std::vector<PeerTo> to) {
  if (mail_.overfull(shard)) {
    std::erase_if(to, [&](const PeerTo& one) {
      if (one.lane == mesh::Lane::kControl) return false;
      ++stats_.peer_shed[slot(one.lane)][slot(PeerShed::kFull)];
      if (one.lane != mesh::Lane::kLazy) seat_->machine.shed(one.session, {.frames = 1}, now_);
      return true;
    });
  }
  if (to.empty()) return;
  send_mail(shard, PeerSendMail{std::move(to), Slice::copy_of(frame.bytes(), nullptr)});
}

void ShardCore::send_to_peers(const Slice& frame, std::span<const PeerTo> to) {
  const ForPeers sent = for_peers(frame, run_of(frame));
  for (const PeerTo& one : to) {
    Session* session = find(one.session);
    if (session != nullptr && session->phase == Phase::kActive && session->peer) {
      send_to_peer(*session, one.lane, sent);
    }
  }
  turn_runs_.push_back({sent.run, {}, 0});  // peers have no lanes to join it in
}

void ShardCore::send_to_peer(Session& session, mesh::Lane lane, const ForPeers& sent) {
  if (lane == mesh::Lane::kControl) {
    session.egress.push_answer(sent.run);
  } else {
    shed_late(session);  // here too: one that takes nothing at all is never gathered from
    const LaneMeter meter(stats_, session.egress);
    const gossip::LaneBound bound = bound_of(config_.session.peer_lanes, lane);
    const gossip::PeerFrame frame{sent.run, sent.counted, now_};
    const bool no_room = sent.best_effort ? over_half_budget() : over_budget();
    if (no_room || !session.egress.push_peer(peer_lane(lane), frame,
                                             sent.best_effort ? half_of(bound) : bound)) {
      shed_newest(session, lane, sent.best_effort);
      return;
    }
  }
  ++stats_.peer_queued[slot(lane)];
  stats_.size_tx.add(sent.run->bytes.size());
  if (session.egress.sendable(session.send.may_send())) mark_flush(session);
  end_slow_peer(session);
}

// The newest is lost: what is older is on its way already, and repair finds the rest.
void ShardCore::shed_newest(Session& session, mesh::Lane lane, bool best_effort) {
  ++stats_.peer_shed[slot(lane)][slot(best_effort ? PeerShed::kBestEffort : PeerShed::kFull)];
  ++session.counters.dropped;
  if (lane != mesh::Lane::kLazy && !best_effort) tell_mesh_of(session, {.frames = 1});
}

// What has waited for so long the peer may have from somebody else by now, who is quicker.
void ShardCore::shed_late(Session& session) {
  if (session.egress.gossip_frames() == 0) return;
  const Duration deadline = config_.session.peer_lanes.deadline;
  mesh::Shed all{.newest = deadline};
  const LaneMeter meter(stats_, session.egress);
  for (const mesh::Lane lane : {mesh::Lane::kOwn, mesh::Lane::kRelay}) {
    const gossip::Late late = session.egress.shed_late(peer_lane(lane), now_, deadline);
    stats_.peer_shed[slot(lane)][slot(PeerShed::kLate)] += late.frames;
    all.frames += late.frames;
    all.oldest = std::max(all.oldest, late.longest);
  }
  session.counters.dropped += all.frames;
  if (all.frames > 0) tell_mesh_of(session, all);
}

void ShardCore::tell_mesh_of(Session& session, const mesh::Shed& shed) {
  if (seat_) {
    seat_->machine.shed(session.id, shed, now_);
    return;
  }
  mesh::Shed& untold = session.peer->shed;
  if (untold.frames == 0) shedding_.push_back(session.id);
  untold.newest = untold.frames == 0 ? shed.newest : std::min(untold.newest, shed.newest);
  untold.oldest = std::max(untold.oldest, shed.oldest);
  untold.frames += shed.frames;
}

void ShardCore::tell_shed() {
  for (const SessionId id : shedding_) {
    Session* session = find(id);
    if (session == nullptr || !session->peer || !session->peer->up) continue;
    send_mail(kMeshShard, PeerShedMail{id, std::exchange(session->peer->shed, {})});
  }
  shedding_.clear();
}

// Control is never shed: a peer that does not drain it cannot be kept.
bool ShardCore::end_slow_peer(Session& session) {
  const gossip::LaneBound& bound = config_.session.peer_lanes.control;
  if (session.egress.answers() <= bound.frames && session.egress.answers_bytes() <= bound.bytes) {
    return false;
  }
  fatal(session, {oap::Code::kBusy, "this peer is too slow", true, 0}, 0, CloseReason::kSlow);
  return true;
}

// ---- publications of other nodes ---------------------------------------------------------------

void ShardCore::deliver_from_mesh(const mesh::Deliver& publication) {
  const ByteView payload = publication.frame.bytes().subspan(publication.message);
  const auto gossip = read_publication(payload);
  if (!gossip) {  // whoever published it, no session may see it
    ++stats_.events_refused[static_cast<std::size_t>(oap::Code::kBadFrame)];
    return;
  }
  if (subscriptions_.match(publication.tenant, gossip->topic).empty()) return;
  Publication out;
  out.tenant = publication.tenant;
  out.topic = gossip->topic;
  out.run =
      run_of(oap::make_frame(oap::kEvent, publication.tenant, publication.corr, payload, &meter_));
  deliver(out, 0);
}

void ShardCore::tell_gaps_to(Session& session) {
  session.gaps = true;
  gap_readers_.insert(session.id);
}

// Nobody knows the topic of what never came. One that reads too slowly to hear of it is not told:
// answers are never shed, so that nothing may fill their lane. // OAP-4.63 OAP-4.64
void ShardCore::tell_gap(const mesh::Gap& gap) {
  const auto payload =
      oap::write_gap({gap.from.origin, gap.from.epoch, gap.first, gap.last, gap.count});
  for (const SessionId id : gap_readers_) {
    Session* const session = find(id);
    if (session == nullptr || session->phase != Phase::kActive || session->subscriptions.empty()) {
      continue;
    }
    if (session->egress.answers() >= config_.session.lanes.answers_watermark / 2) continue;
    tell(*session, payload);
  }
}

// ---- sessions and dials ------------------------------------------------------------------------

void ShardCore::obey(const mesh::Close& close) {
  if (close.session.shard() == self_) {
    close_peer(close.session, close.error);
  } else {
    send_mail(close.session.shard(), PeerCloseMail{close.session, close.error});
  }
}

void ShardCore::close_peer(SessionId id, const std::optional<oap::WireError>& error) {
  Session* session = find(id);
  if (session == nullptr || session->phase != Phase::kActive || !session->peer) return;
  if (error) {
    fatal(*session, *error, 0, CloseReason::kProtocol);
  } else {
    finish(*session, CloseReason::kMesh);
  }
}

void ShardCore::obey(const mesh::CancelDial& cancel) {
  if (const auto session = dials_.cancel(cancel.dial)) {
    drop_dialed(*session);
  } else {
    order({.kind = Action::Kind::kCancelDial});
  }
}

// A node that leaves looks for nobody.
void ShardCore::obey(const mesh::Dial& dial) {
  if (draining()) return;
  dials_.order(dial);
  order({.kind = Action::Kind::kDial});
}

// ---- facts -------------------------------------------------------------------------------------

void ShardCore::tick_mesh() {
  if (!seat_ || mesh_deadline() > now_) return;
  if (std::exchange(seat_->started, true)) {
    seat_->machine.tick(now_, seat_->orders);
  } else {
    seat_->machine.start(now_, seat_->orders);
  }
}

Instant ShardCore::mesh_deadline() const {
  if (!seat_ || drain_reported_) return Instant::never();
  return seat_->started ? seat_->machine.next_deadline() : Instant{};
}

void ShardCore::mesh_fact(const DialFailed& fact) {
  if (seat_ && dials_.forget(fact.dial)) {
    seat_->machine.dial_failed(fact.dial, now_, seat_->orders);
  }
}

void ShardCore::mesh_fact(const PeerDial& fact) {
  if (seat_) seat_->machine.dial({std::string(fact.addr), fact.node}, now_, seat_->orders);
}

void ShardCore::mesh_fact(const PeerHangup& fact) {
  if (seat_) seat_->machine.hangup(fact.node, now_, seat_->orders);
}

void ShardCore::mesh_fact(const PeerWithdraw& fact) {
  if (seat_) seat_->machine.withdraw(fact.addr, now_, seat_->orders);
}

// A publication like any other, but for what its nodes answer.
void ShardCore::mesh_fact(const MeshProbe& fact) {
  if (!seat_ || draining()) return;
  const std::vector<std::uint8_t> payload =
      oap::write_gossip({.topic = fact.topic, .data = as_bytes("ronctl trace")});
  Publication out;
  out.topic = fact.topic;
  out.run = run_of(oap::make_frame(oap::kEvent, {}, fact.corr, payload, &meter_));
  deliver(out, 0);
  seat_->machine.publish(
      {.tenant = {}, .corr = fact.corr, .message = payload, .topic = fact.topic, .trace = true},
      now_, seat_->orders);
}

// ---- publications and wishes of this node ------------------------------------------------------

unsigned ShardCore::publish_to_mesh(const Publication& publication) {
  const Slice& bytes = publication.run->bytes;
  if (publication.comp) return publish_one(publication, bytes, publication.inflated);
  unsigned links = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const Slice frame = bytes.sub(at, gossip::frame_size(bytes.data() + at));
    links = publish_one(publication, frame, frame.bytes().subspan(oap::kHeaderSize));
    at += frame.size();
  }
  return links;
}

unsigned ShardCore::publish_one(const Publication& publication, const Slice& frame,
                                ByteView message) {
  const auto gossip = read_publication(message);
  RON_CHECK(gossip.has_value());  // its session's shard has looked
  return seat_->machine.publish({.tenant = publication.tenant,
                                 .corr = oap::read_header(frame.data()).corr,
                                 .message = message,
                                 .topic = publication.topic,
                                 .fanout = gossip->fanout,
                                 .mode = gossip->mode},
                                now_, seat_->orders);
}

void ShardCore::want(TenantId tenant, std::string_view pattern, bool add) {
  if (!seat_ || !seat_->leaf) return;
  const bool changed =
      add ? seat_->wanted.add(tenant, pattern) : seat_->wanted.remove(tenant, pattern);
  if (changed) seat_->machine.interest(tenant, pattern, add, now_, seat_->orders);
}

void ShardCore::add_member(const Subscriptions::Membership& membership) {
  if (subscriptions_.add_member(membership)) want(membership.tenant, membership.pattern, true);
}

void ShardCore::remove_member(const Subscriptions::Membership& membership) {
  if (subscriptions_.remove_member(membership)) want(membership.tenant, membership.pattern, false);
}

void ShardCore::remove_plain(const Session& session, const SubscriptionKey& key, bool echo) {
  if (!subscriptions_.remove_plain(key.tenant, key.pattern, session.id, echo)) return;
  send_to_others(InterestMail{key.tenant, key.pattern, false});
  want(key.tenant, key.pattern, false);
}

// ---- what an operator sees ---------------------------------------------------------------------

std::vector<mesh::PeerView> ShardCore::peers(Instant now) const {
  return seat_ ? seat_->machine.peers(now) : std::vector<mesh::PeerView>();
}
std::vector<mesh::NamedView> ShardCore::named_peers() const {
  return seat_ ? seat_->machine.named() : std::vector<mesh::NamedView>();
}
mesh::Scores::Explanation ShardCore::explain(const NodeId& node, Instant now) const {
  return seat_ ? seat_->machine.explain(node, now) : mesh::Scores::Explanation();
}
std::optional<mesh::Expelled> ShardCore::take_expelled() {
  if (!seat_ || seat_->expelled.empty()) return std::nullopt;
  mesh::Expelled expelled = seat_->expelled.front();
  seat_->expelled.pop_front();
  return expelled;
}
std::vector<mesh::Trace> ShardCore::traces() const {
  if (!seat_) return {};
  const auto& all = seat_->machine.traces();
  return {all.begin(), all.end()};
}
const mesh::MembershipStats* ShardCore::membership() const {
  return seat_ ? &seat_->machine.membership() : nullptr;
}
const mesh::RelayStats* ShardCore::relay() const {
  return seat_ ? &seat_->machine.relay() : nullptr;
}

// The lanes of peers, which are few.
void ShardCore::tell_peer_lanes() {
  stats_.peer_lane_bytes = {};
  stats_.peer_lane_frames = {};
  for (const SessionId id : peers_) {
    const gossip::Egress& egress = find(id)->egress;
    stats_.peer_lane_bytes[0] += egress.answers_bytes();
    stats_.peer_lane_frames[0] += egress.answers();
    for (std::size_t lane = 1; lane < mesh::kLanes; ++lane) {
      const gossip::LaneBound held = egress.held(static_cast<gossip::PeerLane>(lane - 1));
      stats_.peer_lane_bytes[lane] += held.bytes;
      stats_.peer_lane_frames[lane] += held.frames;
    }
  }
}

}  // namespace ron::node
