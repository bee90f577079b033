// Nodes among each other, over whole shards: hello, lanes, publications, ends. OAP-3.8 OAP-3.9
#include <gtest/gtest.h>

#include "node/peer_rig.hpp"
#include "oap/comp.hpp"

namespace ron::node::testing {
namespace {

const Identity& self() {
  static const Identity identity(100);
  return identity;
}
const Identity& other() {
  static const Identity identity(101);
  return identity;
}

oap::Hello peer_hello(const Identity& identity = other()) {
  oap::Hello hello = Rig::hello_of(1U << 20U);
  hello.role = oap::Role::kPeer;
  hello.node = identity.node;
  hello.epoch = 7;
  return hello;
}

// A scripted peer of one node.
class Peer : public ::testing::Test {
 protected:
  explicit Peer(unsigned shards = 1, const NodeConfig& config = peer_config(self(), {}))
      : rig_(config, shards) {
    rig_.wait(1ms);
  }

  SessionId greet(const oap::Hello& hello, const Channel& channel, ShardIndex shard = 0) {
    const SessionId id = rig_.open(shard, channel);
    rig_.send(id, oap::kReq, 9, oap::write_hello(hello));
    return id;
  }

  // A session with a link, its answers taken.
  SessionId linked(ShardIndex shard = 0) {
    const SessionId id = greet(peer_hello(), other().channel(), shard);
    rig_.send(id, oap::kReq, 10, oap::write_link({.prio = true, .leaf = false, .addr = {}}));
    const auto got = rig_.receive(id);
    EXPECT_TRUE(has(got, "hello_ack") && has(got, "ack"));
    return id;
  }

  static bool has(const std::vector<Out>& frames, std::string_view kind) {
    return std::ranges::any_of(frames, [&](const Out& out) { return out.kind == kind; });
  }
  static std::size_t count(const std::vector<Out>& frames, std::string_view kind) {
    return static_cast<std::size_t>(
        std::ranges::count_if(frames, [&](const Out& out) { return out.kind == kind; }));
  }

  Bytes relay_of(const Bytes& message, std::uint64_t seq = 1) {
    const oap::Relay relay{
        .origin = mesh::origin_of(other().node), .epoch = 7, .seq = seq, .message = message};
    Bytes payload = oap::write_relay_head(relay);
    payload.insert(payload.end(), message.begin(), message.end());
    return payload;
  }
  void say_origin(SessionId id) {
    rig_.send(id, oap::kEvent, 0,
              oap::write_origin(
                  {.key = as_bytes(other().key), .sig = as_bytes(other().key), .epoch = 7}));
  }

  std::uint64_t shed(mesh::Lane lane, PeerShed reason) {
    return rig_.stats().peer_shed[static_cast<std::size_t>(lane)][static_cast<std::size_t>(reason)];
  }

  Rig rig_;
};

class PeerOfTwoShards : public Peer {
 protected:
  PeerOfTwoShards() : Peer(2) {}
};

class PeerOfQuickTopics : public Peer {
 protected:
  PeerOfQuickTopics() : Peer(1, config()) {}

