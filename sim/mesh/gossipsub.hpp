// Baseline: gossipsub 1.2 as its specification describes it, with the usual parameters: a mesh of
// 6 (5 to 12) within the given connections, a heartbeat of a second, IHAVE to at least 6 others from
// the last 3 of 5 windows, IDONTWANT from 1 KiB. Without scoring, flood publishing and peer exchange.
#pragma once

#include <deque>

#include "base/choice.hpp"
#include "sim/mesh/baseline.hpp"

namespace ron::meshsim::baseline {

class Gossipsub final : public SimNode {
 public:
  Gossipsub(Port& port, std::uint64_t seed, Duration validation)
      : port_(port), choice_(seed), validation_(validation) {}

  void start(Instant now) override;
  void session_up(const SessionUp& up, Instant now) override;
  void session_down(SessionId session, Instant now) override;
  void dial_failed(std::uint64_t, Instant) override {}
  void frames(SessionId session, std::span<const Slice> frames, Instant now) override;
  void shed(SessionId, std::uint32_t, Instant) override {}
  void publish(const Publication& publication, Instant now) override;
  void tick(Instant now) override;
  Instant next_deadline() const override;
  std::vector<NodeId> neighbours(Instant now) const override;
  NodeGauges gauges() const override { return gauges_; }

 private:
  struct Peer {
    SessionId session;
    NodeId node{};
    bool meshed = false;
    Instant backoff;
    std::vector<std::uint32_t> dontwant;  // numbers, of this and the last heartbeat
    std::size_t dontwant_new = 0;
  };
  struct Forward {
    Instant at;
    std::uint32_t number = 0;
    SessionId from;
    Slice frame;
  };
  using Window = std::vector<std::pair<std::uint32_t, Slice>>;

  Peer* find(SessionId session);
  unsigned meshed() const;
  void handle(Peer& peer, const Slice& bytes, Instant now);
  void message(Peer& peer, const Slice& bytes, Instant now);
  void wanted(Peer& peer);
  void asked(Peer& peer);
  void pruned(Peer& peer, Instant now);
  void forward(const Forward& what);
  void heartbeat(Instant now);
  void balance(Instant now);
  void gossip();
  void graft(Peer& peer);

  Port& port_;
  SeedChoice choice_;
  Duration validation_;
  std::vector<Peer> peers_;
  std::deque<Forward> forwards_;  // validated later
  std::deque<Window> cache_{1};   // newest first
  Seen seen_;
  Frame frame_;
  Instant heartbeat_at_ = Instant::never();
  NodeGauges gauges_;
};

}  // namespace ron::meshsim::baseline
