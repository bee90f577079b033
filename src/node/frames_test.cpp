// What a frame may be and what answers it: OAP-1.*, OAP-2.*, OAP-3.*, and where everything ends.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "node/shard_rig.hpp"
#include "oap/comp.hpp"

namespace ron::node::testing {
namespace {

Bytes raw_frame(std::uint16_t flags, CorrId corr, const Bytes& payload) {
  const Slice frame = oap::make_frame(flags, {}, corr, payload);
  return {frame.bytes().begin(), frame.bytes().end()};
}

// One answered fault; the session goes on.
void expect_stays(Rig& rig, SessionId id, std::uint16_t flags, const Bytes& payload) {
  rig.send(id, flags, 77, payload, {0, 9});
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].code(), "BadFrame");
  EXPECT_EQ(got[0].header.flags, oap::kResp);
  EXPECT_EQ(got[0].header.corr, 77U);
  EXPECT_EQ(got[0].header.tenant, (TenantId{0, 9}));
  EXPECT_FALSE(rig.finished(id));
}

TEST(Faults,
     OfAPayloadAreAnsweredAndTheSessionStays) {  // OAP-2.7 OAP-2.8 OAP-2.20 OAP-2.26 OAP-1.26
  Rig rig;
  const SessionId id = rig.active();
  const Bytes whole = Rig::gossip("t", "x");
  for (const Bytes& payload :
       std::vector<Bytes>{{},
                          {0xa0},
                          {0x01},
                          {0xa1, 0x64, 'k', 'i', 'n', 'd', 0x66, 'g', 'o', 's', 's', 'i', 'p'},
                          Bytes(whole.begin(), whole.end() - 1)}) {
    expect_stays(rig, id, oap::kReq, payload);
    expect_stays(rig, id, oap::kEvent | oap::kAckReq, payload);  // OAP-1.28
  }
  rig.send(id, oap::kReq, 5, whole);
  EXPECT_EQ(rig.receive(id).at(0).kind, "ack");
}

TEST(Faults, OfAKindAreAnsweredAndTheSessionStays) {  // OAP-2.22 OAP-2.23 OAP-2.25
  Rig rig;
  const SessionId id = rig.active();
  expect_stays(rig, id, oap::kReq, {0xa1, 0x64, 'k', 'i', 'n', 'd', 0x63, 'n', 'e', 'w'});
  expect_stays(rig, id, oap::kEvent | oap::kAckReq, oap::write_keep());
  expect_stays(rig, id, oap::kReq, oap::write_keep());
  expect_stays(rig, id, oap::kReq, oap::write_credit(1));
  oap::SubOut sub;
  sub.topics = {"t"};
  expect_stays(rig, id, oap::kEvent | oap::kAckReq, oap::write_sub(sub));
  EXPECT_EQ(rig.stats().subscriptions, 0U);
}

TEST(Faults, OfAPlainEventAreDroppedCountedAndTold) {  // OAP-1.27 OAP-1.30 OAP-2.24 OAP-2.27
  Rig rig;
  const SessionId id = rig.active();
  rig.send(id, oap::kEvent, 5, {0xa1, 0x64, 'k', 'i', 'n', 'd', 0x63, 'n', 'e', 'w'});
  EXPECT_TRUE(rig.receive(id).empty()) << "an unknown kind is ignored";
  EXPECT_EQ(rig.stats().unknown_kinds, 1U);
  rig.send(id, oap::kEvent, 5, {0xff});
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].kind, "refused");
  EXPECT_EQ(got[0].refused().code, "BadFrame");
  EXPECT_EQ(got[0].refused().dropped, 1U);
  rig.send(id, oap::kEvent, 5, oap::write_keep());
  rig.send(id, oap::kEvent, 5, Rig::gossip("t", "x"));
  EXPECT_TRUE(rig.receive(id).empty()) << "an EVENT asks for nothing";
}

