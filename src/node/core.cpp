#include "node/core.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace ron::node {

bool RefusedTally::any() const {
  return std::ranges::any_of(dropped, [](std::uint64_t count) { return count > 0; });
}

namespace {

// Its mesh is told of the first and last subscription to a pattern.
bool has_leaf(const NodeConfig& config) {
  return config.mesh && config.mesh->role == mesh::Role::kLeaf;
}

}  // namespace

ShardCore::ShardCore(const NodeConfig& config, ShardIndex self, unsigned count, Choice& choice)
    : config_(config),
      self_(self),
      count_(count),
      subscriptions_(choice.bits(), count == 1 && !has_leaf(config)),
      mail_(config_, self, count) {
  RON_CHECK(!config_.mesh || config_.mesh->self == config_.node);
  if (config_.mesh && self == kMeshShard) {
    seat_ = std::make_unique<MeshSeat>(*config_.mesh, config_.crypto, choice, &meter_);
  }
}

Session* ShardCore::find(SessionId id) const {
  if (id.shard() != self_) return nullptr;
  return sessions_.find(id.slot(), id.generation());
}

std::optional<SessionId> ShardCore::open(Instant accepted) {
  if (sessions_.size() >= config_.max_sessions) {
    ++stats_.sessions_refused_full;
    return std::nullopt;
  }
  const auto key = sessions_.reserve();
  const SessionId id = SessionId::make(self_, key.generation, key.slot);
  sessions_.put(key, std::make_unique<Session>(id, config_, accepted, &meter_, &lanes_));
  deadlines_.set(key.slot, sessions_.at(key.slot)->timers.next());
  ++stats_.handshakes;
  stats_.sessions = static_cast<std::uint32_t>(sessions_.size());
  return id;
}

std::optional<SessionId> ShardCore::open_dialed(mesh::DialId dial, Instant now) {
  if (!dials_.awaited(dial)) return std::nullopt;
  const auto id = open(now);
  if (!id) return std::nullopt;
  dials_.opened(dial, *id);
  Session& session = *find(*id);
  session.peer = std::make_unique<PeerSide>();
  session.peer->dial = dial;
  return id;
}

void ShardCore::handle(const Input& in, Instant now, Actions& out) {
  const Call call(*this, now, out);
  if (const auto* fact = std::get_if<ChannelReady>(&in)) {
    if (Session* session = find(fact->session)) channel_ready(*session, fact->channel);
  } else if (const auto* finished = std::get_if<PeerFinished>(&in)) {
    if (Session* session = find(finished->session)) peer_finished(*session);
  } else if (const auto* lost = std::get_if<StreamLost>(&in)) {
    if (Session* session = find(lost->session)) {
      // A TLS handshake that failed is counted by the driver, which knows why.
      if (session->phase == Phase::kHandshake) {
        ++stats_.handshake_failures[static_cast<std::size_t>(HandshakeFailure::kIo)];
      }
      ++stats_.sessions_closed[static_cast<std::size_t>(CloseReason::kPeer)];
      forget(*session);
    }
  } else if (std::holds_alternative<Tick>(in)) {
    tick();
  } else if (std::holds_alternative<TurnEnded>(in)) {
    turn_ended();
  } else if (const auto* drain = std::get_if<Drain>(&in)) {
    begin_drain(*drain);
  } else if (const auto* readiness = std::get_if<Readiness>(&in)) {
    ready_ = readiness->ready;
  } else if (const auto* done = std::get_if<ControlDone>(&in)) {
    control_done(*done);
  } else if (const auto* failed = std::get_if<DialFailed>(&in)) {
    mesh_fact(*failed);
  } else if (const auto* dial = std::get_if<PeerDial>(&in)) {
    mesh_fact(*dial);
  } else if (const auto* hangup = std::get_if<PeerHangup>(&in)) {
    mesh_fact(*hangup);
  } else if (const auto* withdraw = std::get_if<PeerWithdraw>(&in)) {
    mesh_fact(*withdraw);
  } else if (const auto* probe = std::get_if<MeshProbe>(&in)) {
    mesh_fact(*probe);
  }
}

