// The handshake and the life of a session: OAP-3.*, OAP-1.33 to 1.36, OAP-6.*.
#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

TEST(Handshake, AnswersWithLimitsAndTheTruthAboutTheChannel) {  // OAP-3.12 OAP-3.14 OAP-3.18
  NodeConfig config;
  config.agent = "ron/test";
  Rig rig(config);
  for (const bool hybrid : {false, true}) {
    const SessionId id = rig.open(0, {.kind = ChannelKind::kTls, .hybrid = hybrid});
    oap::Hello hello = Rig::hello_of();
    hello.max_frame = 4096;
    hello.comp_zstd = true;
    rig.send(id, oap::kReq, 77, oap::write_hello(hello), {5, 6});
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].header.corr, 77U);
    EXPECT_EQ(got[0].header.flags, oap::kResp);
    EXPECT_TRUE(got[0].header.tenant.is_default());
    const oap::HelloAck ack = got[0].hello_ack();
    EXPECT_EQ(ack.pq, hybrid ? oap::Pq::kHybrid : oap::Pq::kOff);
    EXPECT_TRUE(ack.comp_zstd);
    EXPECT_EQ(ack.limits.max_frame, 4096U);
    EXPECT_EQ(ack.limits.fps, 100'000U);
    EXPECT_EQ(ack.limits.rps, 200U);
    EXPECT_EQ(ack.limits.inflight, 32U);
    EXPECT_EQ(ack.limits.window, 1U << 20U);
    EXPECT_EQ(ack.limits.chunk, 64U * 1024);
    EXPECT_EQ(ack.agent, "ron/test");
    EXPECT_EQ(ack.session, id.value);
  }
  EXPECT_EQ(rig.stats().sessions_opened, 2U);
  EXPECT_EQ(rig.stats().pq_hybrid, 1U);
  EXPECT_EQ(rig.stats().pq_classical, 1U);
}

TEST(Handshake, CountsAndTellsAHybridClientOnAClassicalChannel) {
  Rig rig;
  oap::Hello wants = Rig::hello_of();
  wants.pq = oap::Pq::kHybrid;
  const auto greet = [&](const Channel& channel, const oap::Hello& hello) {
    rig.send(rig.open(0, channel), oap::kReq, 1, oap::write_hello(hello));
    return rig.stats().downgrades;
  };
  EXPECT_EQ(greet({.kind = ChannelKind::kTls, .hybrid = true}, wants), 0U);
  EXPECT_EQ(greet({.kind = ChannelKind::kTls, .hybrid = false}, Rig::hello_of()), 0U);
  EXPECT_EQ(greet({.kind = ChannelKind::kTcp, .hybrid = false}, wants), 0U) << "nothing to narrow";
  EXPECT_TRUE(rig.downgraded().empty());
  EXPECT_EQ(greet({.kind = ChannelKind::kTls, .hybrid = false}, wants), 1U);
  EXPECT_EQ(rig.downgraded().size(), 1U);
}

struct Refusal {
  std::string what;
  std::string code;
  Bytes payload;
  std::uint16_t flags = oap::kReq;
};

TEST(Handshake, RefusesWithOneErrorAndAnOrderlyClose) {  // OAP-3.1 OAP-3.3 OAP-1.33 OAP-1.34
  oap::Hello no_version = Rig::hello_of();
  no_version.version_1 = false;
  oap::Hello token = Rig::hello_of();
  token.token = "macaroon:AAAA";
  oap::Hello peer = Rig::hello_of();
  peer.role = oap::Role::kPeer;
  peer.node = NodeId{};
  peer.epoch = 1;
  const std::vector<Refusal> refusals = {
      {"not a hello", "BadFrame", oap::write_keep(), oap::kEvent},
      {"hello as event", "BadFrame", oap::write_hello(Rig::hello_of()), oap::kEvent},
      {"not CBOR", "BadFrame", Bytes{0xff}, oap::kReq},
      {"version", "BadVersion", oap::write_hello(no_version)},  // OAP-3.15
      {"token", "Unauth", oap::write_hello(token)},             // OAP-3.20
      {"peer", "BadVersion", oap::write_hello(peer)},
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.what);
    Rig rig;
    const SessionId id = rig.open();
    rig.send(id, refusal.flags, 9, refusal.payload);
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, "error");
    EXPECT_EQ(got[0].code(), refusal.code);
    EXPECT_EQ(got[0].header.corr, 9U);
    EXPECT_TRUE(rig.finished(id));
    EXPECT_EQ(rig.closed(id), nullptr) << "input is discarded for a moment first";
    EXPECT_TRUE(rig.of(id).discards(id));
    rig.wait(1s);
    ASSERT_NE(rig.closed(id), nullptr);
    EXPECT_EQ(rig.stats().sessions, 0U);
    EXPECT_EQ(rig.stats().slab_bytes, 0U);
  }
}

