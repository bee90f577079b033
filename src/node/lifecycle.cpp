// Timers, errors that end a session, closing, drain (docs/OAP-1.md sections 1, 3 and 6).
#include <algorithm>

#include "node/core.hpp"

namespace ron::node {

std::string_view name(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPeer: return "peer";
    case CloseReason::kProtocol: return "protocol";
    case CloseReason::kTimeout: return "timeout";
    case CloseReason::kRefused: return "refused";
    case CloseReason::kSlow: return "slow";
    case CloseReason::kDrained: return "drained";
    case CloseReason::kCutOff: return "cut_off";
    case CloseReason::kMesh: return "mesh";
  }
  return "unknown";
}

void ShardCore::channel_ready(Session& session, const Channel& channel) {
  if (session.phase != Phase::kOpened) return;
  session.channel = channel;
  session.phase = Phase::kHandshake;
  if (session.peer) greet(session);
}

void ShardCore::peer_finished(Session& session) {
  session.fin_received = true;
  switch (session.phase) {
    case Phase::kOpened:
    case Phase::kHandshake:
      ++stats_.handshake_failures[static_cast<std::size_t>(HandshakeFailure::kIo)];
      close_now(session, CloseReason::kPeer);
      break;
    case Phase::kActive:
      if (!session.paused) end_of_input(session);  // else first what it sent before
      break;
    case Phase::kClosing: break;
    case Phase::kLingering: close_now(session, session.reason); break;
  }
}

// ---- timers ------------------------------------------------------------------------------------

void ShardCore::tick() {
  std::uint32_t slot = 0;
  while (deadlines_.pop_due(now_, slot)) {
    if (Session* session = sessions_.at(slot)) session_due(*session);
  }
  tick_mesh();
  if (drain_until_ <= now_) {
    cut_off();
  } else if (drain_grace_ <= now_) {
    drain_grace_ = Instant::never();
    for (slot = 0; slot < sessions_.slot_count(); ++slot) {
      if (Session* session = sessions_.at(slot)) check_drained(*session);
    }
  }
}

void ShardCore::session_due(Session& session) {
  const SessionId id = session.id;
  if (session.phase == Phase::kActive) tell_refused(session);
  const session::Due due = session.timers.due(now_);
  const oap::WireError late{oap::Code::kTimeout, "no whole frame in time", true, 0};
  switch (due) {
    case session::Due::kNothing: break;
    case session::Due::kHandshake:
      ++stats_.timeouts_handshake;
      ++stats_.handshake_failures[static_cast<std::size_t>(HandshakeFailure::kTimeout)];
      if (session.phase == Phase::kOpened) {
        close_now(session, CloseReason::kTimeout);
      } else {
        fatal(session, {oap::Code::kTimeout, "no hello in time", true, 0}, 0,
              CloseReason::kTimeout);
      }
      break;
    case session::Due::kRead:
      ++stats_.timeouts_read;
      fatal(session, late, 0, CloseReason::kTimeout);
      break;
    case session::Due::kIdle:
      ++stats_.timeouts_idle;
      fatal(session, {oap::Code::kTimeout, "idle for too long", true, 0}, 0, CloseReason::kTimeout);
      break;
    case session::Due::kWrite:  // the stream takes nothing, so no error frame can go out
      ++stats_.timeouts_write;
      close_now(session, session.phase == Phase::kActive ? CloseReason::kTimeout : session.reason);
      break;
    case session::Due::kKeep:  // OAP-3.33
      tell(session, oap::write_keep());
      session.timers.frame_sent(now_);
      break;
    case session::Due::kLinger: close_now(session, session.reason); break;
  }
  if (Session* still = find(id)) arm(*still);
}

// ---- ending a session --------------------------------------------------------------------------

void ShardCore::fatal(Session& session, const oap::WireError& error, CorrId corr,
                      CloseReason reason) {
  if (session.phase > Phase::kActive) return;
  tell_all_refused(session);
  stop_serving(session);
  {
    const LaneMeter meter(stats_, session.egress);
    session.egress.drop_gossip();
  }
  ++stats_.errors_sent[static_cast<std::size_t>(error.code)];
  session.erred = true;
  session.code = error.code;
  oap::Header to;
  to.corr = corr;
  send_answer(session, to, oap::write_error(error));  // OAP-1.33
  session.phase = Phase::kClosing;
  session.reason = reason;
  session.timers.closing(now_);
  arm(session);
}

void ShardCore::finish(Session& session, CloseReason reason) {
  if (session.phase > Phase::kActive) return;
  if (session.open.size() > 0) return;  // answers first; settle() comes back here
  tell_all_refused(session);
  stop_serving(session);
  session.phase = Phase::kClosing;
  session.reason = reason;
  session.timers.closing(now_);
  arm(session);
  flushed(session);
}

// The last words of a session that ends in order: what it refused and has not told yet.
void ShardCore::tell_all_refused(Session& session) {
  if (session.phase != Phase::kActive || !session.refused) return;
  for (std::size_t i = 0; i < oap::kCodeCount; ++i) {
    const std::uint64_t dropped = std::exchange(session.refused->dropped[i], 0);
    if (dropped > 0) {
      tell(session, oap::write_refused(oap::name(static_cast<oap::Code>(i)), dropped));
    }
  }
}

