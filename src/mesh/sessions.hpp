// The peer sessions of a node as membership sees them, and which of them are links.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "mesh/dialing.hpp"
#include "mesh/link.hpp"
#include "mesh/membership.hpp"

namespace ron::mesh {

/// kIdle    no link was asked for on it, by neither side
/// kAsked   this side asked, and waits for the answer
/// kLinked  a neighbour
/// kOver    refused, let go, or only looked at: it ends soon
enum class Stage : std::uint8_t { kIdle, kAsked, kLinked, kOver };

/// What is known of the life of a link.
struct Liveness {
  Instant heard;    // the last frame of any kind
  Duration gap{0};  // the longest silence of late that ended
  Instant pinged;
  CorrId ping = 0;       // that is not answered yet
  unsigned samples = 0;  // of the round-trip time
};

struct Session {
  SessionId id;
  NodeId node{};
  std::uint64_t epoch = 0;
  std::optional<Purpose> dialed;  // nothing: it was accepted
  bool may_ask = false;           // for a link, when one is missing
  bool told = false;              // candidates were sent
  bool prio = false;              // what was asked for
  Stage stage = Stage::kIdle;
  Instant since;  // in this stage
  Instant until;  // it is closed unless it became a link
  CorrId asked = 0;
  std::string addr;     // where the other side can be dialed; empty = unknown
  Link link;            // when kLinked
  unsigned degree = 0;  // links of the other side, as it told; 0 = it did not yet
  Liveness life;
  std::optional<NodeId> hint;  // the one candidate of its last `peers`
  Instant listened;            // since when its `peers` are counted
  unsigned listens = 0;        // `peers` since then

  bool linked() const { return stage == Stage::kLinked; }
  void enter(Stage next, Instant now, Instant end) {
    stage = next;
    since = now;
    until = end;
  }
};

/// All sessions, in the order of their ids; the slots of those that are links between relays.
class Sessions {
 public:
  Session& add(Session session);
  void erase(SessionId id);
  Session* find(SessionId id) const;
  /// The session to a node that is a link; nullptr when there is none.
  Session* linked(const NodeId& node) const;
  /// A session to a node; nullptr when there is none.
  Session* to(const NodeId& node) const;

  /// Gives a session the lowest free slot, where both sides are relays, and counts it.
  void up(Session& session, bool between_relays);
  void down(Session& session);

  const std::vector<std::unique_ptr<Session>>& all() const { return sessions_; }
  const std::vector<const Link*>& relays() const { return relays_; }
  unsigned leaves() const { return leaves_; }
  unsigned links() const { return static_cast<unsigned>(relays_.size()) + leaves_; }
  std::size_t without_link() const { return sessions_.size() - links(); }

 private:
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<const Link*> relays_;  // by slot
  LinkMask slots_ = 0;
  unsigned leaves_ = 0;
};

}  // namespace ron::mesh
