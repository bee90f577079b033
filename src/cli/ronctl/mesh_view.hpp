// The mesh as one node tells it, for people: tables, sentences, a picture.
#pragma once

#include <string>
#include <vector>

#include "node_answer.hpp"

namespace ron::cli {

/// The first digits of a node id, enough to tell the nodes of a mesh apart.
std::string short_id(const std::string& id);

/// "0.3 ms"; "-" where nothing is known.
std::string rtt_text(const Json& peer);

/// Peers as the node's answer to `peers` lists them.
std::string peer_table(const Json& peers);

/// The peers that were named by their addresses and have no link, of the same answer; empty where
/// there are none.
std::string named_table(const Json& named);

/// The links of a `mesh` answer, and what they carry.
std::string link_table(const Json& links);

/// What a `mesh` answer says, without its links.
std::string mesh_facts(const Json& mesh);

/// Graphviz: the nodes that gave these `mesh` answers, and their links.
std::string mesh_dot(const std::vector<Json>& meshes);

/// What there is to say about a peer: `session` is its part of `sessions`, or nothing.
std::string explained(const Json& peer, const Json& session);

}  // namespace ron::cli
