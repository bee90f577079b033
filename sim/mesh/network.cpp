#include "sim/mesh/network.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "gossip/egress.hpp"

#include "base/hash.hpp"

namespace ron::meshsim {
namespace {

constexpr std::uint64_t kOverhead = 73;  // bytes a frame: IP, TCP, TLS record
constexpr std::uint32_t kFirstPort = 1024;
constexpr unsigned kSpinsMost = 1000;  // ticks of a node at one instant

}  // namespace

std::string addr_of(HostIndex host, HostIndex machine) {
  return "10." + std::to_string(machine >> 16U) + "." + std::to_string((machine >> 8U) & 255U) +
         "." + std::to_string(machine & 255U) + ":" + std::to_string(kFirstPort + host);
}

std::string lane_over(const NetworkCounts& counts, std::size_t lane_bytes) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const bool control = lane == static_cast<unsigned>(Lane::kControl);
    const std::size_t most = control ? gossip::PeerLaneLimits().control.bytes : lane_bytes;
    const std::size_t held = counts.lane_most[lane];
    if (held <= most) continue;
    return "lane " + std::to_string(lane) + " held " + std::to_string(held) + " bytes";
  }
  return {};
}

HostIndex host_at(std::string_view addr) {
  const std::size_t colon = addr.rfind(':');
  if (!addr.starts_with("10.") || colon == std::string_view::npos) return kNoHost;
  std::uint32_t port = 0;
  const auto [end, fault] =
      std::from_chars(addr.data() + colon + 1, addr.data() + addr.size(), port);
  if (fault != std::errc{} || end != addr.data() + addr.size() || port < kFirstPort) return kNoHost;
  return port - kFirstPort;
}

class Network::HostPort final : public Port {
 public:
  HostPort(Network& network, HostIndex host) : network_(network), host_(host) {}
  HostIndex host() const override { return host_; }
  void send(SessionId session, Lane lane, Slice frame, Duration hold) override {
    network_.send(host_, session, lane, std::move(frame), hold);
  }
  void dial(std::uint64_t dial, std::string_view addr, std::optional<NodeId> expect) override {
    network_.dial(host_, dial, addr, expect);
  }
  void cancel(std::uint64_t dial) override { network_.cancel(host_, dial); }
  void close(SessionId session) override { network_.close(host_, session); }
  void deliver(const Delivery& delivery, Duration hold) override {
    network_.events.delivered(host_, delivery, network_.queue_.now() + hold);
  }
  void copy(const Copy& copy) override { network_.events.copied(host_, copy); }

 private:
  Network& network_;
  HostIndex host_;
};

struct Network::Host {
  std::unique_ptr<SimNode> node;
  std::unique_ptr<HostPort> port;
  Identity who;
  bool machine = false;  // answers at all
  bool listening = true;
  Instant stalled_until;
  Duration skew{0};
  std::int32_t ppm = 0;
  Instant timer_at = Instant::never();
  Instant ticked_at;
  unsigned spins = 0;
  std::vector<std::uint32_t> conns;
  std::vector<std::pair<std::uint64_t, SessionId>> dials;
  std::uint64_t uplink = 0, reads = 0;  // bits a second; 0 = no limit
  bool sending = false;
  Ring<SessionId> tokens;
  SessionId sent_on;
  Lane sent_lane = Lane::kControl;
  Slice sent;
  Ring<Held> held;
  std::vector<std::pair<SessionId, std::uint32_t>> sheds;
};

Network::Network(const NetworkOptions& options, std::uint64_t seed, HostIndex hosts,
                 EventQueue& queue)
    : options_(options), latency_(options.latency, seed, hosts), queue_(queue), choice_(seed) {
  meters_.resize(hosts);
  for (HostIndex host = 0; host < hosts; ++host) {
    Host& made = hosts_.emplace_back();
    made.port = std::make_unique<HostPort>(*this, host);
    made.uplink = latency_.uplink(host);
  }
}

Network::~Network() = default;

Port& Network::port(HostIndex host) { return *hosts_[host].port; }
bool Network::is_up(HostIndex host) const { return hosts_[host].node != nullptr; }
const SimNode* Network::node(HostIndex host) const { return hosts_[host].node.get(); }
const Identity& Network::identity(HostIndex host) const { return hosts_[host].who; }
Instant Network::local_now(HostIndex host) const { return local(hosts_[host], queue_.now()); }

