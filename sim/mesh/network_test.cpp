#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sim/mesh/network.hpp"

namespace ron::meshsim {
namespace {

using namespace std::chrono_literals;

struct Said {
  Instant at;
  std::string what;
};

/// Writes down what it is told.
class Scribe final : public SimNode {
 public:
  explicit Scribe(std::vector<Said>& said) : said_(said) {}
  void start(Instant) override {}
  void session_up(const SessionUp& up, Instant now) override {
    session = up.session;
    said_.push_back({now, up.dial ? "up dialed" : "up"});
  }
  void session_down(SessionId, Instant now) override { said_.push_back({now, "down"}); }
  void dial_failed(std::uint64_t, Instant now) override { said_.push_back({now, "failed"}); }
  void frames(SessionId, std::span<const Slice> frames, Instant now) override {
    for (const Slice& frame : frames) {
      said_.push_back({now, std::string(as_text(frame.bytes().first(1)))});
    }
  }
  void shed(SessionId, std::uint32_t, Instant now) override { said_.push_back({now, "shed"}); }
  void publish(const Publication&, Instant) override {}
  void tick(Instant now) override {
    said_.push_back({now, "tick"});
    deadline = Instant::never();
  }
  Instant next_deadline() const override { return deadline; }
  std::vector<NodeId> neighbours(Instant) const override { return {}; }
  NodeGauges gauges() const override { return {}; }

  SessionId session;
  Instant deadline = Instant::never();

 private:
  std::vector<Said>& said_;
};

/// Two hosts, 10 ms apart.
class Pair {
 public:
  explicit Pair(NetworkOptions options = {}, Duration skew = 0s, std::int32_t ppm = 0) {
    if (options.latency.model == LatencyModel::kUniform)
      options.latency.low = options.latency.high = 10ms;
    network = std::make_unique<Network>(options, 1, 2, queue);
    network->events.dialed = [](HostIndex) {};
    for (HostIndex host = 0; host < 2; ++host) raise(host, skew, ppm);
  }
  void raise(HostIndex host, Duration skew = 0s, std::int32_t ppm = 0) {
    auto node = std::make_unique<Scribe>(said[host]);
    nodes[host] = node.get();
    network->up(host, std::move(node),
                Identity{.node = {static_cast<std::uint8_t>(host)}, .epoch = 1}, skew, ppm);
  }
  void dial() { network->port(0).dial(1, addr_of(1, 1), std::nullopt); }
  void run(Duration until) {
    Event event;
    queue.push(Instant(until), Network::kFirstForeignEvent, 0);
    while (queue.pop(event) && event.what != Network::kFirstForeignEvent) network->run(event);
  }
  /// A frame of `size` bytes that begins with `letter`, from host to host.
  void send(HostIndex from, char letter, Lane lane = Lane::kRelay, std::size_t size = 1,
            Duration hold = 0s) {
    const std::string text(size, letter);
    network->port(from).send(nodes[from]->session, lane, Slice::copy_of(as_bytes(text), nullptr),
                             hold);
  }
  std::string heard(HostIndex host) const {
    std::string all;
    for (const Said& one : said[host]) {
      all +=
          (all.empty() ? "" : " ") + one.what + "@" + std::to_string(one.at.since_origin() / 1ms);
    }
    return all;
  }

  EventQueue queue;
  std::unique_ptr<Network> network;
  std::vector<Said> said[2];
  Scribe* nodes[2] = {};
};

TEST(Network, ADialTakesThreeRoundTrips) {
  Pair pair;
  pair.dial();
  pair.run(1s);
  EXPECT_EQ(pair.heard(1), "up@50");
  EXPECT_EQ(pair.heard(0), "up dialed@60");
}

TEST(Network, ALiveHostRefusesAndADeadOneSaysNothing) {
  Pair refused;
  refused.network->listen(1, false);
  refused.dial();
  refused.run(1s);
  EXPECT_EQ(refused.heard(0), "failed@20");
  Pair dead;
  dead.network->crash(1);
  dead.dial();
  dead.run(10s);
  EXPECT_EQ(dead.heard(0), "failed@5000") << "its own patience";
}

TEST(Network, WhoeverIsNotExpectedIsNoSession) {
  Pair pair;
  pair.network->port(0).dial(1, addr_of(1, 1), NodeId{9});
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "failed@40");
  EXPECT_EQ(pair.heard(1), "");
}

TEST(Network, ACancelledDialIsNotAnswered) {
  Pair pair;
  pair.dial();
  pair.run(55ms);
  pair.network->port(0).cancel(1);
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "");
  EXPECT_EQ(pair.heard(1), "up@50 down@65");
}

