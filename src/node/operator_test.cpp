// What an operator sees and asks: docs/OAP-1.md section 10.
#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

constexpr Channel kUnix{.kind = ChannelKind::kUnix, .authenticated = true};

Bytes control(std::string op, std::vector<oap::ControlOut::Arg> args = {}) {
  return oap::write_control({std::move(op), std::move(args)});
}

std::string body_of(const Out& out) {
  const auto message = oap::read_message(out.payload);
  const auto body = message ? oap::read_control_ok(*message) : oap::Decoded<std::string_view>{};
  return body ? std::string(*body) : std::string();
}

TEST(Control, GoesToTheDriverAndItsAnswerBack) {
  Rig rig;
  const SessionId id = rig.active(0, Rig::hello_of(), kUnix);
  rig.send(id, oap::kReq, 7, control("log-level", {{"level", "debug"}, {"a", "b"}}), {1, 2});
  EXPECT_TRUE(rig.receive(id).empty()) << "nobody has answered yet";
  EXPECT_EQ(rig.control_orders(), 1U);
  const auto request = rig.shard(0).take_control();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->op, "log-level");
  EXPECT_EQ(request->args.size(), 2U);
  EXPECT_FALSE(rig.shard(0).take_control().has_value());
  rig.handle(id, ControlDone{request->session, request->corr, request->tenant, "{\"x\":1}", {}});
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "control_ok");
  EXPECT_EQ(got[0].header.corr, 7U);
  EXPECT_EQ(got[0].header.tenant, (TenantId{1, 2}));
  EXPECT_EQ(body_of(got[0]), "{\"x\":1}");
  rig.handle(id, ControlDone{request->session, request->corr, request->tenant, "again", {}});
  EXPECT_TRUE(rig.receive(id).empty()) << "answered once";
}

TEST(Control, AnErrorAnswersToo) {
  Rig rig;
  const SessionId id = rig.active(0, Rig::hello_of(), kUnix);
  rig.send(id, oap::kReq, 7, control("dance"));
  rig.handle(id, ControlDone{id, 7, {}, {}, oap::WireError{oap::Code::kNotFound, "no", false, 0}});
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "NotFound");
}

TEST(Control, IsForTheUnixSocketOnly) {
  Rig rig;
  for (const ChannelKind kind : {ChannelKind::kTcp, ChannelKind::kTls, ChannelKind::kMem}) {
    const SessionId id = rig.active(0, Rig::hello_of(), {.kind = kind, .authenticated = true});
    rig.send(id, oap::kReq, 7, control("drain"));
    EXPECT_EQ(rig.receive(id)[0].code(), "Forbidden");
    oap::SubOut tap;
    tap.topics = {"**"};
    tap.tap = true;
    rig.send(id, oap::kReq, 8, oap::write_sub(tap));
    EXPECT_EQ(rig.receive(id)[0].code(), "Forbidden");
  }
  EXPECT_EQ(rig.control_orders(), 0U);
}

TEST(Control, FaultsAndFloodsAreRefused) {
  Rig rig;
  const SessionId id = rig.active(0, Rig::hello_of(), kUnix);
  std::vector<oap::ControlOut::Arg> many;
  for (int i = 0; i < 17; ++i) many.emplace_back("k" + std::to_string(i), "v");
  rig.send(id, oap::kReq, 2, control("status", many));
  EXPECT_EQ(rig.receive(id)[0].code(), "BadFrame");
  for (CorrId corr = 10; corr < 10 + 64; ++corr) rig.send(id, oap::kReq, corr, control("status"));
  EXPECT_TRUE(rig.receive(id).empty());
  rig.send(id, oap::kReq, 99, control("status"));
  EXPECT_EQ(rig.receive(id)[0].code(), "Busy");
}

TEST(Control, IsAnsweredBeforeASessionThatHasFinishedGoes) {
  Rig rig;
  const SessionId id = rig.active(0, Rig::hello_of(), kUnix);
  rig.send(id, oap::kReq, 7, control("status"));
  rig.handle(id, PeerFinished{id});
  EXPECT_FALSE(rig.finished(id));
  rig.handle(id, ControlDone{id, 7, {}, "{}", {}});
  EXPECT_EQ(rig.receive(id).size(), 1U);
  EXPECT_TRUE(rig.finished(id));
}

