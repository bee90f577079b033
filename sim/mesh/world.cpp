#include "sim/mesh/world.hpp"

#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "mesh/config.hpp"
#include "oap/kinds.hpp"
#include "sim/mesh/build.hpp"

namespace ron::meshsim {
namespace {

constexpr Duration kPoll = 1ms;

std::uint32_t draw_nodes(const Scenario& scenario, std::uint64_t seed) {
  if (scenario.nodes_most == 0) return scenario.nodes;
  SeedChoice choice(mix(seed, 1));
  return static_cast<std::uint32_t>(choice.pick(scenario.nodes, scenario.nodes_most));
}

NetworkOptions network_options(const Scenario& scenario, Protocol protocol) {
  NetworkOptions options;
  options.latency = scenario.latency;
  options.loss = scenario.loss;
  options.lanes_in_order = scenario.lanes_in_order;
  options.lane_bytes = std::size_t{1024} * scenario.lane_kib;
  options.may_vanish = may_vanish(protocol);
  if (protocol != Protocol::kMesh) options.oracle_reset = 500ms;
  return options;
}

template <typename T>
void shuffle(std::vector<T>& all, Choice& choice) {
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[choice.index(i)]);
}

}  // namespace

World::World(Scenario scenario, Protocol protocol, std::uint64_t seed)
    : scenario_(std::move(scenario)),
      protocol_(protocol),
      seed_(seed),
      choice_(mix(seed, 2)),
      hosts_(draw_nodes(scenario_, seed)),
      ledger_(scenario_, hosts_, scenario_.adversaries > 0 || scenario_.eclipse > 0),
      network_(std::make_unique<Network>(network_options(scenario_, protocol), mix(seed, 3), hosts_,
                                         queue_)),
      births_(hosts_),
      keys_(hosts_),
      hostile_(hosts_),
      leaf_(hosts_),
      leaf_topics_(hosts_),
      dials_now_(hosts_) {
  network_->events.delivered = [this](HostIndex host, const Delivery& delivery, Instant at) {
    ledger_.delivered(host, delivery, at);
  };
  network_->events.copied = [this](HostIndex host, const Copy& copy) {
    ledger_.copied(host, copy, queue_.now());
  };
  network_->events.dialed = [this](HostIndex host) {
    const std::int64_t second = queue_.now().since_origin() / 1s;
    if (second != dials_second_) std::fill(dials_now_.begin(), dials_now_.end(), 0);
    dials_second_ = second;
    const std::uint32_t count = ++dials_now_[host];
    if (phase_ == kMeasured || phase_ == kResting) dials_most_ = std::max(dials_most_, count);
    if (!healed_) return;
    dials_most_healed_ = std::max(dials_most_healed_, count);
    const auto since = static_cast<std::size_t>((queue_.now() - *healed_) / 1s);
    if (since < dials_healed_.size()) ++dials_healed_[since];
  };
}

World::~World() = default;

void World::at(Instant when, Action action) {
  std::uint32_t slot = 0;
  if (free_actions_.empty()) {
    slot = static_cast<std::uint32_t>(actions_.size());
    actions_.emplace_back();
  } else {
    slot = free_actions_.back();
    free_actions_.pop_back();
  }
  actions_[slot] = std::move(action);
  queue_.push(when, Network::kFirstForeignEvent, slot);
}

Outcome World::run() {
  draw_names();
  protocol_ == Protocol::kMesh ? form() : form_given();
  Event event;
  while (!done_ && ledger_.failure().empty() && queue_.pop(event)) {
    if (const Event* next = queue_.peek(); next != nullptr) network_->prefetch(*next);
    if (event.what < Network::kFirstForeignEvent) {
      network_->run(event);
      continue;
    }
    const Action action = std::move(actions_[event.who]);
    free_actions_.push_back(event.who);
    action();
  }
  Outcome outcome;
  judge(outcome);
  return outcome;
}

// --- who takes part

