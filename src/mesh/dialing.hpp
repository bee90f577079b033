// Dials under way, how long they are given, and the peers an operator named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/choice.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/orders.hpp"
#include "policy/backoff.hpp"

namespace ron::mesh {

/// Why a node was dialed, which decides what is asked of it.
enum class Purpose : std::uint8_t {
  kProbe,       // links are missing
  kConfigured,  // the operator named it
  kLong,        // a look at a stranger
  kReturn,      // a look at a node that was lost
};

struct Attempt {
  DialId dial = 0;
  Purpose purpose = Purpose::kProbe;
  std::string addr;
  std::optional<NodeId> node;
  Instant started, until;
};

/// The dials nobody has answered yet.
class Dials {
 public:
  explicit Dials(const ViewTimes& times) : times_(times) {}

  /// A probe is given as long as dials of this network take, the others a whole handshake.
  void begin(Attempt attempt, Instant now, Orders& out);
  /// It was answered, or failed; nothing when it was given up before.
  std::optional<Attempt> take(DialId dial);
  /// Takes out one whose time is over, with the order to give it up.
  std::optional<Attempt> expired(Instant now, Orders& out);
  /// Gives up all probes: enough links came.
  void cancel_probes(Orders& out);
  void cancel(const NodeId& node, Orders& out);
  void cancel(std::string_view addr, Orders& out);
  /// Nobody is blamed for a stall of this node.
  void forgive(Instant now);
  void answered(Duration took);

  bool to(const NodeId& node) const;
  bool to(std::string_view addr) const;
  std::size_t size() const { return attempts_.size(); }
  std::size_t probes() const;
  Instant next() const;

 private:
  template <typename Which>
  void cancel_if(Which which, Orders& out);
  Duration patience() const;

  const ViewTimes& times_;
  std::vector<Attempt> attempts_;
  Duration usual_{0};  // that a dial takes, smoothed
  DialId last_ = 0;
};

/// How many candidates may be dialed: `kBurst` at once, `kRate` a second in the long run. What
/// others tell, true or false, never makes this node flood a network with connections.
class DialBudget {
 public:
  static constexpr std::int64_t kBurst = 128, kRate = 2;

  bool take(Instant now);
  /// When there will be one more; `now` when there is.
  Instant next(Instant now) const;

 private:
  void refill(Instant now);
  std::int64_t left_ = kBurst;
  Instant since_;
};

struct NamedPeer {
  ConfiguredPeer peer;
  std::optional<NodeId> found;  // who answered there
  policy::Backoff backoff;
  Instant next;              // it is not dialed before
  bool answered = false;     // once: from then on it is dialed only while links are missing
  bool self = false;         // it turned out to be this node
  std::uint32_t failed = 0;  // dials since it last answered
};

/// The configured peers, and those that `dial` added.
class NamedPeers {
 public:
  static constexpr std::size_t kMost = 256;

  explicit NamedPeers(const ViewTimes& times) : times_(times) {}

  /// Adds a peer, or makes a known one due again. Beyond kMost the oldest gives way.
  void add(ConfiguredPeer peer, Instant now);
  bool forget(const NodeId& node);
  bool forget(std::string_view addr);
  NamedPeer* at(std::string_view addr);
  std::vector<NamedPeer>& all() { return peers_; }
  const std::vector<NamedPeer>& all() const { return peers_; }

 private:
  const ViewTimes& times_;
  std::vector<NamedPeer> peers_;
};

}  // namespace ron::mesh