TEST(Faults, AnswersToNothingAreIgnoredAndCounted) {  // OAP-1.25
  Rig rig;
  const SessionId id = rig.active();
  rig.send(id, oap::kResp, 5, oap::write_ack({}));
  rig.send(id, oap::kResp, 5, Bytes{0xff});
  rig.send(id, oap::kResp, 5, Rig::gossip("t", "x"));
  EXPECT_TRUE(rig.receive(id).empty());
  EXPECT_EQ(rig.stats().stray_answers, 3U);
  EXPECT_EQ(rig.stats().published, 0U);
}

struct Fatal {
  std::string what;
  std::string code;
  Bytes wire;
  CorrId corr = 77;
};

Bytes with(Bytes wire, std::size_t at, std::uint8_t value) {
  wire[at] = value;
  return wire;
}

std::vector<Fatal> fatal_frames() {
  const Bytes good = raw_frame(oap::kReq, 77, Rig::gossip("t", "x"));
  Bytes oversize = good;
  store_be(oversize.data(), std::uint32_t{27 + (1U << 20U) + 1});
  Bytes both = oversize;  // the length is judged before version and flags
  both[4] = 9;
  both[6] = 7;
  Bytes version = with(good, 4, 2);
  version[6] = 7;  // the version before the flags
  return {
      {"oversize", "FrameTooLarge", oversize},      // OAP-1.15
      {"oversize first", "FrameTooLarge", both},    // OAP-1.17
      {"short len", "BadFrame", {0, 0, 0, 26}, 0},  // OAP-1.18
      {"version", "BadVersion", version},           // OAP-1.19 OAP-1.20
      {"no type", "BadFrame", with(good, 6, 0)},    // OAP-1.21
      {"two types", "BadFrame", with(good, 6, 3)},  // OAP-1.21
      {"REQ without corr", "BadFrame", raw_frame(oap::kReq, 0, Rig::gossip("t", "x")), 0},
      {"ACKREQ without corr", "BadFrame",
       raw_frame(oap::kEvent | oap::kAckReq, 0, Rig::gossip("t", "x")), 0},  // OAP-1.23
      {"ACKREQ with REQ", "BadFrame",
       raw_frame(oap::kReq | oap::kAckReq, 77, Rig::gossip("t", "x"))},
      {"COMP not agreed", "BadFrame", raw_frame(oap::kEvent | oap::kComp, 77, {1, 2})},  // OAP-1.42
  };
}

TEST(Faults, OfTheEnvelopeEndTheSession) {  // OAP-1.22 OAP-1.24 OAP-1.33 OAP-1.34 OAP-1.46
  for (const Fatal& fatal : fatal_frames()) {
    SCOPED_TRACE(fatal.what);
    Rig rig;
    const SessionId subscriber = rig.active();
    rig.subscribe(subscriber, "**");
    const SessionId id = rig.active();
    Bytes wire = raw_frame(oap::kEvent, 0, Rig::gossip("t", "before"));
    wire.insert(wire.end(), fatal.wire.begin(), fatal.wire.end());
    const Bytes after = raw_frame(oap::kEvent, 0, Rig::gossip("t", "after"));
    wire.insert(wire.end(), after.begin(), after.end());
    rig.raw(id, wire);
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].code(), fatal.code);
    EXPECT_EQ(got[0].header.flags, oap::kResp);
    EXPECT_EQ(got[0].header.corr, fatal.corr);
    EXPECT_TRUE(rig.finished(id));
    EXPECT_TRUE(rig.of(id).discards(id));
    EXPECT_EQ(rig.receive(subscriber).size(), 1U) << "what came before is delivered, nothing after";
    rig.wait(1s);
    EXPECT_NE(rig.closed(id), nullptr) << "at most a second is given to discarding";
  }
}

TEST(Faults, ThePayloadOfAnOversizeFrameIsNeitherAwaitedNorHeld) {  // OAP-1.15 OAP-1.16
  Rig rig;
  const SessionId id = rig.active();
  Bytes header = raw_frame(oap::kEvent, 6, {});
  store_be(header.data(), std::uint32_t{0xffffffff});
  rig.raw(id, header);
  EXPECT_EQ(rig.receive(id).at(0).code(), "FrameTooLarge");
  EXPECT_EQ(rig.stats().slab_bytes, 0U);
}