TEST(Handshake, ASecondHelloEndsTheSession) {  // OAP-3.22
  Rig rig;
  const SessionId id = rig.active();
  rig.send(id, oap::kReq, 2, oap::write_hello(Rig::hello_of()));
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "BadFrame");
  EXPECT_TRUE(rig.finished(id));
}

TEST(Handshake, PqRequireSparesLocalStreamsOnly) {  // OAP-3.16 OAP-3.25 OAP-3.26
  NodeConfig config;
  config.pq_mode = PqMode::kRequire;
  Rig rig(config);
  for (const auto& [channel, ok] :
       std::vector<std::pair<Channel, bool>>{{{.kind = ChannelKind::kTcp}, false},
                                             {{.kind = ChannelKind::kTls, .hybrid = false}, false},
                                             {{.kind = ChannelKind::kTls, .hybrid = true}, true},
                                             {{.kind = ChannelKind::kUnix}, true},
                                             {{.kind = ChannelKind::kMem}, true}}) {
    const SessionId id = rig.open(0, channel);
    rig.send(id, oap::kReq, 1, oap::write_hello(Rig::hello_of()));
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].kind, ok ? "hello_ack" : "error");
    if (!ok) {
      EXPECT_EQ(got[0].code(), "BadVersion");
    }
  }
  EXPECT_EQ(rig.stats().pq_incompatible, 2U);
}

TEST(Handshake, NotReadyIsForEverybodyButTheUnixSocket) {  // OAP-3.23 OAP-3.24
  Rig rig;
  rig.handle_all(Readiness{false});
  const SessionId tcp = rig.open(0, {.kind = ChannelKind::kTcp});
  rig.send(tcp, oap::kReq, 1, oap::write_hello(Rig::hello_of()));
  auto got = rig.receive(tcp);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "NotReady");
  rig.active(0, Rig::hello_of(), {.kind = ChannelKind::kUnix});
}

TEST(Handshake, TimesOutFromAccept) {  // OAP-3.2
  Rig rig;
  const SessionId silent = rig.open();
  const SessionId in_tls = *rig.shard(0).open(rig.now());
  rig.wait(2999ms);
  EXPECT_EQ(rig.closed(in_tls), nullptr);
  rig.wait(1ms);
  const auto got = rig.receive(silent);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "Timeout");
  EXPECT_NE(rig.closed(in_tls), nullptr) << "no error frame can go out before TLS is through";
  EXPECT_EQ(rig.stats().timeouts_handshake, 2U);
}

TEST(Session, IdleEndsInTimeoutAndKeepComesAtAThird) {  // OAP-3.32 OAP-3.33 OAP-3.34
  Rig rig;
  const SessionId id = rig.active();
  rig.wait(4999ms);
  EXPECT_TRUE(rig.receive(id).empty());
  rig.wait(1ms);
  auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "keep");
  rig.send(id, oap::kEvent, 0, oap::write_keep());  // winds the idle timer
  rig.wait(14s);
  rig.receive(id);
  EXPECT_FALSE(rig.finished(id));
  rig.wait(1s);
  got = rig.receive(id);
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back().code(), "Timeout");
  EXPECT_EQ(rig.stats().timeouts_idle, 1U);
}