template <typename Call>
void Network::call(HostIndex index, Call call) {
  Host& host = hosts_[index];
  if (host.node == nullptr) return;
  call(*host.node, local(host, queue_.now()));
  arm(index);
}

void Network::up(HostIndex index, std::unique_ptr<SimNode> node, const Identity& who, Duration skew,
                 std::int32_t ppm) {
  Host& host = hosts_[index];
  RON_CHECK(host.node == nullptr);
  host.node = std::move(node);
  host.who = who;
  host.machine = host.listening = true;
  host.skew = skew;
  host.ppm = ppm;
  call(index, [](SimNode& at, Instant now) { at.start(now); });
}

// The sessions of a node that is gone: `told`, its machine says so.
void Network::down(HostIndex index, bool told) {
  Host& host = hosts_[index];
  if (host.node == nullptr) return;
  const std::vector<std::uint32_t> conns = host.conns;
  for (const std::uint32_t conn_index : conns) {
    Conn& conn = conns_[conn_index];
    for (unsigned side = 0; side < 2; ++side) {
      if (conn.hosts[side] != index || conn.ends[side] == End::kClosed) continue;
      const EndRef end{&conn, conn_index, side};
      const SessionId peer = session_of(conn_index, 1 - side);
      if (told && conn.ends[side] == End::kOpen) {
        finish(end, true);
        continue;
      }
      conn.ends[side] = End::kClosed;
      conn.silent[side] = true;
      if (conn.ends[1 - side] == End::kClosed || (side == 0 && conn.ends[1] != End::kOpen)) {
        release(conn_index);
        break;
      }
      if (conn.ends[1 - side] == End::kOpen && options_.oracle_reset.count() > 0) {
        queue_.push(queue_.now() + options_.oracle_reset, kOracle, 0, peer.value);
      }
    }
  }
  host.node.reset();
  host.dials.clear();
  host.held.clear();
  host.tokens.clear();
  host.sheds.clear();
  host.timer_at = Instant::never();
  host.machine = told;
}

void Network::crash(HostIndex host) { down(host, false); }
void Network::kill(HostIndex host) { down(host, true); }

void Network::read_slowly(HostIndex host, std::uint64_t bits) { hosts_[host].reads = bits; }
void Network::stall(HostIndex host, Instant until) { hosts_[host].stalled_until = until; }
void Network::listen(HostIndex host, bool on) { hosts_[host].listening = on; }

Network::Waiting Network::waiting(HostIndex index) const {
  Waiting all;
  const auto add = [&all](const Slice& frame) {
    ++all.frames;
    all.bytes += frame.size();
  };
  const Host& host = hosts_[index];
  add(host.sent);
  for (std::size_t i = 0; i < host.held.size(); ++i) add(host.held[i].frame);
  for (const std::uint32_t conn : host.conns) {
    for (unsigned side = 0; side < 2; ++side) {
      if (conns_[conn].hosts[side] != index) continue;
      const Pipe& pipe = conns_[conn].pipes[side];
      add(pipe.paced);
      for (std::size_t i = 0; i < pipe.flight.size(); ++i) add(pipe.flight[i].frame);
      for (unsigned lane = 0; pipe.lanes && lane < kLanes; ++lane) {
        const Ring<Slice>& queue = pipe.lanes->queues[lane];
        for (std::size_t i = 0; i < queue.size(); ++i) add(queue[i]);
      }
    }
  }
  return all;
}

void Network::reset(HostIndex host, std::uint64_t draw) {
  std::vector<std::uint32_t> open;
  for (const std::uint32_t index : hosts_[host].conns) {
    const Conn& conn = conns_[index];
    if (conn.ends[0] == End::kOpen && conn.ends[1] == End::kOpen) open.push_back(index);
  }
  if (open.empty()) return;
  const std::uint32_t index = open[draw % open.size()];
  const std::array<HostIndex, 2> ends = conns_[index].hosts;
  const std::array<SessionId, 2> sessions = {session_of(index, 0), session_of(index, 1)};
  ++counts_.resets;
  release(index);
  for (unsigned side = 0; side < 2; ++side) {
    call(ends[side], [&](SimNode& node, Instant now) { node.session_down(sessions[side], now); });
  }
}

