// One run from beginning to end: clients do as they like, everything comes to rest, the checkers
// judge, the node drains and must leave nothing behind.
#pragma once

#include <cstdint>
#include <string>

#include "sim/profile.hpp"
#include "sim/world.hpp"

namespace ron::sim {

struct Outcome {
  std::string failure;     // empty = all is well
  std::string details;     // what the failing session did, for people
  std::uint64_t hash = 0;  // of the trace
  std::uint64_t publications = 0;
  std::uint64_t arrivals = 0;
  std::uint64_t lagged = 0;
  std::uint64_t comebacks = 0;  // sessions of clients that had lost one
  std::uint64_t not_ready = 0;  // handshakes refused so
  std::uint64_t relayed = 0;    // publications heard at neighbours
  std::uint64_t spoken = 0;     // of neighbours, accepted
  bool good() const { return failure.empty(); }
};

Outcome run_world(const Profile& profile, Choice& choice, const World::Options& options = {});

/// Lets everything come to rest within bounded virtual time, or fails the world.
void come_to_rest(World& world);

/// Drains the node: it must be over in time and leave no session and no byte.
void drain_all(World& world);

/// What a session subscribed and which publications are named in a failure, for people.
std::string describe(const History& history, const std::string& failure);

/// Judges what is recorded.
void judge(World& world);

}  // namespace ron::sim