void ShardCore::received(SessionId id, Slice bytes, Instant now, Actions& out) {
  const Call call(*this, now, out);
  Session* session = find(id);
  if (session == nullptr || bytes.empty()) return;
  stats_.bytes_rx += bytes.size();
  if (session->phase == Phase::kClosing || session->phase == Phase::kLingering) return;
  RON_CHECK(session->input.empty());  // the driver reads only while wants_read
  session->input = std::move(bytes);
  pump(*session);
}

MutableBytes ShardCore::read_room(SessionId id) {
  Session* session = find(id);
  if (session == nullptr || session->paused || session->phase > Phase::kActive) return {};
  return session->input.empty() ? session->parser.room() : MutableBytes{};
}

void ShardCore::filled(SessionId id, std::size_t bytes, Instant now, Actions& out) {
  const Call call(*this, now, out);
  Session* session = find(id);
  if (session == nullptr || bytes == 0) return;
  stats_.bytes_rx += bytes;
  session->parser.fill(bytes);
  pump(*session);
}

// Parses and acts on input until it is used up, must wait, or the session ends.
void ShardCore::pump(Session& session) {
  // A congested link takes nothing more, not even the one frame that has just become whole.
  if (session.phase == Phase::kActive && mail_.congested()) pause(session);
  while (!session.paused && session.phase <= Phase::kActive) {
    auto parsed = session.parser.next(session.input);
    if (!parsed) {
      flush_run();
      const oap::ParseFault& fault = parsed.error();
      if (session.phase == Phase::kHandshake) {
        fail_handshake(session, fault.error, fault.corr, HandshakeFailure::kProto);
      } else {
        fatal(session, fault.error, fault.corr, CloseReason::kProtocol);
      }
      break;
    }
    if (!*parsed) break;
    dispatch(session, **parsed);
    if (building_.alike) extend_run(session);
    if (session.peer && end_slow_peer(session)) break;
    if (must_pause(session)) pause(session);
  }
  flush_run();
  after_input(session);
}

void ShardCore::pause(Session& session) {
  if (mail_.congested()) ++stats_.mail_stalls;
  session.paused = true;
  session.timers.reading_paused(now_);
  paused_.push_back(session.id);
}

void ShardCore::after_input(Session& session) {
  if (session.phase > Phase::kActive) session.input = {};
  if (session.parser.mid_frame() && session.phase <= Phase::kActive) {
    session.timers.frame_partial(session.parser.announced_len().value_or(0), now_);
  } else {
    session.timers.frame_complete();
  }
  charge_held(session);
  if (session.phase == Phase::kActive) {
    if (const std::uint64_t grant = session.recv.due()) tell(session, oap::write_credit(grant));
    tell_refused(session);
  }
  if (!session.input.empty()) held_.push_back(session.id);
  arm(session);
  if (session.phase == Phase::kActive && session.fin_received && !session.paused) {
    end_of_input(session);
  }
}

// The other side will send no more, and everything it sent has been acted on.
void ShardCore::end_of_input(Session& session) {
  if (session.parser.mid_frame()) {  // OAP-1.36
    close_now(session, CloseReason::kPeer);
  } else {  // OAP-1.35
    finish(session, CloseReason::kPeer);
  }
}

// Input this side holds counts as a whole; when it is exhausted, large half frames must go. When
// all blocks are, whatever comes in and stays must: nothing else would stop it. OAP-5.26
void ShardCore::charge_held(Session& session) {
  const std::size_t held = session.parser.partial_bytes() + session.input.size();
  stats_.input_held_bytes = stats_.input_held_bytes - session.held + held;
  stats_.inputs_held += static_cast<std::size_t>(held > 0);
  stats_.inputs_held -= static_cast<std::size_t>(session.held > 0);
  session.held = held;
  const bool large = held > config_.session.chunk_bytes;
  const bool over = stats_.input_held_bytes > config_.input_bytes;
  const bool exhausted = meter_.live_bytes > config_.queue_bytes &&
                         stats_.input_held_bytes > config_.input_bytes / 2;  // and input is why
  const bool must_go = held > 0 && (exhausted || (over && large));
  if (!must_go || session.phase > Phase::kActive) return;
  fatal(session, {oap::Code::kBusy, "the node holds too many unfinished frames", true, 1000}, 0,
        CloseReason::kProtocol);
}

