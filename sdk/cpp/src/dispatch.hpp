// Who gets a message: the client's own subscriptions, matched by pattern. Client's thread only.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue_state.hpp"
#include "ron/client.hpp"
#include "session/client_types.hpp"

namespace ron::sdk::detail {

struct Subscriber {
  std::uint64_t id = 0;
  Tenant tenant;
  std::vector<std::string> patterns;
  std::string group;
  Handler handler;                    // or
  std::shared_ptr<QueueState> queue;  // this
  std::uint64_t lag_seen = 0;
  bool ended = false;
};

/// An owning copy, for queues and replies.
Message copy_of(const MessageView& view);

class Dispatch {
 public:
  explicit Dispatch(Core& core) : core_(core) {}

  void add(std::shared_ptr<Subscriber> subscriber);
  /// The subscriber gets nothing any more; it is returned so that its patterns can be unsubscribed.
  std::shared_ptr<Subscriber> remove(std::uint64_t id);

  /// Hands a message out. Returns the bytes that are consumed already (no queue holds them).
  std::size_t deliver(const session::MessageIn& in, std::uint64_t lag_total);

  void close_queues();

 private:
  using Targets = std::vector<std::shared_ptr<Subscriber>>;
  const Targets& targets(std::string_view topic, const Tenant& tenant);

  Core& core_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::unordered_map<std::string, Targets> by_topic_;  // bounded cache, emptied by any change
  Targets scratch_;
};

}  // namespace ron::sdk::detail
