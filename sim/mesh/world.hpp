// One run: hosts join, warm up, publish while faults strike, rest; then everything is judged.
//
//   form -> settle -> warm-up -> measured phase, with its faults -> rest -> judged
//
// Everything that varies is drawn from the seed: identities, clocks, places, who publishes, who
// fails.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "sim/mesh/graph.hpp"
#include "sim/mesh/ledger.hpp"
#include "sim/mesh/network.hpp"
#include "sim/mesh/scenario.hpp"

namespace ron::meshsim {

struct Outcome {
  std::string failure;  // empty: every rule held
  Figures figures;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::vector<std::uint32_t> latencies;
  bool good() const { return failure.empty(); }
};

class World {
 public:
  World(Scenario scenario, Protocol protocol, std::uint64_t seed);
  ~World();

  Outcome run();

  /// Called when the measured phase begins: whoever wants to time it has the clock.
  std::function<void()> measured_phase_begins = [] {};

 private:
  /// Nodes of larger worlds share the frames that they relay, and are not held to account for them.
  static constexpr HostIndex kMeteredMost = 300;

  enum Phase : std::uint8_t { kForming, kWarm, kMeasured, kResting };
  using Action = std::function<void()>;

  void at(Instant when, Action action);
  void after(Duration wait, Action action) { at(queue_.now() + wait, std::move(action)); }

  void draw_names();
  void form();
  void form_given();
  /// `anew`: as a stranger, not with the key that it had.
  void birth(HostIndex host, bool anew = true);
  void settle();
  void warm(std::uint32_t left);
  void begin();
  void measure(std::uint32_t left);
  void rest();

  void publish(HostIndex origin, bool measured);
  HostIndex hot_origin();
  HostIndex any_origin();
  HostIndex some_relay();

  void faults();
  void crash();
  void partition();
  void churn();
  void stall();
  void slow_down();
  void change_interest(HostIndex leaf);
  void reset_leaves();
  void judge_victim(Figures& out);
  void judge_slow(Figures& out) const;
  void judge_interest();
  void count_resumed(Figures& out) const;
  Interest interest_of(HostIndex leaf) const;
  void watch_components();
  void watch_gauges();
  void watch_lanes();
  void watch_memory(HostIndex host, const NodeGauges& gauges);

  void judge(Outcome& outcome);
  void judge_views();
  void traffic(Outcome& outcome) const;
  /// Counters of all nodes that are up, by name, as means.
  Figures counters() const;
  Graph graph();
  void leave_out_hostile(Graph& graph) const;
  std::string who(HostIndex host) const;

  Scenario scenario_;
  Protocol protocol_;
  std::uint64_t seed_;
  SeedChoice choice_;
  HostIndex hosts_;
  EventQueue queue_;
  Ledger ledger_;
  std::unique_ptr<Network> network_;
  std::vector<Action> actions_;
  std::vector<std::uint32_t> free_actions_;
  std::vector<TenantId> tenants_;
  std::vector<std::string> topics_;
  std::vector<HostIndex> hot_, cold_;
  std::vector<std::uint32_t> births_;  // of each host
  std::vector<std::uint64_t> keys_;    // its last one
  std::vector<bool> hostile_, leaf_;
  HostIndex victim_ = kNoHost;  // of an eclipse
  std::vector<HostIndex> slow_;
  std::map<NodeId, HostIndex> by_node_;
  std::vector<std::vector<std::uint32_t>> leaf_topics_;
  std::uint64_t flood_share_ = 0;  // bits a second of a hostile host
  Phase phase_ = kForming;
  bool done_ = false;
  std::optional<Instant> fault_, healed_;
  Instant formed_, measured_at_;
  double one_component_s_ = -1;
  std::size_t slab_most_ = 0;  // bytes of the frames of one node
  // Dials a host and second.
  std::vector<std::uint32_t> dials_now_;
  std::int64_t dials_second_ = 0;
  std::uint32_t dials_most_ = 0, dials_most_healed_ = 0;
  std::array<std::uint64_t, 5>
      dials_healed_{};  // of all hosts, by seconds since the partition ended
  NetworkCounts counts_before_;
  Figures counters_before_;
  std::uint64_t events_before_ = 0;
};

}  // namespace ron::meshsim
