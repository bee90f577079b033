// Where the machine of the mesh sits: on shard 0 of its node. Private to node/.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/ids.hpp"
#include "mesh/mesh.hpp"
#include "mesh/orders.hpp"

namespace ron::node {

inline constexpr ShardIndex kMeshShard = 0;

/// What the sessions of the whole node subscribe to, for the mesh of a leaf: who, how often.
class WantedPatterns {
 public:
  /// True when it is the first wish for this pattern.
  bool add(TenantId tenant, std::string_view pattern) {
    return ++count_[{tenant, std::string(pattern)}] == 1;
  }
  /// True when it was the last.
  bool remove(TenantId tenant, std::string_view pattern) {
    const auto at = count_.find({tenant, std::string(pattern)});
    if (at == count_.end() || --at->second > 0) return false;
    count_.erase(at);
    return true;
  }

 private:
  std::map<std::pair<TenantId, std::string>, std::uint32_t> count_;
};

struct MeshSeat {
  MeshSeat(const mesh::MeshConfig& config, const CryptoFns& crypto, Choice& choice,
           SlabMeter* meter)
      : machine(config, crypto, choice, meter), leaf(config.role == mesh::Role::kLeaf) {}

  mesh::Mesh machine;
  bool leaf;
  bool started = false;
  mesh::Orders orders;   // not obeyed yet
  mesh::Orders obeying;  // kept for its buffers
  WantedPatterns wanted;
  std::deque<mesh::Expelled> expelled;  // for the driver to take
};

}  // namespace ron::node
