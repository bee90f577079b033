// The production machine, mesh::Mesh, behind the virtual network.
//
// Obeys its orders by the contract of mesh/mesh.hpp: Send becomes frames of a session, Dial,
// CancelDial and Close those of the network. Frames that relay a message of another node leave
// after the validation time, and so long after it came a delivery counts.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/choice.hpp"
#include "mesh/mesh.hpp"
#include "sim/mesh/network.hpp"
#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim {

struct MeshNodeOptions {
  std::uint64_t seed = 0;
  std::uint64_t key = 0;  // the node's identity follows from it
  std::uint64_t epoch = 1;
  mesh::Role role = mesh::Role::kRelay;
  std::string advertise;
  std::vector<mesh::ConfiguredPeer> peers;
  std::vector<std::pair<TenantId, std::string>> interest;
  Duration validation{0};
  SlabMeter* meter = nullptr;  // with one, it copies what it receives, as a real node reads it
};

class MeshNode final : public SimNode {
 public:
  MeshNode(Port& port, MeshNodeOptions options);
  ~MeshNode() override;

  const Identity& who() const { return who_; }

  void start(Instant now) override;
  void session_up(const SessionUp& up, Instant now) override;
  void session_down(SessionId session, Instant now) override;
  void dial_failed(std::uint64_t dial, Instant now) override;
  void frames(SessionId session, std::span<const Slice> frames, Instant now) override;
  void shed(SessionId session, std::uint32_t frames, Instant now) override;
  void publish(const Publication& publication, Instant now) override;
  void interest(TenantId tenant, std::string_view pattern, bool add, Instant now) override;
  void tick(Instant now) override;
  Instant next_deadline() const override;
  std::vector<NodeId> neighbours(Instant now) const override;
  NodeGauges gauges() const override;
  std::optional<Interest> leaf_interest(const NodeId& leaf) const override;
  std::vector<NodeId> slow(Instant now) const override;

 private:
  /// `hold`: of what relays a message that just came.
  void obey(Duration hold);
  void count(SessionId session, const oap::Header& header, const oap::Message& message,
             Instant now);
  void count_interest(SessionId session, const oap::Message& message);

  Port& port_;
  MeshNodeOptions options_;
  SeedChoice choice_;
  std::vector<std::uint8_t> key_, statement_;
  Identity who_;
  mesh::MeshConfig config_;
  std::unique_ptr<mesh::Mesh> mesh_;
  mesh::Orders orders_;
  std::map<SessionId, Instant> up_;  // of a leaf: since when
  std::set<SessionId> told_;         // of a relay: by leaves that have said what they want
  std::uint64_t resumed_ = 0;
};

/// The first gauge above its limit, in words; empty = none.
std::string over_bound(const mesh::MeshConfig& config, const mesh::MembershipStats& views,
                       const mesh::RelayStats& relay, const std::deque<mesh::Trace>& traces);

/// A node's frames that take more memory than it can account for, in words; empty = none.
std::string over_budget(const SlabMeter& meter, const NodeGauges& gauges,
                        const Network::Waiting& waiting);

/// What a node of this key is called, how its key looks, and its signature of a start.
std::vector<std::uint8_t> sim_key(std::uint64_t key);
NodeId sim_node_id(ByteView key);
std::vector<std::uint8_t> sim_statement(ByteView key, const NodeId& node, std::uint64_t epoch);
/// Deterministic: a signature is a hash of key and bytes. Whoever wants to forge one can; hostile
/// nodes do not try.
const CryptoFns& sim_crypto();

}  // namespace ron::meshsim
