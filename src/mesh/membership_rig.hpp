// Many membership machines on a little virtual network, for tests.
//
// Each pair of nodes has its own one-way latency of 10 to 50 ms. A dial takes a round trip for TCP
// and one for TLS before the session is up at the dialer, and half a round trip more at the other
// side. A crash is silent; a partition drops what crosses it; a stalled node gets everything late.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/choice.hpp"
#include "mesh/membership.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::mesh::testing {

using Index = std::size_t;

inline std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

inline NodeId node_id(std::uint64_t seed, Index index) {
  NodeId id{};
  for (std::size_t part = 0; part < 4; ++part) {
    store_be(id.data() + part * 8, mix((seed << 32U) + index * 4 + part + 1));
  }
  return id;
}

inline std::string address(Index index) {
  return "10." + std::to_string(index >> 16U) + "." + std::to_string((index >> 8U) & 0xffU) + "." +
         std::to_string(index & 0xffU) + ":9443";
}

class Net {
 public:
  explicit Net(std::uint64_t seed) : seed_(seed) {}

  /// What every later node is made of.
  MeshConfig config;
  /// Percent of the frames that are lost at first: they and all behind them come a retransmission
  /// timeout later.
  std::uint64_t loss = 0;
  /// Between which the one-way latency of a pair of nodes lies.
  Duration nearest = std::chrono::milliseconds(10), farthest = std::chrono::milliseconds(50);

  /// A node that nobody can dial where it is `hidden`.
  Index add(const std::vector<Index>& peers = {}, Role role = Role::kRelay, bool hidden = false) {
    const Index index = nodes_.size();
    nodes_.push_back(std::make_unique<Node>(mix(seed_ + index)));
    Node& node = *nodes_.back();
    node.config = config;
    node.config.self = node_id(seed_, index);
    node.config.role = role;
    node.config.advertise = hidden ? "" : address(index);
    for (const Index peer : peers) node.config.peers.push_back({address(peer), std::nullopt});
    by_addr_[address(index)] = index;
    boot(index);
    return index;
  }

  /// `count` nodes that know the first `seeds` of them, all started at once.
  void add_many(Index count, Index seeds) {
    std::vector<Index> known(seeds);
    std::iota(known.begin(), known.end(), Index{0});
    for (Index i = 0; i < count; ++i) add(known);
  }

  Membership& at(Index index) { return *nodes_[index]->machine; }
  const NodeId& id(Index index) const { return nodes_[index]->config.self; }
  Instant now() const { return now_; }
  Index size() const { return nodes_.size(); }
  bool alive(Index index) const { return nodes_[index]->alive; }

  void crash(Index index) {
    nodes_[index]->alive = false;
    ++nodes_[index]->life;
  }
  /// The same node, started anew.
  void restart(Index index) {
    for (Wire& wire : wires_) {
      if (wire.node[0] == index) wire.open[0] = false;
      if (wire.node[1] == index) wire.open[1] = false;
    }
    crash(index);
    boot(index);
  }
  /// Nodes of different sides cannot reach each other.
  void side(Index index, int side) { nodes_[index]->side = side; }
  void stall(Index index, Duration span) {
    nodes_[index]->stalled_until = now_ + span;
    at_time(now_ + span, index, [this, index] { wake(index); });
  }
  void dial(Index from, ConfiguredPeer to) {
    Orders out;
    at(from).dial(std::move(to), now_, out);
    obey(from, out);
  }
  void hangup(Index from, Index to) {
    Orders out;
    at(from).hangup(id(to), now_, out);
    obey(from, out);
  }
  bool withdraw(Index from, std::string_view addr) {
    Orders out;
    const bool known = at(from).withdraw(addr, now_, out);
    obey(from, out);
    return known;
  }
  /// A frame on the session between two nodes, as if `from` had made it.
  void forge(Index from, Index to, const Slice& frame) {
    for (Wire& wire : wires_) {
      for (unsigned side = 0; side < 2; ++side) {
        if (wire.node[side] != from || wire.node[1 - side] != to || !wire.open[side]) continue;
        transmit(wire, side, frame);
        return;
      }
    }
  }

