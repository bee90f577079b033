// Two clients, a few deeds, one node: every order in which the events of one instant can come is
// tried, up to a number of choices.
//
// The handshakes and the first subscriptions run in one order; then the race begins: from there on
// each choice among simultaneous events branches. Afterwards everything comes to rest and the
// simulator's checkers judge: nothing after close, credit within its window, at most one copy,
// exact losses, bounded queues, a drain that ends in time and leaves nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ron::sim {

enum class Race : std::uint8_t {
  kPublishUnsub,  // a publication against the end of the subscription
  kPublishSub,    // and against its beginning
  kPublishReset,  // and against the loss of the subscriber
  kPublishHalfClose,
  kPublishDrain,  // and against the shutdown of the node
  kSubDrain,
  kFullLane,     // more publications than the lane holds
  kTinyWindow,   // and than the credit allows
  kGroupLeave,   // a member of a group leaves while it is chosen
  kBothPublish,  // to each other, with acks
};
inline constexpr unsigned kRaces = 10;
const char* name(Race race);

struct Explored {
  std::uint64_t worlds = 0;
  bool exhausted = false;            // every sequence within the depth was seen
  std::string failure;               // of the first world that failed ...
  std::vector<std::uint64_t> trail;  // ... and the answers that led to it
};

struct Bounds {
  unsigned shards = 1;
  std::size_t depth = 8;  // choices that branch
  std::uint64_t worlds_most = 20'000;
};

Explored explore(Race race, const Bounds& bounds);

}  // namespace ron::sim
