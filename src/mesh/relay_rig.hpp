// For tests: relay machines on a fixed random graph, with ways of different length and with loss.
// Who is whose neighbour is given here; sim/mesh has the whole, with membership by the protocol.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <vector>

#include "base/blake3.hpp"
#include "base/check.hpp"
#include "mesh/relay.hpp"
#include "oap/kinds.hpp"

namespace ron::mesh::testing {

inline CryptoFns rig_crypto() {
  return {.hash = [](ByteView bytes) { return blake3(bytes); },
          .hmac = [](ByteView, ByteView bytes) { return blake3(bytes); },
          .verify =
              [](ByteView key, ByteView bytes, ByteView signature) {
                std::vector<std::uint8_t> both(key.begin(), key.end());
                both.insert(both.end(), bytes.begin(), bytes.end());
                const Digest256 good = blake3(both);
                return std::ranges::equal(good, signature);
              }};
}

class RelayRig final {
 public:
  struct Options {
    unsigned nodes = 20;
    unsigned degree = 8;
    double loss = 0;  // of relay and ihave frames
    Duration nearest = 10ms, farthest = 50ms;
    Duration work = 1ms;  // at each node, for a relay frame
    RelayLimits limits;
    RelayTimes times;
    std::uint64_t seed = 1;
    unsigned leaves = 0;  // the last of the nodes; two links each, to relays
  };

  struct Message {
    Instant sent;
    unsigned from = 0;
    std::vector<Instant> at;  // by node; never = not delivered
    std::vector<std::uint8_t> payload;
    unsigned twice = 0;
    std::uint64_t copies = 0;
  };

  explicit RelayRig(const Options& options)
      : options_(options), crypto_(rig_crypto()), choice_(options.seed) {
    for (unsigned i = 0; i < options.nodes; ++i) add_node(i);
    const unsigned relays = options.nodes - options.leaves;
    for (unsigned i = 0; i < options.nodes; ++i) {
      Node& node = *nodes_[i];
      const unsigned degree = i < relays ? options.degree : 2;
      for (unsigned tries = 0; tries < 200 && node.ways.size() < degree; ++tries) {
        const auto other = static_cast<unsigned>(choice_.index(relays));
        if (i >= relays) {
          link(i, other);
          continue;
        }
        if (other != i && nodes_[other]->ways.size() < options.degree) link(i, other);
      }
    }
  }

  /// Both machines learn of a link between them, as long as a drawn one where none is given.
  void link(unsigned a, unsigned b, std::optional<Duration> length = std::nullopt) {
    if (nodes_[a]->ways.contains(b)) return;
    const Duration drawn{static_cast<std::int64_t>(
        choice_.pick(static_cast<std::uint64_t>(options_.nearest.count()),
                     static_cast<std::uint64_t>(options_.farthest.count())))};
    const Duration way = length.value_or(drawn);
    nodes_[a]->ways[b] = way;
    nodes_[b]->ways[a] = way;
    change(a, b, true);
    change(b, a, true);
  }
  void unlink(unsigned a, unsigned b) {
    if (nodes_[a]->ways.erase(b) == 0) return;
    nodes_[b]->ways.erase(a);
    change(a, b, false);
    change(b, a, false);
  }
  /// It is gone; its neighbours notice after `later`.
  void crash(unsigned node, Duration later) {
    nodes_[node]->dead = true;
    events_.push({now_ + later, ++order_, Kind::kBury, node, 0, {}});
  }

  /// It starts again, with nothing but its links.
  void restart(unsigned index) {
    Node& node = *nodes_[index];
    const std::map<unsigned, Duration> ways = node.ways;
    for (const auto& [other, way] : ways) unlink(index, other);
    ++node.config.epoch;
    node.published = 0;
    make_machine(index);
    for (const auto& [other, way] : ways) link(index, other);
  }

  void want(unsigned node, std::string_view pattern, bool add) {
    nodes_[node]->machine->interest({}, pattern, add, now_);
    arm(node);
  }
  /// From now on so many relay and ihave frames are lost.
  void lose(double share) { options_.loss = share; }
  /// The lane of one node to another let go of frames.
  void shed(unsigned node, unsigned to, const Shed& lost) {
    nodes_[node]->machine->shed({to}, lost, now_);
    arm(node);
  }
  const std::vector<Gap>& gaps(unsigned node) const { return nodes_[node]->gaps; }
  unsigned neighbour(unsigned node) const { return nodes_[node]->ways.begin()->first; }

