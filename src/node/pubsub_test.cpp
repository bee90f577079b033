// Publish and subscribe on one shard and on several: OAP-4.*, OAP-5.*.
#include <algorithm>
#include <array>

#include "node/shard_rig.hpp"

namespace ron::node::testing {
namespace {

std::vector<std::string> data_of(const std::vector<Out>& frames) {
  std::vector<std::string> data;
  for (const Out& frame : frames) {
    if (frame.kind == "gossip") data.push_back(frame.data());
  }
  return data;
}

// Everything below holds whether the sessions share a shard or not.
class PubSub : public ::testing::TestWithParam<unsigned> {
 protected:
  PubSub() : rig_(Rig::quiet_config(), GetParam()) {}
  ShardIndex other() const { return static_cast<ShardIndex>(GetParam() - 1); }
  Rig rig_;
};
INSTANTIATE_TEST_SUITE_P(Shards, PubSub, ::testing::Values(1U, 2U, 3U));

TEST_P(PubSub, DeliversByteForByteAsAPlainEvent) {  // OAP-4.30 OAP-4.31 OAP-4.32
  const SessionId subscriber = rig_.active(0);
  rig_.subscribe(subscriber, "a/*");
  const SessionId publisher = rig_.active(other());
  const Bytes payload = Rig::gossip("a/b", "hello");
  rig_.send(publisher, oap::kEvent, 0, payload);
  rig_.send(publisher, oap::kEvent | oap::kAckReq, 42, payload);
  rig_.send(publisher, oap::kReq, 43, payload);
  const auto got = rig_.receive(subscriber);
  ASSERT_EQ(got.size(), 3U);
  for (const Out& frame : got) {
    EXPECT_EQ(frame.payload, payload);
    EXPECT_EQ(frame.header.flags, oap::kEvent);
  }
  EXPECT_EQ(got[0].header.corr, 0U);
  EXPECT_EQ(got[1].header.corr, 42U);
  const auto answers = rig_.receive(publisher);  // OAP-4.15 OAP-4.16
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].header.corr, 42U);
  EXPECT_EQ(answers[0].ack().for_corr, 42U);
  EXPECT_EQ(answers[0].ack().to, 1U);
  EXPECT_EQ(answers[0].ack().links, 0U);
}

TEST_P(PubSub, OneCopyHoweverOftenItMatches) {  // OAP-4.34 OAP-4.38
  const SessionId subscriber = rig_.active(0);
  for (const char* pattern : {"a/b", "a/*", "a/**", "**"}) rig_.subscribe(subscriber, pattern);
  rig_.subscribe(subscriber, "a/b", "workers");
  const SessionId publisher = rig_.active(other());
  rig_.send(publisher, oap::kReq, 5, Rig::gossip("a/b", "once"));
  EXPECT_EQ(data_of(rig_.receive(subscriber)), (std::vector<std::string>{"once"}));
  EXPECT_EQ(rig_.receive(publisher)[0].ack().to, 1U);
}

TEST_P(PubSub, OwnPublicationsOnlyWithEcho) {  // OAP-4.35
  const SessionId session = rig_.active(other());
  rig_.subscribe(session, "a/*");
  rig_.publish(session, "a/b", "1");
  EXPECT_TRUE(rig_.receive(session).empty());
  rig_.subscribe(session, "a/b", {}, true);
  rig_.publish(session, "a/b", "2");
  EXPECT_EQ(data_of(rig_.receive(session)), (std::vector<std::string>{"2"}));
  rig_.subscribe(session, "a/b", {}, false);  // OAP-4.23: the new echo counts
  rig_.publish(session, "a/b", "3");
  EXPECT_TRUE(rig_.receive(session).empty());
}

TEST_P(PubSub, TenantsNeverMeet) {  // OAP-4.7
  const SessionId subscriber = rig_.active(0);
  rig_.subscribe(subscriber, "**", {}, false, {1, 2});
  const SessionId publisher = rig_.active(other());
  rig_.publish(publisher, "t", "default");
  rig_.publish(publisher, "t", "other", 0, {1, 3});
  rig_.publish(publisher, "t", "mine", 0, {1, 2});
  const auto got = rig_.receive(subscriber);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].data(), "mine");
  EXPECT_EQ(got[0].header.tenant, (TenantId{1, 2}));
}

