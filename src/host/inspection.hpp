// What an operator may see of a running node: values, gathered on request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mesh/membership.hpp"
#include "mesh/score.hpp"
#include "mesh/traces.hpp"
#include "node/control.hpp"

namespace ron::host {

/// A session with what its stream knows.
struct SessionInfo {
  node::SessionView view;
  std::string peer;            // "127.0.0.1:40312"; empty for Unix sockets
  std::uint32_t uid = 0;       // of a Unix peer
  std::string peer_name;       // the first SAN of the peer's certificate
  std::string group;           // key exchange, of a TLS session
  bool dialed = false;         // by this node
  std::optional<NodeId> node;  // the other side proved to be this node
};

/// A node of the mesh, and how it behaves.
struct PeerInfo {
  mesh::PeerView view;
  mesh::Scores::Explanation score;
};

struct Inspection {
  std::vector<SessionInfo> sessions;
  std::vector<node::PatternView> patterns;  // each once, sessions of all shards added up
  std::vector<node::TopicView> topics;      // the same
  std::vector<PeerInfo> peers;              // neighbours and candidates of the mesh
  std::vector<mesh::NamedView> named;       // peers that were named by their addresses
  std::vector<mesh::Trace> traces;          // the last probes of this node, the oldest first
  bool complete = true;                     // every shard answered in time
};

enum class Inspect : std::uint8_t { kSessions, kTopics, kPeers, kTraces };

/// The answer to a node::ControlRequest.
struct ControlAnswer {
  SessionId session;
  CorrId corr = 0;
  TenantId tenant;
  std::string body;  // JSON
  bool ok = true;    // else `code` and `body` as the error's text
  oap::Code code = oap::Code::kInternal;
};

}  // namespace ron::host