  std::size_t publish(unsigned node, std::size_t size = 128, Wishes wishes = {}) {
    std::vector<std::uint8_t> data(size, 7);
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 8); ++i) {
      data[i] = static_cast<std::uint8_t>(choice_.index(256));
    }
    oap::GossipOut gossip;
    gossip.topic = "a/topic";
    gossip.data = data;
    const auto payload = oap::write_gossip(gossip);
    Message message;
    message.sent = now_;
    message.from = node;
    message.at.assign(nodes_.size(), Instant::never());
    message.at[node] = now_;
    message.payload = payload;
    messages_.push_back(std::move(message));
    Node& at = *nodes_[node];
    const std::uint64_t unrepaired = at.machine->stats().best_effort;
    last_links = at.machine->publish({}, 0, payload, wishes, now_, orders_);
    const bool repaired = at.machine->stats().best_effort == unrepaired;
    const std::uint64_t seq = repaired ? ++at.published : oap::kBestEffortFrom + unrepaired;
    ids_[{origin_of(at.config.self), at.config.epoch, seq}] = messages_.size() - 1;
    obey(node);
    return messages_.size() - 1;
  }

  void run(Duration time) {
    const Instant end = now_ + time;
    for (;;) {
      const Instant next = events_.empty() ? Instant::never() : events_.top().at;
      if (next > end) break;
      Event event = events_.top();
      events_.pop();
      now_ = event.at;
      happen(event);
    }
    now_ = end;
  }

  RelayMachine& machine(unsigned node) { return *nodes_[node]->machine; }
  const Message& message(std::size_t index) const { return messages_[index]; }
  std::size_t messages() const { return messages_.size(); }
  std::size_t nodes() const { return nodes_.size(); }
  bool dead(unsigned node) const { return nodes_[node]->dead; }
  Instant now() const { return now_; }
  /// Hands a frame to a machine as if the neighbour had sent it.
  void inject(unsigned from, unsigned to, const Slice& frame) { arrive(from, to, frame); }
  const MeshConfig& config(unsigned node) const { return nodes_[node]->config; }
  unsigned last_links = 0;
  std::uint64_t frames = 0;  // arrived

 private:
  enum class Kind : std::uint8_t { kFrame, kTick, kBury };
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    Kind kind = Kind::kFrame;
    unsigned to = 0, from = 0;
    Slice frame;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Node final : Ways {
    MeshConfig config;
    std::array<std::uint8_t, 8> key{};
    Digest256 statement{};
    std::unique_ptr<SeedChoice> choice;
    std::unique_ptr<RelayMachine> machine;
    std::map<unsigned, Duration> ways;
    std::map<unsigned, Instant> last;  // in-order delivery
    std::uint64_t published = 0;
    std::vector<Gap> gaps;  // told
    Instant armed = Instant::never();
    bool dead = false;
    RoundTrip round_trip(SessionId session) const override {
      RoundTrip trip;
      const auto way = ways.find(static_cast<unsigned>(session.value));
      if (way != ways.end()) {
        for (int i = 0; i < 20; ++i) trip.sample(2 * way->second);
      }
      return trip;
    }
  };

  void add_node(unsigned index) {
    auto node = std::make_unique<Node>();
    store_be(node->key.data(), std::uint64_t{index} * 7919 + options_.seed);
    node->config.self = blake3(node->key);
    node->config.epoch = 1000 + index;
    node->config.key = node->key;
    node->config.relay = options_.limits;
    node->config.relay_times = options_.times;
    if (index >= options_.nodes - options_.leaves) node->config.role = Role::kLeaf;
    nodes_.push_back(std::move(node));
    make_machine(index);
  }

  void make_machine(unsigned index) {
    Node& node = *nodes_[index];
    std::vector<std::uint8_t> said(node.key.begin(), node.key.end());
    const auto signed_bytes = oap::origin_signed_bytes(node.config.self, node.config.epoch);
    said.insert(said.end(), signed_bytes.begin(), signed_bytes.end());
    node.statement = blake3(said);
    node.config.statement = node.statement;
    node.choice = std::make_unique<SeedChoice>((options_.seed * 1000) + index);
    node.machine =
        std::make_unique<RelayMachine>(node.config, crypto_, *node.choice, nullptr, node);
  }

  void change(unsigned at, unsigned other, bool up) {
    LinkChange change;
    change.up = up;
    change.link.session = {other};
    change.link.node = nodes_[other]->config.self;
    change.link.role = nodes_[other]->config.role;
    change.link.epoch = nodes_[other]->config.epoch;
    nodes_[at]->machine->link_changed(change, now_, orders_);
    obey(at);
  }

  void obey(unsigned node) {
    for (Send& each : orders_.sends) {
      send(node, static_cast<unsigned>(each.session.value), each.lane, each.frame);
    }
    for (const Deliver& each : orders_.deliveries) note(node, each);
    std::vector<Gap>& gaps = nodes_[node]->gaps;
    gaps.insert(gaps.end(), orders_.gaps.begin(), orders_.gaps.end());
    orders_.clear();
    arm(node);
  }

  void arm(unsigned index) {
    Node& node = *nodes_[index];
    const Instant next = node.machine->next_deadline();
    if (next.is_never() || next >= node.armed) return;
    node.armed = next;
    events_.push({std::max(next, now_), ++order_, Kind::kTick, index, 0, {}});
  }

  void send(unsigned from, unsigned to, Lane lane, const Slice& frame) {
    Node& node = *nodes_[from];
    const auto way = node.ways.find(to);
    if (way == node.ways.end()) return;
    const bool relays = lane == Lane::kOwn || lane == Lane::kRelay;
    if (relays) count_copy(frame);
    const bool may_vanish = relays || lane == Lane::kLazy;
    if (may_vanish && options_.loss > 0 &&
        choice_.chance(static_cast<std::uint64_t>(options_.loss * 1e6), 1'000'000)) {
      return;
    }
    Instant at = now_ + way->second + (relays ? options_.work : 0ms);
    at = std::max(at, node.last[to]);
    node.last[to] = at;
    events_.push({at, ++order_, Kind::kFrame, to, from, frame});
  }

  std::size_t index_of(const Slice& frame) {
    const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
    RON_CHECK(message.has_value());
    const auto relay = oap::read_relay(*message);
    if (!relay) return messages_.size();
    const auto found = ids_.find({relay->origin, relay->epoch, relay->seq});
    return found == ids_.end() ? messages_.size() : found->second;
  }
  void count_copy(const Slice& frame) {
    const std::size_t index = index_of(frame);
    if (index < messages_.size()) ++messages_[index].copies;
  }
  void note(unsigned node, const Deliver& delivery) {
    const std::size_t index = index_of(delivery.frame);
    if (index >= messages_.size()) return;
    Message& message = messages_[index];
    // Under an honest id there may be something else.
    if (!std::ranges::equal(delivery.frame.bytes().subspan(delivery.message), message.payload)) {
      return;
    }
    if (!message.at[node].is_never()) {
      ++message.twice;
    } else {
      message.at[node] = now_;
    }
  }

  void happen(const Event& event) {
    Node& node = *nodes_[event.to];
    if (event.kind == Kind::kBury) {
      while (!node.ways.empty()) unlink(event.to, node.ways.begin()->first);
      return;
    }
    if (node.dead) return;
    if (event.kind == Kind::kTick) {
      if (node.armed != event.at) return;
      node.armed = Instant::never();
      node.machine->tick(now_, orders_);
      obey(event.to);
      return;
    }
    if (node.ways.contains(event.from)) arrive(event.from, event.to, event.frame);
  }

  void arrive(unsigned from, unsigned to, const Slice& frame) {
    ++frames;
    const oap::Header header = oap::read_header(frame.data());
    const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
    RON_CHECK(message.has_value());
    const auto fault =
        nodes_[to]->machine->received({from}, header, *message, frame, now_, orders_);
    if (fault) ++faults;
    obey(to);
  }

 public:
  std::uint64_t faults = 0;

 private:
  Options options_;
  CryptoFns crypto_;
  SeedChoice choice_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  Instant now_;
  Orders orders_;
  std::vector<Message> messages_;
  std::map<std::tuple<OriginId, std::uint64_t, std::uint64_t>, std::size_t> ids_;
};

}  // namespace ron::mesh::testing