TEST_P(PubSub, UnsubEndsDelivery) {  // OAP-4.25 OAP-4.26 OAP-4.29
  const SessionId subscriber = rig_.active(0);
  rig_.subscribe(subscriber, "t");
  rig_.subscribe(subscriber, "t", "g");
  const SessionId publisher = rig_.active(other());
  oap::SubOut plain;
  plain.topics = {"t", "never/subscribed"};
  rig_.send(subscriber, oap::kReq, 50, oap::write_unsub(plain));
  EXPECT_EQ(rig_.receive(subscriber)[0].kind, "ack");
  rig_.publish(publisher, "t", "by group");
  EXPECT_EQ(data_of(rig_.receive(subscriber)), (std::vector<std::string>{"by group"}));
  oap::SubOut group = plain;
  group.group = "g";
  rig_.send(subscriber, oap::kReq, 51, oap::write_unsub(group));
  EXPECT_EQ(rig_.receive(subscriber)[0].kind, "ack");
  rig_.send(publisher, oap::kReq, 52, Rig::gossip("t", "nobody"));
  EXPECT_TRUE(rig_.receive(subscriber).empty());
  EXPECT_EQ(rig_.receive(publisher)[0].ack().to, 0U);  // OAP-4.18
  for (unsigned i = 0; i < GetParam(); ++i) {
    EXPECT_EQ(rig_.stats(i).subscriptions, 0U);
    EXPECT_EQ(rig_.stats(i).index_entries, 0U);
  }
}

TEST_P(PubSub, AGroupSharesFairly) {  // OAP-4.36 OAP-4.39
  std::vector<SessionId> members;
  for (unsigned i = 0; i < 3; ++i) {
    members.push_back(rig_.active(static_cast<ShardIndex>(i % GetParam())));
    rig_.subscribe(members.back(), "jobs/*", "workers");
  }
  const SessionId publisher = rig_.active(other());
  Bytes batch;
  for (int i = 0; i < 300; ++i) {
    const Slice frame =
        oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("jobs/x", std::to_string(i)));
    batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig_.raw(publisher, batch);
  std::size_t total = 0;
  for (const SessionId member : members) {
    const auto got = data_of(rig_.receive(member));
    EXPECT_EQ(got.size(), 100U);
    total += got.size();
    for (std::size_t i = 1; i < got.size(); ++i)
      EXPECT_LT(std::stoi(got[i - 1]), std::stoi(got[i]));
  }
  EXPECT_EQ(total, 300U);
}

TEST_P(PubSub, AMemberPublishesToItselfOnlyWithEcho) {  // OAP-4.37
  const SessionId alone = rig_.active(other());
  rig_.subscribe(alone, "t", "g");
  rig_.send(alone, oap::kReq, 60, Rig::gossip("t", "x"));
  EXPECT_EQ(rig_.receive(alone)[0].ack().to, 0U);
  rig_.subscribe(alone, "t", "g", true);
  rig_.publish(alone, "t", "y");
  EXPECT_EQ(data_of(rig_.receive(alone)), (std::vector<std::string>{"y"}));
}

TEST_P(PubSub, ABatchOfManyTopicsKeepsOrderForEach) {  // OAP-4.41
  const SessionId subscriber = rig_.active(0);
  rig_.subscribe(subscriber, "**");
  const SessionId publisher = rig_.active(other());
  Bytes batch;
  for (int i = 0; i < 500; ++i) {
    const std::string topic = "t/" + std::to_string(i * 7 % 5);
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0, Rig::gossip(topic, std::to_string(i)));
    batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig_.raw(publisher, batch);
  std::map<std::string, int> last;
  std::size_t count = 0;
  for (const Out& frame : rig_.receive(subscriber)) {
    if (frame.kind != "gossip") continue;
    const auto message = oap::read_message(frame.payload);
    const std::string topic(oap::read_gossip(*message)->topic);
    const int number = std::stoi(frame.data());
    if (last.contains(topic)) {
      EXPECT_LT(last[topic], number);
    }
    last[topic] = number;
    ++count;
  }
  EXPECT_EQ(count, 500U);
}