 private:
  static NodeConfig config() {
    NodeConfig config = peer_config(self(), {});
    config.mesh->best_effort = {"quick/**"};
    return config;
  }
};

// ---- hello -------------------------------------------------------------------------------------

TEST_F(Peer, IsTakenInByItsCertificate) {  // OAP-9.1 OAP-9.81
  const SessionId id = greet(peer_hello(), other().channel());
  const auto got = rig_.receive(id);
  ASSERT_FALSE(got.empty());
  const oap::HelloAck ack = got[0].hello_ack();
  EXPECT_EQ(ack.node, self().node);
  EXPECT_EQ(ack.epoch, 65'536'000U);
  EXPECT_EQ(ack.limits.max_frame, oap::kMaxFrame);
  EXPECT_EQ(ack.limits.rps, 0U);  // OAP-5.24
  EXPECT_EQ(ack.limits.fps, 0U);
  EXPECT_EQ(ack.limits.inflight, 0U);
  EXPECT_FALSE(ack.comp_zstd);
  EXPECT_EQ(rig_.stats().peer_sessions, 1U);
  EXPECT_EQ(rig_.shard(0).membership()->sessions, 1U);
}

TEST_F(Peer, IsRefusedWithoutProof) {  // OAP-9.1 OAP-9.3 OAP-9.6
  struct Case {
    std::string what, code;
    oap::Hello hello;
    Channel channel;
  };
  Channel no_proof;
  Channel tcp = other().channel();
  tcp.kind = ChannelKind::kTcp;
  oap::Hello small = peer_hello();
  small.max_frame = oap::kMaxFrame - 1;
  const std::vector<Case> cases = {
      {"no certificate", "Unauth", peer_hello(), no_proof},
      {"a certificate where none can be", "Unauth", peer_hello(), tcp},
      {"somebody else's certificate", "Unauth", peer_hello(), self().channel()},
      {"frames too small", "BadFrame", small, other().channel()},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    const SessionId id = greet(one.hello, one.channel);
    const auto got = rig_.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].code(), one.code);
    EXPECT_TRUE(rig_.finished(id));
    EXPECT_EQ(rig_.shard(0).membership()->sessions, 0U);
  }
}

// Links are what such a node may be waiting for. OAP-3.23 OAP-9.83
TEST_F(Peer, IsTakenInByANodeThatIsNotReadyButNotByOneThatLeaves) {
  rig_.handle_all(Readiness{false});
  const SessionId id = greet(peer_hello(), other().channel());
  EXPECT_TRUE(has(rig_.receive(id), "hello_ack"));
  rig_.handle_all(Drain{1s, "going down"});
  const SessionId late = greet(peer_hello(), other().channel());
  const auto got = rig_.receive(late);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "NotReady");
}

TEST_F(Peer, SaysWhatOnlyNodesMaySay) {  // OAP-9.10 OAP-9.79
  const SessionId client = rig_.active();
  const SessionId peer = linked();
  rig_.send(client, oap::kReq, 3, oap::write_ping());
  rig_.send(client, oap::kEvent, 0, relay_of(Rig::gossip("a", "b")));
  auto got = rig_.receive(client);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "BadFrame");
  EXPECT_EQ(rig_.stats().unknown_kinds, 1U);
  rig_.send(peer, oap::kReq, 4, Rig::gossip("a", "b"));
  oap::SubOut sub;
  sub.topics = {"a"};
  rig_.send(peer, oap::kReq, 5, oap::write_sub(sub));
  got = rig_.receive(peer);
  ASSERT_EQ(count(got, "error"), 2U);
  for (const Out& out : got) {
    if (out.kind == "error") {
      EXPECT_EQ(out.code(), "Forbidden");
    }
  }
}

// ---- frames ------------------------------------------------------------------------------------

TEST_F(Peer, GetsWhatIsPublishedHereByteForByte) {  // OAP-9.16 OAP-9.17 OAP-9.45 OAP-9.46
  const SessionId peer = linked();
  const SessionId client = rig_.active();
  const Bytes message = Rig::gossip("a/b", "hello");
  rig_.send(client, oap::kReq, 77, message, TenantId{1, 2});
  const auto got = rig_.receive(peer);
  ASSERT_EQ(count(got, "relay"), 1U);
  const Out& out = got.back();
  EXPECT_EQ(out.header.tenant, (TenantId{1, 2}));
  EXPECT_EQ(out.header.corr, 77U);
  const auto read = oap::read_message(out.payload);
  const auto relay = oap::read_relay(*read);
  ASSERT_TRUE(relay);
  EXPECT_EQ(Bytes(relay->message.begin(), relay->message.end()), message);
  EXPECT_EQ(relay->epoch, 65'536'000U);
  EXPECT_EQ(relay->origin, mesh::origin_of(self().node));
  EXPECT_EQ(relay->seq, 1U);
  const auto ack = rig_.receive(client);
  ASSERT_EQ(ack.size(), 1U);
  EXPECT_EQ(ack[0].ack().to, 0U);
  EXPECT_EQ(ack[0].ack().links, 1U);  // OAP-4.16
}

