// The mesh-wide shared tree, which publications of cold origins take: every relay has a few eager
// neighbours towards it, those that on the whole bring news first.
//
// Each relay chooses for itself who pushes to it (graft and prune without an origin); nobody needs
// to know a root. With three parents a relay the graph of eager pushes reaches everybody, at 1.4
// redundant copies and less than half again the latency of a flood (docs/mesh.md); with fewer it
// falls apart or is slow.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "mesh/link.hpp"

namespace ron::mesh {

class SharedTree {
 public:
  explicit SharedTree(unsigned parents) : parents_(parents) {}

  /// Neighbours that want eager copies of us.
  LinkMask out = 0;

  /// Neighbours that push eagerly to us.
  LinkMask in() const { return in_; }

  /// A link came up, eager in both directions. True: it must be pruned, we have parents enough.
  bool link_up(LinkSlot slot);
  void link_down(LinkSlot slot);

  /// A sign of a message, `late` after the first sign of it from any neighbour.
  void sign(LinkSlot slot, Duration late);
  /// A message was seen; signs of it add up against this number.
  void message() { ++messages_; }

  /// Whom to ask for eager copies, and whom to stop.
  struct Change {
    LinkSlot graft = kNoSlot;
    LinkSlot prune = kNoSlot;
  };
  /// One step to a better choice among `links`; nothing when it is good enough. `way` is the
  /// round-trip time of a link, what is known before there were signs.
  template <typename Way>
  std::optional<Change> improve(LinkMask links, Way way) {
    std::array<double, kMaxLinks> late{};
    for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
      if ((links & bit(slot)) != 0) late[slot] = lateness(slot, way(slot));
    }
    return step(links, late);
  }
  /// Is it time to look again? Every few messages.
  bool due() const { return messages_ >= checked_ + kEvery; }

 private:
  static constexpr std::uint32_t kEvery = 16;
  static constexpr std::uint32_t kHalve = 256;
  static constexpr double kBetter = 5;  // ms: a change must be worth its messages

  double lateness(LinkSlot slot, Duration rtt) const;  // ms, on average
  std::optional<Change> step(LinkMask links, const std::array<double, kMaxLinks>& late);

  struct Signs {
    double late = 0;  // ms, summed
    double count = 0;
    double since = 0;  // messages before the link was there
  };
  unsigned parents_;
  LinkMask in_ = 0;
  std::array<Signs, kMaxLinks> signs_{};
  std::uint32_t messages_ = 0, checked_ = 0;
};

}  // namespace ron::mesh