// A session that is over neither gets nor gives anything new.
void ShardCore::stop_serving(Session& session) {
  if (session.phase == Phase::kActive) --stats_.sessions_active;
  if (session.peer) peer_down(session);
  unsubscribe_all(session);
  session.input = {};
  session.parser = oap::Parser(session.max_frame, &meter_);  // and its half frame
  release_held(session);
  session.paused = false;
}

void ShardCore::unsubscribe_all(Session& session) {
  for (const auto& [key, echo] : session.subscriptions) {
    if (!key.group.empty()) {
      remove_member({key.tenant, key.pattern, key.group, session.id, 0, echo});
      send_to_others(GroupMail{key.tenant, key.pattern, key.group, session.id, 0, echo, false});
    } else {
      remove_plain(session, key, echo);
    }
  }
  stats_.subscriptions -= static_cast<std::uint32_t>(session.subscriptions.size());
  session.subscriptions.clear();
  if (session.gaps) gap_readers_.erase(session.id);
  // Other shards were told already; here it was to stay until they had answered.
  for (const SubscriptionKey& key : session.leaving) {
    remove_member({key.tenant, key.pattern, key.group, session.id, 0, false});
  }
  session.leaving.clear();
}

// Everything that can go out has: the next step of a session that is closing or draining.
void ShardCore::flushed(Session& session) {
  if (session.egress.sendable(session.send.may_send())) {
    arm(session);
    return;
  }
  if (session.phase == Phase::kClosing) {
    // Gossip that waits for credit of a side that has finished will never go.
    if (session.fin_received) {
      order({.kind = Action::Kind::kFinishWrite, .session = session.id});
      close_now(session, session.reason);
      return;
    }
    session.phase = Phase::kLingering;
    session.timers.lingering(now_);
    order({.kind = Action::Kind::kFinishWrite, .session = session.id});
  } else if (draining()) {
    check_drained(session);
    return;
  }
  arm(session);
}

void ShardCore::close_now(Session& session, CloseReason reason) {
  const bool by_drain = reason == CloseReason::kDrained || reason == CloseReason::kCutOff;
  if (by_drain && session.phase <= Phase::kHandshake) {
    ++stats_.handshake_failures[static_cast<std::size_t>(HandshakeFailure::kNotReady)];
  }
  order({.kind = Action::Kind::kClose,
         .reason = reason,
         .code = session.code,
         .erred = session.erred,
         .session = session.id});
  ++stats_.sessions_closed[static_cast<std::size_t>(reason)];
  forget(session);
}

void ShardCore::forget(Session& session) {
  if (session.phase <= Phase::kActive) stop_serving(session);
  release_held(session);
  if (session.peer && session.peer->counted) --stats_.peer_sessions;
  stats_.lane_bytes -= session.egress.gossip_bytes();
  stats_.lane_frames -= session.egress.gossip_frames();
  const std::uint32_t slot = session.id.slot();
  deadlines_.set(slot, Instant::never());
  sessions_.erase(slot);
  if (draining_ && !cutting_off_ && sessions_.size() == 0) report_drained(0);
}

// ---- drain -------------------------------------------------------------------------------------

void ShardCore::begin_drain(const Drain& drain) {
  if (draining_) return;
  draining_ = true;
  drain_until_ = now_ + drain.within;
  // A moment for the other side to stop sending and to leave by itself.
  drain_grace_ = now_ + std::min<Duration>(drain.within / 4, std::chrono::milliseconds(250));
  oap::ByeOut bye;
  bye.reason = drain.reason;
  bye.after_ms = 0;
  const auto payload = oap::write_bye(bye);
  for (std::uint32_t slot = 0; slot < sessions_.slot_count(); ++slot) {
    Session* session = sessions_.at(slot);
    if (session != nullptr && session->phase == Phase::kActive) tell(*session, payload);  // OAP-6.1
  }
  if (sessions_.size() == 0) report_drained(0);
}

void ShardCore::report_drained(std::uint32_t cut_off_count) {
  if (std::exchange(drain_reported_, true)) return;
  drain_until_ = drain_grace_ = Instant::never();
  order({.kind = Action::Kind::kDrained, .count = cut_off_count});
}

void ShardCore::check_drained(Session& session) {
  if (!draining() || !drain_grace_.is_never()) return;
  if (session.phase < Phase::kActive) {
    close_now(session, CloseReason::kDrained);
  } else if (session.phase == Phase::kActive && !session.egress.sendable(session.send.may_send()) &&
             session.egress.gossip_frames() == 0) {  // OAP-6.4
    finish(session, CloseReason::kDrained);
  }
}

void ShardCore::cut_off() {  // OAP-6.5
  std::uint32_t count = 0;
  cutting_off_ = true;
  for (std::uint32_t slot = 0; slot < sessions_.slot_count(); ++slot) {
    Session* session = sessions_.at(slot);
    if (session == nullptr) continue;
    const bool said_all = session->phase == Phase::kLingering;
    close_now(*session, said_all ? session->reason : CloseReason::kCutOff);
    if (!said_all) ++count;
  }
  cutting_off_ = false;
  drain_until_ = drain_grace_ = Instant::never();
  report_drained(count);
}

}  // namespace ron::node
