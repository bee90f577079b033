// sub and unsub: plain and group subscriptions (docs/OAP-1.md section 4.3).
#include "node/core.hpp"

namespace ron::node {
namespace {

using oap::Code;

std::vector<SubscriptionKey> keys_of(const oap::Sub& sub, TenantId tenant) {
  std::vector<SubscriptionKey> keys;
  oap::CborArray patterns(sub.topics);
  oap::CborItem pattern;
  while (patterns.next(pattern)) {
    keys.push_back({tenant, std::string(sub.group.value_or("")), std::string(pattern.text())});
  }
  return keys;
}

void subscribe_plain(ShardCore& core, Session& session, const SubscriptionKey& key, bool echo) {
  const bool first = core.subscriptions().add_plain(key.tenant, key.pattern, session.id, echo);
  if (!first) return;
  core.send_to_others(InterestMail{key.tenant, key.pattern, true});
  core.want(key.tenant, key.pattern, true);
}

void join_group(ShardCore& core, Session& session, const SubscriptionKey& key, bool echo) {
  core.add_member({key.tenant, key.pattern, key.group, session.id, session.max_frame, echo});
  session.has_groups = true;
  core.send_to_others(
      GroupMail{key.tenant, key.pattern, key.group, session.id, session.max_frame, echo, true});
}

// How many of `keys` the session does not have yet, each counted once, and what they may cost.
struct Fresh {
  std::size_t count = 0, bytes = 0;
};

Fresh count_new(const Session& session, std::vector<SubscriptionKey> keys) {
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
  Fresh fresh;
  for (const SubscriptionKey& key : keys) {
    if (session.subscriptions.contains(key)) continue;
    ++fresh.count;
    fresh.bytes += Subscriptions::cost_most(key.pattern, key.group);
  }
  return fresh;
}

// Why `fresh` would be too many.
const char* over_bounds(ShardCore& core, const Session& session, const Fresh& fresh) {
  const NodeConfig& config = core.config();
  if (fresh.count == 0) return nullptr;
  if (session.subscriptions.size() + fresh.count > config.session.patterns) {  // OAP-4.22
    return "too many subscriptions of this session";
  }
  if (core.counters().subscriptions + fresh.count > config.subscriptions_max) {
    return "too many subscriptions on this node";
  }
  if (core.subscriptions().memory_bytes() + fresh.bytes > config.subscription_bytes) {
    return "no memory is left for subscriptions on this node";
  }
  return nullptr;
}

}  // namespace

void handle_sub(ShardCore& core, Session& session, const Incoming& in) {
  const auto sub = oap::read_sub(in.message);
  if (!sub) {
    core.refuse(session, in.header, {Code::kBadFrame, sub.error(), false, 0});
    return;
  }
  if (sub->tap && session.channel.kind != ChannelKind::kUnix) {
    core.refuse(session, in.header,
                {Code::kForbidden, "a tap needs the node's Unix socket", false, 0});
    return;
  }
  std::vector<SubscriptionKey> keys = keys_of(*sub, in.header.tenant);
  const Fresh fresh = count_new(session, keys);
  if (const char* why = over_bounds(core, session, fresh)) {
    core.refuse(session, in.header, {Code::kQuotaExceeded, why, false, 0});
    return;
  }
  if (sub->tap) session.tap = true;
  if (sub->gaps) core.tell_gaps_to(session);
  const bool echo = sub->echo.value_or(false);  // nothing refuses it any more // OAP-4.20
  for (SubscriptionKey& key : keys) {
    const auto known = session.subscriptions.find(key);
    const bool unchanged = known != session.subscriptions.end() && known->second == echo;
    if (!unchanged) {  // OAP-4.23
      key.group.empty() ? subscribe_plain(core, session, key, echo)
                        : join_group(core, session, key, echo);
    }
    session.subscriptions.insert_or_assign(std::move(key), echo);
  }
  core.counters().subscriptions += static_cast<std::uint32_t>(fresh.count);
  core.answer_after_barrier(session, in, {});  // OAP-4.24
}

void handle_unsub(ShardCore& core, Session& session, const Incoming& in) {
  const auto unsub = oap::read_sub(in.message);
  if (!unsub) {
    core.refuse(session, in.header, {Code::kBadFrame, unsub.error(), false, 0});
    return;
  }
  std::vector<SubscriptionKey> leaving;
  for (SubscriptionKey& key : keys_of(*unsub, in.header.tenant)) {
    const auto known = session.subscriptions.find(key);
    if (known == session.subscriptions.end()) continue;  // OAP-4.27
    const bool echo = known->second;
    session.subscriptions.erase(known);
    --core.counters().subscriptions;
    if (!key.group.empty()) {
      core.send_to_others(
          GroupMail{key.tenant, key.pattern, key.group, session.id, 0, echo, false});
      leaving.push_back(std::move(key));
    } else {
      core.remove_plain(session, key, echo);
    }
  }
  core.answer_after_barrier(session, in, std::move(leaving));  // OAP-4.29
}

}  // namespace ron::node
