// A stream between a client and a shard, or between two nodes: two pipes, and what the world knows
// about its progress.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/ids.hpp"
#include "node/actions.hpp"
#include "sim/pipe.hpp"

namespace ron::sim {

struct Conn {
  Conn(Schedule& schedule, Choice& choice, const PipeOptions& options, unsigned number,
       unsigned to_shard)
      : id(number),
        shard(to_shard),
        up(schedule, choice, options),
        down(schedule, choice, options) {}

  /// The dialing node's side of a stream that another node accepted: the same pipes.
  Conn(Schedule& schedule, Choice& choice, Conn& accepted, unsigned number, unsigned to_shard)
      : Conn(schedule, choice, PipeOptions{}, number, to_shard) {
    in = &accepted.down;
    out = &accepted.up;
  }

  unsigned id;
  unsigned shard;  // of all shards of all nodes
  Pipe up;         // client to node
  Pipe down;       // node to client
  // As the driver of this side sees them.
  Pipe* in = &up;
  Pipe* out = &down;
  std::optional<NodeId> certificate;  // of the other side, between nodes

  // The node's side, kept by its driver.
  node::Channel channel;
  std::optional<SessionId> session;  // while the shard knows it
  bool ready = false;                // ChannelReady was said
  bool established = false;
  bool fin_told = false;
  bool wants_flush = false;
  bool finish_write = false;
  bool closed_by_node = false;
  bool drained = false;         // it was closed as drained, in order
  std::uint64_t fed = 0;        // bytes handed to the machine
  std::uint64_t processed = 0;  // of them worked off
  bool discarding = false;      // from some byte on nothing was acted on

  /// Without accounts everybody may; else only who is known, and only as the default tenant.
  bool may_publish(bool auth_off, TenantId tenant) const {
    return auth_off || (channel.authenticated && tenant.is_default());
  }

  /// Publications whose end in the stream is known and that the node is not known to be done with.
  struct Sent {
    std::uint64_t end = 0;  // stream offset behind the frame
    std::uint32_t publication = 0;
    bool valid = false;  // the node must accept it, unless a rate or a drain forbids it
  };
  std::deque<Sent> unsettled;
};

}  // namespace ron::sim