TEST(Network, FramesComeInOrderAndHeldOnesLater) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.send(0, 'a');
  pair.send(0, 'b', Lane::kRelay, 1, 1ms);
  pair.send(0, 'c', Lane::kControl);
  pair.run(1s);
  EXPECT_EQ(pair.heard(1), "up@0 a@10 c@10 b@11");
}

TEST(Network, AnEndComesAfterWhatWasSent) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.send(0, 'a', Lane::kRelay, 1, 5ms);
  pair.network->port(0).close(pair.nodes[0]->session);
  pair.send(0, 'b');
  pair.run(1s);
  EXPECT_EQ(pair.heard(1), "up@0 a@15 down@15");
  EXPECT_EQ(pair.heard(0), "up@0");
}

TEST(Network, AConnectionThatBreaksIsGoneForBothWithWhatWasOnItsWay) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.send(0, 'a');
  pair.network->reset(0, 7);
  pair.network->reset(0, 7);  // there is no other
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "up@0 down@0");
  EXPECT_EQ(pair.heard(1), "up@0 down@0");
}

TEST(Network, ACrashedHostIsSilentAndResetsWhenItIsBack) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.network->crash(1);
  pair.send(0, 'a');
  pair.run(100ms);
  EXPECT_EQ(pair.heard(0), "up@0");
  pair.raise(1);
  pair.send(0, 'b');
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "up@0 down@120");
  EXPECT_EQ(pair.heard(1), "up@0") << "nothing of the old session";
}

TEST(Network, AKilledProcessTellsItsPeersAndRefuses) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.network->kill(1);
  pair.run(100ms);
  pair.dial();
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "up@0 down@10 failed@120");
}

TEST(Network, APartitionDelaysAndTakesNothingAway) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.network->partition({1, 2}, false, Instant(500ms));
  pair.send(0, 'a');
  pair.send(1, 'b');
  pair.dial();
  pair.run(6s);
  EXPECT_EQ(pair.heard(1), "up@0 a@700");
  EXPECT_EQ(pair.heard(0), "up@0 b@700 failed@5000");
}

TEST(Network, AOneWayPartitionLetsTheOtherWayThrough) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.network->partition({1, 2}, true, Instant(500ms));
  pair.send(0, 'a');
  pair.send(1, 'b');
  pair.run(1s);
  EXPECT_EQ(pair.heard(0), "up@0 b@10");
  EXPECT_EQ(pair.heard(1), "up@0 a@700");
}

TEST(Network, AStalledHostDoesEverythingLater) {
  Pair pair;
  pair.network->connect(0, 1);
  pair.network->with(1, [&](SimNode&, Instant) { pair.nodes[1]->deadline = Instant(20ms); });
  pair.network->stall(1, Instant(300ms));
  pair.send(0, 'a');
  pair.run(1s);
  EXPECT_EQ(pair.heard(1).find("a@10"), std::string::npos);
  EXPECT_NE(pair.heard(1).find("a@300"), std::string::npos);
  EXPECT_NE(pair.heard(1).find("tick@300"), std::string::npos);
}

