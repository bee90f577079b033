// Peers as an operator writes them: "HOST:PORT", or "ID@HOST:PORT" where whoever answers there must
// be that node. An id is 64 lowercase hex digits, as `ronctl status` and `ronctl identity` show it.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "config/quantity.hpp"
#include "config/settings.hpp"
#include "config/source.hpp"

namespace ron::config {

inline constexpr std::size_t kPeersMax = 256;  // in one list

struct Peer {
  std::string addr;
  std::optional<NodeId> node;
};

Parsed<Peer> parse_peer(std::string_view text);
Parsed<NodeId> parse_node_id(std::string_view text);
std::string peer_text(const Peer& peer);

/// The peers of a file: one a line, spelled as above; empty lines and those that begin with # do
/// not count. The problem names the line.
std::expected<std::vector<Peer>, Problem> parse_peers_file(std::string_view text,
                                                           std::string_view file_name);

/// A peer as a table of a file: {addr = "host:9500", id = "..."}.
class PeerEntry {
 public:
  void add(std::string_view name, std::string text, bool is_string);
  /// Spelled in one text; nothing where it was not addr and perhaps id.
  std::optional<std::string> text() const;

 private:
  std::optional<std::string> addr_, id_;
  bool wrong_ = false;
};

/// The key whose elements may be tables.
inline constexpr std::string_view kPeersKey = "peers";

/// True where the settings say who may be a peer; without that there is no mesh.
bool mesh_enabled(const Settings& settings);

}  // namespace ron::config
