// What makes this node a member of a mesh: configuration to what the host and the mesh are told.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "host/settings.hpp"
#include "setup/mesh.hpp"

namespace ron::svc {

/// One start of this node, as its publications name it (docs/OAP-1.md section 9). Must outlive the
/// host it is given to.
struct MeshStart {
  setup::Identity identity;
  std::uint64_t epoch = 0;
  std::vector<std::uint8_t> statement;  // the signature of origin and epoch
};

/// A new epoch each time: publications are counted from 1 again.
std::expected<MeshStart, std::string> mesh_start(setup::Identity identity);

/// Adds the mesh to what host_settings() made: TLS towards peers on both sides, views and bounds.
void join_mesh(host::Settings& into, const config::Settings& settings, const MeshStart& start,
               const std::vector<config::Peer>& peers);

}  // namespace ron::svc
