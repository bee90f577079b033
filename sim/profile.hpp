// What one world is like: everything that varies with the seed.
//
// Small bounds are common, so that lanes fill, windows close and rings congest; some worlds are
// roomy, so that exact statements can be made about them.
#pragma once

#include <string>
#include <vector>

#include "base/choice.hpp"
#include "node/config.hpp"
#include "sim/pipe.hpp"

namespace ron::sim {

/// How often clients do what; 0 = never in this world.
struct Weights {
  std::uint32_t sub = 6, unsub = 2, publish = 20, acked = 8, credit = 1, bye = 1, garbage = 1,
                half_close = 1, reset = 1, stall = 1, pause = 3, repeat_corr = 1, odd = 1, cut = 1;
};

struct Profile {
  unsigned shards = 1;  // of each node
  unsigned nodes = 1;   // all clients are the first one's; the others have a listener each
  node::NodeConfig config;
  PipeOptions pipe;
  std::size_t ring_capacity = 4;  // messages between two shards
  Duration mail_delay{0};
  Duration turn_delay{0};
  std::size_t read_most = 64U * 1024;  // what the driver reads at once
  bool split_reads = false;            // at any byte
  std::size_t gather_most = 64U * 1024;
  bool partial_writes = false;
  bool vary_channels = true;  // kind, key exchange, authentication
  bool spread = false;        // clients go to the shards in turn, not to any
  bool lazy_channel = false;  // TLS takes its time
  unsigned raw_clients = 4;
  unsigned machine_clients = 0;
  unsigned steps = 300;
  Duration step_max = std::chrono::milliseconds(5);
  Weights weights;
  bool faults = true;  // clients may misbehave
  bool roomy = false;
  bool crowd = false;  // all sessions that subscribe are members of one group
  std::vector<TenantId> tenants;
  std::vector<std::string> topics;
  std::vector<std::string> patterns;
  std::vector<std::string> groups;
  std::size_t data_most = 600;       // bytes in a publication
  std::uint32_t unready_one_in = 0;  // steps in which readiness changes; 0 = it never does
  bool drain_in_the_middle = false;
  Duration drain_within = std::chrono::seconds(3);

  /// `shards` 0 = any of 1, 2, 3.
  static Profile draw(Choice& choice, unsigned shards, unsigned steps);
};

}  // namespace ron::sim
