// Corner cases of delivery: runs, groups, tenants, drain. OAP-4.36 to 4.45, OAP-6.4.
#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

void append(Bytes& batch, TenantId tenant, const Bytes& payload, std::uint16_t flags = oap::kEvent,
            CorrId corr = 0) {
  const Slice frame = oap::make_frame(flags, tenant, corr, payload);
  batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
}

TEST(Delivery, APublisherWithoutEchoMayStillBeChosenByItsGroup) {  // OAP-4.35 OAP-4.37 OAP-4.38
  Rig rig;
  const SessionId id = rig.active();
  rig.subscribe(id, "t");
  rig.subscribe(id, "t", "g", true);
  rig.publish(id, "t", "x");
  EXPECT_EQ(rig.receive(id).size(), 1U);
}

TEST(Delivery, ALongRunFillsEveryMemberBeforeAnythingIsLost) {  // OAP-4.36 OAP-4.40 OAP-4.45
  NodeConfig config = Rig::quiet_config();
  config.session.lanes.gossip_frames = 64;  // of which one lane may hold 50
  Rig rig(config);
  const SessionId a = rig.active();
  const SessionId b = rig.active();
  rig.subscribe(a, "t", "g");
  rig.subscribe(b, "t", "g");
  const SessionId publisher = rig.active();
  Bytes batch;
  for (int i = 0; i < 200; ++i) append(batch, {}, Rig::gossip("t", "x"));
  rig.raw(publisher, batch);
  std::uint64_t lost = 0;
  for (const SessionId id : {a, b}) {
    std::uint64_t delivered = 0;
    for (const Out& frame : rig.receive(id)) {
      frame.kind == "lagged" ? lost += frame.lagged() : ++delivered;
    }
    EXPECT_EQ(delivered, 50U);
  }
  EXPECT_EQ(lost, 100U);
}

TEST(Delivery, NeighboursOfAnotherTenantAreNotOneRun) {  // OAP-4.7
  Rig rig;
  const SessionId id = rig.active();
  rig.subscribe(id, "t", {}, false, {0, 1});
  const SessionId publisher = rig.active();
  Bytes batch;
  for (std::uint64_t tenant : {1U, 2U, 1U, 0U}) append(batch, {0, tenant}, Rig::gossip("t", "x"));
  rig.raw(publisher, batch);
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 2U);
  for (const Out& frame : got) EXPECT_EQ(frame.header.tenant, (TenantId{0, 1}));
}

TEST(Delivery, WhatStandsBeforeAnUnsubIsDeliveredAndNothingBehindIt) {  // OAP-4.29 OAP-4.41
  Rig rig;
  const SessionId id = rig.active();
  rig.subscribe(id, "t", {}, true);
  Bytes batch;
  append(batch, {}, Rig::gossip("t", "before"));
  oap::SubOut sub;
  sub.topics = {"t"};
  append(batch, {}, oap::write_unsub(sub), oap::kReq, 5);
  append(batch, {}, Rig::gossip("t", "after"));
  rig.raw(id, batch);
  std::vector<std::string> data;
  for (const Out& frame : rig.receive(id)) {
    if (frame.kind == "gossip") data.push_back(frame.data());
  }
  EXPECT_EQ(data, std::vector<std::string>{"before"});
}

TEST(Delivery, ADrainingNodeTakesCreditSoThatItCanDeliver) {  // OAP-6.4 OAP-5.9
  Rig rig;
  const SessionId id = rig.active(0, Rig::hello_of(200));
  rig.subscribe(id, "t");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 10; ++i) rig.publish(publisher, "t", std::string(100, 'x'));
  std::size_t delivered = 0;
  const auto count = [&] {
    for (const Out& frame : rig.receive(id)) delivered += frame.kind == "gossip" ? 1 : 0;
  };
  count();
  EXPECT_LT(delivered, 10U);
  rig.handle_all(Drain{3s, "shutdown"});
  for (int i = 0; i < 10; ++i) {
    rig.send(id, oap::kEvent, 0, oap::write_credit(200));
    count();
  }
  EXPECT_EQ(delivered, 10U);
}

// Which topics share a lane is a matter of the hash: an eighth of them share the flood's.
constexpr unsigned kQuietTopics = 16;
constexpr unsigned kMostOfThem = 10;

TEST(Fairness, AFloodOfOneTopicDoesNotTakeTheRoomOfOthers) {  // OAP-5.13
  NodeConfig config = Rig::quiet_config();
  config.session.lanes.gossip_frames = 256;
  Rig rig(config, 2);
  const SessionId reader = rig.active(0);
  rig.subscribe(reader, "**");
  const SessionId flooder = rig.active(1);
  Bytes batch;
  for (int i = 0; i < 1000; ++i) append(batch, {}, Rig::gossip("flood", "x"));
  rig.raw(flooder, batch);
  const SessionId publisher = rig.active(1);
  for (unsigned i = 0; i < kQuietTopics; ++i) {
    rig.publish(publisher, "quiet/" + std::to_string(i), "q");
  }
  std::uint64_t quiet = 0;
  std::uint64_t flood = 0;
  std::uint64_t lost = 0;
  for (const Out& frame : rig.receive(reader)) {
    if (frame.kind == "lagged") {
      lost += frame.lagged();
    } else {
      frame.data() == "q" ? ++quiet : ++flood;
    }
  }
  EXPECT_GE(quiet, kMostOfThem);
  EXPECT_GT(lost, 700U);
  EXPECT_EQ(quiet + flood + lost, 1000U + kQuietTopics);
}

// What is published while the flood goes out overtakes what is left of it.
TEST(Fairness, AFloodOfOneTopicDoesNotHoldUpOthers) {  // OAP-5.14
  constexpr std::size_t kStep = 64U * 1024;
  constexpr unsigned kRounds = 10;
  Rig rig(Rig::quiet_config(), 2);
  const SessionId reader = rig.active(0);
  rig.subscribe(reader, "**");
  const SessionId flooder = rig.active(1);
  const std::string data(10'000, 'x');
  for (int i = 0; i < 100; ++i) rig.publish(flooder, "flood", data);
  const SessionId quiet = rig.active(1);
  Bytes wire;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (unsigned i = 0; i < kQuietTopics; ++i) {
      rig.publish(quiet, "quiet/" + std::to_string(i), std::to_string(round));
    }
    rig.write_some(reader, kStep, wire);
  }
  std::size_t flood = 0;
  unsigned early = 0;
  for (const Out& frame : Rig::decode(wire)) {
    if (frame.data().size() > 1) {
      flood += frame.payload.size();
    } else if (flood < (std::stoul(frame.data()) + 2) * kStep) {
      ++early;
    }
  }
  EXPECT_GE(early, kRounds * kMostOfThem);
  EXPECT_GT(flood, kRounds * kStep / 4);
}

TEST(Delivery, ALostLaneIsToldAlsoWhenNothingFollows) {  // OAP-4.44
  Rig rig;
  oap::Hello hello = Rig::hello_of(1);
  hello.max_frame = 1024;
  const SessionId id = rig.active(0, hello);
  rig.subscribe(id, "t");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 3; ++i) rig.publish(publisher, "t", std::string(2000, 'x'));
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].lagged(), 3U);
}

}  // namespace
}  // namespace ron::node::testing
