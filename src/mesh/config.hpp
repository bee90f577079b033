// What the mesh of a node is told once, at construction, and the identities it speaks of.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/score.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

using namespace std::chrono_literals;

using oap::OriginId;

/// One start of a node, as its publications name it (docs/OAP-1.md section 9).
struct OriginEpoch {
  OriginId origin{};
  std::uint64_t epoch = 0;
  friend auto operator<=>(const OriginEpoch&, const OriginEpoch&) = default;
};

OriginId origin_of(const NodeId& node);

enum class Role : std::uint8_t { kRelay, kLeaf };

/// Names a dial that the machine ordered.
using DialId = std::uint64_t;

/// A peer that the operator named.
struct ConfiguredPeer {
  std::string addr;
  std::optional<NodeId> node;  // whoever answers there must be this one
};

struct ViewLimits {
  unsigned active = 8;         // links between relays that a node strives for
  unsigned active_max = 10;    // and accepts at most; at most kMaxLinks
  unsigned leaves_max = 64;    // links to leaves, of a relay
  unsigned leaf_links = 2;     // links of a leaf, all to relays
  unsigned passive = 120;      // remembered candidates
  unsigned probes = 16;        // dials under way at once while links are missing
  unsigned sessions_max = 64;  // peer sessions that have no link
};

struct ViewTimes {
  Duration ping = 200ms;     // on a link that is otherwise idle, by one of its sides
  Duration dead = 500ms;     // of silence, or 4 x rto where that is longer
  Duration probe = 200ms;    // for a dial to be answered while links are missing
  Duration handshake = 2s;   // for a dial's session and link
  Duration long_probe = 5s;  // a remembered node that is no neighbour is dialled; 20 s in peace
  Duration shuffle = 10s;    // candidates told to a neighbour
  Duration linger = 1s;      // a session without a link is closed after
  Duration retry_first = 100ms, retry_most = 10s;  // of a configured peer that does not answer
};

struct RelayLimits {
  unsigned fanout = 0;         // eager pushes of a publication at most, 0 = as many as the tree has
  std::size_t origins = 4096;  // whose trees are kept
  unsigned epochs = 4;         // of one origin that are kept // OAP section 9
  unsigned variants = 4;       // of one id that are relayed
  std::size_t window = 4096;   // ids of one origin and epoch that are remembered
  std::size_t seen = 1U << 20U;  // ids of all origins that are remembered
  std::size_t missing = 16'384;  // announced messages that have not come
  std::size_t repair_bytes = 16U << 20U;
  unsigned shared_parents = 3;  // eager neighbours towards us in the shared tree
  unsigned hot_after = 2;       // publications of an origin before it has a tree of its own
  std::size_t idontwant_from = 16U * 1024;  // message bytes
  double loss_for_redundancy = 0.005;       // measured; above it a second parent is kept
};

struct RelayTimes {
  Duration dedup = 120s;
  Duration repair = 30s;
  Duration lazy = 5ms;        // ihave wait for each other
  Duration lazy_calm = 50ms;  // over near links, while nothing is lost and no link comes or goes
  Duration graft_least = 10ms;
};

struct MeshConfig {
  NodeId self{};
  std::uint64_t epoch = 0;
  Role role = Role::kRelay;
  std::string advertise;  // host:port where others can dial this node; empty = nowhere
  std::vector<ConfiguredPeer> peers;
  std::vector<std::string> best_effort;  // topics, as patterns, whose publications are
  ByteView key;        // SubjectPublicKeyInfo of this node, DER; outlives the machine
  ByteView statement;  // the signature of oap::OriginStatement; outlives the machine
  ViewLimits views;
  ViewTimes times;
  RelayLimits relay;
  RelayTimes relay_times;
  ScoreConfig score;
};

inline constexpr unsigned kMaxLinks = 32;  // a link mask has this many bits

}  // namespace ron::mesh