void World::draw_names() {
  tenants_.push_back({});
  while (tenants_.size() < std::max(1U, scenario_.tenants)) {
    tenants_.push_back({choice_.bits(), choice_.bits()});
  }
  for (std::uint32_t i = 0; i < std::max(1U, scenario_.topics); ++i) {
    topics_.push_back("t" + std::to_string(choice_.index(1000)) + "/" + std::to_string(i));
  }
  const HostIndex relays = hosts_ - std::min(scenario_.leaves, hosts_ - 1);
  for (HostIndex host = relays; host < hosts_; ++host) {
    leaf_[host] = true;
    std::set<std::uint32_t> wanted;
    while (wanted.size() < std::min<std::size_t>(scenario_.leaf_topics, topics_.size())) {
      wanted.insert(static_cast<std::uint32_t>(choice_.index(topics_.size())));
    }
    leaf_topics_[host].assign(wanted.begin(), wanted.end());
    ledger_.leaf(host, leaf_topics_[host]);
  }
  std::vector<HostIndex> drawn;
  for (HostIndex host = std::min(scenario_.seeds, relays - 1); host < relays; ++host) {
    drawn.push_back(host);
  }
  shuffle(drawn, choice_);
  const auto hostile = static_cast<std::size_t>(scenario_.adversaries * hosts_);
  for (std::size_t i = 0; i < hostile && !drawn.empty(); ++i) {
    hostile_[drawn.back()] = true;
    ledger_.excuse(drawn.back());
    drawn.pop_back();
  }
  if (scenario_.eclipse > 0 && drawn.size() > scenario_.eclipse) {
    for (std::uint32_t i = 0; i < scenario_.eclipse; ++i) {
      hostile_[drawn.back()] = true;
      ledger_.excuse(drawn.back());
      drawn.pop_back();
    }
    victim_ = drawn.back();
    drawn.pop_back();
  }
  // A third of those who are hostile floods.
  flood_share_ = std::uint64_t{3'000'000} * scenario_.flood_mbit /
                 std::max<std::size_t>(3, hostile + scenario_.eclipse);
  for (const HostIndex host : drawn) {
    (hot_.size() < scenario_.origins ? hot_ : cold_).push_back(host);
  }
}

Interest World::interest_of(HostIndex leaf) const {
  Interest interest;
  for (const std::uint32_t topic : leaf_topics_[leaf]) {
    for (const TenantId& tenant : tenants_) interest.emplace(tenant, topics_[topic]);
  }
  return interest;
}

void World::birth(HostIndex host, bool anew) {
  Birth birth;
  birth.protocol = protocol_;
  birth.seed = mix(mix(seed_, 4), (std::uint64_t{host} << 16U) + births_[host]);
  birth.life = births_[host]++;
  if (anew) keys_[host] = birth.seed;
  birth.key = keys_[host];
  birth.host = host;
  birth.validation = scenario_.validation;
  if (hosts_ <= kMeteredMost) birth.meter = &network_->meter(host);
  birth.leaf = leaf_[host];
  birth.hostile = hostile_[host];
  if (birth.hostile) birth.flood = flood_share_;
  birth.machine = birth.hostile && host % 2 == 0 ? kOneMachine : host;
  const Interest interest = interest_of(host);
  birth.interest.assign(interest.begin(), interest.end());
  // The operator's list: up to three of the seeds.
  const HostIndex seeds = std::min(scenario_.seeds, hosts_);
  std::set<HostIndex> known;
  for (unsigned i = 0; i < 3 && seeds > 0; ++i) {
    const auto peer = static_cast<HostIndex>(choice_.index(seeds));
    if (peer != host) known.insert(peer);
  }
  birth.known.assign(known.begin(), known.end());
  if (hostile_[host] && victim_ != kNoHost) {
    birth.known = {victim_};
    birth.machine = kOneMachine;
    birth.eclipses = true;
  }
  if (protocol_ == Protocol::kPlumtree) {
    constexpr std::size_t kPassive = 30;
    while (birth.known.size() < std::min<std::size_t>(kPassive, hosts_ - 1)) {
      birth.known.push_back(static_cast<HostIndex>(choice_.index(hosts_)));
    }
  }
  Built built = build(birth, network_->port(host));
  by_node_[built.who.node] = host;
  const auto drift = static_cast<std::int32_t>(choice_.index(2 * scenario_.skew_ppm + 1)) -
                     static_cast<std::int32_t>(scenario_.skew_ppm);
  const Duration skew(static_cast<std::int64_t>(choice_.index(3'600'000'000'000)));
  const bool exact = protocol_ != Protocol::kMesh;
  ledger_.born(host, queue_.now());
  if (!exact) ledger_.named(host, mesh::origin_of(built.who.node));
  network_->up(host, std::move(built.node), built.who, exact ? Duration(0) : skew,
               exact ? 0 : drift);
}

// --- phases

void World::form() {
  for (HostIndex host = 0; host < hosts_; ++host) {
    Instant when;
    if (host >= scenario_.seeds && scenario_.form.count() > 0) {
      const auto span = static_cast<std::uint64_t>(scenario_.form.count());
      when = when + Duration(static_cast<std::int64_t>(choice_.index(span)));
      formed_ = std::max(formed_, when);
    }
    at(when, [this, host] { birth(host); });
  }
  at(formed_ + (scenario_.at_last_link ? kPoll : scenario_.settle), [this] { settle(); });
}

