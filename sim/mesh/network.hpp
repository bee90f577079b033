// A virtual network of connections: reliable, ordered streams of whole frames between hosts.
//
//   dial: TCP 1 RTT, TLS 1 RTT, hello and its answer 1 RTT. The acceptor has its session when the
//   hello arrives (2.5 RTT), the dialer half a round trip later (3 RTT). A dead or unreachable host
//   does not answer; a live one without a listener refuses after 1 RTT.
//
//   send: lanes of a session -> uplink of the host (where it has a bandwidth: one FIFO of the host,
//   and within a session the most urgent lane first) -> latency of the pair -> the peer. Towards a
//   slow reader: lanes of the session -> as fast as it reads -> latency -> the peer.
//
// Faults: loss takes whole frames of relay and lazy lanes away at the sender; control frames are
// delayed by a retransmission instead. A blocked pair loses nothing: what is on its way comes after
// the end, if both ends still stand. A crashed host says nothing; a frame to a host that came back,
// or to an end that is gone, is answered by a reset. A stalled host's events wait.
//
// No downlink, no jitter, no congestion control: frames of a session arrive in the order sent.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/choice.hpp"
#include "base/ring.hpp"
#include "sim/mesh/latency.hpp"
#include "sim/mesh/queue.hpp"
#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim {

struct NetworkOptions {
  LatencyOptions latency;
  double loss = 0;
  Duration rto_least = std::chrono::milliseconds(200);
  bool lanes_in_order = false;  // a delayed control frame also delays the lanes behind it
  bool (*may_vanish)(const Slice& frame) = nullptr;  // of the frames outside the control lane
  std::size_t lane_bytes = 8U << 20U;  // of a session's relay and lazy lanes; more is shed
  Duration oracle_reset{0};  // baselines: so long after a crash its peers know; 0 = nobody tells
  Duration dial_patience = std::chrono::seconds(5);  // of the host's own connect
};

struct NetworkCounts {
  std::uint64_t frames = 0, bytes = 0;                  // sent
  std::uint64_t control_frames = 0, control_bytes = 0;  // not relay: control and lazy lanes
  std::array<std::size_t, kLanes> lane_most{};          // bytes that waited in one of a session
  std::uint64_t lost = 0, delayed = 0, shed = 0, dials = 0, resets = 0;
};

/// The lane that held more than it may, in words; empty = none. Control has the bound beyond which
/// a node hangs up, the others that of the network's options.
std::string lane_over(const NetworkCounts& counts, std::size_t lane_bytes);

/// What the world is told by the network.
struct NetworkEvents {
  std::function<void(HostIndex, const Delivery&, Instant)> delivered;
  std::function<void(HostIndex, const Copy&)> copied;
  std::function<void(HostIndex)> dialed;
};

class Network {
 public:
  Network(const NetworkOptions& options, std::uint64_t seed, HostIndex hosts, EventQueue& queue);
  ~Network();

  NetworkEvents events;

  /// What the frames of a host's nodes are charged to: they may outlive the node.
  SlabMeter& meter(HostIndex host) { return meters_[host]; }
  /// Frames that a host has sent and nobody has taken yet, and their bytes; a frame for several
  /// sessions counts for each.
  struct Waiting {
    std::size_t frames = 0, bytes = 0;
  };
  Waiting waiting(HostIndex host) const;

  /// The port of a host, to make its node with. Good as long as the network.
  Port& port(HostIndex host);

  /// A node comes up; it is started at once. `skew`: its clock's offset, `ppm` its drift.
  void up(HostIndex host, std::unique_ptr<SimNode> node, const Identity& who, Duration skew,
          std::int32_t ppm);
  /// It is gone without a word: the machine is off.
  void crash(HostIndex host);
  /// Its process ends: the machine resets its sessions and refuses new ones.
  void kill(HostIndex host);
  /// Its events wait until then.
  void stall(HostIndex host, Instant until);
  /// It reads so many bits a second of each of its sessions; 0 = all that comes. What waits fills
  /// the lanes of its peers.
  void read_slowly(HostIndex host, std::uint64_t bits);
  /// One of its connections breaks, the one that `draw` falls on: both ends are told at once, and
  /// what was on its way is gone.
  void reset(HostIndex host, std::uint64_t draw);
  /// A live host that takes no new sessions.
  void listen(HostIndex host, bool on);
  /// Splits the hosts: those of different non-zero groups do not reach each other until `heal`.
  void partition(const std::vector<std::uint8_t>& groups, bool one_way, Instant heal);

  /// Baselines: a session between two hosts, at once.
  void connect(HostIndex a, HostIndex b);
  void publish(HostIndex host, const Publication& publication);
  /// Calls into the node between events, with its own time; nothing when it is down.
  void with(HostIndex host, const std::function<void(SimNode&, Instant)>& call);