TEST(Faults,
     OfCompEndTheSessionAlsoWhenItWasAgreed) {  // OAP-1.37 OAP-1.39 OAP-1.43 OAP-1.44 OAP-1.46
  for (const Bytes& payload : std::vector<Bytes>{{}, {1, 2, 3}, {0x28, 0xb5, 0x2f, 0xfd}}) {
    Rig rig;
    oap::Hello hello = Rig::hello_of();
    hello.comp_zstd = true;
    const SessionId id = rig.active(0, hello);
    rig.send(id, oap::kEvent | oap::kComp, 8, payload);
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].code(), "BadFrame");
    EXPECT_EQ(got[0].header.corr, 8U);
    EXPECT_TRUE(rig.finished(id));
  }
}

TEST(Handshake, AHelloHasALimitOfItsOwn) {  // OAP-3.11
  Rig rig;
  const SessionId id = rig.open();
  Bytes header = raw_frame(oap::kReq, 6, {});
  store_be(header.data(), std::uint32_t{27 + 16 * 1024 + 1});
  rig.raw(id, header);
  EXPECT_EQ(rig.receive(id).at(0).code(), "FrameTooLarge");
  EXPECT_TRUE(rig.finished(id));
}

TEST(Handshake, TheAnsweredMaxFrameBindsFromThenOn) {  // OAP-3.18 OAP-3.19 OAP-1.13
  Rig rig;
  oap::Hello hello = Rig::hello_of();
  hello.max_frame = 2048;
  const SessionId id = rig.active(0, hello);
  const std::size_t rest = Rig::gossip("t", "").size() + 2;  // a longer length of `data`
  rig.send(id, oap::kReq, 5, Rig::gossip("t", std::string(2048 - rest, 'x')));
  EXPECT_EQ(rig.receive(id).at(0).kind, "ack");
  rig.send(id, oap::kReq, 6, Rig::gossip("t", std::string(2049 - rest, 'x')));
  EXPECT_EQ(rig.receive(id).at(0).code(), "FrameTooLarge");
}

TEST(Pause, ReadAndIdleTimersStandStillMeanwhile) {  // OAP-3.30
  Rig rig;
  const SessionId id = rig.active();
  Bytes batch;
  for (CorrId corr = 1; corr <= 200; ++corr) {
    const Bytes frame = raw_frame(oap::kReq, corr, Rig::gossip("t", "x"));
    batch.insert(batch.end(), frame.begin(), frame.end());
  }
  rig.raw(id, batch);
  ASSERT_FALSE(rig.of(id).wants_read(id));
  for (int i = 0; i < 10; ++i) rig.wait(4s);  // nobody takes the answers; nothing was gathered
  EXPECT_EQ(rig.closed(id), nullptr);
  EXPECT_FALSE(rig.finished(id));
  std::size_t answers = 0;
  for (int i = 0; i < 10; ++i) {
    for (const Out& frame : rig.receive(id)) answers += frame.kind == "ack" ? 1 : 0;
  }
  EXPECT_EQ(answers, 200U);
}

TEST(Comp, GoesOnlyToWhoAgreedToIt) {  // OAP-4.33 OAP-3.28 OAP-4.30
  for (const unsigned shards : {1U, 2U}) {
    Rig rig(Rig::quiet_config(), shards);
    oap::Hello hello = Rig::hello_of();
    hello.comp_zstd = true;
    const SessionId zipped = rig.active(0, hello);
    const SessionId plain = rig.active(0);
    const SessionId far = rig.active(static_cast<ShardIndex>(shards - 1), hello);
    for (const SessionId id : {zipped, plain, far}) rig.subscribe(id, "t");
    const SessionId publisher = rig.active(0, hello);
    std::string data;
    for (int i = 0; i < 400; ++i) data += std::to_string(i);
    const Bytes payload = Rig::gossip("t", data);
    const auto packed = oap::compress(payload);
    ASSERT_TRUE(packed);
    rig.send(publisher, oap::kEvent | oap::kComp | oap::kAckReq, 9, *packed);
    EXPECT_EQ(rig.receive(publisher).at(0).ack().to, 3U);
    const auto to_zipped = rig.receive(zipped);
    ASSERT_EQ(to_zipped.size(), 1U);
    EXPECT_EQ(to_zipped[0].header.flags, oap::kEvent | oap::kComp);
    EXPECT_EQ(to_zipped[0].payload, *packed) << "byte for byte";
    const auto to_plain = rig.receive(plain);
    ASSERT_EQ(to_plain.size(), 1U);
    EXPECT_EQ(to_plain[0].header.flags, oap::kEvent);
    EXPECT_EQ(to_plain[0].payload, payload);
    EXPECT_EQ(to_plain[0].header.corr, 9U);
    EXPECT_EQ(rig.receive(far).size(), 1U);
  }
}

