// The production machine with hostile manners: it keeps the protocol on the surface, so that others
// link to it, and misbehaves frame by frame.
//
// Each hostile node has some of the manners below, drawn from its seed.
#pragma once

#include <map>

#include "sim/mesh/mesh_node.hpp"

namespace ron::meshsim {

struct Manners {
  bool withhold = false;     // relays nothing, and claims to have everything
  bool false_ihave = false;  // announces what does not exist
  bool flood = false;        // its own publications, as many as its uplink takes
  bool forge = false;        // other bytes under the id of a message that it saw
  bool preempt = false;      // other bytes under the next id of an origin that it saw
  bool odd_origins = false;  // messages and statements of origins that do not exist
  static Manners draw(std::uint64_t seed);
};

class HostileNode final : public SimNode, private Port {
 public:
  /// `uplink`: bits a second that it floods and forges with.
  HostileNode(Port& port, MeshNodeOptions options, const Manners& manners, std::uint64_t uplink);

  const Identity& who() const { return node_.who(); }

  void start(Instant now) override;
  void session_up(const SessionUp& up, Instant now) override;
  void session_down(SessionId session, Instant now) override;
  void dial_failed(std::uint64_t dial, Instant now) override { node_.dial_failed(dial, now); }
  void frames(SessionId session, std::span<const Slice> frames, Instant now) override;
  void shed(SessionId session, std::uint32_t frames, Instant now) override {
    node_.shed(session, frames, now);
  }
  void publish(const Publication&, Instant) override {}
  void tick(Instant now) override;
  Instant next_deadline() const override;
  std::vector<NodeId> neighbours(Instant now) const override { return node_.neighbours(now); }
  NodeGauges gauges() const override { return node_.gauges(); }

 private:
  // What the machine inside orders passes here.
  HostIndex host() const override { return port_.host(); }
  void send(SessionId session, Lane lane, Slice frame, Duration hold) override;
  void dial(std::uint64_t dial, std::string_view addr, std::optional<NodeId> expect) override {
    port_.dial(dial, addr, expect);
  }
  void cancel(std::uint64_t dial) override { port_.cancel(dial); }
  void close(SessionId session) override { port_.close(session); }
  void deliver(const Delivery&, Duration) override {}
  void copy(const Copy&) override {}

  void saw(const Slice& frame);
  void misbehave();
  void announce_lies();
  void make_up_origins();
  void flood();
  bool spend(const Slice& frame);
  void to_all(Lane lane, const Slice& frame);
  Slice relay_frame(const oap::Relay& relay, std::uint64_t corr);
  Slice event(const std::vector<std::uint8_t>& payload);

  Port& port_;
  SeedChoice choice_;
  Manners manners_;
  std::vector<std::uint8_t> key_;
  MeshNode node_;
  std::vector<SessionId> sessions_;
  std::map<oap::OriginId, std::pair<std::uint64_t, std::uint64_t>> last_;  // epoch, seq
  std::uint64_t own_seq_ = 0, uplink_, unsent_ = 0;  // bits it may send by now
  std::size_t flood_bytes_;                          // of a publication
  unsigned turn_ = 0;
  Instant next_ = Instant::never();
};

}  // namespace ron::meshsim