TEST_P(PubSub, AFullLaneCountsExactlyWhatItLost) {  // OAP-4.43 OAP-4.44 OAP-4.45 OAP-5.19
  for (const auto policy : {gossip::DropPolicy::kNewest, gossip::DropPolicy::kOldest}) {
    NodeConfig config = Rig::quiet_config();
    config.session.lanes.gossip_frames = 64;
    config.session.lanes.policy = policy;
    Rig rig(config, GetParam());
    const SessionId subscriber = rig.active(0);
    rig.subscribe(subscriber, "t");
    const SessionId publisher = rig.active(other());
    for (int i = 0; i < 200; ++i) rig.publish(publisher, "t", std::to_string(i));
    const auto got = rig.receive(subscriber);
    std::uint64_t delivered = 0;
    std::uint64_t lost = 0;
    for (const Out& frame : got) {
      frame.kind == "lagged" ? lost += frame.lagged() : ++delivered;
      if (frame.kind == "lagged") {
        EXPECT_EQ(frame.header.corr, 0U);
        EXPECT_TRUE(frame.header.tenant.is_default());
      }
    }
    EXPECT_EQ(delivered + lost, 200U);
    EXPECT_GT(lost, 100U);
    const bool oldest = policy == gossip::DropPolicy::kOldest;
    EXPECT_EQ(got[oldest ? 0 : got.size() - 1].kind, "lagged") << "it stands at the gap";
    EXPECT_EQ(data_of(got).front(), oldest ? std::to_string(lost) : "0");
  }
}

TEST_P(PubSub, DisconnectPolicyEndsTheSlowSession) {  // OAP-5.19
  NodeConfig config = Rig::quiet_config();
  config.session.lanes.gossip_frames = 64;
  config.session.lanes.policy = gossip::DropPolicy::kDisconnect;
  Rig rig(config, GetParam());
  const SessionId subscriber = rig.active(0);
  rig.subscribe(subscriber, "t");
  const SessionId publisher = rig.active(other());
  for (int i = 0; i < 200; ++i) rig.publish(publisher, "t", std::to_string(i));
  const auto got = rig.receive(subscriber);
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back().code(), "Busy");
  EXPECT_TRUE(rig.finished(subscriber));
}

TEST_P(PubSub, TooLargeForTheSubscriberIsLagged) {  // OAP-4.43 OAP-3.19
  oap::Hello small = Rig::hello_of();
  small.max_frame = 1024;
  const SessionId subscriber = rig_.active(0, small);
  rig_.subscribe(subscriber, "t");
  const SessionId publisher = rig_.active(other());
  rig_.publish(publisher, "t", "a");
  rig_.publish(publisher, "t", std::string(2000, 'x'));
  rig_.publish(publisher, "t", "b");
  const auto got = rig_.receive(subscriber);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].data(), "a");
  EXPECT_EQ(got[1].lagged(), 1U);
  EXPECT_EQ(got[2].data(), "b");
}

