#include "setup/mesh.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "crypto/files.hpp"

namespace ron::setup {
namespace {

using config::Problem;

Problem fault(std::string key, std::string value, std::string what, std::string remedy) {
  return {.key = std::move(key),
          .value = std::move(value),
          .source = {},
          .what = std::move(what),
          .remedy = std::move(remedy)};
}

// The first of what the service manager names, one a StateDirectory=.
std::string state_directory() {
  const char* named = ::secure_getenv("STATE_DIRECTORY");
  const std::string all = named == nullptr ? "" : named;
  return all.substr(0, all.find(':'));
}

crypto::KeyAlgorithm algorithm_of(const config::Settings& settings) {
  return settings.identity.algorithm == config::NodeKey::kMlDsa65 ? crypto::KeyAlgorithm::kMlDsa65
                                                                  : crypto::KeyAlgorithm::kEd25519;
}

bool is_missing(const std::string& path) {
  return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
}

using Key = std::expected<crypto::SecureBytes, std::string>;

Key read_or_make(const KeyPlace& place, const config::Settings& settings, MissingKey missing) {
  if (!place.file.empty() && !is_missing(place.file)) return crypto::read_secret_file(place.file);
  Key made = crypto::make_node_key(algorithm_of(settings));
  if (!made || place.file.empty() || missing == MissingKey::kJudge) return made;
  if (auto done = crypto::write_new_secret(place.file, *made); !done)
    return std::unexpected(done.error());
  return made;
}

std::expected<crypto::NodeIdentity, std::string> identity_at(const KeyPlace& place,
                                                             crypto::SecureBytes key) {
  if (place.certificate.empty()) return crypto::node_identity(std::move(key));
  auto certificate = crypto::read_public_file(place.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  return crypto::node_identity(std::move(key), std::move(*certificate));
}

}  // namespace

std::expected<std::vector<config::Peer>, Problem> peers_of(const config::Settings& settings) {
  std::vector<config::Peer> out;
  for (const std::string& text : settings.peers)
    if (auto peer = config::parse_peer(text)) out.push_back(std::move(*peer));  // rules judged them
  const std::string& path = settings.mesh.peers_file;
  if (path.empty()) return out;
  const auto text = crypto::read_public_file(path);
  if (!text) return std::unexpected(fault("mesh.peers_file", path, text.error(), "check the file"));
  const auto peers = config::parse_peers_file(*text, path);
  if (!peers) return std::unexpected(peers.error());
  out.insert(out.end(), peers->begin(), peers->end());
  return out;
}

KeyPlace key_place(const config::Settings& settings) {
  if (!settings.identity.key_file.empty()) return {settings.identity.key_file, {}};
  if (!settings.mesh.ca_path.empty() && settings.tls.enabled)
    return {settings.tls.key_path, settings.tls.cert_path};
  const std::string directory = state_directory();
  if (settings.overlay.amnesia || directory.empty()) return {};
  return {directory + "/node.key", {}};
}

std::expected<Identity, Problem> identity_of(const config::Settings& settings, MissingKey missing) {
  const KeyPlace place = key_place(settings);
  const auto wrong = [&](const std::string& what) {
    return std::unexpected(fault("identity.key_file", place.file, what,
                                 "`ronctl identity FILE --new` makes a key, Ed25519 or ML-DSA-65"));
  };
  auto key = read_or_make(place, settings, missing);
  if (!key) return wrong(key.error());
  auto identity = identity_at(place, std::move(*key));
  if (!identity) return wrong(identity.error());
  return std::make_shared<const crypto::NodeIdentity>(std::move(*identity));
}

crypto::PeerTls peer_tls(const config::Settings& settings, Identity identity,
                         const std::vector<config::Peer>& peers) {
  crypto::PeerTls out;
  out.identity = std::move(identity);
  for (const config::Peer& peer : peers)
    if (peer.node) out.admitted.push_back(*peer.node);
  for (const std::string& text : settings.mesh.allow)
    if (const auto id = config::parse_node_id(text)) out.admitted.push_back(*id);
  out.ca_path = settings.mesh.ca_path;
  out.policy.pq = static_cast<crypto::PqMode>(settings.overlay.pq_mode);
  out.policy.allow_aes128 = settings.tls.aes_128;
  return out;
}

}  // namespace ron::setup