void Network::partition(const std::vector<std::uint8_t>& groups, bool one_way, Instant heal) {
  groups_ = groups;
  one_way_ = one_way;
  heal_ = heal;
}

bool Network::blocked(HostIndex from, HostIndex to) const {
  if (groups_.empty() || queue_.now() >= heal_) return false;
  const std::uint8_t a = groups_[from], b = groups_[to];
  return a != 0 && b != 0 && a != b && (!one_way_ || a == 1);
}

void Network::connect(HostIndex a, HostIndex b) {
  const std::uint32_t index = make_conn(a, b);
  Conn& conn = conns_[index];
  conn.ends = {End::kOpen, End::kOpen};
  hosts_[b].conns.push_back(index);
  for (unsigned side = 0; side < 2; ++side) {
    const HostIndex peer = conn.hosts[1 - side];
    const SessionUp up{session_of(index, side), hosts_[peer].who, peer, std::nullopt, true};
    call(conn.hosts[side], [&](SimNode& node, Instant now) { node.session_up(up, now); });
  }
}

void Network::publish(HostIndex host, const Publication& publication) {
  call(host, [&](SimNode& node, Instant now) { node.publish(publication, now); });
}

void Network::with(HostIndex host, const std::function<void(SimNode&, Instant)>& what) {
  call(host, what);
}

void Network::run(const Event& event) {
  switch (event.what) {
    case kArrive: on_arrive(event); break;
    case kTimer: on_timer(event); break;
    case kDialStep: on_dial(event); break;
    case kUplink: on_uplink(event.who); break;
    case kRelease: on_release(event.who); break;
    case kOracle: on_oracle(event); break;
    case kPaced: on_paced(event); break;
    default: RON_CHECK(false);
  }
}

void Network::prefetch(const Event& event) const {
  if (event.what == kTimer) __builtin_prefetch(&hosts_[event.who]);
  if (event.what != kArrive) return;
  const SessionId session{event.detail};
  const Conn& conn = conns_[session.slot() / 2];
  __builtin_prefetch(&conn.pipes[session.slot() % 2]);
  __builtin_prefetch(&conn);
}

// --- time

namespace {
constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max() / kMillion;
std::int64_t drifted(std::int64_t t, std::int32_t ppm) { return t + t * ppm / kMillion; }
}  // namespace

Instant Network::local(const Host& host, Instant at) const {
  return Instant(Duration(drifted(at.since_origin().count(), host.ppm)) + host.skew);
}

// The first instant at which the host's own clock shows `at`.
Instant Network::global(const Host& host, Instant at) const {
  const std::int64_t wanted = std::min((at.since_origin() - host.skew).count(), kFarthest);
  if (host.ppm == 0) return Instant(Duration(wanted));
  std::int64_t t = wanted * kMillion / (kMillion + host.ppm);
  while (drifted(t, host.ppm) < wanted) ++t;
  return Instant(Duration(t));
}

void Network::arm(HostIndex index) {
  Host& host = hosts_[index];
  while (!host.sheds.empty()) {
    const auto [session, frames] = host.sheds.back();
    host.sheds.pop_back();
    host.node->shed(session, frames, local(host, queue_.now()));
  }
  const Instant deadline = host.node->next_deadline();
  if (deadline.is_never()) return;
  const Instant at = std::max(global(host, deadline), queue_.now());
  if (at >= host.timer_at) return;
  host.timer_at = at;
  queue_.push(at, kTimer, index);
}

void Network::on_timer(const Event& event) {
  Host& host = hosts_[event.who];
  const Instant now = queue_.now();
  if (host.node == nullptr || host.timer_at != now) return;
  host.timer_at = Instant::never();
  if (host.stalled_until > now) {
    host.timer_at = host.stalled_until;
    queue_.push(host.stalled_until, kTimer, event.who);
    return;
  }
  if (host.node->next_deadline() > local(host, now)) return arm(event.who);
  host.spins = host.ticked_at == now ? host.spins + 1 : 0;
  host.ticked_at = now;
  RON_CHECK(host.spins < kSpinsMost);  // a deadline that a tick does not move
  call(event.who, [](SimNode& node, Instant at) { node.tick(at); });
}

// --- connections

SessionId Network::session_of(std::uint32_t conn, unsigned side) const {
  return SessionId::make(0, conns_[conn].generation, conn * 2 + side);
}