TEST(Session, AFrameMustBeWholeInTime) {  // OAP-3.29
  Rig rig;
  const SessionId id = rig.active();
  const Slice frame =
      oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("t", std::string(200'000, 'x')));
  rig.raw(id, frame.bytes().first(1000));
  rig.wait(5s + 2999ms);  // 5 s, and one for each whole 64 KiB of len
  rig.receive(id);
  EXPECT_FALSE(rig.finished(id));
  rig.wait(1ms);
  const auto got = rig.receive(id);
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back().code(), "Timeout");
  EXPECT_EQ(rig.stats().timeouts_read, 1U);
}

TEST(Session, AStalledWriteIsCutOff) {  // OAP-3.31
  Rig rig;
  const SessionId subscriber = rig.active();
  rig.subscribe(subscriber, "t");
  const SessionId publisher = rig.active();
  rig.publish(publisher, "t", "x");
  std::array<IoPiece, 4> pieces;
  ASSERT_GT(rig.of(subscriber).gather(subscriber, pieces, 65536, rig.now()), 0U);
  rig.wait(4999ms);
  EXPECT_EQ(rig.closed(subscriber), nullptr);
  rig.wait(1ms);
  ASSERT_NE(rig.closed(subscriber), nullptr);
  EXPECT_EQ(rig.closed(subscriber)->reason, CloseReason::kTimeout);
}

TEST(Session, HalfCloseAnswersWhatCameAndFinMidFrameIsSilent) {  // OAP-1.35 OAP-1.36
  Rig rig;
  const SessionId polite = rig.active();
  rig.send(polite, oap::kReq, 5, Rig::gossip("t", "x"));
  rig.handle(polite, PeerFinished{polite});
  EXPECT_EQ(rig.closed(polite), nullptr);
  const auto got = rig.receive(polite);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "ack");
  EXPECT_TRUE(rig.finished(polite));
  EXPECT_NE(rig.closed(polite), nullptr);

  const SessionId rude = rig.active();
  rig.raw(rude, Bytes{0, 0, 0});
  rig.handle(rude, PeerFinished{rude});
  EXPECT_TRUE(rig.receive(rude).empty());
  EXPECT_NE(rig.closed(rude), nullptr);
}

TEST(Drain, SaysByeRefusesRequestsDeliversAndEnds) {  // OAP-6.1 OAP-6.3 OAP-6.4
  Rig rig;
  const SessionId a = rig.active();
  const SessionId b = rig.active();
  rig.subscribe(a, "t");
  rig.publish(b, "t", "last words");
  rig.handle_all(Drain{3s, "shutdown"});
  rig.send(b, oap::kReq, 8, Rig::gossip("t", "too late"));
  auto to_b = rig.receive(b);
  ASSERT_EQ(to_b.size(), 2U);
  EXPECT_EQ(to_b[0].kind, "bye");
  EXPECT_EQ(to_b[1].code(), "NotReady");
  rig.wait(300ms);
  const auto to_a = rig.receive(a);
  ASSERT_EQ(to_a.size(), 2U);
  EXPECT_EQ(to_a[0].kind, "bye");
  EXPECT_EQ(to_a[1].data(), "last words");
  for (const SessionId id : {a, b}) {
    EXPECT_TRUE(rig.finished(id));
    rig.handle(id, PeerFinished{id});
  }
  ASSERT_NE(rig.drained(), nullptr);
  EXPECT_EQ(rig.drained()->count, 0U);
}

TEST(Drain, CutsOffAtTheDeadline) {  // OAP-6.5
  Rig rig;
  const SessionId deaf = rig.active();
  rig.subscribe(deaf, "t");
  const SessionId b = rig.active();
  rig.publish(b, "t", "unread");
  rig.handle_all(Drain{3s, "shutdown"});
  rig.receive(b);
  rig.wait(2999ms);
  EXPECT_EQ(rig.drained(), nullptr);
  rig.wait(1ms);
  ASSERT_NE(rig.drained(), nullptr);
  EXPECT_EQ(rig.closed(deaf)->reason, CloseReason::kCutOff);
  EXPECT_GE(rig.drained()->count, 1U);
  EXPECT_TRUE(rig.shard(0).next_deadline().is_never());
}

TEST(Drain, ANodeWithoutSessionsIsDrainedAtOnce) {
  Rig rig;
  rig.handle_all(Drain{3s, "shutdown"});
  EXPECT_NE(rig.drained(), nullptr);
}

TEST(Session, TheTableIsBounded) {
  NodeConfig config;
  config.max_sessions = 2;
  Rig rig(config);
  const SessionId first = rig.active();
  rig.active();
  EXPECT_FALSE(rig.shard(0).open(rig.now()).has_value());
  EXPECT_EQ(rig.stats().sessions_refused_full, 1U);
  rig.handle(first, StreamLost{first});
  const SessionId again = rig.active();
  EXPECT_EQ(again.slot(), first.slot());
  EXPECT_NE(again, first) << "a stale id names nobody";
  EXPECT_FALSE(rig.shard(0).pending(first));
}

}  // namespace
}  // namespace ron::node::testing