TEST(Comp, ASmallMaxFrameCountsTheInflatedSize) {  // OAP-1.13 OAP-4.43
  Rig rig;
  oap::Hello hello = Rig::hello_of();
  hello.comp_zstd = true;
  const SessionId publisher = rig.active(0, hello);
  hello.max_frame = 1024;
  const SessionId small = rig.active(0, hello);
  rig.subscribe(small, "t");
  std::string data;
  for (int i = 0; i < 500; ++i) data += std::to_string(i);
  const auto packed = oap::compress(Rig::gossip("t", data));
  ASSERT_TRUE(packed);
  ASSERT_LT(packed->size(), 1024U);
  rig.send(publisher, oap::kEvent | oap::kComp, 0, *packed);
  const auto got = rig.receive(small);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].lagged(), 1U);
}

TEST(Groups, ALossCountsWithTheMemberChosen) {  // OAP-4.40 OAP-4.36
  for (const unsigned shards : {1U, 2U}) {
    NodeConfig config = Rig::quiet_config();
    config.session.lanes.gossip_frames = 32;
    Rig rig(config, shards);
    const SessionId a = rig.active(0);
    const SessionId b = rig.active(static_cast<ShardIndex>(shards - 1));
    rig.subscribe(a, "t", "g");
    rig.subscribe(b, "t", "g");
    const SessionId publisher = rig.active(0);
    for (int i = 0; i < 200; ++i) rig.publish(publisher, "t", std::to_string(i));
    std::uint64_t seen = 0;
    for (const SessionId id : {a, b}) {
      std::uint64_t delivered = 0;
      for (const Out& frame : rig.receive(id)) {
        seen += frame.kind == "lagged" ? frame.lagged() : 1;
        delivered += frame.kind == "gossip" ? 1 : 0;
      }
      EXPECT_EQ(delivered, 25U) << "each lane was filled before anything was lost";
    }
    EXPECT_EQ(seen, 200U);
  }
}

TEST(Groups, AMemberThatTakesOnlySmallFramesIsSpared) {  // OAP-4.36
  for (const unsigned shards : {1U, 2U}) {
    Rig rig(Rig::quiet_config(), shards);
    oap::Hello hello = Rig::hello_of();
    hello.max_frame = 1024;
    const SessionId small = rig.active(static_cast<ShardIndex>(shards - 1), hello);
    const SessionId large = rig.active(0);
    rig.subscribe(small, "t", "g");
    rig.subscribe(large, "t", "g");
    const SessionId publisher = rig.active(0);
    for (int i = 0; i < 10; ++i) rig.publish(publisher, "t", std::string(2000, 'x'));
    EXPECT_TRUE(rig.receive(small).empty());
    EXPECT_EQ(rig.receive(large).size(), 10U);
  }
}

TEST(InputBudget, EndsTheLargeHalfFrameThatExceedsIt) {  // OAP-5.26
  NodeConfig config = Rig::quiet_config();
  config.session.chunk_bytes = 4096;
  config.input_bytes = 10'000;
  Rig rig(config);
  const auto half = [](std::size_t size) {
    const Slice frame =
        oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("t", std::string(size, 'x')));
    return Bytes(frame.bytes().begin(), frame.bytes().end() - 1);
  };
  const SessionId within = rig.active(), over = rig.active(), small = rig.active();
  rig.raw(within, half(9000));
  EXPECT_TRUE(rig.receive(within).empty());
  rig.raw(small, half(2000));
  EXPECT_TRUE(rig.receive(small).empty())
      << "over the budget, but a small frame always gets through";
  rig.raw(over, half(9000));
  const auto last = rig.receive(over);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].code(), "Busy");
  EXPECT_TRUE(rig.shard(0).discards(over));
  EXPECT_FALSE(rig.shard(0).discards(small));
  rig.raw(small, Bytes{0});  // the last byte: fanout
  EXPECT_EQ(rig.stats().published, 1U) << "and it went on";
}

