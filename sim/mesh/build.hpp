// Makes the node of a host: a baseline, the production machine, or that with hostile manners.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/mesh/scenario.hpp"
#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim {

/// The address that half of the hostile hosts share.
inline constexpr HostIndex kOneMachine = 0xfffffe;

struct Birth {
  Protocol protocol = Protocol::kMesh;
  std::uint64_t seed = 0, key = 0;
  std::uint32_t life = 0;  // how often the host was born before
  HostIndex host = 0, machine = 0;
  Duration validation{0};
  SlabMeter* meter = nullptr;
  bool leaf = false, hostile = false;
  bool eclipses = false;    // a hostile host: withholds, whatever else it does
  std::uint64_t flood = 0;  // bits a second that a hostile host floods and forges with
  std::vector<std::pair<TenantId, std::string>> interest;  // of a leaf
  std::vector<HostIndex> known;                            // configured peers
};

struct Built {
  std::unique_ptr<SimNode> node;
  Identity who;
};

Built build(const Birth& birth, Port& port);

/// Which frames a lossy link loses; the others are only delayed.
bool (*may_vanish(Protocol protocol))(const Slice&);

}  // namespace ron::meshsim