TEST_P(PubSub, CreditBoundsWhatIsSentByOneFrame) {  // OAP-5.3 OAP-5.8 OAP-5.7 OAP-5.11
  const SessionId subscriber = rig_.active(0, Rig::hello_of(1000));
  rig_.subscribe(subscriber, "t");
  const SessionId publisher = rig_.active(other());
  const Bytes payload = Rig::gossip("t", std::string(300, 'x'));
  const std::size_t wire = payload.size() + oap::kHeaderSize;
  for (int i = 0; i < 20; ++i) rig_.send(publisher, oap::kEvent, 0, payload);
  EXPECT_EQ(data_of(rig_.receive(subscriber)).size(), 1000 / wire + 1);
  EXPECT_FALSE(rig_.of(subscriber).pending(subscriber));
  rig_.send(subscriber, oap::kReq, 70, Rig::gossip("u", "answers pass a full window"));
  EXPECT_EQ(rig_.receive(subscriber).at(0).kind, "ack");
  rig_.send(subscriber, oap::kEvent, 0, oap::write_credit(1'000'000));
  EXPECT_EQ(data_of(rig_.receive(subscriber)).size(), 1000 / wire + 1) << "clamped to the window";
  EXPECT_GT(rig_.stats().credit_clamped_bytes, 990'000U);
}

TEST(Limits, CreditComesBackAtHalfTheWindow) {  // OAP-5.2 OAP-5.9 OAP-5.10
  NodeConfig config = Rig::quiet_config();
  config.session.recv_window_bytes = 1000;
  Rig rig(config);
  const SessionId id = rig.active();
  const Bytes payload = Rig::gossip("t", std::string(100, 'x'));
  const std::size_t wire = payload.size() + oap::kHeaderSize;
  std::uint64_t sent = 0;
  std::uint64_t back = 0;
  for (int i = 0; i < 50; ++i) {
    rig.send(id, oap::kEvent, 0, payload);
    sent += wire;
    for (const Out& frame : rig.receive(id)) back += frame.credit();
    EXPECT_LT(sent - back, 500 + wire);
  }
  EXPECT_EQ(rig.stats().window_overruns, 0U);
}

TEST(Limits, RefusedEventsAreToldExactlyOnceASecond) {  // OAP-1.30 OAP-1.31 OAP-1.32 OAP-5.22
  NodeConfig config = Rig::quiet_config();
  config.session.fps = 10;
  Rig rig(config);
  const SessionId id = rig.active();
  std::map<std::string, std::uint64_t> told;
  std::map<std::string, std::uint64_t> frames;
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 30; ++i) {
      rig.publish(id, "t", "x");
      rig.send(id, oap::kEvent, 0, Bytes{0xff});
    }
    for (const Out& frame : rig.receive(id)) {
      if (frame.kind != "refused") continue;
      told[std::string(frame.refused().code)] += frame.refused().dropped;
      ++frames[std::string(frame.refused().code)];
    }
    rig.wait(1s);
  }
  for (int i = 0; i < 3; ++i) {
    for (const Out& frame : rig.receive(id)) {
      if (frame.kind == "refused") {
        told[std::string(frame.refused().code)] += frame.refused().dropped;
        ++frames[std::string(frame.refused().code)];
      }
    }
    rig.wait(1s);
  }
  EXPECT_EQ(told["BadFrame"], 150U);
  EXPECT_EQ(told["QuotaExceeded"], 5U * 20);
  EXPECT_LE(frames["BadFrame"] + frames["QuotaExceeded"], 9U);
  EXPECT_GE(frames["BadFrame"], 2U);
  EXPECT_GE(frames["QuotaExceeded"], 2U) << "codes take turns";
}

TEST(Limits, RequestsASecond) {  // OAP-5.21 OAP-5.23
  NodeConfig config = Rig::quiet_config();
  config.session.rps = 3;
  Rig rig(config);
  const SessionId id = rig.active();
  for (CorrId corr = 1; corr <= 5; ++corr) rig.send(id, oap::kReq, corr, Rig::gossip("t", "x"));
  const auto got = rig.receive(id);
  ASSERT_EQ(got.size(), 5U);
  EXPECT_EQ(got[2].kind, "ack");
  EXPECT_EQ(got[3].code(), "QuotaExceeded");
  const auto error = oap::read_error(*oap::read_message(got[3].payload));
  EXPECT_EQ(error->retry_after_ms, 334U);
  rig.wait(334ms);
  rig.send(id, oap::kReq, 9, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(id)[0].kind, "ack");
}

TEST(Limits, InflightAndOpenCorrelationIds) {  // OAP-1.29 OAP-5.20
  NodeConfig config = Rig::quiet_config();
  config.session.inflight = 2;
  Rig rig(config, 2);
  rig.auto_turn_ = false;  // the other shard does not answer yet
  const SessionId id = rig.active();
  oap::SubOut sub;
  sub.topics = {"t"};
  for (const CorrId corr : {11U, 11U, 12U, 13U}) {
    rig.send(id, oap::kReq, corr, oap::write_sub(sub));
  }
  const auto got = rig.receive(id);  // receive() ends the turn, so the rest is answered after it
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].header.corr, 11U);
  EXPECT_EQ(got[0].code(), "BadFrame");
  EXPECT_EQ(got[1].header.corr, 13U);
  EXPECT_EQ(got[1].code(), "QuotaExceeded");
  EXPECT_EQ(rig.receive(id).size(), 2U) << "11 and 12 are acknowledged";
}