// When answers nobody reads and the like have taken it all, even small ones go: nothing else would
// stop memory.
TEST(InputBudget, EndsEveryHalfFrameOnceNoBlockIsLeft) {  // OAP-5.26
  NodeConfig config = Rig::quiet_config();
  config.session.chunk_bytes = 4096;
  config.input_bytes = 10'000;
  config.queue_bytes = 40'000;
  Rig rig(config);
  const Slice frame = oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("t", std::string(3000, 'x')));
  const Bytes half(frame.bytes().begin(), frame.bytes().end() - 1);
  std::vector<SessionId> sessions;
  for (int i = 0; i < 40; ++i) sessions.push_back(rig.active());
  std::size_t refused = 0;
  for (const SessionId id : sessions) {
    rig.raw(id, half);
    const auto got = rig.receive(id);
    if (!got.empty() && got[0].code() == "Busy") ++refused;
    EXPECT_LT(rig.stats().slab_bytes, config.queue_bytes + 8000);
  }
  EXPECT_GT(refused, 20U);
  EXPECT_LT(refused, 40U);
}

// ---- everything given back ---------------------------------------------------------------------

void expect_nothing_left(Rig& rig, unsigned shards) {
  for (unsigned i = 0; i < shards; ++i) {
    const ShardStats& stats = rig.stats(i);
    EXPECT_EQ(stats.sessions, 0U);
    EXPECT_EQ(stats.sessions_active, 0U);
    EXPECT_EQ(stats.subscriptions, 0U);
    EXPECT_EQ(stats.lane_bytes, 0U);
    EXPECT_EQ(stats.lane_frames, 0U);
    EXPECT_EQ(stats.input_held_bytes, 0U);
    EXPECT_EQ(stats.inputs_held, 0U);
    EXPECT_EQ(stats.mail_waiting, 0U);
    EXPECT_EQ(stats.mail_bytes, 0U);
    EXPECT_EQ(stats.slab_bytes, 0U);
    EXPECT_TRUE(rig.shard(i).next_deadline().is_never());
  }
}

// Whatever happens, every publication is delivered or told as lagged, in order, and in the end
// nothing is held.
class RandomWorld {
 public:
  explicit RandomWorld(unsigned shards) : shards_(shards), rig_(config(), shards) {}

  void step() {
    switch (*rc::gen::inRange(0, 12)) {
      case 0: open(); break;
      case 1:
        if (!live_.empty()) lose();
        break;
      case 2:
      case 3:
        if (!live_.empty()) subscribe(*rc::gen::arbitrary<bool>());
        break;
      case 4:
        if (!live_.empty()) half_frame();
        break;
      case 5: rig_.wait(std::chrono::milliseconds(*rc::gen::inRange(0, 2000))); break;
      case 6:
        if (!live_.empty()) rig_.receive(any());
        break;
      case 7:
        if (!live_.empty()) rig_.send(any(), oap::kEvent, 0, oap::write_credit(500));
        break;
      default:
        if (!live_.empty()) publish();
        break;
    }
    std::erase_if(live_, [&](SessionId id) { return rig_.closed(id) || rig_.finished(id); });
    std::uint64_t sessions = 0;
    for (unsigned i = 0; i < shards_; ++i) {
      sessions += rig_.stats(i).sessions_active;
      RC_ASSERT(rig_.stats(i).lane_frames <= 64U * rig_.stats(i).sessions);
    }
    RC_ASSERT(sessions <= opened_);
  }

  void end() {
    for (const SessionId id : all_) rig_.handle(id, StreamLost{id});
    rig_.turn();
    rig_.turn();
    expect_nothing_left(rig_, shards_);
    RC_ASSERT(!::testing::Test::HasFailure());
  }