Network::EndRef Network::find(SessionId session) {
  const std::uint32_t index = session.slot() / 2;
  if (index >= conns_.size()) return {};
  Conn& conn = conns_[index];
  if (!conn.used || conn.generation != session.generation()) return {};
  return {&conn, index, session.slot() % 2};
}

std::uint32_t Network::make_conn(HostIndex from, HostIndex to) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(conns_.size());
    conns_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Conn& conn = conns_[index];
  const std::uint32_t generation = (conn.generation + 1) & 0xffffffU;
  conn = Conn{};
  conn.generation = generation == 0 ? 1 : generation;
  conn.used = true;
  conn.hosts = {from, to};
  hosts_[from].conns.push_back(index);
  return index;
}

void Network::release(std::uint32_t index) {
  Conn& conn = conns_[index];
  for (const HostIndex host : conn.hosts) {
    if (host != kNoHost) std::erase(hosts_[host].conns, index);
  }
  conn.used = false;
  conn.pipes = {};
  free_.push_back(index);
}

// The end says that it is done; what it sent before still arrives. `at_once`: what waits in its
// lanes does not.
void Network::finish(EndRef end, bool at_once) {
  Conn& conn = *end.conn;
  conn.ends[end.side] = End::kClosed;
  if (conn.ends[1 - end.side] == End::kClosed) return release(end.index);
  if (!at_once && (hosts_[conn.hosts[end.side]].uplink > 0 || paced(end)))
    return enqueue(end, Lane::kLazy, Slice());
  const Duration way = latency_.one_way(conn.hosts[end.side], conn.hosts[1 - end.side]);
  Instant at = queue_.now() + way;
  Ring<Flight>& flight = conn.pipes[end.side].flight;
  if (!flight.empty()) at = std::max(at, flight.back().at);
  insert(end, {at, Slice(), Lane::kControl});
}

void Network::close(HostIndex host, SessionId session) {
  const EndRef end = find(session);
  if (end.conn == nullptr || end.conn->hosts[end.side] != host) return;
  if (end.conn->ends[end.side] == End::kOpen) finish(end);
}

void Network::on_oracle(const Event& event) {
  const EndRef end = find({event.detail});
  if (end.conn == nullptr || end.conn->ends[end.side] != End::kOpen) return;
  const HostIndex host = end.conn->hosts[end.side];
  end.conn->ends[end.side] = End::kClosed;
  release(end.index);
  call(host, [&](SimNode& node, Instant now) { node.session_down({event.detail}, now); });
}

// --- frames on their way

void Network::send(HostIndex host, SessionId session, Lane lane, Slice frame, Duration hold) {
  const EndRef end = find(session);
  if (end.conn == nullptr || end.conn->hosts[end.side] != host ||
      end.conn->ends[end.side] != End::kOpen || frame.empty()) {
    return;
  }
  ++counts_.frames;
  counts_.bytes += frame.size();
  if (lane == Lane::kControl || lane == Lane::kLazy) {
    ++counts_.control_frames;
    counts_.control_bytes += frame.size();
  }
  Host& from = hosts_[host];
  if (from.uplink == 0 && !paced(end)) return fly(end, lane, std::move(frame), queue_.now() + hold);
  if (hold.count() == 0) return enqueue(end, lane, std::move(frame));
  from.held.push_back({queue_.now() + hold, session, lane, std::move(frame)});
  queue_.push(queue_.now() + hold, kRelease, host);
}

void Network::on_release(HostIndex index) {
  Host& host = hosts_[index];
  while (!host.held.empty() && host.held.front().at <= queue_.now()) {
    Held held = host.held.pop_front();
    const EndRef end = find(held.session);
    if (end.conn == nullptr || end.conn->ends[end.side] != End::kOpen) continue;
    enqueue(end, held.lane, std::move(held.frame));
  }
  if (host.node != nullptr) arm(index);
}

