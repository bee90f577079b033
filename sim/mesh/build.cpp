#include "sim/mesh/build.hpp"

#include "base/hash.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "sim/mesh/gossipsub.hpp"
#include "sim/mesh/hostile_node.hpp"
#include "sim/mesh/mesh_node.hpp"
#include "sim/mesh/plumtree.hpp"

namespace ron::meshsim {
namespace {

bool mesh_frame_may_vanish(const Slice& frame) {
  const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
  return message && (message->kind == "relay" || message->kind == "ihave");
}

MeshNodeOptions mesh_options(const Birth& birth) {
  MeshNodeOptions options;
  options.seed = birth.seed;
  options.key = birth.key;
  options.epoch = (std::uint64_t{birth.life} + 1) << 16U;
  options.role = birth.leaf ? mesh::Role::kLeaf : mesh::Role::kRelay;
  options.advertise = birth.leaf ? "" : addr_of(birth.host, birth.machine);
  for (const HostIndex peer : birth.known) options.peers.push_back({addr_of(peer, peer), {}});
  options.interest = birth.interest;
  options.validation = birth.validation;
  options.meter = birth.meter;
  return options;
}

Identity plain_identity(const Birth& birth) {
  Identity who;
  store_be<std::uint64_t>(who.node.data(), birth.seed);
  store_be<std::uint32_t>(who.node.data() + 8, birth.host);
  who.epoch = birth.life + 1;
  return who;
}

}  // namespace

Built build(const Birth& birth, Port& port) {
  switch (birth.protocol) {
    case Protocol::kGossipsub:
      return {std::make_unique<baseline::Gossipsub>(port, birth.seed, birth.validation),
              plain_identity(birth)};
    case Protocol::kPlumtree:
      return {std::make_unique<baseline::Plumtree>(port, birth.seed, birth.validation, birth.known),
              plain_identity(birth)};
    case Protocol::kMesh: break;
  }
  if (birth.hostile) {
    Manners manners = Manners::draw(birth.seed);
    if (birth.eclipses) manners.withhold = true;
    auto node = std::make_unique<HostileNode>(port, mesh_options(birth), manners, birth.flood);
    const Identity who = node->who();
    return {std::move(node), who};
  }
  auto node = std::make_unique<MeshNode>(port, mesh_options(birth));
  const Identity who = node->who();
  return {std::move(node), who};
}

bool (*may_vanish(Protocol protocol))(const Slice&) {
  return protocol == Protocol::kMesh ? mesh_frame_may_vanish : baseline::may_vanish;
}

}  // namespace ron::meshsim