void ShardCore::release_held(Session& session) {
  stats_.inputs_held -= static_cast<std::size_t>(session.held > 0);
  stats_.input_held_bytes -= std::exchange(session.held, 0);
}

// A lane that waits for credit is no reason. // OAP-5.12
bool ShardCore::must_pause(const Session& session) const {
  if (mail_.congested()) return true;
  // Two peers that both waited for the other to read would wait for ever; theirs has a bound.
  return !session.peer && session.egress.answers() >= config_.session.lanes.answers_watermark;
}

void ShardCore::resume_paused() {
  std::vector<SessionId> waiting;
  waiting.swap(paused_);
  for (const SessionId id : waiting) {
    Session* session = find(id);
    if (session == nullptr || !session->paused) continue;
    if (must_pause(*session)) {
      paused_.push_back(id);
      continue;
    }
    session->paused = false;
    session->timers.reading_resumed(now_);
    pump(*session);
    session = find(id);
    if (session != nullptr && !session->paused) {
      order({.kind = Action::Kind::kResume, .session = id});
    }
  }
}

bool ShardCore::wants_read(SessionId id) const {
  const Session* session = find(id);
  if (session == nullptr || session->fin_received) return false;
  return session->phase > Phase::kActive || !session->paused;
}

bool ShardCore::discards(SessionId id) const {
  const Session* session = find(id);
  return session != nullptr && session->phase > Phase::kActive;
}

std::size_t ShardCore::gather(SessionId id, std::span<IoPiece> into, std::size_t max_bytes,
                              Instant now) {
  now_ = now;
  Session* session = find(id);
  if (session == nullptr) return 0;
  session->flush_marked = false;
  if (session->peer) shed_late(*session);
  {
    const LaneMeter meter(stats_, session->egress);
    if (session->peer) {
      session->egress.stage(max_bytes, session->send.counter(), now, stats_.peer_waits);
    } else {
      session->egress.stage(max_bytes, session->send.counter());
    }
  }

  const std::size_t count = session->egress.pieces(into);
  if (count > 0) {
    session->timers.write_waits(now);
    arm(*session);
  }
  return count;
}

void ShardCore::wrote(SessionId id, std::size_t bytes, Instant now, Actions& out) {
  const Call call(*this, now, out);
  Session* session = find(id);
  if (session == nullptr || bytes == 0) return;
  const gossip::Sent sent = session->egress.wrote(bytes);
  stats_.bytes_tx += bytes;
  stats_.frames_tx[static_cast<std::size_t>(FrameClass::kGossip)] += sent.gossip;
  stats_.frames_tx[static_cast<std::size_t>(FrameClass::kCtrl)] += sent.frames - sent.gossip;
  stats_.lagged_told += sent.lagged;
  if (sent.frames > 0) session->timers.frame_sent(now);
  if (session->egress.staged_bytes() == 0) {
    session->timers.write_done();
  } else {
    session->timers.write_progress(now);
  }
  if (session->has_groups) tell_room(*session);
  if (session->paused && !must_pause(*session)) resume_paused();
  session = find(id);
  if (session == nullptr) return;
  flushed(*session);
}

bool ShardCore::pending(SessionId id) const {
  const Session* session = find(id);
  return session != nullptr && session->egress.sendable(session->send.may_send());
}

std::uint32_t ShardCore::answers_waiting(SessionId id) const {
  const Session* session = find(id);
  return session == nullptr ? 0 : session->egress.answers();
}

