#include "svc/overlay/mesh_settings.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/library.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::svc {
namespace {

// OAP-9.7
std::uint64_t new_epoch() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return static_cast<std::uint64_t>(ms) * 65'536 + crypto::SystemChoice().index(65'536);
}

mesh::MeshConfig mesh_config(const config::Settings& settings, const MeshStart& start,
                             const std::vector<config::Peer>& peers) {
  mesh::MeshConfig out;
  out.self = start.identity->node;
  out.epoch = start.epoch;
  const bool leaf = settings.mesh.role == config::MeshRole::kLeaf;
  out.role = leaf ? mesh::Role::kLeaf : mesh::Role::kRelay;
  out.advertise = settings.overlay.advertise_addr;
  for (const config::Peer& peer : peers)
    out.peers.push_back({.addr = peer.addr, .node = peer.node});
  out.key = start.identity->key;
  out.statement = start.statement;
  const auto active = static_cast<unsigned>(settings.mesh.active_view);
  out.views.active = active;
  out.views.active_max = std::min(active + std::max(active / 4, 1U), mesh::kMaxLinks);
  out.views.passive = static_cast<unsigned>(settings.mesh.passive_view);
  // From the size of the view on the view is the bound: the few links above it go to newcomers, and
  // shall not live on what they ask for.
  const auto fanout = static_cast<unsigned>(settings.overlay.gossip.relay_fanout);
  out.relay.fanout = fanout < active ? fanout : 0;
  out.relay.repair_bytes = settings.mesh.repair_bytes;
  out.best_effort = settings.mesh.best_effort;
  out.score.dry_run = settings.mesh.score_dry_run;
  out.score.shed = static_cast<unsigned>(settings.mesh.score_shed);
  out.score.disconnect = static_cast<unsigned>(settings.mesh.score_disconnect);
  out.relay_times.repair = settings.mesh.repair_window;
  out.relay_times.dedup = settings.mesh.dedup_horizon;
  return out;
}

}  // namespace

std::expected<MeshStart, std::string> mesh_start(setup::Identity identity) {
  MeshStart out{.identity = std::move(identity), .epoch = new_epoch(), .statement = {}};
  auto signature =
      crypto::sign(*out.identity, oap::origin_signed_bytes(out.identity->node, out.epoch));
  if (!signature) return std::unexpected(signature.error());
  out.statement = std::move(*signature);
  return out;
}

void join_mesh(host::Settings& into, const config::Settings& settings, const MeshStart& start,
               const std::vector<config::Peer>& peers) {
  into.node.node = start.identity->node;
  into.node.mesh = mesh_config(settings, start, peers);
  into.node.crypto = crypto::crypto_fns();
  into.peers = setup::peer_tls(settings, start.identity, peers);
  if (into.tls) into.tls->peers = into.peers;
}

}  // namespace ron::svc