// Baselines: random graphs, at once. gossipsub: everybody dials ten. PlumTree: five each.
void World::form_given() {
  for (HostIndex host = 0; host < hosts_; ++host) birth(host);
  std::set<std::pair<HostIndex, HostIndex>> linked;
  const auto link = [&](HostIndex a, HostIndex b) {
    if (a == b || !linked.insert(std::minmax(a, b)).second) return false;
    network_->connect(a, b);
    return true;
  };
  if (protocol_ == Protocol::kGossipsub) {
    constexpr unsigned kDialed = 10;
    for (HostIndex host = 0; host < hosts_; ++host) {
      for (unsigned i = 0; i < kDialed; ++i)
        link(host, static_cast<HostIndex>(choice_.index(hosts_)));
    }
  } else {
    constexpr unsigned kViews = 5;
    std::vector<HostIndex> stubs;
    for (HostIndex host = 0; host < hosts_; ++host) stubs.insert(stubs.end(), kViews, host);
    shuffle(stubs, choice_);
    for (std::size_t i = 0; i + 1 < stubs.size(); i += 2) link(stubs[i], stubs[i + 1]);
  }
  after(scenario_.settle, [this] { settle(); });
}

void World::settle() {
  if (scenario_.at_last_link) {
    for (HostIndex host = 0; host < hosts_; ++host) {
      if (hosts_ < 2 || network_->node(host)->gauges().links > 0) continue;
      const bool late = queue_.now() > formed_ + scenario_.settle;
      if (late) return ledger_.fail("no link in time: " + who(host));
      return after(kPoll, [this] { settle(); });
    }
  }
  phase_ = kWarm;
  watch_gauges();
  shuffle(hot_, choice_);
  warm(static_cast<std::uint32_t>(hot_.size()) * scenario_.warm_each);
}

void World::warm(std::uint32_t left) {
  if (left == 0)
    return after(scenario_.at_last_link ? 0s : scenario_.warm_rest, [this] { begin(); });
  publish(hot_[left % hot_.size()], false);
  after(scenario_.warm_every, [this, left] { warm(left - 1); });
}

void World::begin() {
  phase_ = kMeasured;
  measured_at_ = queue_.now();
  events_before_ = queue_.run();
  measured_phase_begins();
  counts_before_ = network_->counts();
  counters_before_ = counters();
  faults();
  measure(scenario_.messages);
}

void World::measure(std::uint32_t left) {
  if (left == 0) {
    phase_ = kResting;
    return after(scenario_.rest, [this] { rest(); });
  }
  const bool cold =
      !cold_.empty() && choice_.chance(static_cast<std::uint64_t>(scenario_.cold * 1000), 1000);
  if (cold) {
    publish(cold_.back(), true);
    cold_.pop_back();
  } else {
    publish(hot_origin(), true);
  }
  after(scenario_.every, [this, left] { measure(left - 1); });
}

void World::rest() { judge_views(); }

HostIndex World::some_relay() {
  while (true) {
    const auto host = static_cast<HostIndex>(choice_.index(hosts_));
    if (network_->is_up(host) && !hostile_[host] && !leaf_[host]) return host;
  }
}

HostIndex World::hot_origin() {
  std::vector<HostIndex> live;
  for (const HostIndex host : hot_) {
    if (network_->is_up(host)) live.push_back(host);
  }
  return live.empty() ? some_relay() : live[choice_.index(live.size())];
}

void World::publish(HostIndex origin, bool measured) {
  if (!network_->is_up(origin)) return;
  Message message;
  const std::uint32_t number = ledger_.size();
  message.origin = origin;
  message.at = queue_.now();
  message.tenant = tenants_[choice_.index(tenants_.size())];
  message.topic = static_cast<std::uint32_t>(choice_.index(topics_.size()));
  message.measured = measured;
  message.best_effort = measured && scenario_.best_effort;
  message.after_fault = measured && fault_ && queue_.now() >= *fault_;
  std::string topic = topics_[message.topic];
  if (scenario_.fresh_topics && measured) topic += "/fresh" + std::to_string(number);
  std::vector<std::uint8_t> data(std::max<std::size_t>(scenario_.payload, 8));
  store_be<std::uint64_t>(data.data(), number);
  message.bytes = oap::write_gossip({.topic = topic, .data = data});
  ledger_.add(std::move(message));
  const Message& added = ledger_.message(number);
  network_->publish(origin, {number, added.tenant, topic, added.bytes, added.best_effort});
}

std::string World::who(HostIndex host) const { return "host " + std::to_string(host); }

}  // namespace ron::meshsim
