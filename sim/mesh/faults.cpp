// What strikes a world during its measured phase.
#include <algorithm>

#include "sim/mesh/mesh_node.hpp"
#include "sim/mesh/world.hpp"

namespace ron::meshsim {
namespace {

constexpr Duration kComponentsEvery = 100ms, kGaugesEvery = 5s;

}  // namespace

void World::faults() {
  if (scenario_.crash > 0) {
    fault_ = queue_.now() + scenario_.crash_at;
    after(scenario_.crash_at, [this] { crash(); });
  }
  if (scenario_.partition > 0) after(scenario_.partition_at, [this] { partition(); });
  if (scenario_.churn_per_minute > 0) churn();
  if (scenario_.stalled > 0) stall();
  if (scenario_.slow_readers > 0) slow_down();
  if (scenario_.leaf_reset_every.count() > 0) reset_leaves();
  if (scenario_.leaf_change_every.count() == 0) return;
  const auto span = static_cast<std::uint64_t>(scenario_.leaf_change_every.count());
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!leaf_[host]) continue;
    after(Duration(static_cast<std::int64_t>(choice_.index(span))),
          [this, host] { change_interest(host); });
  }
}

void World::crash() {
  std::vector<HostIndex> live;
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (network_->is_up(host)) live.push_back(host);
  }
  auto left = static_cast<std::size_t>(scenario_.crash * static_cast<double>(live.size()));
  for (; left > 0; --left) {
    std::swap(live[choice_.index(live.size())], live.back());
    const HostIndex host = live.back();
    live.pop_back();
    ledger_.died(host, queue_.now());
    network_->crash(host);
    if (scenario_.restart_after.count() > 0) {
      after(scenario_.restart_after, [this, host] { birth(host, false); });
    }
  }
}

void World::partition() {
  std::vector<std::uint8_t> groups(hosts_, 1);
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (choice_.chance(static_cast<std::uint64_t>(scenario_.partition * 1000), 1000))
      groups[host] = 2;
  }
  const Instant heal = queue_.now() + scenario_.partition_for;
  ledger_.split(groups, queue_.now(), heal);
  network_->partition(groups, scenario_.partition_one_way, heal);
  at(heal, [this] {
    healed_ = queue_.now();
    watch_components();
  });
}

// One node leaves and another comes, at the same place, with an identity of its own. The operator's
// list stays.
void World::churn() {
  const double per_second = scenario_.churn_per_minute * hosts_ / 60;
  const auto wait = Duration(static_cast<std::int64_t>(1e9 / std::max(per_second, 1e-3)));
  if (phase_ != kMeasured) return;
  after(wait, [this] {
    const HostIndex host = static_cast<HostIndex>(choice_.index(hosts_));
    const bool seed = host < scenario_.seeds;
    if (phase_ == kMeasured && !seed && network_->is_up(host)) {
      ledger_.died(host, queue_.now());
      choice_.chance(1, 2) ? network_->crash(host) : network_->kill(host);
      after(1s, [this, host] { birth(host); });
    }
    churn();
  });
}

void World::stall() {
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!choice_.chance(static_cast<std::uint64_t>(scenario_.stalled * 1000), 1000)) continue;
    const Duration phase = scenario_.every * static_cast<std::int64_t>(scenario_.messages);
    const auto when = static_cast<std::int64_t>(
        choice_.index(static_cast<std::uint64_t>(std::max<std::int64_t>(phase.count(), 1))));
    after(Duration(when),
          [this, host] { network_->stall(host, queue_.now() + scenario_.stall_for); });
  }
}

// From now on they read slowly. They are owed nothing, all others everything.
void World::slow_down() {
  auto left = static_cast<std::size_t>(scenario_.slow_readers * hosts_);
  for (; left > 0 && !cold_.empty(); --left) {
    const HostIndex host = cold_.back();
    cold_.pop_back();
    slow_.push_back(host);
    ledger_.excuse(host);
    network_->read_slowly(host, std::uint64_t{1000} * scenario_.read_kbit);
  }
}

// Whatever else happens to it, a leaf goes on changing its mind until the rest begins.
void World::change_interest(HostIndex leaf) {
  if (phase_ != kMeasured) return;
  after(scenario_.leaf_change_every, [this, leaf] { change_interest(leaf); });
  if (!network_->is_up(leaf)) return;
  const auto topic = static_cast<std::uint32_t>(choice_.index(topics_.size()));
  const bool add = std::erase(leaf_topics_[leaf], topic) == 0;
  if (add) leaf_topics_[leaf].push_back(topic);
  ledger_.changed(leaf, topic, add, queue_.now());
  for (const TenantId& tenant : tenants_) {
    network_->with(
        leaf, [&](SimNode& node, Instant now) { node.interest(tenant, topics_[topic], add, now); });
  }
}

void World::reset_leaves() {
  if (phase_ != kMeasured) return;
  after(scenario_.leaf_reset_every, [this] { reset_leaves(); });
  const HostIndex leaves = std::min(scenario_.leaves, hosts_ - 1);
  if (leaves == 0) return;
  const auto leaf = static_cast<HostIndex>(hosts_ - 1 - choice_.index(leaves));
  const std::uint64_t draw = choice_.bits();
  if (network_->is_up(leaf)) network_->reset(leaf, draw);
}

// How long after a partition the network is one again.
void World::watch_components() {
  if (parts(graph()) == 1) {
    one_component_s_ = to_seconds(queue_.now() - *healed_);
    return;
  }
  after(kComponentsEvery, [this] { watch_components(); });
}

void World::watch_lanes() {
  if (protocol_ != Protocol::kMesh) return;
  const std::string over = lane_over(network_->counts(), std::size_t{1024} * scenario_.lane_kib);
  if (!over.empty()) ledger_.fail("a session is over a bound: " + over);
}

void World::watch_memory(HostIndex host, const NodeGauges& gauges) {
  if (protocol_ != Protocol::kMesh || hosts_ > kMeteredMost) return;
  const SlabMeter& meter = network_->meter(host);
  slab_most_ = std::max(slab_most_, meter.live_bytes);
  const std::string over = over_budget(meter, gauges, network_->waiting(host));
  if (!over.empty()) ledger_.fail(who(host) + " is over its budget: " + over);
}

void World::watch_gauges() {
  watch_lanes();
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host) || hostile_[host]) continue;
    const NodeGauges gauges = network_->node(host)->gauges();
    watch_memory(host, gauges);
    if (!gauges.over.empty()) return ledger_.fail(who(host) + " is over a bound: " + gauges.over);
  }
  after(kGaugesEvery, [this] { watch_gauges(); });
}

}  // namespace ron::meshsim