TEST(Limits, PatternsOfASessionAreAllOrNothing) {  // OAP-4.20 OAP-4.22
  NodeConfig config = Rig::quiet_config();
  config.session.patterns = 3;
  Rig rig(config);
  const SessionId id = rig.active();
  oap::SubOut sub;
  sub.topics = {"a", "b", "b"};
  rig.send(id, oap::kReq, 1, oap::write_sub(sub));
  EXPECT_EQ(rig.receive(id)[0].kind, "ack");
  sub.topics = {"a", "c", "d"};
  rig.send(id, oap::kReq, 2, oap::write_sub(sub));
  EXPECT_EQ(rig.receive(id)[0].code(), "QuotaExceeded");
  EXPECT_EQ(rig.stats().subscriptions, 2U);
  sub.topics = {"a", "c"};
  rig.send(id, oap::kReq, 3, oap::write_sub(sub));
  EXPECT_EQ(rig.receive(id)[0].kind, "ack");
  EXPECT_EQ(rig.stats().subscriptions, 3U);
}

TEST(Limits, InputWaitsWhileAnswersAreNotTaken) {  // OAP-5.12 OAP-5.15
  Rig rig;
  const SessionId id = rig.active();
  Bytes batch;
  for (CorrId corr = 1; corr <= 500; ++corr) {
    const Slice frame = oap::make_frame(oap::kReq, {}, corr, Rig::gossip("t", "x"));
    batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig.raw(id, batch);
  EXPECT_FALSE(rig.of(id).wants_read(id));
  EXPECT_GT(rig.stats().input_held_bytes, 0U);
  EXPECT_EQ(rig.stats().inputs_held, 1U);
  std::size_t answers = 0;
  for (int i = 0; i < 20 && answers < 500; ++i) answers += rig.receive(id).size();
  EXPECT_EQ(answers, 500U) << "nothing is lost, nothing is answered twice";
  EXPECT_TRUE(rig.of(id).wants_read(id));
  EXPECT_GE(rig.resumes(id), 1U);
  EXPECT_EQ(rig.stats().input_held_bytes, 0U);
  EXPECT_EQ(rig.stats().inputs_held, 0U);
}

TEST(Limits, AClosedDefaultTenantOnlyForCertificates) {  // OAP-4.9 OAP-4.11 OAP-3.21
  NodeConfig config = Rig::quiet_config();
  config.auth_off = false;
  Rig rig(config);
  const SessionId named =
      rig.active(0, Rig::hello_of(), {.kind = ChannelKind::kTls, .authenticated = true});
  rig.send(named, oap::kReq, 1, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(named)[0].kind, "ack");
  rig.send(named, oap::kReq, 2, Rig::gossip("t", "x"), {0, 1});
  EXPECT_EQ(rig.receive(named)[0].code(), "Forbidden");
  const SessionId nobody = rig.active(0, Rig::hello_of(), {.kind = ChannelKind::kTls});
  rig.send(nobody, oap::kReq, 3, Rig::gossip("t", "x"));
  EXPECT_EQ(rig.receive(nobody)[0].code(), "Unauth");
}

TEST(Memory, ASlowReaderOfARareTopicPinsNoSlab) {
  Rig rig;
  const SessionId slow = rig.active();
  rig.subscribe(slow, "rare");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 20; ++i) {
    Bytes batch;
    for (int j = 0; j < 200; ++j) {
      const Slice frame = oap::make_frame(
          oap::kEvent, {}, 0, Rig::gossip(j == 100 ? "rare" : "busy", std::string(1000, 'x')));
      batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
    }
    rig.raw(publisher, batch);
  }
  EXPECT_LT(rig.stats().slab_bytes, 20U * 1500);
  EXPECT_EQ(rig.receive(slow).size(), 20U);
  rig.receive(publisher);
  EXPECT_EQ(rig.stats().slab_bytes, 0U);
}

TEST(Memory, OverBudgetTheNodeShedsAndCounts) {
  NodeConfig config = Rig::quiet_config();
  config.queue_bytes = 100'000;
  Rig rig(config);
  const SessionId slow = rig.active();
  rig.subscribe(slow, "t");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 300; ++i) rig.publish(publisher, "t", std::string(1000, 'x'));
  EXPECT_LT(rig.stats().slab_bytes, 100'000U);
  const std::uint64_t shed = rig.stats().shed[static_cast<std::size_t>(ShedReason::kBudget)];
  EXPECT_GT(shed, 200U);
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  for (const Out& frame : rig.receive(slow))
    frame.kind == "lagged" ? lost += frame.lagged() : ++delivered;
  EXPECT_EQ(lost, shed);
  EXPECT_EQ(delivered + lost, 300U);
}