Bytes gossip_with(std::optional<std::string_view> mode, std::string_view topic = "a",
                  std::string_view data = "x") {
  return oap::write_gossip({.topic = topic, .data = as_bytes(data), .ts = 70'000, .mode = mode});
}

std::vector<std::uint64_t> numbers_of(const std::vector<Out>& frames) {
  std::vector<std::uint64_t> numbers;
  for (const Out& out : frames) {
    if (out.kind != "relay") continue;
    const std::uint64_t seq = oap::read_usual_relay(out.payload)->seq;
    numbers.push_back(oap::is_best_effort(seq) ? seq - oap::kBestEffortFrom + 1000 : seq);
  }
  return numbers;
}

TEST_F(PeerOfQuickTopics, GetsAsBestEffortWhatAsksForItOrItsTopicDoes) {  // OAP-4.61 OAP-9.89
  const SessionId peer = linked();
  const SessionId client = rig_.active();
  using Numbers = std::vector<std::uint64_t>;
  const auto sent = [&](const Bytes& message) {
    rig_.send(client, oap::kEvent, 0, message);
    return numbers_of(rig_.receive(peer));
  };
  EXPECT_EQ(sent(gossip_with(oap::kModeBestEffort)), Numbers{1}) << "the first mends trees";
  EXPECT_EQ(sent(gossip_with(oap::kModeBestEffort)), Numbers{1000});
  EXPECT_EQ(sent(gossip_with({})), Numbers{2});
  EXPECT_EQ(sent(gossip_with({}, "quick/a")), Numbers{1001});
  EXPECT_EQ(sent(gossip_with("of tomorrow", "quick/a")), Numbers{1002});
  EXPECT_EQ(sent(gossip_with(oap::kModeRepair, "quick/a")), Numbers{3});
  Bytes wire;
  for (int i = 0; i < 3; ++i) {  // a run
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0, gossip_with(oap::kModeBestEffort));
    wire.insert(wire.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig_.raw(client, wire);
  EXPECT_EQ(numbers_of(rig_.receive(peer)), (Numbers{1003, 1004, 1005}));
  rig_.send(client, oap::kReq, 5, [] {
    Bytes odd = gossip_with("m");
    *std::ranges::find(odd, 0x61) = 0x41;  // bytes instead of text
    return odd;
  }());
  EXPECT_EQ(rig_.receive(client).back().code(), "BadFrame");
}

TEST_F(Peer, ThatIsSlowLosesBestEffortFirst) {
  linked();
  const SessionId client = rig_.active();
  const std::string large(500'000, 'x');
  rig_.publish(client, "a", large);
  const std::size_t bound = gossip::PeerLaneLimits{}.own.bytes;
  for (int i = 0; i < 12; ++i) {
    rig_.send(client, oap::kEvent, 0, gossip_with(oap::kModeBestEffort, "a", large));
  }
  const std::uint64_t lost = shed(mesh::Lane::kOwn, PeerShed::kBestEffort);
  EXPECT_GE(lost, 5U);
  const auto own = static_cast<std::size_t>(mesh::Lane::kOwn);
  EXPECT_LE(rig_.stats().peer_lane_bytes[own], bound / 2);
  for (int i = 0; i < 3; ++i) rig_.publish(client, "a", large);
  EXPECT_GT(rig_.stats().peer_lane_bytes[own], bound / 2) << "the others have the rest";
  EXPECT_EQ(shed(mesh::Lane::kOwn, PeerShed::kFull), 0U);
  EXPECT_EQ(shed(mesh::Lane::kOwn, PeerShed::kBestEffort), lost);
}

TEST_F(Peer, GetsEachPublicationOfARun) {
  const SessionId peer = linked();
  const SessionId client = rig_.active();
  Bytes wire;
  for (int i = 0; i < 50; ++i) {
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("a", "x"));
    wire.insert(wire.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig_.raw(client, wire);
  EXPECT_EQ(count(rig_.receive(peer), "relay"), 50U);
}

TEST_F(Peer, RelaysToWhoeverSubscribes) {
  const SessionId peer = linked();
  const SessionId client = rig_.active();
  rig_.subscribe(client, "a/*");
  say_origin(peer);
  const Bytes message = Rig::gossip("a/b", "news");
  rig_.send(peer, oap::kEvent, 5, relay_of(message), TenantId{});
  rig_.send(peer, oap::kEvent, 6, relay_of(Rig::gossip("c", "no"), 2), TenantId{});
  const auto got = rig_.receive(client);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].payload, message);
  EXPECT_EQ(got[0].header.corr, 5U);
  EXPECT_EQ(got[0].header.flags, oap::kEvent);
}

TEST_F(Peer, RelaysTheLargestPublication) {  // OAP-9.5
  const SessionId peer = linked();
  const SessionId client = rig_.active();
  rig_.subscribe(client, "a");
  say_origin(peer);
  Bytes message = Rig::gossip("a", std::string(oap::kMaxFrame - 64, 'x'));
  message =
      Rig::gossip("a", std::string(oap::kMaxFrame - 64 + oap::kMaxFrame - message.size(), 'x'));
  ASSERT_EQ(message.size(), oap::kMaxFrame);
  rig_.send(peer, oap::kEvent, 0, relay_of(message));
  const auto got = rig_.receive(client);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].payload, message);
  EXPECT_TRUE(has(rig_.receive(peer), "credit")) << "relay is counted";  // OAP-5.6
}

TEST_F(Peer, IsToldOfFaultsAsAnyoneIs) {  // OAP-9.25
  const SessionId peer = linked();
  const Bytes broken = [] {
    Bytes out;
    oap::CborWriter to(out);
    to.map(2);
    to.key("kind").text("graft");
    to.key("origin").text("not bytes");
    return out;
  }();
  rig_.send(peer, oap::kEvent, 0, broken);
  const auto got = rig_.receive(peer);
  ASSERT_TRUE(has(got, "refused"));
  EXPECT_EQ(got.back().refused().code, "BadFrame");
  rig_.send(peer, oap::kEvent, 0, oap::write_ping());  // a request
  EXPECT_EQ(rig_.stats().events_refused[static_cast<std::size_t>(oap::Code::kBadFrame)], 2U);
}

TEST_F(PeerOfTwoShards, ReachesTheMeshFromEveryShard) {
  const SessionId peer = linked(1);
  EXPECT_EQ(rig_.shard(0).membership()->active, 1U);
  EXPECT_EQ(rig_.shard(1).membership(), nullptr);
  const SessionId publisher = rig_.active(1);
  const SessionId subscriber = rig_.active(1);
  rig_.subscribe(subscriber, "from/peer");
  rig_.send(publisher, oap::kReq, 7, Rig::gossip("to/peer", "x"));
  EXPECT_EQ(count(rig_.receive(peer), "relay"), 1U);
  const auto ack = rig_.receive(publisher);
  ASSERT_EQ(ack.size(), 1U);
  EXPECT_EQ(ack[0].ack().links, 1U);
  say_origin(peer);
  rig_.send(peer, oap::kEvent, 0, relay_of(Rig::gossip("from/peer", "y")));
  const auto got = rig_.receive(subscriber);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].data(), "y");
  rig_.send(peer, oap::kReq, 8, oap::write_ping());
  EXPECT_TRUE(has(rig_.receive(peer), "ack"));
  const Bytes broken = Bytes{0xa1, 0x64, 'k', 'i', 'n', 'd', 0x65, 'r', 'e', 'l', 'a', 'y'};
  rig_.send(peer, oap::kEvent, 0, broken);
  EXPECT_EQ(rig_.stats(1).events_refused[static_cast<std::size_t>(oap::Code::kBadFrame)], 1U);
  rig_.handle(peer, StreamLost{peer});
  EXPECT_EQ(rig_.shard(0).membership()->active, 0U);
  EXPECT_EQ(rig_.stats(1).peer_sessions, 0U);
}

