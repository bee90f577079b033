// What is true at the end of a run.
#include <algorithm>
#include <numeric>
#include <set>

#include "base/hash.hpp"
#include "sim/mesh/world.hpp"

namespace ron::meshsim {
namespace {

constexpr Duration kSymmetryPause = 1s, kSymmetryPauseLossy = 3s;
constexpr double kNeverSeconds = 999;

}  // namespace

// Links to hosts that are gone are left out: their holders will find out.
Graph World::graph() {
  Graph graph{.links = std::vector<std::vector<HostIndex>>(hosts_),
              .up = std::vector<bool>(hosts_)};
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host)) continue;
    graph.up[host] = true;
    for (const NodeId& node : network_->node(host)->neighbours(network_->local_now(host))) {
      const auto peer = by_node_.find(node);
      if (peer == by_node_.end() || !network_->is_up(peer->second)) continue;
      if (network_->identity(peer->second).node == node) graph.links[host].push_back(peer->second);
    }
  }
  return graph;
}

// Hostile hosts bind nobody together, and may be cut off.
void World::leave_out_hostile(Graph& graph) const {
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (hostile_[host]) {
      graph.up[host] = false;
      graph.links[host].clear();
    }
    std::erase_if(graph.links[host], [this](HostIndex peer) { return hostile_[peer]; });
  }
}

// A link that only one side holds may be on its way for a round trip, and where frames are lost for
// a few retransmissions, so those count that are found twice.
void World::judge_views() {
  const Duration pause = scenario_.loss > 0 ? kSymmetryPauseLossy : kSymmetryPause;
  after(pause, [this, before = one_sided(graph())] {
    done_ = true;
    if (protocol_ != Protocol::kMesh) return;
    Graph last = graph();
    leave_out_hostile(last);
    for (const auto& link : one_sided(last)) {
      if (!before.contains(link)) continue;
      return ledger_.fail("only " + who(link.first) + " holds its link to " + who(link.second));
    }
    if (const unsigned count = parts(last); count > 1) {
      return ledger_.fail("the network is in " + std::to_string(count) + " parts");
    }
    watch_lanes();
    judge_interest();
    if (const std::string suppressed = ledger_.suppressed(); !suppressed.empty())
      return ledger_.fail("suppressed by a forgery under its id: " + suppressed);
    // Where some are hostile a message may stay away: so many are the target's business.
    const std::string lacking = ledger_.lacking();
    if (!lacking.empty() && scenario_.adversaries == 0 && scenario_.eclipse == 0)
      ledger_.fail("never delivered: " + lacking);
  });
}

// What every relay believes of every leaf that it has a link to, beside what that leaf wants.
void World::judge_interest() {
  for (HostIndex relay = 0; relay < hosts_; ++relay) {
    if (!network_->is_up(relay) || leaf_[relay] || hostile_[relay]) continue;
    const SimNode& node = *network_->node(relay);
    for (const NodeId& neighbour : node.neighbours(network_->local_now(relay))) {
      const auto leaf = by_node_.find(neighbour);
      if (leaf == by_node_.end() || !leaf_[leaf->second]) continue;
      const std::string off = out_of_sync(interest_of(leaf->second),
                                          node.leaf_interest(neighbour).value_or(Interest()));
      if (off.empty()) continue;
      return ledger_.fail(who(relay) + " has a link to the leaf " + who(leaf->second) + " and " +
                          off);
    }
  }
}

Figures World::counters() const {
  Figures sums;
  double up = 0;
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host)) continue;
    ++up;
    const NodeGauges gauges = network_->node(host)->gauges();
    const auto add = [&](const char* name, std::uint64_t value) {
      sums[name] += static_cast<double>(value);
    };
    add("grafts", gauges.grafts);
    add("prunes", gauges.prunes);
    add("repaired", gauges.repaired);
    add("unsolicited", gauges.unsolicited);
    add("dials_failed", gauges.dials_failed);
    add("long_probes", gauges.long_probes);
    add("links_up", gauges.links_up);
    add("links_lost", gauges.links_lost);
    add("links_dropped", gauges.links_dropped);
    add("links_refused", gauges.links_refused);
    add("links", gauges.links);
  }
  for (auto& [name, value] : sums) value /= std::max(up, 1.0);
  return sums;
}