TEST(Tap, WatchesWithoutCountingAsAReceiver) {
  for (const unsigned shards : {1U, 2U}) {
    Rig rig(Rig::quiet_config(), shards);
    const SessionId tap = rig.active(0, Rig::hello_of(), kUnix);
    oap::SubOut sub;
    sub.topics = {"**"};
    sub.tap = true;
    rig.send(tap, oap::kReq, 8, oap::write_sub(sub));
    EXPECT_EQ(rig.receive(tap)[0].kind, "ack");
    const SessionId publisher = rig.active(static_cast<ShardIndex>(shards - 1));
    rig.send(publisher, oap::kEvent | oap::kAckReq, 5, Rig::gossip("a/b", "x"));
    EXPECT_EQ(rig.receive(publisher)[0].ack().to, 0U);
    EXPECT_EQ(rig.receive(tap)[0].data(), "x");
  }
}

TEST(Views, ShowSessionsPatternsAndTopics) {
  NodeConfig config = Rig::quiet_config();
  config.session.lanes.gossip_frames = 8 * 32;
  Rig rig(config);
  oap::Hello hello = Rig::hello_of(1);
  hello.agent = "slow/1";
  const SessionId slow = rig.active(0, hello);
  const SessionId other = rig.active();
  rig.subscribe(slow, "a/*");
  rig.subscribe(other, "a/*");
  rig.subscribe(other, "a/*", "g");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 1000; ++i) rig.publish(publisher, "a/b", "0123456789");
  rig.send(publisher, oap::kEvent, 0, Bytes{0xa0});  // no kind: refused
  rig.wait(3s);
  const auto views = rig.shard(0).sessions(rig.now());
  ASSERT_EQ(views.size(), 3U);
  const SessionView& view = views[0];
  EXPECT_EQ(view.id, slow);
  EXPECT_EQ(view.agent, "slow/1");
  EXPECT_EQ(view.age, 3s);
  EXPECT_EQ(view.subscriptions, 1U);
  EXPECT_GT(view.lane_frames, 0U);
  EXPECT_GT(view.lane_bytes, 0U);
  EXPECT_GT(view.dropped, 0U);
  EXPECT_EQ(view.delivered + view.dropped, 1000U);
  EXPECT_EQ(views[2].published, 1000U);
  EXPECT_EQ(views[2].refused, 1U);
  const auto patterns = rig.shard(0).patterns();
  ASSERT_EQ(patterns.size(), 2U);
  EXPECT_EQ(patterns[0].pattern, "a/*");
  EXPECT_EQ(patterns[0].sessions, 2U);
  EXPECT_EQ(patterns[1].group, "g");
  const auto topics = rig.shard(0).topics();
  ASSERT_EQ(topics.size(), 1U);
  EXPECT_EQ(topics[0].topic, "a/b");
  EXPECT_EQ(topics[0].published, 1000U);
  EXPECT_GT(topics[0].bytes, 1000U * 40);
  EXPECT_EQ(topics[0].receivers, 3U);
  EXPECT_FALSE(rig.receive(other).empty());
  rig.subscribe(other, "z");
  rig.publish(publisher, "a/b", "x");
  EXPECT_EQ(rig.shard(0).topics()[0].published, 1001U) << "a change of the index loses no count";
}

TEST(Reconfigure, HoldsAtOnceButKeepsWhatAnOpenSessionWasTold) {
  NodeConfig config;
  config.session.inflight = 2;
  config.session.rps = 5;
  Rig rig(config);
  const SessionId before = rig.active();
  LiveConfig live{.times = config.times, .session = config.session, .max_sessions = 2};
  live.queue_bytes = config.queue_bytes;
  live.subscription_bytes = config.subscription_bytes;
  live.mail_bytes = config.mail_bytes;
  live.input_bytes = config.input_bytes;
  live.times.idle = 1s;
  live.session.rps = 1;
  live.session.patterns = 1;
  rig.shard(0).reconfigure(live, rig.now());
  oap::SubOut two;
  two.topics = {"a", "b"};
  rig.send(before, oap::kReq, 20, oap::write_sub(two));
  EXPECT_EQ(rig.receive(before)[0].code(), "QuotaExceeded") << "patterns: of every session";
  rig.send(before, oap::kReq, 21, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(before)[0].kind, "ack") << "its rate is the one it was told";
  const SessionId after = rig.active();
  rig.send(after, oap::kReq, 20, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(after)[0].kind, "ack");
  rig.send(after, oap::kReq, 21, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(after)[0].code(), "QuotaExceeded");
  EXPECT_FALSE(rig.shard(0).open(rig.now()).has_value()) << "the table is full";
  rig.wait(1100ms);
  EXPECT_EQ(rig.receive(before).back().code(), "Timeout") << "idle: of every session";
}

}  // namespace
}  // namespace ron::node::testing
