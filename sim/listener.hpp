// Who listens at a neighbour to what the clients of the first node publish: it wants everything,
// reads it at once, and complains of what comes twice, comes changed, or was never published.
//
// It publishes too, to the listeners of the other nodes, in a tenant of their own, of which the
// clients of the first node must not hear.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "sim/world.hpp"

namespace ron::sim {

class Listener final : public Actor {
 public:
  Listener(World& world, unsigned node) : world_(world), node_(node) {}

  void act() override;
  void calm() override { connect(); }
  bool resting() const override { return conn_ == nullptr || conn_->down.idle(); }
  /// Where nothing was shed, everything accepted has come, whatever happened to streams.
  void conclude() override;

  std::uint64_t heard() const { return heard_.size() + spoken_.size(); }

 private:
  void connect();
  void speak();
  void on_spoken(const oap::Frame& frame, const oap::Gossip& gossip);
  void send(std::uint16_t flags, CorrId corr, TenantId tenant,
            const std::vector<std::uint8_t>& payload);
  void read();
  void on_frame(const oap::Frame& frame);
  void on_gossip(const oap::Frame& frame, const oap::Message& message);

  World& world_;
  unsigned node_;
  Conn* conn_ = nullptr;
  oap::Parser parser_{oap::kMaxFrame, nullptr};
  bool lagged_ = false;
  std::map<TenantId, Stamp> wants_;  // since when
  std::set<std::uint32_t> heard_;    // publications
  std::set<std::uint32_t> spoken_;   // of other listeners, that came
  bool waits_ = false;               // for the answer to what it published
};

}  // namespace ron::sim
