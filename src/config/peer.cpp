#include "config/peer.hpp"

#include "base/hex.hpp"
#include "config/address.hpp"

namespace ron::config {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Parsed<NodeId> parse_node_id(std::string_view text) {
  NodeId id{};
  if (!from_hex(text, id)) return std::unexpected("is not a node id: 64 lowercase hex digits");
  return id;
}

Parsed<Peer> parse_peer(std::string_view text) {
  Peer peer;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    const auto id = parse_node_id(text.substr(0, at));
    if (!id) return std::unexpected(id.error());
    peer.node = *id;
    text.remove_prefix(at + 1);
  }
  if (const auto ok = parse_public_address(text); !ok) return std::unexpected(ok.error());
  peer.addr = text;
  return peer;
}

std::string peer_text(const Peer& peer) {
  return peer.node ? hex(*peer.node) + "@" + peer.addr : peer.addr;
}

std::expected<std::vector<Peer>, Problem> parse_peers_file(std::string_view text,
                                                           std::string_view file_name) {
  std::vector<Peer> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto peer = parse_peer(line);
    if (!peer || out.size() == kPeersMax) {
      return std::unexpected(Problem{
          .key = "mesh.peers_file",
          .value = std::string(line),
          .source = std::string(file_name) + ":" + std::to_string(number),
          .what = peer ? "is one peer too many" : peer.error(),
          .remedy =
              "write one HOST:PORT or ID@HOST:PORT a line, at most " + std::to_string(kPeersMax)});
    }
    out.push_back(*peer);
  }
  return out;
}

void PeerEntry::add(std::string_view name, std::string text, bool is_string) {
  std::optional<std::string>* into = nullptr;
  if (name == "addr") into = &addr_;
  if (name == "id") into = &id_;
  if (into == nullptr || !is_string) {
    wrong_ = true;
  } else {
    *into = std::move(text);
  }
}

std::optional<std::string> PeerEntry::text() const {
  if (wrong_ || !addr_) return std::nullopt;
  return id_ ? *id_ + "@" + *addr_ : *addr_;
}

bool mesh_enabled(const Settings& settings) {
  const auto& mesh = settings.mesh;
  return !settings.peers.empty() || !mesh.peers_file.empty() || !mesh.allow.empty() ||
         !mesh.ca_path.empty();
}

}  // namespace ron::config