// Numbers 2 to 4 of the other node are announced, and never come.
TEST_F(PeerOfTwoShards, TellsWhoAskedWhatIsLost) {  // OAP-4.62 OAP-4.63 OAP-4.64
  const SessionId peer = linked(1);
  oap::SubOut sub;
  sub.topics = {"a"};
  sub.gaps = true;
  std::vector<SessionId> readers;
  for (const ShardIndex shard : {ShardIndex{0}, ShardIndex{1}}) {
    readers.push_back(rig_.active(shard));
    rig_.send(readers.back(), oap::kReq, 8, oap::write_sub(sub));
  }
  const SessionId other_reader = rig_.active();
  rig_.subscribe(other_reader, "a");
  const SessionId left = rig_.active();
  rig_.send(left, oap::kReq, 8, oap::write_sub(sub));
  rig_.send(left, oap::kReq, 9, oap::write_unsub(sub));
  say_origin(peer);
  rig_.send(peer, oap::kEvent, 5, relay_of(Rig::gossip("a", "x")), TenantId{});
  const oap::IdRange range{
      .origin = mesh::origin_of(other().node), .epoch = 7, .first = 2, .last = 4};
  rig_.send(peer, oap::kEvent, 0, oap::write_ids(oap::IdsKind::kIhave, std::span(&range, 1)));
  for (const SessionId id : {readers[0], readers[1], other_reader, left}) rig_.receive(id);
  for (int i = 0; i < 100; ++i) {
    rig_.wait(100ms);
    rig_.receive(peer);
    rig_.send(peer, oap::kEvent, 0, oap::write_credit(1));  // it lives
  }
  for (const SessionId id : readers) {
    const auto got = rig_.receive(id);
    ASSERT_EQ(count(got, "gap"), 1U);
    const Out& told = *std::ranges::find(got, "gap", &Out::kind);
    const auto gap = oap::read_gap(*oap::read_message(told.payload));
    ASSERT_TRUE(gap);
    EXPECT_EQ(gap->origin, mesh::origin_of(other().node));
    EXPECT_EQ(gap->epoch, 7U);
    EXPECT_EQ(std::tuple(gap->first, gap->last, gap->count), std::tuple(2U, 4U, 3U));
    EXPECT_EQ(told.header.tenant, TenantId{});
  }
  EXPECT_FALSE(has(rig_.receive(other_reader), "gap")) << "it did not ask";
  EXPECT_FALSE(has(rig_.receive(left), "gap")) << "it reads nothing any more";
  EXPECT_EQ(rig_.shard(0).relay()->lost, 3U);
}

