// Several nodes of k shards, joined by streams in memory on one hand-wound clock, for tests.
#pragma once

#include <deque>

#include "base/blake3.hpp"
#include "node/shard_rig.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::node::testing {

/// Who a node of these tests is: a key nobody signs with, and the id that follows from it.
struct Identity {
  std::string key;
  NodeId node{};

  explicit Identity(unsigned number) : key("key of node " + std::to_string(number)) {
    node = blake3(as_bytes(key));
  }
  Channel channel() const {
    Channel channel;
    channel.certificate = node;
    return channel;
  }
};

/// Real hashes; every signature is good.
inline CryptoFns peer_crypto() {
  return {
      .hash = blake3, .hmac = nullptr, .verify = [](ByteView, ByteView, ByteView) { return true; }};
}

/// `identity` must outlive the config.
inline NodeConfig peer_config(const Identity& identity, std::vector<mesh::ConfiguredPeer> peers) {
  NodeConfig config = Rig::quiet_config();
  config.node = identity.node;
  config.crypto = peer_crypto();
  config.mesh.emplace();
  config.mesh->self = identity.node;
  config.mesh->epoch = 65'536'000;
  config.mesh->peers = std::move(peers);
  config.mesh->key = as_bytes(identity.key);
  config.mesh->statement = as_bytes(identity.key);
  return config;
}

/// Nodes by number; the address of node 2 is "2".
class Town {
 public:
  struct Member {
    explicit Member(unsigned number) : identity(number) {}
    Identity identity;
    std::unique_ptr<Rig> rig;
    ShardIndex accepts_on = 0;
  };
  struct Stream {
    unsigned node[2];  // the dialing one first
    SessionId session[2];
    bool gone[2] = {};  // that side's session is no more
    bool fin[2] = {};   // that side was told that the other has finished
    bool reads[2] = {true, true};
  };

  /// A node that knows these others.
  unsigned add(const std::vector<unsigned>& knows, unsigned shards = 1,
               const std::function<void(NodeConfig&)>& tune = {}) {
    const auto number = static_cast<unsigned>(members_.size());
    members_.push_back(std::make_unique<Member>(number));
    std::vector<mesh::ConfiguredPeer> peers;
    for (const unsigned other : knows) peers.push_back({std::to_string(other), {}});
    NodeConfig config = peer_config(members_.back()->identity, std::move(peers));
    config.mesh->advertise = std::to_string(number);
    if (tune) tune(config);
    members_.back()->rig = std::make_unique<Rig>(config, shards);
    return number;
  }

  Rig& operator[](unsigned number) { return *members_[number]->rig; }
  Member& member(unsigned number) { return *members_[number]; }
  std::deque<Stream>& streams() { return streams_; }

  /// The session between two nodes, as the first has it; the newest.
  SessionId session(unsigned of, unsigned with) {
    for (std::size_t i = streams_.size(); i-- > 0;) {
      const Stream& stream = streams_[i];
      for (const unsigned side : {0U, 1U}) {
        if (stream.node[side] == of && stream.node[1 - side] == with) return stream.session[side];
      }
    }
    ADD_FAILURE() << "no stream";
    return {};
  }

  /// Time for all of them, in steps, with everything that follows from it.
  void wait(Duration time, Duration step = 10ms) {
    for (Duration passed{0}; passed < time; passed += step) {
      for (auto& member : members_) member->rig->wait(step);
      settle();
    }
  }

  /// Moves bytes and dials until nothing moves.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (unsigned number = 0; number < members_.size(); ++number) moved |= dial_from(number);
      for (Stream& stream : streams_) {
        moved |= carry(stream, 0);
        moved |= carry(stream, 1);
      }
    }
  }

 private:
  bool dial_from(unsigned number) {
    Rig& rig = (*this)[number];
    bool any = false;
    while (auto dial = rig.shard(0).take_dial()) {
      any = true;
      const auto to = static_cast<unsigned>(std::stoul(dial->addr));
      const auto own = rig.open_dialed(dial->dial);
      if (!own) continue;
      Member& other = member(to);
      streams_.push_back(
          {{number, to}, {*own, other.rig->open(other.accepts_on, identity(number).channel())}});
      rig.handle(*own, ChannelReady{*own, other.identity.channel()});
    }
    return any;
  }
  const Identity& identity(unsigned number) { return members_[number]->identity; }

  // What one side has for the other.
  bool carry(Stream& stream, unsigned from) {
    const unsigned to = 1 - from;
    Rig& source = (*this)[stream.node[from]];
    Rig& target = (*this)[stream.node[to]];
    const SessionId out = stream.session[from];
    const SessionId in = stream.session[to];
    if (!stream.reads[to]) return false;
    bool moved = false;
    if (!stream.gone[from]) {
      const Bytes bytes = source.take(out);
      moved = !bytes.empty();
      if (moved && !stream.gone[to]) target.raw(in, bytes);
    }
    if (!stream.gone[from] && source.closed(out) != nullptr) stream.gone[from] = moved = true;
    const bool over = source.finished(out) || stream.gone[from];
    if (over && !stream.fin[to]) {
      stream.fin[to] = moved = true;
      if (source.finished(out)) {
        target.handle(in, PeerFinished{in});
      } else {
        target.handle(in, StreamLost{in});
        stream.gone[to] = true;
      }
    }
    return moved;
  }

  std::vector<std::unique_ptr<Member>> members_;
  std::deque<Stream> streams_;
};

}  // namespace ron::node::testing