// Bounded as the lanes of a node are: what does not fit is shed, and the node is told. A frame of
// no bytes stands for the end of the stream.
void Network::enqueue(EndRef end, Lane lane, Slice frame) {
  Pipe& pipe = end.conn->pipes[end.side];
  if (!pipe.lanes) pipe.lanes = std::make_unique<Lanes>();
  const auto at = static_cast<std::size_t>(lane);
  const HostIndex host = end.conn->hosts[end.side];
  if (lane != Lane::kControl && pipe.lanes->bytes[at] + frame.size() > options_.lane_bytes) {
    ++counts_.shed;
    hosts_[host].sheds.emplace_back(session_of(end.index, end.side), 1);
    return;
  }
  pipe.lanes->bytes[at] += frame.size();
  counts_.lane_most[at] = std::max(counts_.lane_most[at], pipe.lanes->bytes[at]);
  pipe.lanes->queues[at].push_back(std::move(frame));
  if (paced(end)) return serve_pipe(end);
  hosts_[host].tokens.push_back(session_of(end.index, end.side));
  if (!hosts_[host].sending) serve_uplink(host);
}

bool Network::paced(const EndRef& end) const {
  const HostIndex to = end.conn->hosts[1 - end.side];
  return to != kNoHost && hosts_[to].reads > 0;
}

