// A link: a neighbour in the active view, and what is known of the way to it.
//
// Links between relays have a slot, a bit in the masks of relay trees; links to and from leaves
// have none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "mesh/config.hpp"

namespace ron::mesh {

/// A set of links between relays, a bit a slot.
using LinkMask = std::uint32_t;
using LinkSlot = std::uint8_t;
inline constexpr LinkSlot kNoSlot = 0xff;
constexpr LinkMask bit(LinkSlot slot) { return LinkMask{1} << slot; }

/// Round-trip time, smoothed as TCP does it (RFC 6298, section 2).
class RoundTrip {
 public:
  void sample(Duration rtt);
  bool known() const { return srtt_.count() > 0; }
  Duration srtt() const { return srtt_; }
  Duration rttvar() const { return rttvar_; }
  /// The shortest so far: of the way alone, whatever else the nodes were busy with.
  Duration least() const { return least_; }
  /// srtt + 4 rttvar; `unknown` before the first sample.
  Duration rto(Duration unknown) const { return known() ? srtt_ + 4 * rttvar_ : unknown; }

 private:
  Duration srtt_{0}, rttvar_{0}, least_{0};
};

struct Link {
  SessionId session;
  NodeId node{};
  std::uint64_t epoch = 0;
  Role role = Role::kRelay;  // of the other side
  LinkSlot slot = kNoSlot;   // kNoSlot where either side is a leaf
  RoundTrip rtt;
};

/// A change of the active view, told to the relay machine in order.
struct LinkChange {
  bool up = false;
  Link link;
};

}  // namespace ron::mesh