void ShardCore::mark_flush(Session& session) {
  if (session.flush_marked) return;
  session.flush_marked = true;
  order({.kind = Action::Kind::kFlush, .session = session.id});
}

void ShardCore::order_mail(ShardIndex to) { order({.kind = Action::Kind::kMail, .shard = to}); }

void ShardCore::arm(Session& session) {
  Instant at = session.timers.next();
  const bool may_tell = session.phase == Phase::kActive && session.refused;
  if (may_tell && session.refused->any()) at = std::min(at, session.refused->next_at);
  // One that moves away is looked at when the old one comes: most move with every frame.
  if (at < deadlines_.of(session.id.slot())) deadlines_.set(session.id.slot(), at);
}

Instant ShardCore::next_deadline() const {
  return std::min({deadlines_.next(), drain_until_, drain_grace_, mesh_deadline()});
}

void ShardCore::turn_ended() {
  if (!paused_.empty()) resume_paused();
  settle_runs();
  give_back();
  for (const SessionId id : held_) {
    Session* session = find(id);
    if (session == nullptr || session->input.empty()) continue;
    if (session->input.size() * 2 < session->input.slab_size()) {
      session->input = Slice::copy_of(session->input.bytes(), &meter_);
    }
  }
  held_.clear();
  if (!shedding_.empty()) tell_shed();
}

// Whatever is still held must not pin the large blocks this turn's reads came in, nor another
// shard's; what a single lane holds is joined with its neighbours there.
void ShardCore::settle_runs() {
  std::erase_if(turn_runs_, [this](TurnRun& each) {
    gossip::Run& run = *each.run;
    const bool small = run.bytes.size() * 2 < run.bytes.slab_size();
    if (run.refs > 1 && (small || run.bytes.borrowed())) run.compact(&meter_);
    return run.refs != 2;
  });
  for (TurnRun& each : turn_runs_) {
    each.run = {};
    if (Session* session = find(each.session)) session->egress.pack(each.lane, &meter_);
  }
  turn_runs_.clear();
}

// The lenders may write over these bytes as soon as they hear of it.
void ShardCore::give_back() {
  for (const Slice& loan : borrowed_) RON_CHECK(loan.unique());
  borrowed_.clear();
  // What the other shards feed the mesh goes out by this one's mail: they wait while that does.
  if (seat_ && mail_.congested()) return;
  mail_.report([this](ShardIndex to) { order_mail(to); });
}

void ShardCore::tell_bounds() {
  const SessionLimits& limits = config_.session;
  const std::size_t peers = stats_.peer_sessions;
  const std::size_t clients = sessions_.size() - peers;
  stats_.lane_bytes_max = clients * limits.lanes.gossip_bytes + peers * limits.peer_lanes.bytes();
  stats_.lane_frames_max =
      clients * limits.lanes.gossip_frames + peers * limits.peer_lanes.frames();
  stats_.input_held_bytes_max = config_.input_bytes;
  stats_.slab_bytes_max = config_.queue_bytes;
  stats_.mail_waiting_max = std::size_t{mail_.others()} * config_.mail_messages;
  stats_.mail_bytes_max = mail_.others() * config_.mail_bytes;
}

const ShardStats& ShardCore::stats() {
  stats_.sessions = static_cast<std::uint32_t>(sessions_.size());
  stats_.slab_bytes = meter_.live_bytes;
  const MailLinks::Load mail = mail_.load();
  stats_.mail_waiting = mail.messages;
  stats_.mail_bytes = mail.bytes;
  tell_bounds();
  tell_peer_lanes();
  stats_.subscription_bytes = subscriptions_.memory_bytes();
  stats_.subscription_bytes_max = config_.subscription_bytes;
  stats_.index_entries = static_cast<std::uint32_t>(subscriptions_.size());
  stats_.match_cache_hits = subscriptions_.cache().hits();
  stats_.match_cache_misses = subscriptions_.cache().misses();
  return stats_;
}

}  // namespace ron::node
