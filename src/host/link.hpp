// One stream of a shard: the socket side of a session.
#pragma once

#include <memory>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "runtime/loop.hpp"
#include "transport/stream.hpp"

namespace ron::host {

class ShardHost;

///   kShaking -> (handshake done) -> kOpen -> (kFinishWrite) -> kEnding -> closed
struct Link final : public runtime::ReadyListener {
  enum class Phase : std::uint8_t {
    kShaking,  // connecting the channel: TLS
    kOpen,     // carries frames both ways
    kEnding,   // the machine has said its last; FIN follows what is queued
  };

  Link(ShardHost& owner, SessionId named, std::unique_ptr<transport::Stream> carried,
       Instant accepted_at)
      : host(&owner), id(named), stream(std::move(carried)), watch(), accepted(accepted_at) {}

  void readable() override;
  void writable() override;

  ShardHost* host;
  SessionId id;
  std::unique_ptr<transport::Stream> stream;
  runtime::Watch watch;  // after `stream`: goes before the descriptor is closed
  std::string peer;
  Instant accepted;
  Phase phase = Phase::kShaking;
  bool dialed = false;                // by this node; else accepted
  bool in_ready = false;              // in the list of links to be served
  bool in_flush = false;              // in the list of links to be flushed
  bool blocked = false;               // waits to be writable
  bool read_waits_for_write = false;  // TLS answers of its own must leave before it reads on
  bool read_ended = false;            // the other side's FIN was seen
  bool fin_sent = false;
  bool counted_open = false;
};

}  // namespace ron::host
