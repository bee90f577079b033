// The subscriptions a client wants to have, across connections.
//
// A pattern is wanted as long as its count is above zero; it is confirmed once a node's ack covered
// it, and only confirmed ones are subscribed again by themselves after a reconnect (the others have
// a request of their own under way). Bounded by `most` patterns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "policy/backoff.hpp"
#include "session/client_types.hpp"

namespace ron::session {

/// One sub or unsub on its way, or to be put on it.
struct SubOp {
  bool add = true;
  bool restores = false;  // subscribes again after a reconnect
  TenantId tenant;
  std::vector<std::string> patterns;
  std::string group;
  bool echo = false;
  Instant not_before;  // a refused restore waits
  Instant deadline = Instant::never();
  bool refused = false;  // a restore that a node did not want yet: publications go on without it
  policy::Backoff backoff{
      {.first = std::chrono::milliseconds(250), .most = std::chrono::seconds(30)}};
};

class ClientSubs {
 public:
  explicit ClientSubs(std::size_t most) : most_(most) {}

  /// Judges a request by itself: patterns, group, bound. Nothing when it is fine.
  std::optional<ClientError> judge(const Subscribe& request) const;

  /// Counts the patterns of `op` up. A `sub` sets the echo of all its patterns (OAP-4.23), so it is
  /// turned on in `op` when one of them is wanted with echo already.
  void add(SubOp& op);

  /// Counts them down; returns those that nobody wants any more.
  std::vector<std::string> remove(const SubOp& op);

  /// Nobody gets these any more: the node refused to restore them.
  void forget(const SubOp& op);

  /// A node's ack covered these.
  void confirm(const SubOp& op);

  /// Takes out of `op` the patterns that nobody wants any more.
  void strip(SubOp& op) const;

  /// What a fresh session must be asked for: confirmed patterns, in batches; they count as not
  /// confirmed from here on.
  std::vector<SubOp> restore();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Key {
    TenantId tenant;
    std::string group;
    std::string pattern;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    std::uint32_t wanted = 0;
    bool echo = false;
    bool confirmed = false;
  };

  std::size_t most_;
  std::map<Key, Entry> entries_;
};

}  // namespace ron::session
