// Sessions' ways out, driven as a shard's turn drives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gossip/egress.hpp"

namespace ron::bench {

/// A run of `frames` gossip frames of 128 bytes.
gossip::RunRef run_of(std::size_t frames);

/// One run a turn to every subscriber; each writes all it got. Returns frames delivered.
class FanOut {
 public:
  FanOut(std::size_t subscribers, std::size_t frames_a_run);
  std::size_t turn();

 private:
  gossip::RunRef run_;
  gossip::LaneLimits limits_;
  std::vector<gossip::Egress> subscribers_;
};

/// One session with 64 runs waiting in eight lanes, written in batches of 16 KiB until nothing
/// waits: fair service, frames cut at the end of a batch. Returns frames delivered.
class FairService {
 public:
  explicit FairService(std::size_t frames_a_run) : run_(run_of(frames_a_run)) {}
  std::size_t turn();

 private:
  gossip::RunRef run_;
  gossip::LaneLimits limits_;
  gossip::Egress egress_;
};

/// A lane that is full and reads nothing: what a push costs then. Returns frames shed.
class FullLane {
 public:
  explicit FullLane(gossip::DropPolicy policy);
  std::size_t turn();

 private:
  gossip::RunRef run_;
  gossip::LaneLimits limits_;
  gossip::Egress egress_;
};

}  // namespace ron::bench
