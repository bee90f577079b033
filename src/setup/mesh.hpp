// The mesh part of a configuration: this machine's node key, and the peers of its files.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "config/peer.hpp"
#include "config/settings.hpp"
#include "crypto/tls_context.hpp"

namespace ron::setup {

/// Those of `peers` and of mesh.peers_file.
std::expected<std::vector<config::Peer>, config::Problem> peers_of(
    const config::Settings& settings);

using Identity = std::shared_ptr<const crypto::NodeIdentity>;

/// Where the node key of a configuration is.
struct KeyPlace {
  std::string file;         // empty: in memory, new at each start
  std::string certificate;  // empty: the node signs its own
};
KeyPlace key_place(const config::Settings& settings);

/// kMake: a key file that is missing is made (kJudge leaves it, and answers with a key of no use).
enum class MissingKey : std::uint8_t { kMake, kJudge };

/// The node's key as identity.key_file says.
std::expected<Identity, config::Problem> identity_of(const config::Settings& settings,
                                                     MissingKey missing);

/// How this node and its peers meet.
crypto::PeerTls peer_tls(const config::Settings& settings, Identity identity,
                         const std::vector<config::Peer>& peers);

}  // namespace ron::setup
