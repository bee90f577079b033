// Makes a failing run smaller while it still fails.
#pragma once

#include <string>

#include "sim/mesh/scenario.hpp"

namespace ron::meshsim {

/// Halves hosts, messages, time and faults in turn, each as long as some failure remains. Returns the
/// lines to set, and the failure that is left.
std::string shrink(const Scenario& scenario, Protocol protocol, std::uint64_t seed);

}  // namespace ron::meshsim