TEST(Network, LossTakesRelayFramesAndDelaysControl) {
  NetworkOptions options;
  options.loss = 0.5;
  Pair pair(options);
  pair.network->connect(0, 1);
  for (int i = 0; i < 100; ++i) pair.send(0, 'r', Lane::kRelay);
  for (int i = 0; i < 100; ++i) pair.send(0, 'c', Lane::kControl);
  pair.run(600s);
  const std::string heard = pair.heard(1);
  const auto relays = static_cast<std::size_t>(std::count(heard.begin(), heard.end(), 'r'));
  EXPECT_GT(relays, 20U);
  EXPECT_LT(relays, 80U);
  EXPECT_EQ(std::count(heard.begin(), heard.end(), 'c'), 100);
  EXPECT_EQ(pair.network->counts().lost, 100 - relays);
  EXPECT_GT(pair.said[1].back().at, Instant(200ms));
}

TEST(Network, AnUplinkSendsOneFrameAfterTheOtherAndControlFirst) {
  NetworkOptions options;
  options.latency.model = LatencyModel::kWan;
  Pair pair(options);
  pair.network->connect(0, 1);
  const auto way = pair.network->latency().one_way(0, 1) / 1ms;
  const std::size_t size = 1'000'000;
  const auto took = static_cast<long>(size * 8 * 1000 / pair.network->latency().uplink(0));
  pair.send(0, 'a', Lane::kRelay, size);
  pair.send(0, 'b', Lane::kRelay, size);
  pair.send(0, 'c', Lane::kControl);
  pair.run(10s);
  ASSERT_EQ(pair.said[1].size(), 4U);
  EXPECT_EQ(pair.said[1][1].what, "a");
  EXPECT_NEAR(static_cast<double>(pair.said[1][1].at.since_origin() / 1ms),
              static_cast<double>(took + way), 2.0);
  EXPECT_EQ(pair.said[1][2].what, "c");
  EXPECT_EQ(pair.said[1][3].what, "b");
}

TEST(Network, TheLaneThatHeldTooMuchIsNamed) {
  NetworkCounts counts;
  counts.lane_most = {1U << 20U, 1000, 1000, 1000};
  EXPECT_EQ(lane_over(counts, 1000), "");
  counts.lane_most[2] = 1001;
  EXPECT_EQ(lane_over(counts, 1000), "lane 2 held 1001 bytes");
  counts.lane_most[0] += 1;
  EXPECT_NE(lane_over(counts, 1000).find("lane 0"), std::string::npos) << "a node would hang up";
}

TEST(Network, ALaneThatIsFullShedsAndSaysSo) {
  NetworkOptions options;
  options.latency.model = LatencyModel::kWan;
  options.lane_bytes = 2500;
  Pair pair(options);
  pair.network->connect(0, 1);
  for (int i = 0; i < 5; ++i) pair.send(0, 'a', Lane::kRelay, 1000);
  pair.send(0, 'c', Lane::kControl, 5000);
  pair.network->with(0, [](SimNode&, Instant) {});
  pair.run(10s);
  const std::string heard = pair.heard(1);
  EXPECT_EQ(std::count(heard.begin(), heard.end(), 'a'), 3) << "one under way, two waiting";
  EXPECT_EQ(std::count(heard.begin(), heard.end(), 'c'), 1) << "control is never shed";
  EXPECT_EQ(pair.network->counts().shed, 2U);
  EXPECT_NE(pair.heard(0).find("shed"), std::string::npos);
}

TEST(Network, EveryHostHasAClockOfItsOwn) {
  Pair pair({}, 100s, 1000);
  EXPECT_EQ(pair.network->local_now(0), Instant(100s));
  pair.network->with(0, [&](SimNode&, Instant) { pair.nodes[0]->deadline = Instant(110s); });
  pair.run(20s);
  ASSERT_EQ(pair.said[0].size(), 1U);
  EXPECT_GE(pair.said[0][0].at, Instant(110s));
  EXPECT_LT(pair.said[0][0].at, Instant(110s) + 1us);
  EXPECT_EQ(pair.network->local_now(0), Instant(120s + 20ms));
}

}  // namespace
}  // namespace ron::meshsim
