#include "dispatch.hpp"

#include <algorithm>

#include "core.hpp"
#include "oap/topic.hpp"

namespace ron::sdk::detail {
namespace {

constexpr std::size_t kTopicsCached = 4096;

MessageView view_of(const session::MessageIn& in) {
  MessageView view;
  view.topic = in.gossip.topic;
  view.data = as_text(in.gossip.data);
  view.reply = in.gossip.reply.value_or(std::string_view{});
  view.seconds = in.gossip.ts;
  view.correlation = in.corr;
  view.tenant = {in.tenant.hi, in.tenant.lo};
  view.raw = as_text(in.payload);
  return view;
}

}  // namespace

Message copy_of(const MessageView& view) {
  return {std::string(view.topic),
          std::string(view.data),
          std::string(view.reply),
          view.headers(),
          view.seconds,
          view.correlation,
          view.tenant,
          view.lagged_before};
}

void Dispatch::add(std::shared_ptr<Subscriber> subscriber) {
  subscribers_.push_back(std::move(subscriber));
  by_topic_.clear();
}

std::shared_ptr<Subscriber> Dispatch::remove(std::uint64_t id) {
  const auto at = std::ranges::find(subscribers_, id, [](const auto& each) { return each->id; });
  if (at == subscribers_.end()) return nullptr;
  std::shared_ptr<Subscriber> found = *at;
  found->ended = true;
  if (found->queue) found->queue->close();
  subscribers_.erase(at);
  by_topic_.clear();
  return found;
}

const Dispatch::Targets& Dispatch::targets(std::string_view topic, const Tenant& tenant) {
  std::string key(topic);
  key.append(reinterpret_cast<const char*>(&tenant), sizeof tenant);
  if (const auto at = by_topic_.find(key); at != by_topic_.end()) return at->second;
  if (by_topic_.size() >= kTopicsCached) by_topic_.clear();
  Targets& found = by_topic_[std::move(key)];
  for (const auto& subscriber : subscribers_) {
    if (!(subscriber->tenant == tenant)) continue;
    const auto& patterns = subscriber->patterns;
    if (std::ranges::any_of(patterns, [&](const auto& p) { return oap::matches(p, topic); })) {
      found.push_back(subscriber);
    }
  }
  return found;
}

std::size_t Dispatch::deliver(const session::MessageIn& in, std::uint64_t lag_total) {
  MessageView view = view_of(in);
  scratch_ = targets(view.topic, view.tenant);  // a handler may subscribe or end
  std::shared_ptr<HeldBytes> held;
  for (const auto& subscriber : scratch_) {
    if (subscriber->ended) continue;
    view.lagged_before = lag_total - subscriber->lag_seen;
    subscriber->lag_seen = lag_total;
    if (subscriber->handler) {
      subscriber->handler(view);
      continue;
    }
    if (!held)
      held = std::make_shared<HeldBytes>(core_.weak_from_this(), in.attempt, in.wire_bytes);
    subscriber->queue->push(copy_of(view), held);
  }
  return held ? 0 : in.wire_bytes;
}

void Dispatch::close_queues() {
  for (const auto& subscriber : subscribers_) {
    if (subscriber->queue) subscriber->queue->close();
  }
}

}  // namespace ron::sdk::detail
