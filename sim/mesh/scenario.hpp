// What a run is like, read from a text file: lines `key = value`, `#` begins a comment.
//
// Durations carry a unit (ms, s), parts are percentages. Every key stands in the table of
// scenario.cpp; scenarios/README.md explains them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/mesh/network.hpp"

namespace ron::meshsim {

using namespace std::chrono_literals;

enum class Protocol : std::uint8_t { kMesh, kGossipsub, kPlumtree };
std::string_view name(Protocol protocol);

struct Target {
  std::string metric;
  bool at_least = false;  // else at most
  double value = 0;
  std::optional<double> worst;  // of the worst seed; else 1.15 times as bad as `value`
};

struct Scenario {
  std::string name;
  std::uint32_t nodes = 100, nodes_most = 0;  // drawn between them where the second is given
  std::uint32_t leaves = 0;                   // of the nodes
  // The network.
  LatencyOptions latency;
  Duration validation = 1ms;
  double loss = 0;
  bool lanes_in_order = false;
  std::uint32_t payload = 128;  // bytes of data in a publication
  std::uint32_t skew_ppm = 50;  // clocks drift by up to
  // Formation, then rest until the warm-up.
  std::uint32_t seeds = 5;
  Duration form = 5s, settle = 15s;
  // Warm-up: `origins` hot ones publish `warm_each` messages.
  std::uint32_t origins = 20, warm_each = 6;
  Duration warm_every = 50ms, warm_rest = 3s;
  // The measured phase.
  std::uint32_t messages = 100;
  Duration every = 100ms;
  double cold = 0;  // part of the publications from origins that never published
  std::uint32_t topics = 4, tenants = 2;
  bool fresh_topics = false;        // every measured message has a topic of its own
  bool best_effort = false;         // measured messages are asked for without repair
  std::uint32_t leaf_topics = 1;    // that a leaf wants
  Duration leaf_change_every = 0s;  // a leaf begins or ceases to want one; 0: never
  Duration leaf_reset_every = 0s;   // a connection of some leaf breaks; 0: never
  Duration interest_grace = 1s;     // in which a change of what a leaf wants takes hold
  bool at_last_link = false;        // no settling: the first message follows the last first link
  // Faults, from the beginning of the measured phase.
  double crash = 0;
  Duration crash_at = 0s, restart_after = 0s;  // 0: they stay away
  double partition = 0;                        // part of the nodes on the other side
  Duration partition_at = 0s, partition_for = 0s;
  bool partition_one_way = false;
  Duration repair_window = 30s, merge_time = 6s;  // what a partition cut off, and is owed after it
  double churn_per_minute = 0;
  double stalled = 0;  // part of the nodes that stand still once
  Duration stall_for = 3s;
  double slow_readers = 0;  // part of the nodes that read so much of each session
  std::uint32_t read_kbit = 64, lane_kib = 8192;  // and what a lane of a session holds
  double adversaries = 0;
  std::uint32_t flood_mbit =
      10;                     // a second, from a third of them together: who floods, or who forges
  std::uint32_t eclipse = 0;  // identities from one address that surround one honest node
  // The end.
  Duration rest = 5s;
  Duration within = 2s;     // a message covers everyone in time
  Duration prompt = 300ms;  // and promptly
  Duration grace = 2s;      // after a node came up before it must get everything
  std::vector<Target> targets;
};

std::expected<Scenario, std::string> read_scenario(std::string_view name, std::string_view text);
/// One more line, as from the command line.
std::expected<void, std::string> set_line(Scenario& scenario, std::string_view line);

}  // namespace ron::meshsim