void World::traffic(Outcome& outcome) const {
  Figures& out = outcome.figures;
  const NetworkCounts& now = network_->counts();
  const double seconds = std::max(to_seconds(queue_.now() - measured_at_), 1e-9);
  const double deliveries = std::max(out["deliveries"], 1.0);
  const auto since = [](std::uint64_t after, std::uint64_t before) {
    return static_cast<double>(after - before);
  };
  out["control_frames_per_delivery"] =
      since(now.control_frames, counts_before_.control_frames) / deliveries;
  out["control_bytes_per_delivery"] =
      since(now.control_bytes, counts_before_.control_bytes) / deliveries;
  out["dials_per_node_s"] = since(now.dials, counts_before_.dials) / seconds / hosts_;
  out["dials_node_second_most"] = dials_most_;
  if (healed_) {
    const double node_seconds = static_cast<double>(dials_healed_.size()) * hosts_;
    const auto all = std::accumulate(dials_healed_.begin(), dials_healed_.end(), std::uint64_t{0});
    out["dials_healed_most"] = dials_most_healed_;
    out["dials_healed_node_s"] = static_cast<double>(all) / node_seconds;
    out["dials_healed_node_s_worst"] =
        static_cast<double>(*std::ranges::max_element(dials_healed_)) / hosts_;
  }
  out["control_lane_kib"] = static_cast<double>(now.lane_most[0]) / 1024;
  out["frames_lost"] = static_cast<double>(now.lost);
  out["frames_shed"] = static_cast<double>(now.shed);
  // Since the measured phase began, a node and second; of nodes that came meanwhile, since they
  // came.
  for (const auto& [name, value] : counters()) {
    const auto before = counters_before_.find(name);
    if (name == "links")
      out["links_mean"] = value;
    else
      out[name + "_per_node_s"] =
          (value - (before == counters_before_.end() ? 0 : before->second)) / seconds;
  }
}

// Of the node that is surrounded: what it got, and its links to those who do not surround it.
void World::judge_victim(Figures& out) {
  if (victim_ == kNoHost) return;
  Graph graph = this->graph();
  leave_out_hostile(graph);
  out["victim_delivered_pct"] = ledger_.delivered_pct(victim_);
  out["victim_honest_links"] = static_cast<double>(graph.links[victim_].size());
}

// Of the slow readers: how many a neighbour showed as slow.
void World::judge_slow(Figures& out) const {
  if (slow_.empty()) return;
  std::set<NodeId> shown;
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host)) continue;
    for (const NodeId& node : network_->node(host)->slow(network_->local_now(host)))
      shown.insert(node);
  }
  const auto among = [&](HostIndex host) { return shown.contains(network_->identity(host).node); };
  const auto found = static_cast<double>(std::ranges::count_if(slow_, among));
  out["slow_shown_pct"] = 100 * found / static_cast<double>(slow_.size());
  out["slow_wrongly"] = static_cast<double>(shown.size()) - found;
}

// Not a mean: how often the way was taken that this is there to exercise.
void World::count_resumed(Figures& out) const {
  if (scenario_.leaf_reset_every.count() == 0) return;
  for (HostIndex host = 0; host < hosts_; ++host) {
    if (!network_->is_up(host)) continue;
    out["interest_resumed"] += static_cast<double>(network_->node(host)->gauges().interest_resumed);
  }
}

void World::judge(Outcome& outcome) {
  ledger_.figures(outcome.figures, fault_);
  traffic(outcome);
  Figures& out = outcome.figures;
  judge_victim(out);
  judge_slow(out);
  count_resumed(out);
  if (slab_most_ > 0) out["slab_kib_most"] = static_cast<double>(slab_most_) / 1024;
  out["nodes"] = hosts_;
  out["measured_events"] = static_cast<double>(queue_.run() - events_before_);
  out["virtual_s"] = to_seconds(queue_.now().since_origin());
  if (scenario_.partition > 0)
    out["one_component_s"] = one_component_s_ < 0 ? kNeverSeconds : one_component_s_;
  if (scenario_.at_last_link) {
    Duration far{0};
    for (HostIndex a = 0; a < hosts_; ++a) {
      for (HostIndex b = 0; b < a; ++b) far = std::max(far, network_->latency().one_way(a, b));
    }
    const double rtt_ms = 2e3 * to_seconds(far);
    out["max_rtts"] = rtt_ms > 0 ? out["max_ms"] / rtt_ms : 0;
  }
  if (!done_ && ledger_.failure().empty()) ledger_.fail("the world came to a stop");
  outcome.failure = ledger_.failure();
  outcome.events = queue_.run();
  outcome.hash = mix(network_->hash(), outcome.events);
  outcome.latencies = ledger_.latencies();
}

}  // namespace ron::meshsim