void Network::serve_pipe(EndRef end) {
  Pipe& pipe = end.conn->pipes[end.side];
  if (pipe.pacing) return;
  std::size_t lane = 0;
  while (lane < kLanes && pipe.lanes->queues[lane].empty()) ++lane;
  if (lane == kLanes) return;
  pipe.paced = pipe.lanes->queues[lane].pop_front();
  pipe.lanes->bytes[lane] -= pipe.paced.size();
  pipe.paced_lane = static_cast<Lane>(lane);
  pipe.pacing = true;
  const std::uint64_t bits = (pipe.paced.size() + kOverhead) * 8;
  const std::uint64_t reads = hosts_[end.conn->hosts[1 - end.side]].reads;
  queue_.push(queue_.now() + Duration(static_cast<std::int64_t>(bits * 1'000'000'000 / reads)),
              kPaced, 0, session_of(end.index, end.side).value);
}

void Network::on_paced(const Event& event) {
  const EndRef end = find({event.detail});
  if (end.conn == nullptr) return;
  Pipe& pipe = end.conn->pipes[end.side];
  pipe.pacing = false;
  if (!hosts_[end.conn->hosts[end.side]].machine) return;
  fly(end, pipe.paced_lane, std::exchange(pipe.paced, Slice()), queue_.now());
  serve_pipe(end);
}

void Network::serve_uplink(HostIndex index) {
  Host& host = hosts_[index];
  while (!host.tokens.empty()) {
    const SessionId session = host.tokens.pop_front();
    const EndRef end = find(session);
    if (end.conn == nullptr) continue;
    Lanes& lanes = *end.conn->pipes[end.side].lanes;
    std::size_t lane = 0;
    while (lane + 1 < kLanes && lanes.queues[lane].empty()) ++lane;
    host.sent = lanes.queues[lane].pop_front();
    lanes.bytes[lane] -= host.sent.size();
    host.sent_on = session;
    host.sent_lane = static_cast<Lane>(lane);
    host.sending = true;
    const std::uint64_t bits = (host.sent.size() + kOverhead) * 8;
    const auto took = static_cast<std::int64_t>(bits * 1'000'000'000 / host.uplink);
    queue_.push(queue_.now() + Duration(took), kUplink, index);
    return;
  }
}

void Network::on_uplink(HostIndex index) {
  Host& host = hosts_[index];
  host.sending = false;
  const EndRef end = find(host.sent_on);
  Slice frame = std::exchange(host.sent, Slice());
  if (end.conn != nullptr && host.machine) {
    fly(end, host.sent_lane, std::move(frame), queue_.now());
  }
  serve_uplink(index);
}

void Network::fly(EndRef end, Lane lane, Slice frame, Instant leaves) {
  const HostIndex from = end.conn->hosts[end.side], to = end.conn->hosts[1 - end.side];
  Instant at = leaves + latency_.one_way(from, to);
  if (options_.loss > 0 && vanishes(end, lane, frame, at)) return;
  insert(end, {at, std::move(frame), lane});
}

// Loss: true when the frame is gone; else `arrives` may have moved.
bool Network::vanishes(EndRef end, Lane lane, const Slice& frame, Instant& arrives) {
  constexpr std::uint64_t kWhole = 1U << 24U;
  const auto part = static_cast<std::uint64_t>(options_.loss * kWhole);
  Pipe& pipe = end.conn->pipes[end.side];
  const bool control = lane == Lane::kControl;
  if (choice_.chance(part, kWhole)) {
    const bool may = options_.may_vanish == nullptr || options_.may_vanish(frame);
    if (!control && !frame.empty() && may) {
      ++counts_.lost;
      return true;
    }
    ++counts_.delayed;
    const Duration way = latency_.one_way(end.conn->hosts[end.side], end.conn->hosts[1 - end.side]);
    Duration wait = 2 * way + options_.rto_least;
    arrives = arrives + wait;
    while (choice_.chance(part, kWhole)) arrives = arrives + (wait *= 2);
    pipe.control_until = std::max(pipe.control_until, arrives);
  }
  if (control || options_.lanes_in_order) arrives = std::max(arrives, pipe.control_until);
  return false;
}

// Into the flight, in the order of arrival.
void Network::insert(EndRef end, Flight what) {
  Pipe& pipe = end.conn->pipes[end.side];
  const Instant at = what.at;
  pipe.flight.push_back(std::move(what));
  for (std::size_t i = pipe.flight.size() - 1; i > 0 && pipe.flight[i - 1].at > at; --i) {
    std::swap(pipe.flight[i - 1], pipe.flight[i]);
  }
  if (at >= pipe.event_at) return;
  pipe.event_at = at;
  queue_.push(at, kArrive, 0, session_of(end.index, end.side).value);
}

// Until when nothing passes from one host to the other; now, when it does.
Instant Network::held_up(HostIndex from, HostIndex to) const {
  Instant until = queue_.now();
  if (blocked(from, to)) until = heal_ + options_.rto_least;
  return std::max(until, hosts_[to].stalled_until);
}

void Network::on_arrive(const Event& event) {
  const EndRef sender = find({event.detail});
  const Instant now = queue_.now();
  if (sender.conn == nullptr) return;
  Conn& conn = *sender.conn;
  Pipe& pipe = conn.pipes[sender.side];
  if (pipe.event_at != now) return;
  pipe.event_at = Instant::never();
  const EndRef receiver{&conn, sender.index, 1 - sender.side};
  const HostIndex to = conn.hosts[receiver.side];
  Instant later = held_up(conn.hosts[sender.side], to);
  if (conn.ends[receiver.side] == End::kOpening) {
    later = std::max(later, now + std::chrono::milliseconds(1));
  }
  if (later > now) {
    pipe.event_at = later;
    queue_.push(later, kArrive, 0, event.detail);
    return;
  }
  if (conn.ends[receiver.side] == End::kOpen) return hand_over(receiver, pipe);
  pipe.flight.clear();
  if (conn.silent[receiver.side] && hosts_[to].machine) {
    conn.silent[receiver.side] = false;
    ++counts_.resets;
    insert(receiver,
           {now + latency_.one_way(to, conn.hosts[sender.side]), Slice(), Lane::kControl});
  }
}

void Network::hand_over(EndRef receiver, Pipe& pipe) {
  const Instant now = queue_.now();
  const HostIndex host = receiver.conn->hosts[receiver.side];
  const SessionId session = session_of(receiver.index, receiver.side);
  bool ends = false;
  std::uint64_t bytes = 0;
  arrived_.clear();
  while (!pipe.flight.empty() && pipe.flight.front().at <= now && !ends) {
    Flight next = pipe.flight.pop_front();
    ends = next.frame.empty();
    bytes += next.frame.size();
    if (!ends) arrived_.push_back(std::move(next.frame));
  }
  if (!pipe.flight.empty()) {
    pipe.event_at = pipe.flight.front().at;
    queue_.push(pipe.event_at, kArrive, 0, session_of(receiver.index, 1 - receiver.side).value);
  }
  hash_ = mix(mix(hash_, static_cast<std::uint64_t>(now.since_origin().count())),
              mix(session.value, bytes + arrived_.size()));
  if (!arrived_.empty()) {
    call(host, [&](SimNode& node, Instant at) { node.frames(session, arrived_, at); });
  }
  if (!ends || find(session).conn == nullptr) return;
  if (receiver.conn->ends[receiver.side] != End::kOpen) return;
  receiver.conn->ends[receiver.side] = End::kClosed;
  if (receiver.conn->ends[1 - receiver.side] == End::kClosed) release(receiver.index);
  call(host, [&](SimNode& node, Instant at) { node.session_down(session, at); });
}

// --- dials

void Network::dial(HostIndex host, std::uint64_t dial, std::string_view addr,
                   const std::optional<NodeId>& expect) {
  ++counts_.dials;
  events.dialed(host);
  HostIndex to = host_at(addr);
  if (to >= hosts_.size()) to = kNoHost;
  const std::uint32_t index = make_conn(host, to);
  Conn& conn = conns_[index];
  conn.dial = dial;
  conn.expect = expect;
  const EndRef end{&conn, index, 0};
  hosts_[host].dials.emplace_back(dial, session_of(index, 0));
  if (to != kNoHost) step(end, kSyn, latency_.one_way(host, to));
  step(end, kTimeout, options_.dial_patience);
}

void Network::step(EndRef dialer, DialStage stage, Duration after) {
  queue_.push(queue_.now() + after, kDialStep, stage, session_of(dialer.index, 0).value);
}

void Network::cancel(HostIndex host, std::uint64_t dial) {
  auto& dials = hosts_[host].dials;
  const auto found =
      std::find_if(dials.begin(), dials.end(), [&](const auto& d) { return d.first == dial; });
  if (found == dials.end()) return;
  const EndRef end = find(found->second);
  dials.erase(found);
  if (end.conn == nullptr || end.conn->ends[0] != End::kOpening) return;
  if (end.conn->ends[1] == End::kOpen) return finish(end);
  release(end.index);
}

void Network::on_dial(const Event& event) {
  const EndRef dialer = find({event.detail});
  if (dialer.conn == nullptr || dialer.conn->ends[0] != End::kOpening) return;
  switch (static_cast<DialStage>(event.who)) {
    case kSyn: on_syn(dialer); break;
    case kHello: on_hello(dialer); break;
    case kUp: on_up(dialer); break;
    case kRefused:
    case kTimeout: fail_dial(dialer); break;
  }
}

void Network::on_syn(EndRef dialer) {
  const auto [from, to] = dialer.conn->hosts;
  const Host& host = hosts_[to];
  if (!host.machine || blocked(from, to) || blocked(to, from)) return;
  const Duration way = latency_.one_way(from, to);
  if (host.node == nullptr || !host.listening) return step(dialer, kRefused, way);
  const bool wrong = dialer.conn->expect && *dialer.conn->expect != host.who.node;
  if (wrong) return step(dialer, kRefused, 3 * way);
  step(dialer, kHello, 4 * way);
}

void Network::on_hello(EndRef dialer) {
  const auto [from, to] = dialer.conn->hosts;
  Host& host = hosts_[to];
  if (host.node == nullptr || blocked(from, to) || blocked(to, from)) return;
  if (host.stalled_until > queue_.now()) {
    return step(dialer, kHello, host.stalled_until - queue_.now());
  }
  dialer.conn->ends[1] = End::kOpen;
  if (from != to) host.conns.push_back(dialer.index);
  step(dialer, kUp, latency_.one_way(to, from));
  const SessionUp up{session_of(dialer.index, 1), hosts_[from].who, from, std::nullopt};
  call(to, [&](SimNode& node, Instant now) { node.session_up(up, now); });
}

void Network::on_up(EndRef dialer) {
  const auto [from, to] = dialer.conn->hosts;
  const Instant later = held_up(to, from);
  if (later > queue_.now()) return step(dialer, kUp, later - queue_.now());
  dialer.conn->ends[0] = End::kOpen;
  const SessionId session = session_of(dialer.index, 0);
  std::erase_if(hosts_[from].dials, [&](const auto& d) { return d.second == session; });
  const SessionUp up{session, hosts_[to].who, to, dialer.conn->dial};
  call(from, [&](SimNode& node, Instant now) { node.session_up(up, now); });
}

void Network::fail_dial(EndRef dialer) {
  const HostIndex from = dialer.conn->hosts[0];
  const std::uint64_t dial = dialer.conn->dial;
  const SessionId session = session_of(dialer.index, 0);
  std::erase_if(hosts_[from].dials, [&](const auto& d) { return d.second == session; });
  if (dialer.conn->ends[1] == End::kOpen) {
    finish(dialer);
  } else {
    release(dialer.index);
  }
  call(from, [&](SimNode& node, Instant now) { node.dial_failed(dial, now); });
}

}  // namespace ron::meshsim
