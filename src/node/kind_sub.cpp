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
  if (first) core.send_to_others(InterestMail{key.tenant, key.pattern, true});
}

void join_group(ShardCore& core, Session& session, const SubscriptionKey& key, bool echo) {
  core.subscriptions().add_member(
      {key.tenant, key.pattern, key.group, session.id, session.max_frame, echo});
  session.has_groups = true;
  core.send_to_others(
      GroupMail{key.tenant, key.pattern, key.group, session.id, session.max_frame, echo, true});
}

// How many of `keys` the session does not have yet, each counted once.
std::size_t count_new(const Session& session, std::vector<SubscriptionKey> keys) {
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
  return static_cast<std::size_t>(std::ranges::count_if(
      keys, [&](const SubscriptionKey& key) { return !session.subscriptions.contains(key); }));
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
  const NodeConfig& config = core.config();
  const std::size_t fresh = count_new(session, keys);
  if (session.subscriptions.size() + fresh > config.session.patterns) {  // OAP-4.22
    core.refuse(session, in.header,
                {Code::kQuotaExceeded, "too many subscriptions of this session", false, 0});
    return;
  }
  if (core.counters().subscriptions + fresh > config.subscriptions_max) {
    core.refuse(session, in.header,
                {Code::kQuotaExceeded, "too many subscriptions on this node", false, 0});
    return;
  }
  if (sub->tap) session.tap = true;
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
  core.counters().subscriptions += static_cast<std::uint32_t>(fresh);
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
    } else if (core.subscriptions().remove_plain(key.tenant, key.pattern, session.id, echo)) {
      core.send_to_others(InterestMail{key.tenant, key.pattern, false});
    }
  }
  core.answer_after_barrier(session, in, std::move(leaving));  // OAP-4.29
}

}  // namespace ron::node
