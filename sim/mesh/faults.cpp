// What strikes a world during its measured phase.
#include <algorithm>

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

// How long after a partition the network is one again.
void World::watch_components() {
  if (parts(graph()) == 1) {
    one_component_s_ = to_seconds(queue_.now() - *healed_);
    return;
  }
  after(kComponentsEvery, [this] { watch_components(); });
}

void World::watch_gauges() {
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host) || hostile_[host]) continue;
    const NodeGauges gauges = network_->node(host)->gauges();
    if (!gauges.over.empty()) return ledger_.fail(who(host) + " is over a bound: " + gauges.over);
  }
  after(kGaugesEvery, [this] { watch_gauges(); });
}

}  // namespace ron::meshsim
