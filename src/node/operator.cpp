// What an operator sees of a shard and asks of its node (docs/OAP-1.md section 10).
#include <algorithm>

#include "node/core.hpp"

namespace ron::node {
namespace {

// Requests that wait for the driver; more are refused.
constexpr std::size_t kControlMost = 64;

SessionView view_of(const Session& session, Instant now) {
  const SessionCounters& counters = session.counters;
  return {.id = session.id,
          .channel = session.channel.kind,
          .hybrid = session.channel.hybrid,
          .authenticated = session.channel.authenticated,
          .closing = session.phase > Phase::kActive,
          .paused = session.paused,
          .tap = session.tap,
          .agent = session.agent,
          .age = now - session.established,
          .quiet = now - session.last_frame,
          .subscriptions = static_cast<std::uint32_t>(session.subscriptions.size()),
          .open_requests = static_cast<std::uint32_t>(session.open.size()),
          .lane_frames = session.egress.gossip_frames(),
          .lane_bytes = session.egress.gossip_bytes(),
          .answers = session.egress.answers(),
          .input_bytes = session.held,
          .published = counters.published,
          .published_bytes = counters.published_bytes,
          .delivered = counters.delivered,
          .delivered_bytes = counters.delivered_bytes,
          .dropped = counters.dropped,
          .refused = counters.refused};
}

}  // namespace

std::vector<SessionView> ShardCore::session_views(Instant now) const {
  std::vector<SessionView> out;
  for (std::uint32_t slot = 0; slot < sessions_.slot_count(); ++slot) {
    const Session* session = sessions_.at(slot);
    if (session != nullptr && session->phase >= Phase::kActive &&
        session->established != Instant{}) {
      out.push_back(view_of(*session, now));
    }
  }
  return out;
}

std::vector<PatternView> ShardCore::pattern_views() const {
  std::map<SubscriptionKey, std::uint32_t> counts;
  for (std::uint32_t slot = 0; slot < sessions_.slot_count(); ++slot) {
    const Session* session = sessions_.at(slot);
    if (session == nullptr) continue;
    for (const auto& [key, echo] : session->subscriptions) ++counts[key];
  }
  std::vector<PatternView> out;
  for (const auto& [key, count] : counts) {
    out.push_back({key.tenant, key.pattern, key.group, count});
  }
  return out;
}

void ShardCore::reconfigure(const LiveConfig& live, Instant now) {
  now_ = now;
  config_.times = live.times;
  config_.session = live.session;
  config_.max_sessions = live.max_sessions;
  config_.queue_bytes = live.queue_bytes;
  config_.input_bytes = live.input_bytes;
  config_.subscription_bytes = live.subscription_bytes;
  config_.mail_bytes = live.mail_bytes;
}

std::optional<ControlRequest> ShardCore::take_control() {
  if (control_.empty()) return std::nullopt;
  ControlRequest next = std::move(control_.front());
  control_.pop_front();
  return next;
}

bool ShardCore::ask_operator(ControlRequest request) {
  if (control_.size() >= kControlMost) return false;
  control_.push_back(std::move(request));
  order({.kind = Action::Kind::kControl});
  return true;
}

void ShardCore::control_done(const ControlDone& done) {
  Session* session = find(done.session);
  if (session == nullptr || session->phase != Phase::kActive) return;
  if (!session->open.contains(done.corr)) return;
  oap::Header to;
  to.flags = oap::kReq;
  to.corr = done.corr;
  to.tenant = done.tenant;
  if (done.error) {
    refuse(*session, to, *done.error);
  } else {
    answer(*session, to, oap::write_control_ok(done.body));
  }
  answered_late(*session);
}

void handle_control(ShardCore& core, Session& session, const Incoming& in) {
  const auto control = oap::read_control(in.message);
  if (!control) {
    core.refuse(session, in.header, {oap::Code::kBadFrame, control.error(), false, 0});
    return;
  }
  ControlRequest request{.session = session.id,
                         .corr = in.header.corr,
                         .tenant = in.header.tenant,
                         .op = std::string(control->op),
                         .args = {}};
  for (const oap::ControlArg& arg : control->args) request.args.emplace_back(arg.name, arg.value);
  if (!core.ask_operator(std::move(request))) {
    core.refuse(session, in.header,
                {oap::Code::kBusy, "too many control requests wait", false, 100});
  }
}

}  // namespace ron::node
