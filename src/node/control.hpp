// What an operator asks of a node, and what a shard shows of itself (docs/OAP-1.md section 10).
// Values only, made on request: nothing here is on the way of a message.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "node/actions.hpp"

namespace ron::node {

/// A control request on its way to whoever runs the node; answered by ControlDone.
struct ControlRequest {
  SessionId session;
  CorrId corr = 0;
  TenantId tenant;
  std::string op;
  std::vector<std::pair<std::string, std::string>> args;
};

/// One session, as an operator sees it.
struct SessionView {
  SessionId id;
  ChannelKind channel = ChannelKind::kMem;
  bool hybrid = false;
  bool authenticated = false;
  bool closing = false;  // ends: reads nothing more
  bool paused = false;   // its input waits, for its answers or for another shard
  bool tap = false;
  std::string agent;
  Duration age{};    // since hello
  Duration quiet{};  // since its last frame
  std::uint32_t subscriptions = 0;
  std::uint32_t open_requests = 0;
  std::uint32_t lane_frames = 0;  // publications queued for it
  std::size_t lane_bytes = 0;     // the same, in wire bytes
  std::uint32_t answers = 0;      // answers and control frames queued for it
  std::size_t input_bytes = 0;    // half frames and input that waits
  std::uint64_t published = 0;    // publications it sent
  std::uint64_t published_bytes = 0;
  std::uint64_t delivered = 0;  // publications queued to it
  std::uint64_t delivered_bytes = 0;
  std::uint64_t dropped = 0;  // publications it lost, and is or will be told of
  std::uint64_t refused = 0;  // its plain publications that were refused
};

/// A pattern that sessions of this shard subscribe to.
struct PatternView {
  TenantId tenant;
  std::string pattern;
  std::string group;  // empty = plain
  std::uint32_t sessions = 0;
};

/// A topic published on this shard lately (the hottest part: what its match cache holds).
struct TopicView {
  TenantId tenant;
  std::string topic;
  std::uint64_t published = 0;
  std::uint64_t bytes = 0;
  std::uint32_t receivers = 0;  // index entries that match: sessions, other shards, group members
};

}  // namespace ron::node
