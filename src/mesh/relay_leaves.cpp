#include "mesh/relay_inside.hpp"

namespace ron::mesh {

unsigned RelayMachine::to_leaves(Neighbour* /*from*/, Epoch& /*epoch*/, const Coming& /*coming*/) {
  return 0;
}

}  // namespace ron::mesh
