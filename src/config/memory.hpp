// How much memory a node may come to: the formula of docs/performance.md, over the settings.
//
// Every part is a bound that the node enforces (by shedding, refusing or pausing) times what one
// unit of it costs, measured. `limits.memory_budget` turns the formula round: what is left after
// the parts that cannot shrink is shared out among those that can.
//
// Not covered, because it is not this process's memory: what the kernel holds for sockets. Not
// bounded by a key: answers to operators on the Unix socket, which are as long as what they list.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.hpp"

namespace ron::config {

/// Connections that the Unix socket keeps beyond transport.max_conns.
inline constexpr std::uint64_t kUnixConns = 16;
/// Sessions to peers that the node dialed, beyond transport.max_conns too.
inline constexpr std::uint64_t kDialedConns = 64;

/// Bytes, of the whole node.
struct MemoryPlan {
  // Bounds the node is given.
  std::uint64_t queue_bytes = 0;         // limits.total_queue_bytes, or less where a budget says so
  std::uint64_t mail_bytes = 0;          // on the way from one shard to another, each direction
  std::uint64_t subscription_bytes = 0;  // of the shards together

  // What the parts come to at most.
  std::uint64_t process = 0;        // code, libraries, logs, admin listener
  std::uint64_t shards = 0;         // threads with their work space and spare blocks
  std::uint64_t sessions = 0;       // with TLS state and answers nobody reads
  std::uint64_t queues = 0;         // messages and unfinished frames, and the tables of lanes
  std::uint64_t mail = 0;           // between shards
  std::uint64_t subscriptions = 0;  // and their copies at other shards
  std::uint64_t mesh = 0;           // what is kept for peers and known of messages; 0 without one
  std::uint64_t allocator = 0;      // its loss in what comes and goes

  /// The least limits.memory_budget this configuration can work with.
  std::uint64_t at_least = 0;

  std::uint64_t worst_case() const {
    return process + shards + sessions + queues + mail + subscriptions + mesh + allocator;
  }
};

/// `shards` is the real number of event loops, at least 1.
MemoryPlan plan_memory(const Settings& settings, std::uint64_t shards);

/// "at most 612MiB: process 24MiB, 2 shards 24MiB, ...", for people.
std::string memory_text(const MemoryPlan& plan);

/// Megabytes, rounded up: "612MiB".
std::string mib_text(std::uint64_t bytes);

}  // namespace ron::config