// ---- lanes -------------------------------------------------------------------------------------

TEST_F(Peer, ThatIsSlowLosesTheNewestAndBlocksNobody) {
  const SessionId slow = linked();
  const SessionId client = rig_.active();
  const SessionId reader = rig_.active();
  rig_.subscribe(reader, "a");
  const std::string data(200'000, 'x');
  for (int i = 0; i < 60; ++i) {
    rig_.publish(client, "a", data);
    EXPECT_EQ(rig_.receive(reader).size(), 1U);
  }
  const auto lane = [&](const auto& of) { return of[0] + of[1] + of[2] + of[3]; };
  EXPECT_GT(shed(mesh::Lane::kOwn, PeerShed::kFull), 30U);
  EXPECT_LE(lane(rig_.stats().peer_lane_bytes), 5U << 20U);
  EXPECT_LE(rig_.stats().lane_bytes, rig_.stats().lane_bytes_max);
  const auto got = rig_.receive(slow);
  EXPECT_LE(count(got, "relay"), 7U) << "no more than its window";
  EXPECT_FALSE(has(got, "lagged"));
  rig_.send(slow, oap::kEvent, 0, oap::write_credit(1U << 20U));
  EXPECT_GE(count(rig_.receive(slow), "relay"), 4U);
}

TEST_F(PeerOfTwoShards, LosesWhatTheWayToItsShardCannotHold) {
  const SessionId peer = linked(1);
  const SessionId client = rig_.active(0);
  rig_.auto_turn_ = false;
  const std::size_t budget = NodeConfig{}.mail_bytes;
  for (CorrId i = 1; i <= 60; ++i) {  // one read, before anybody can be paused
    const auto frame = oap::make_frame(oap::kEvent | oap::kAckReq, {}, i,
                                       Rig::gossip("a", std::string(200'000, 'x')));
    rig_.raw(client, frame.bytes());
    if (!rig_.of(client).wants_read(client)) break;
  }
  EXPECT_FALSE(rig_.of(client).wants_read(client)) << "a congested way pauses who feeds it";
  EXPECT_LT(rig_.shard(0).outbox(1).bytes, budget + 300'000);
  // Repair is asked for in one small frame, and its answer is cut where the way is full.
  rig_.auto_turn_ = true;
  rig_.turn();
  rig_.auto_turn_ = false;
  rig_.take(peer);
  const mesh::OriginId origin = mesh::origin_of(self().node);
  for (int i = 0; i < 3; ++i) {
    const oap::IdRange all{.origin = origin, .epoch = 65'536'000, .first = 1, .last = 100};
    rig_.send(peer, oap::kEvent, 0, oap::write_ids(oap::IdsKind::kIwant, std::span(&all, 1)));
    while (auto mail = rig_.shard(1).take_mail(0)) rig_.mail_to(0, std::move(*mail));
  }
  EXPECT_LT(rig_.shard(0).outbox(1).bytes, 2 * budget + 300'000);
  EXPECT_GT(shed(mesh::Lane::kRelay, PeerShed::kFull), 0U);
}

TEST_F(Peer, ThatIsSlowGetsNothingThatHasWaitedTooLong) {
  const SessionId slow = linked();
  const SessionId client = rig_.active();
  rig_.publish(client, "a", std::string(800, 'x'));
  ASSERT_EQ(count(rig_.receive(slow), "relay"), 1U);
  EXPECT_EQ(rig_.stats().peer_waits.counts[0], 1U) << "written at once";

  const std::string large(700'000, 'x');  // two of them, and its window is used up
  for (int i = 0; i < 6; ++i) rig_.publish(client, "a", large);
  rig_.receive(slow);
  const auto waiting = rig_.stats().peer_lane_frames[static_cast<std::size_t>(mesh::Lane::kOwn)];
  ASSERT_GE(waiting, 3U);
  rig_.wait(gossip::PeerLaneLimits{}.deadline - 1s);
  rig_.publish(client, "a", "in time");
  EXPECT_EQ(shed(mesh::Lane::kOwn, PeerShed::kLate), 0U);
  rig_.wait(2s);
  rig_.send(slow, oap::kEvent, 0, oap::write_credit(8U << 20U));
  const auto got = rig_.receive(slow);
  EXPECT_EQ(shed(mesh::Lane::kOwn, PeerShed::kLate), waiting);
  EXPECT_EQ(count(got, "relay"), 1U) << "the one that came later";
  EXPECT_EQ(rig_.stats().peer_waits.counts[12], 1U) << "after two seconds";
  rig_.wait(10ms);
  const auto told = rig_.receive(slow);
  ASSERT_EQ(count(told, "ihave"), 1U) << "what was let go is announced";
  for (const auto& frame : told) {
    const auto ids = oap::read_ids(*oap::read_message(frame.payload));
    oap::IdRange range;
    if (frame.kind != "ihave") continue;
    auto walk = *ids;
    ASSERT_TRUE(walk.next(range));
    EXPECT_EQ(range.last, 7U) << "without what was in time";
    EXPECT_LE(range.first, 8U - waiting);
  }
}

TEST_F(Peer, ThatDoesNotDrainControlIsLetGo) {
  const SessionId peer = linked();
  CorrId corr = 100;
  for (int i = 0; i < 6000 && rig_.closed(peer) == nullptr; ++i) {
    if (rig_.of(peer).discards(peer)) break;
    ASSERT_TRUE(rig_.of(peer).wants_read(peer)) << "a peer is never paused for its answers";
    rig_.send(peer, oap::kReq, corr++, oap::write_ping());
  }
  EXPECT_TRUE(rig_.of(peer).discards(peer));
  EXPECT_LE(rig_.shard(0).answers_waiting(peer), 4100U);
  EXPECT_EQ(rig_.shard(0).membership()->active, 0U);
  rig_.wait(6s);
  ASSERT_NE(rig_.closed(peer), nullptr);
  EXPECT_EQ(rig_.closed(peer)->reason, CloseReason::kSlow);
  EXPECT_EQ(rig_.stats().slab_bytes, 0U);
}

// ---- ends --------------------------------------------------------------------------------------

TEST_F(Peer, IsGoneWithItsStream) {
  SessionId peer = linked();
  EXPECT_EQ(rig_.shard(0).membership()->active, 1U);
  rig_.handle(peer, PeerFinished{peer});
  EXPECT_EQ(rig_.shard(0).membership()->active, 0U);
  peer = linked();
  rig_.handle(peer, StreamLost{peer});
  EXPECT_EQ(rig_.shard(0).membership()->active, 0U);
  EXPECT_EQ(rig_.shard(0).peers(rig_.now()).size(), 0U);
  EXPECT_EQ(rig_.stats().peer_sessions, 0U);
}

TEST_F(Peer, IsHungUpOnInOrder) {
  const SessionId peer = linked();
  rig_.handle_all(PeerHangup{other().node});
  EXPECT_TRUE(rig_.of(peer).discards(peer));
  rig_.receive(peer);
  EXPECT_TRUE(rig_.finished(peer));
  rig_.handle(peer, PeerFinished{peer});
  ASSERT_NE(rig_.closed(peer), nullptr);
  EXPECT_EQ(rig_.closed(peer)->reason, CloseReason::kMesh);
}

TEST_F(Peer, IsHungUpOnByTheAddressItWasNamedBy) {
  rig_.handle_all(PeerDial{"there:7", other().node});
  ASSERT_EQ(rig_.shard(0).named_peers().size(), 1U);
  EXPECT_EQ(rig_.shard(0).named_peers()[0].addr, "there:7");
  rig_.handle_all(PeerWithdraw{"there:7"});
  EXPECT_TRUE(rig_.shard(0).named_peers().empty());
}

// ---- dials -------------------------------------------------------------------------------------

class Dialing : public ::testing::Test {
 protected:
  explicit Dialing(std::optional<NodeId> expected = other().node)
      : rig_(peer_config(self(), {{"there:1", expected}})) {
    EXPECT_LE(rig_.shard(0).next_deadline(), rig_.now()) << "the first tick dials";
    rig_.wait(1ms);
  }

  SessionId dialed() {
    const auto dial = rig_.shard(0).take_dial();
    EXPECT_TRUE(dial && dial->addr == "there:1");
    const auto id = rig_.open_dialed(dial->dial);
    EXPECT_TRUE(id.has_value());
    return *id;
  }
  SessionId greeted(const Channel& channel = other().channel()) {
    const SessionId id = dialed();
    rig_.handle(id, ChannelReady{id, channel});
    return id;
  }
  static oap::HelloAck ack() {
    oap::HelloAck ack;
    ack.node = other().node;
    ack.limits.max_frame = oap::kMaxFrame;
    ack.limits.window = 1U << 20U;
    ack.epoch = 7;
    return ack;
  }
  const mesh::MembershipStats& mesh() { return *rig_.shard(0).membership(); }

  Rig rig_;
};

TEST_F(Dialing, SaysHelloFirstAndIsUpWithTheAnswer) {
  const SessionId id = greeted();
  auto got = rig_.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "hello");
  EXPECT_EQ(got[0].header.flags, oap::kReq);
  const auto message = oap::read_message(got[0].payload);
  const auto hello = oap::read_hello(*message);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->role, oap::Role::kPeer);
  EXPECT_EQ(hello->node, self().node);
  EXPECT_EQ(hello->epoch, 65'536'000U);
  EXPECT_EQ(hello->max_frame, oap::kMaxFrame);
  EXPECT_EQ(mesh().sessions, 0U);
  rig_.send(id, oap::kResp, 1, oap::write_hello_ack(ack()));
  EXPECT_EQ(mesh().sessions, 1U);
  got = rig_.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "link");
  rig_.wait(100ms);
  EXPECT_EQ(rig_.closed(id), nullptr);
}

TEST_F(Dialing, NobodyButTheExpectedNode) {  // OAP-9.82
  const Identity third(102);
  const SessionId id = greeted(third.channel());
  EXPECT_TRUE(rig_.receive(id).empty()) << "not a word to a stranger";
  EXPECT_TRUE(rig_.finished(id));
  EXPECT_EQ(mesh().dials_failed, 1U);
}

TEST_F(Dialing, NobodyWithoutACertificate) {
  const SessionId id = greeted(Channel{});
  EXPECT_TRUE(rig_.receive(id).empty());
  EXPECT_TRUE(rig_.finished(id));
  EXPECT_EQ(mesh().dials_failed, 1U);
}

TEST_F(Dialing, FailsWithWhateverIsNoHelloAckOfThatNode) {  // OAP-9.81 OAP-9.82
  oap::HelloAck wrong_node = ack();
  wrong_node.node = self().node;
  oap::HelloAck no_epoch = ack();
  no_epoch.epoch.reset();
  oap::HelloAck small = ack();
  small.limits.max_frame = 4096;
  const oap::WireError busy{oap::Code::kNotReady, "not now", true, 0};
  const std::vector<std::pair<std::uint16_t, Bytes>> answers = {
      {oap::kResp, oap::write_hello_ack(wrong_node)},
      {oap::kResp, oap::write_hello_ack(no_epoch)},
      {oap::kResp, oap::write_hello_ack(small)},
      {oap::kResp, oap::write_error(busy)},
      {oap::kEvent, oap::write_keep()},
  };
  for (const auto& [flags, payload] : answers) {
    Rig rig(peer_config(self(), {{"there:1", {}}}));
    rig.wait(1ms);
    const SessionId id = *rig.open_dialed(rig.shard(0).take_dial()->dial);
    rig.handle(id, ChannelReady{id, other().channel()});
    rig.receive(id);
    rig.send(id, flags, flags == oap::kEvent ? 0 : 1, payload);
    EXPECT_EQ(rig.shard(0).membership()->dials_failed, 1U);
    EXPECT_EQ(rig.shard(0).membership()->sessions, 0U);
    EXPECT_TRUE(rig.finished(id));
  }
}

TEST_F(Dialing, FailsWithItsStreamOrInTime) {
  const SessionId id = dialed();
  rig_.handle(id, StreamLost{id});
  EXPECT_EQ(mesh().dials_failed, 1U);
}

TEST_F(Dialing, FailsWhenTheDriverSaysSo) {
  const auto dial = rig_.shard(0).take_dial();
  ASSERT_TRUE(dial);
  rig_.handle_all(DialFailed{dial->dial});
  EXPECT_EQ(mesh().dials_failed, 1U);
  rig_.handle_all(DialFailed{dial->dial});
  EXPECT_EQ(mesh().dials_failed, 1U) << "once";
  EXPECT_FALSE(rig_.open_dialed(dial->dial)) << "too late";
}

// ---- behaviour ---------------------------------------------------------------------------------

TEST(PeerConduct, WhoeverIsLetGoForItIsTold) {  // OAP-9.74
  NodeConfig config = peer_config(self(), {});
  config.mesh->times.dead = 1h;  // nobody here answers pings
  Rig rig(config, 1);
  rig.wait(1ms);
  const std::array<Identity, 3> identities = {Identity(101), Identity(102), Identity(103)};
  std::vector<SessionId> sessions;
  for (const Identity& each : identities) {
    sessions.push_back(rig.open(0, each.channel()));
    rig.send(sessions.back(), oap::kReq, 9, oap::write_hello(peer_hello(each)));
    rig.send(sessions.back(), oap::kReq, 10,
             oap::write_link({.prio = true, .leaf = false, .addr = {}}));
  }
  const Bytes broken = oap::write_traced({});  // seq 0
  for (int i = 0; i < 6; ++i) rig.send(sessions[1], oap::kEvent, 0, broken);
  ASSERT_FALSE(rig.shard(0).take_expelled());
  rig.wait(1100ms);
  const auto expelled = rig.shard(0).take_expelled();
  ASSERT_TRUE(expelled);
  EXPECT_EQ(expelled->verdict.node, identities[1].node);
  EXPECT_GE(expelled->points, 100);
  EXPECT_EQ(expelled->reasons[static_cast<std::size_t>(mesh::Misdeed::kMalformed)].count, 6U);
  EXPECT_FALSE(rig.shard(0).take_expelled()) << "once";
  EXPECT_EQ(rig.shard(0).membership()->expelled, 1U);
  EXPECT_EQ(rig.shard(0).membership()->active, 2U);
}

}  // namespace
}  // namespace ron::node::testing