  void run(Duration span) {
    const Instant end = now_ + span;
    while (!events_.empty() && events_.top().at <= end) step();
    now_ = end;
  }
  /// Runs until `done()`, asked every `every`; false when it did not come true within `most`.
  template <typename Done>
  bool run_until(Done done, Duration most, Duration every = std::chrono::milliseconds(10)) {
    for (Duration ran{0}; ran < most; ran += every) {
      if (done()) return true;
      run(every);
    }
    return done();
  }

  // What there is to see.

  std::vector<Index> living() const {
    std::vector<Index> living;
    for (Index i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i]->alive) living.push_back(i);
    }
    return living;
  }
  std::vector<Index> neighbours(Index index) {
    std::vector<Index> found;
    if (at(index).stats().leaves == 0 && !at(index).relays().empty()) {
      for (const Link* link : at(index).relays()) found.push_back(other_end(link->session));
      return found;
    }
    for (const PeerView& peer : at(index).peers(now_)) {
      if (peer.active) found.push_back(other_end(peer.session));
    }
    return found;
  }
  Index degree(Index index) {
    const MembershipStats& stats = at(index).stats();
    return stats.active + stats.leaves;
  }
  /// Parts of the graph of links between living nodes.
  Index components() {
    std::vector<Index> parent(nodes_.size());
    std::iota(parent.begin(), parent.end(), Index{0});
    const auto root = [&](Index i) {
      while (parent[i] != i) i = parent[i] = parent[parent[i]];
      return i;
    };
    const std::vector<Index> nodes = living();
    for (const Index i : nodes) {
      for (const Index j : neighbours(i)) {
        if (nodes_[j]->alive && nodes_[j]->side == nodes_[i]->side) parent[root(i)] = root(j);
      }
    }
    return static_cast<Index>(
        std::count_if(nodes.begin(), nodes.end(), [&](Index i) { return root(i) == i; }));
  }
  /// Links that only one side holds.
  Index lopsided() {
    Index count = 0;
    for (const Index i : living()) {
      for (const Index j : neighbours(i)) {
        const std::vector<Index> back = neighbours(j);
        if (!nodes_[j]->alive || std::count(back.begin(), back.end(), i) != 1) ++count;
      }
    }
    return count;
  }
  struct Degrees {
    Index least = 0, most = 0;
    double mean = 0;
  };
  Degrees degrees() {
    Degrees degrees{.least = SIZE_MAX};
    const std::vector<Index> nodes = living();
    for (const Index i : nodes) {
      degrees.least = std::min(degrees.least, degree(i));
      degrees.most = std::max(degrees.most, degree(i));
      degrees.mean += static_cast<double>(degree(i)) / static_cast<double>(nodes.size());
    }
    return degrees;
  }
  std::uint64_t dials() {
    std::uint64_t dials = 0;
    for (const Index i : living()) dials += at(i).stats().dials;
    return dials;
  }
  /// Sessions open at both sides.
  Index open_between(Index a, Index b) const {
    return static_cast<Index>(std::count_if(wires_.begin(), wires_.end(), [&](const Wire& wire) {
      return wire.open[0] && wire.open[1] &&
             std::minmax(wire.node[0], wire.node[1]) == std::minmax(a, b);
    }));
  }
  /// The changes of one node's active view so far.
  const std::vector<LinkChange>& history(Index index) const { return nodes_[index]->history; }
  /// A number that differs when anything of note went differently.
  std::uint64_t trace() const { return trace_; }
  std::uint64_t events() const { return order_; }

 private:
  struct Node {
    explicit Node(std::uint64_t seed) : choice(seed) {}
    MeshConfig config;
    SeedChoice choice;
    std::unique_ptr<Membership> machine;
    std::vector<LinkChange> history;
    bool alive = false;
    int side = 0;
    unsigned life = 0;
    Instant stalled_until, tick_at = Instant::never();
    std::deque<std::function<void()>> late;
    std::set<DialId> dialing;
  };
  struct Wire {
    Index node[2] = {0, 0};  // dialer, other
    bool open[2] = {false, false};
    Instant arrived[2];  // the last frame, by the side that sent it
  };
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    Index node = 0;
    unsigned life = 0;
    std::function<void()> run;
    friend bool operator<(const Event& a, const Event& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);
    }
  };

  static SessionId session_id(std::size_t wire, unsigned side) {
    return SessionId::make(0, 1, static_cast<std::uint32_t>(wire * 2 + side));
  }

  Index other_end(SessionId session) const {
    return wires_[session.slot() / 2].node[1 - session.slot() % 2];
  }

  Duration latency(Index a, Index b) const {
    const auto [low, high] = std::minmax(a, b);
    const auto spread = static_cast<std::uint64_t>((farthest - nearest).count()) + 1;
    const std::uint64_t pair = (std::uint64_t{low} << 32U) + high;
    return nearest + Duration(static_cast<std::int64_t>(mix(seed_ * 31 + pair) % spread));
  }
  bool reach(Index a, Index b) const {
    return nodes_[a]->alive && nodes_[b]->alive && nodes_[a]->side == nodes_[b]->side;
  }

  void boot(Index index) {
    Node& node = *nodes_[index];
    node.config.epoch = ++epoch_;
    node.machine = std::make_unique<Membership>(node.config, node.choice);
    node.alive = true;
    node.late.clear();
    node.dialing.clear();
    node.tick_at = Instant::never();
    Orders out;
    node.machine->start(now_, out);
    obey(index, out);
  }

  void at_time(Instant at, Index node, std::function<void()> run) {
    events_.push({at, order_++, node, nodes_[node]->life, std::move(run)});
  }
  void step() {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    Node& node = *nodes_[event.node];
    if (!node.alive || node.life != event.life) return;
    if (now_ < node.stalled_until) {
      node.late.push_back(std::move(event.run));
      return;
    }
    event.run();
  }
  void wake(Index index) {
    Node& node = *nodes_[index];
    const std::deque<std::function<void()>> late = std::exchange(node.late, {});
    for (const auto& each : late) each();
  }

  /// Calls a machine and does what it orders.
  template <typename Call>
  void call(Index index, Call work) {
    Orders out;
    work(*nodes_[index]->machine, out);
    obey(index, out);
  }

  void obey(Index index, Orders& out) {
    Node& node = *nodes_[index];
    for (const Send& send : out.sends) {
      Wire& wire = wires_[send.session.slot() / 2];
      if (wire.open[send.session.slot() % 2]) transmit(wire, send.session.slot() % 2, send.frame);
    }
    for (const CancelDial& cancel : out.cancels) node.dialing.erase(cancel.dial);
    for (const Dial& dial : out.dials) connect(index, dial);
    for (const Close& close : out.closes) hang(close.session);
    for (LinkChange& change : node.machine->changes()) {
      note(index * 2 + (change.up ? 1 : 0), change.link.session.value);
      node.history.push_back(change);
    }
    node.machine->changes().clear();
    arm(index);
  }
  void arm(Index index) {
    Node& node = *nodes_[index];
    const Instant next = std::max(node.machine->next_deadline(), now_);
    if (node.machine->next_deadline().is_never() || next >= node.tick_at) return;
    node.tick_at = next;
    at_time(next, index, [this, index] {
      Node& ticked = *nodes_[index];
      if (now_ < ticked.tick_at) return;
      ticked.tick_at = Instant::never();
      if (ticked.machine->next_deadline() > now_) return arm(index);
      call(index, [&](Membership& machine, Orders& out) { machine.tick(now_, out); });
    });
  }

  void transmit(Wire& wire, unsigned side, const Slice& frame) {
    const Index from = wire.node[side], to = wire.node[1 - side];
    if (!reach(from, to)) return;
    const auto index = static_cast<std::size_t>(&wire - wires_.data());
    Instant arrives = now_ + latency(from, to);
    for (Duration rto = 200ms + 2 * latency(from, to); lost(); rto *= 2) arrives = arrives + rto;
    arrives = std::max(arrives, wire.arrived[side]);
    wire.arrived[side] = arrives;
    at_time(arrives, to, [this, index, side, frame] {
      Wire& open = wires_[index];
      if (!open.open[1 - side] || nodes_[open.node[0]]->side != nodes_[open.node[1]]->side) return;
      const Index reader = open.node[1 - side];
      const oap::Header header = oap::read_header(frame.data());
      const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
      note(reader, header.corr);
      if (!message) return;
      call(reader, [&](Membership& machine, Orders& out) {
        machine.heard(session_id(index, 1 - side), now_);
        faults +=
            machine.received(session_id(index, 1 - side), header, *message, now_, out) ? 1 : 0;
      });
    });
  }

  bool lost() { return loss > 0 && mix(seed_ ^ ++tosses_) % 100 < loss; }

  void connect(Index from, const Dial& dial) {
    Node& node = *nodes_[from];
    node.dialing.insert(dial.dial);
    const auto found = by_addr_.find(dial.addr);
    if (found == by_addr_.end()) {
      at_time(now_ + std::chrono::milliseconds(1), from, [this, from, id = dial.dial] {
        if (nodes_[from]->dialing.erase(id) == 0) return;
        call(from, [&](Membership& machine, Orders& out) { machine.dial_failed(id, now_, out); });
      });
      return;
    }
    const Index to = found->second;
    if (!reach(from, to)) return;
    const Duration way = latency(from, to);
    at_time(now_ + 4 * way, from, [this, from, to, way, id = dial.dial] {
      if (nodes_[from]->dialing.erase(id) == 0 || !reach(from, to)) return;
      establish(from, to, way, id);
    });
  }
  void establish(Index from, Index to, Duration way, DialId id) {
    const std::size_t wire = wires_.size();
    wires_.push_back({.node = {from, to}, .open = {true, false}, .arrived = {}});
    at_time(now_ + way, to, [this, from, to, wire] {
      wires_[wire].open[1] = true;
      const PeerSession peer{session_id(wire, 1), nodes_[from]->config.self,
                             nodes_[from]->config.epoch, std::nullopt};
      call(to, [&](Membership& machine, Orders& out) { machine.session_up(peer, now_, out); });
    });
    const PeerSession peer{session_id(wire, 0), nodes_[to]->config.self, nodes_[to]->config.epoch,
                           id};
    call(from, [&](Membership& machine, Orders& out) { machine.session_up(peer, now_, out); });
  }
  void hang(SessionId session) {
    const std::size_t index = session.slot() / 2;
    const unsigned side = session.slot() % 2;
    Wire& wire = wires_[index];
    if (!std::exchange(wire.open[side], false)) return;
    const Index from = wire.node[side], to = wire.node[1 - side];
    if (!reach(from, to)) return;
    at_time(std::max(now_ + latency(from, to), wire.arrived[side]), to, [this, index, side, to] {
      if (!std::exchange(wires_[index].open[1 - side], false)) return;
      call(to, [&](Membership& machine, Orders& out) {
        machine.session_down(session_id(index, 1 - side), now_, out);
      });
    });
  }
  void note(std::uint64_t a, std::uint64_t b) {
    trace_ = mix(trace_ ^ mix(a + 0x9e3779b97f4a7c15ULL * b) ^
                 static_cast<std::uint64_t>(now_.since_origin().count()));
  }

 public:
  Index faults = 0;  // messages that a machine called malformed

 private:
  std::uint64_t seed_, tosses_ = 0, order_ = 0, epoch_ = 0, trace_ = 0;
  Instant now_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Wire> wires_;
  std::map<std::string, Index, std::less<>> by_addr_;
  std::priority_queue<Event> events_;
};

}  // namespace ron::mesh::testing