// Messages of a few bytes cost more than their bytes: the tables of the lanes count, too.
TEST(Memory, TheBudgetCountsWhatStandsAroundSmallMessages) {
  NodeConfig config = Rig::quiet_config();
  config.queue_bytes = 400'000;
  Rig rig(config);
  for (int i = 0; i < 20; ++i) rig.subscribe(rig.active(), "**");
  const SessionId publisher = rig.active();
  for (int i = 0; i < 400; ++i) rig.publish(publisher, "t/" + std::to_string(i), "");
  EXPECT_GT(rig.stats().shed[static_cast<std::size_t>(ShedReason::kBudget)], 0U);
  EXPECT_LT(rig.stats().lane_bytes, 20U * 400 * 60) << "their bytes alone would have fitted";
  EXPECT_LT(rig.stats().slab_bytes, config.queue_bytes);
}

TEST(Memory, SubscriptionsAreRefusedWhereTheyWouldTakeTooMuch) {
  NodeConfig config = Rig::quiet_config();
  config.subscription_bytes = 100'000;
  Rig rig(config);
  const SessionId id = rig.active();
  std::string code;
  for (CorrId i = 1; i < 500 && code.empty(); ++i) {
    oap::SubOut sub;
    sub.topics = {"a/long/enough/topic/" + std::to_string(i)};
    rig.send(id, oap::kReq, i, oap::write_sub(sub));
    const auto got = rig.receive(id);
    ASSERT_EQ(got.size(), 1U);
    if (got[0].kind == "error") code = got[0].code();
  }
  EXPECT_EQ(code, "QuotaExceeded");
  EXPECT_GT(rig.stats().subscriptions, 20U);
  EXPECT_LE(rig.stats().subscription_bytes, config.subscription_bytes);
  EXPECT_EQ(rig.stats().subscription_bytes_max, config.subscription_bytes);
  rig.subscribe(id, "a/long/enough/topic/1");  // what is there costs nothing more
}

// Every publisher could bring one more frame of a mebibyte; with a thousand of them that is no
// bound.
TEST(Memory, ACongestedLinkTakesNoFrameOfAnotherSession) {
  NodeConfig config = Rig::quiet_config();
  config.mail_bytes = 1000;
  Rig rig(config, 2);
  const SessionId reader = rig.active(1);
  rig.subscribe(reader, "t");
  std::vector<SessionId> publishers;
  for (int i = 0; i < 10; ++i) publishers.push_back(rig.active(0));
  rig.auto_turn_ = false;
  for (const SessionId id : publishers) rig.publish(id, "t", std::string(5000, 'x'));
  EXPECT_LT(rig.stats(0).mail_bytes, 6000U);
  EXPECT_EQ(rig.stats(0).inputs_held, 9U);
  for (int i = 0; i < 20; ++i) rig.turn();
  EXPECT_EQ(rig.receive(reader).size(), 10U) << "they only waited";
  EXPECT_EQ(rig.stats(0).inputs_held, 0U);
}

TEST(Limits, StatsNameTheBoundsOfTheQueues) {
  NodeConfig config = Rig::quiet_config();
  Rig rig(config, 3);
  for (int i = 0; i < 2; ++i) rig.active();
  const ShardStats& stats = rig.stats();
  EXPECT_EQ(stats.lane_frames_max, 2U * config.session.lanes.gossip_frames);
  EXPECT_EQ(stats.lane_bytes_max, 2U * config.session.lanes.gossip_bytes);
  EXPECT_EQ(stats.input_held_bytes_max, config.input_bytes);
  EXPECT_EQ(stats.slab_bytes_max, config.queue_bytes);
  EXPECT_EQ(stats.mail_waiting_max, 2U * config.mail_messages) << "to two other shards";
  EXPECT_EQ(stats.mail_bytes_max, 2U * config.mail_bytes);
}

