// Baseline: PlumTree over an active view of 5 in the spirit of HyParView, with the parameters of
// iroh-gossip: one shared tree, IHAVE batched for 5 ms, a message that was announced is asked for
// after 80 ms and from the next announcer 40 ms later, the tree moves to a lazy path that is 7 hops
// shorter. The views are given by the world; a lost neighbour is replaced from a passive view of 30,
// one candidate at a time.
#pragma once

#include <deque>
#include <map>

#include "base/choice.hpp"
#include "sim/mesh/baseline.hpp"

namespace ron::meshsim::baseline {

class Plumtree final : public SimNode {
 public:
  Plumtree(Port& port, std::uint64_t seed, Duration validation, std::vector<HostIndex> passive)
      : port_(port), choice_(seed), validation_(validation), passive_(std::move(passive)) {}

  void start(Instant now) override;
  void session_up(const SessionUp& up, Instant now) override;
  void session_down(SessionId session, Instant now) override;
  void dial_failed(std::uint64_t dial, Instant now) override;
  void frames(SessionId session, std::span<const Slice> frames, Instant now) override;
  void shed(SessionId, std::uint32_t, Instant) override {}
  void publish(const Publication& publication, Instant now) override;
  void tick(Instant now) override;
  Instant next_deadline() const override;
  std::vector<NodeId> neighbours(Instant now) const override;
  NodeGauges gauges() const override;

 private:
  struct Peer {
    SessionId session;
    NodeId node{};
    HostIndex host = 0;
    bool active = false, eager = false;
    std::vector<std::uint32_t> lazy;  // announcements: number, hops, ...
  };
  struct Held {
    Slice frame;
    std::uint32_t hops = 0;
    HostIndex from = kNoHost;
  };
  struct Missing {
    std::deque<std::pair<HostIndex, std::uint32_t>> announced;  // by whom, and its hops
    Instant at;
  };
  struct Forward {
    Instant at;
    std::uint32_t number = 0, hops = 0;
    HostIndex from = kNoHost;
  };

  Peer* find(SessionId session);
  Peer* find_host(HostIndex host);
  unsigned active() const;
  void handle(Peer& peer, const Slice& bytes, Instant now);
  void message(Peer& peer, const Slice& bytes, Instant now);
  void announced(Peer& peer, Instant now);
  void neighbour(Peer& peer);
  void settle(Peer& peer);
  void forward(const Forward& what, Instant now);
  void ask(std::uint32_t number, Missing& missing, Instant now);
  void flush();
  void replace(Instant now);
  void tell(const Peer& peer, Kind kind, std::uint32_t number = 0);

  Port& port_;
  SeedChoice choice_;
  Duration validation_;
  std::vector<HostIndex> passive_;
  std::vector<Peer> peers_;
  std::map<std::uint32_t, Held> held_;
  std::map<std::uint32_t, Missing> missing_;
  std::deque<Forward> forwards_;
  Frame frame_;
  Instant flush_at_ = Instant::never(), missing_at_ = Instant::never();
  Instant replace_at_ = Instant::never();
  bool dialing_ = false;
  std::uint64_t dial_ = 0;
  NodeGauges gauges_;
};

}  // namespace ron::meshsim::baseline