 private:
  static NodeConfig config() {
    NodeConfig config = Rig::quiet_config();
    config.session.lanes.gossip_frames = 64;
    config.mail_messages = 16;
    return config;
  }
  SessionId any() { return *rc::gen::elementOf(live_); }
  void open() {
    if (live_.size() >= 6) return;
    const auto shard = static_cast<ShardIndex>(*rc::gen::inRange(0U, shards_));
    const bool window = *rc::gen::arbitrary<bool>();
    live_.push_back(rig_.active(
        shard, Rig::hello_of(window ? std::optional<std::uint64_t>(2000) : std::nullopt)));
    all_.push_back(live_.back());
    ++opened_;
  }
  void lose() {
    const SessionId id = any();
    if (*rc::gen::arbitrary<bool>()) {
      rig_.handle(id, PeerFinished{id});
      rig_.receive(id);
    } else {
      rig_.handle(id, StreamLost{id});
    }
    std::erase(live_, id);
  }
  void subscribe(bool add) {
    oap::SubOut sub;
    sub.topics = {*rc::gen::element<std::string>("t/1", "t/*", "**")};
    sub.group = *rc::gen::element<std::string>("", "", "g");
    sub.echo = add && *rc::gen::arbitrary<bool>();
    rig_.send(any(), oap::kReq, ++corr_, add ? oap::write_sub(sub) : oap::write_unsub(sub));
  }
  void half_frame() {
    const SessionId id = any();
    if (!rig_.of(id).wants_read(id)) return;
    const Bytes frame = raw_frame(oap::kEvent, 0, Rig::gossip("t/1", std::string(300, 'x')));
    rig_.raw(id, Bytes(frame.begin(), frame.begin() + *rc::gen::inRange(1, 300)));
    std::erase(live_, id);  // it says no more, and times out or is lost
  }
  void publish() {
    const SessionId id = any();
    if (!rig_.of(id).wants_read(id)) return;
    Bytes batch;
    const auto count = *rc::gen::inRange(1, 20);
    for (int i = 0; i < count; ++i) {
      const auto flags = static_cast<std::uint16_t>(
          *rc::gen::inRange(0, 5) == 0 ? oap::kEvent | oap::kAckReq : oap::kEvent);
      const Bytes frame = raw_frame(
          flags, ++corr_, Rig::gossip(*rc::gen::element("t/1", "t/2", "u"), std::string(100, 'x')));
      batch.insert(batch.end(), frame.begin(), frame.end());
    }
    rig_.raw(id, batch);
  }

  unsigned shards_;
  Rig rig_;
  std::vector<SessionId> live_;
  std::vector<SessionId> all_;
  std::size_t opened_ = 0;
  CorrId corr_ = 100;
};

RC_GTEST_PROP(NodeProperty, NothingIsHeldInTheEnd, ()) {
  RandomWorld world(*rc::gen::inRange(1U, 3U));
  const auto step_count = *rc::gen::inRange(0, 80);
  for (int i = 0; i < step_count; ++i) world.step();
  world.end();
}

TEST(Memory, AHalfOfEverythingIsGivenBack) {
  for (const unsigned shards : {1U, 2U}) {
    Rig rig(Rig::quiet_config(), shards);
    std::vector<SessionId> all;
    for (unsigned i = 0; i < 6; ++i) {
      all.push_back(rig.active(static_cast<ShardIndex>(i % shards), Rig::hello_of(500)));
      rig.subscribe(all.back(), "t", i % 2 == 0 ? "g" : "");
    }
    for (int i = 0; i < 50; ++i) rig.publish(all[0], "t", std::string(500, 'x'));
    const Bytes frame = raw_frame(oap::kEvent, 0, Rig::gossip("t", std::string(3000, 'x')));
    for (const SessionId id : all) rig.raw(id, Bytes(frame.begin(), frame.begin() + 2000));
    EXPECT_GT(rig.stats().lane_frames, 0U);
    EXPECT_GT(rig.stats().input_held_bytes, 0U);
    EXPECT_GT(rig.stats().inputs_held, 0U);
    for (const SessionId id : all) rig.handle(id, StreamLost{id});
    expect_nothing_left(rig, shards);
  }
}

}  // namespace
}  // namespace ron::node::testing