// A large run crosses as a loan. Who reads at once gets it from the lender's block; what is not
// written when the borrower's turn ends moves to a block of the borrower's, and the loan is over.
TEST(Mail, ALoanEndsWithTheBorrowersTurn) {
  Rig rig(Rig::quiet_config(), 2);
  const SessionId slow = rig.active(1);
  rig.subscribe(slow, "t");
  const SessionId publisher = rig.active(0);
  const std::string data(10'000, 'x');
  rig.auto_turn_ = false;
  rig.publish(publisher, "t", data);
  auto mail = rig.shard(0).take_mail(1);
  ASSERT_TRUE(mail.has_value());
  const auto& sent = std::get<PublishMail>(mail->body);
  EXPECT_GT(sent.lent.size(), data.size());
  EXPECT_TRUE(sent.frames.empty());
  Actions actions;
  rig.shard(1).mail(std::move(*mail), rig.now(), actions);
  EXPECT_GT(rig.stats(0).slab_bytes, data.size()) << "it is still lent";
  EXPECT_GT(rig.stats(0).mail_bytes, data.size());
  EXPECT_GT(rig.stats(1).slab_bytes, data.size()) << "charged where it waits";
  rig.turn();
  EXPECT_EQ(rig.stats(0).slab_bytes, 0U);
  EXPECT_EQ(rig.stats(0).mail_bytes, 0U);
  EXPECT_GT(rig.stats(1).slab_bytes, data.size());
  EXPECT_EQ(data_of(rig.receive(slow)), std::vector<std::string>{data});
  EXPECT_EQ(rig.stats(1).slab_bytes, 0U);
}

TEST(Mail, ALoanIsSharedByManySubscribersAndGroupMembers) {
  Rig rig(Rig::quiet_config(), 2);
  const SessionId plain = rig.active(1);
  rig.subscribe(plain, "t");
  const std::array<SessionId, 2> members{rig.active(1), rig.active(1)};
  for (const SessionId member : members) rig.subscribe(member, "t", "g");
  const SessionId publisher = rig.active(0);
  Bytes batch;
  for (int i = 0; i < 100; ++i) {
    const Slice frame =
        oap::make_frame(oap::kEvent, {}, 0, Rig::gossip("t", std::to_string(100 + i)));
    batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
  }
  ASSERT_GT(batch.size(), Rig::quiet_config().lend_from);
  rig.raw(publisher, batch);
  EXPECT_EQ(rig.stats(0).slab_bytes, 0U) << "nobody has read, and nothing is lent any more";
  std::vector<std::string> shared;
  for (const SessionId member : members) {
    const auto got = data_of(rig.receive(member));
    EXPECT_EQ(got.size(), 50U);
    shared.insert(shared.end(), got.begin(), got.end());
  }
  std::ranges::sort(shared);
  EXPECT_EQ(data_of(rig.receive(plain)), shared);
  EXPECT_EQ(rig.stats(1).slab_bytes, 0U);
}

TEST(Mail, CongestionPausesThePublisherAndLosesNothing) {
  NodeConfig config = Rig::quiet_config();
  config.mail_messages = 8;
  Rig rig(config, 2);
  const SessionId subscriber = rig.active(0);
  rig.subscribe(subscriber, "**");
  const SessionId publisher = rig.active(1);
  rig.auto_turn_ = false;  // mail stays where it is
  Bytes batch;
  for (int i = 0; i < 100; ++i) {
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0,
                                        Rig::gossip("t/" + std::to_string(i), std::to_string(i)));
    batch.insert(batch.end(), frame.bytes().begin(), frame.bytes().end());
  }
  rig.raw(publisher, batch);
  EXPECT_FALSE(rig.of(publisher).wants_read(publisher));
  EXPECT_GE(rig.stats(1).mail_waiting, rig.stats(1).mail_waiting_max);
  EXPECT_LE(rig.stats(1).mail_waiting, 10U);
  EXPECT_GT(rig.stats(1).mail_bytes, 0U);
  std::size_t got = 0;
  for (int i = 0; i < 50; ++i) {
    rig.turn();
    got += data_of(rig.receive(subscriber)).size();
  }
  EXPECT_EQ(got, 100U);
  EXPECT_TRUE(rig.of(publisher).wants_read(publisher));
  EXPECT_EQ(rig.stats(1).slab_bytes, 0U);
}

}  // namespace
}  // namespace ron::node::testing