  /// Runs one event of the network's own kinds.
  void run(const Event& event);
  static constexpr std::uint32_t kFirstForeignEvent = 16;
  /// Fetches what the event will touch: ten thousand nodes fit no cache.
  void prefetch(const Event& event) const;

  bool is_up(HostIndex host) const;
  const SimNode* node(HostIndex host) const;
  Instant local_now(HostIndex host) const;
  const Identity& identity(HostIndex host) const;
  const Latency& latency() const { return latency_; }
  const NetworkCounts& counts() const { return counts_; }
  std::uint64_t hash() const { return hash_; }

  void set_loss(double loss) { options_.loss = loss; }

 private:
  std::deque<SlabMeter> meters_;  // outlives every frame

  enum What : std::uint32_t { kArrive, kTimer, kDialStep, kUplink, kRelease, kOracle, kPaced };
  enum class End : std::uint8_t { kOpening, kOpen, kClosed };
  enum DialStage : std::uint32_t { kSyn, kRefused, kHello, kUp, kTimeout };

  struct Flight {
    Instant at;
    Slice frame;  // empty: the end of the stream
    Lane lane = Lane::kControl;
  };
  struct Lanes {
    std::array<Ring<Slice>, kLanes> queues;
    std::array<std::size_t, kLanes> bytes{};
    bool fin = false;
  };
  struct Pipe {  // from one end to the other
    Ring<Flight> flight;
    Instant event_at = Instant::never();
    Instant control_until;  // a delayed control frame: nothing of the lane passes it
    std::unique_ptr<Lanes> lanes;
    Slice paced;  // on its way into a reader that is slow
    Lane paced_lane = Lane::kControl;
    bool pacing = false;
  };
  struct Conn {
    std::array<HostIndex, 2> hosts{};  // dialer, acceptor
    std::array<End, 2> ends{};
    std::array<Pipe, 2> pipes;     // by sending end
    std::array<bool, 2> silent{};  // closed without a word
    std::uint64_t dial = 0;
    std::optional<NodeId> expect;
    std::uint32_t generation = 0;
    bool used = false;
  };
  struct Held {
    Instant at;
    SessionId session;
    Lane lane = Lane::kRelay;
    Slice frame;
  };
  struct Host;
  class HostPort;
  struct EndRef {
    Conn* conn = nullptr;
    std::uint32_t index = 0;
    unsigned side = 0;
  };

  SessionId session_of(std::uint32_t conn, unsigned side) const;
  EndRef find(SessionId session);
  std::uint32_t make_conn(HostIndex from, HostIndex to);
  void release(std::uint32_t index);

  void send(HostIndex host, SessionId session, Lane lane, Slice frame, Duration hold);
  void fly(EndRef end, Lane lane, Slice frame, Instant leaves);
  bool vanishes(EndRef end, Lane lane, const Slice& frame, Instant& arrives);
  void insert(EndRef end, Flight flight);
  void enqueue(EndRef end, Lane lane, Slice frame);
  void serve_uplink(HostIndex host);
  void on_uplink(HostIndex host);
  void on_release(HostIndex host);
  bool paced(const EndRef& end) const;
  void serve_pipe(EndRef end);
  void on_paced(const Event& event);

  void dial(HostIndex host, std::uint64_t dial, std::string_view addr,
            const std::optional<NodeId>& expect);
  void cancel(HostIndex host, std::uint64_t dial);
  void step(EndRef dialer, DialStage stage, Duration after);
  void on_dial(const Event& event);
  void on_syn(EndRef dialer);
  void on_hello(EndRef dialer);
  void on_up(EndRef dialer);
  void fail_dial(EndRef dialer);

  void finish(EndRef end, bool at_once = false);
  void close(HostIndex host, SessionId session);
  void down(HostIndex host, bool told);
  void on_arrive(const Event& event);
  Instant held_up(HostIndex from, HostIndex to) const;
  void hand_over(EndRef receiver, Pipe& pipe);
  void on_timer(const Event& event);
  void on_oracle(const Event& event);

  bool blocked(HostIndex from, HostIndex to) const;
  template <typename Call>
  void call(HostIndex host, Call call);
  void arm(HostIndex host);
  Instant local(const Host& host, Instant at) const;
  Instant global(const Host& host, Instant at) const;

  NetworkOptions options_;
  Latency latency_;
  EventQueue& queue_;
  SeedChoice choice_;
  std::deque<Host> hosts_;
  std::deque<Conn> conns_;
  std::vector<std::uint32_t> free_;
  std::vector<Slice> arrived_;
  std::vector<std::uint8_t> groups_;
  bool one_way_ = false;
  Instant heal_;
  NetworkCounts counts_;
  std::uint64_t hash_ = 0;
};

/// Where a host can be dialed: "10.a.b.c:port". Identities of one machine differ by port.
std::string addr_of(HostIndex host, HostIndex machine);
/// The host behind an address; kNoHost where there is none.
HostIndex host_at(std::string_view addr);

}  // namespace ron::meshsim
