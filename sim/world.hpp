// A world: one node of k shards, its clients, the links between them, and the time they share; and
// perhaps neighbours, which relay what is published at the first to listeners of their own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/conn.hpp"
#include "sim/history.hpp"
#include "sim/node_driver.hpp"
#include "sim/profile.hpp"
#include "sim/schedule.hpp"
#include "sim/trace.hpp"

namespace ron::sim {

/// A client as the scenario sees it, scripted or machine.
class Actor {
 public:
  virtual ~Actor() = default;
  /// Does one thing of its choice.
  virtual void act() = 0;
  /// No more mischief: read, give credit, answer, finish.
  virtual void calm() = 0;
  /// Nothing left to send or to read.
  virtual bool resting() const = 0;
  /// Marks its live session complete, once everything has come to rest.
  virtual void conclude() = 0;
};

/// What a listener published to the others.
struct Spoken {
  unsigned node = 0;
  std::uint64_t digest = 0;
  Stamp sent = 0;
  bool accepted = false;
};

class World {
 public:
  struct Options {
    Trace* trace = nullptr;    // one that outlives the world; nullptr = its own
    bool choose_ties = false;  // events of one instant in any order
    // A world that takes more steps (events, and rounds of loops within one) does not end.
    std::uint64_t steps_most = 4'000'000;
  };
  World(const Profile& profile, Choice& choice, const Options& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// A new stream to some shard.
  Conn& dial(std::uint32_t client) { return dial(client, 0); }
  /// The same to some shard of some node.
  Conn& dial(std::uint32_t client, unsigned node);
  /// A stream from `node` to the one with this address: the dialing side of it.
  Conn& join(unsigned node, const std::string& addr);
  /// A stream between nodes breaks, or stands still for a while.
  void disturb_peers();
  Conn& conn(unsigned id) { return *conns_[id]; }
  const std::vector<std::unique_ptr<Conn>>& conns() const { return conns_; }
  // Shards of all nodes, those of the first node first.
  NodeDriver& node(unsigned shard) { return *nodes_[shard]; }
  unsigned shards() const { return static_cast<unsigned>(nodes_.size()); }
  /// Of the first node as many as the profile says, of its neighbours one to three.
  unsigned shards_of(unsigned node) const {
    return node == 0 ? profile.shards : 1 + (profile.shards + node) % 3;
  }
  unsigned first_shard(unsigned node) const { return first_[node]; }
  node::NodeConfig config_of(unsigned node) const;

  /// Between two shards of one node.
  MailRing& ring(unsigned from, unsigned to) { return rings_[{from, to}]; }
  /// A node finished a turn: where no mail is under way, what was worked off is settled.
  void turn_over();
  bool mail_idle() const;

  /// Lets time pass, unless the world fails.
  void pass(Duration time);
  /// Counts one step; false once the world has failed, for example by not ending.
  bool step();

  /// A readiness gate of the node falls, or all are up again.
  void set_ready(bool ready);
  bool ready() const { return history.readiness.empty() || history.readiness.back().ready; }
  void begin_drain();
  bool draining() const { return draining_; }
  /// Links become fast and stalls end, also those of later streams.
  void calm_links();

  Stamp stamp() { return ++stamp_; }
  Instant now() const { return schedule.now(); }
  void note(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
    trace.add(now(), what, a, b, c);
  }
  /// The first failure stays.
  void fail(std::string what) {
    if (failure.empty()) failure = std::move(what);
  }
  bool failed() const { return !failure.empty(); }

  const Profile profile;
  Choice& choice;
  Schedule schedule;
  Trace& trace;
  History history;
  std::string failure;
  std::vector<std::unique_ptr<Actor>> actors;
  std::vector<Spoken> spoken;

 private:
  Conn& open(unsigned shard);

  Trace own_trace_;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_most_;
  unsigned shards_;              // of the first node
  std::vector<unsigned> first_;  // shard of each node
  std::vector<std::unique_ptr<NodeDriver>> nodes_;
  std::vector<std::unique_ptr<Conn>> conns_;
  std::map<std::pair<unsigned, unsigned>, MailRing> rings_;
  std::vector<std::string> keys_;  // by node
  Stamp stamp_ = 0;
  bool draining_ = false;
  bool calm_ = false;
};

}  // namespace ron::sim
