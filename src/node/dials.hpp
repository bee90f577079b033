// The dials that the mesh has ordered, on their way to an answer. As many as the mesh has under
// way: it bounds them (mesh::ViewLimits).
//
//   ordered -take-> handed out -opened-> has a session -forget-> answered
//      |                |                     |
//      +--- cancel -----+- take_cancelled     +- cancel: the session is closed
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "base/ids.hpp"
#include "mesh/orders.hpp"

namespace ron::node {

class Dials {
 public:
  void order(const mesh::Dial& dial);

  /// Gives a dial up. The session that was opened for it, if there is one: it must end.
  std::optional<SessionId> cancel(mesh::DialId dial);

  bool ordered() const { return !ordered_.empty(); }
  std::optional<mesh::Dial> take();
  std::optional<mesh::DialId> take_cancelled();

  /// Was it handed out, and is it still waited for?
  bool awaited(mesh::DialId dial) const;
  void opened(mesh::DialId dial, SessionId session);
  /// The dial was answered; false when nobody waited for it any more.
  bool forget(mesh::DialId dial);
  /// The dial as it was ordered; nullptr when nobody waits for it any more.
  const mesh::Dial* find(mesh::DialId dial) const;

 private:
  struct Entry {
    mesh::Dial dial;
    bool handed_out = false;
    std::optional<SessionId> session;
  };
  std::map<mesh::DialId, Entry> entries_;
  std::deque<mesh::DialId> ordered_;
  std::deque<mesh::DialId> cancelled_;
};

}  // namespace ron::node
