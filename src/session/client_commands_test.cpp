#include <gtest/gtest.h>

#include "session/client_rig.hpp"

namespace ron::session {
namespace {

using Kind = ClientOrder::Kind;

// ---- flow --------------------------------------------------------------------------------------

TEST(ClientFlow, SpendsCreditAndWaitsForMore) {  // OAP-5.2, OAP-5.6, OAP-5.8
  Rig rig;
  oap::HelloAck ack = Rig::hello_ack();
  const std::size_t one = Rig::publication("t").size();
  ack.limits.window = one * 2 + 1;
  rig.connect(ack);
  for (int i = 0; i < 5; ++i) rig.publish("t");
  EXPECT_EQ(rig.flush().size(), 3U) << "the third may overdraw";
  rig.subscribe(1, {"x"});
  EXPECT_EQ(rig.flush().at(0).kind, "sub") << "requests pass a full window";  // OAP-5.7
  rig.orders.clear();
  rig.event(oap::write_credit(one));
  EXPECT_TRUE(rig.ordered(Kind::kFlush));
  EXPECT_EQ(rig.flush().size(), 1U);
  rig.event(oap::write_credit(1000));  // OAP-5.11
  EXPECT_EQ(rig.client.stats().credit_clamped_bytes, 1000 - 3 * one);
  EXPECT_EQ(rig.flush().size(), 1U);
}

TEST(ClientFlow, GivesCreditBackAsTheUserConsumes) {  // OAP-5.9, OAP-5.10
  ClientOptions options;
  const Slice message = Rig::publication("t");
  options.window = message.size() * 4;
  Rig rig(options);
  rig.connect();
  for (int i = 0; i < 3; ++i) rig.deliver(message);
  EXPECT_EQ(rig.take<MessageIn>().size(), 3U);
  EXPECT_TRUE(rig.flush().empty());
  rig.in(Consumed{rig.attempt, message.size()});
  EXPECT_TRUE(rig.flush().empty()) << "not yet half of the window";
  rig.in(Consumed{rig.attempt, message.size()});
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(oap::read_credit(sent[0].message()).value(), 2 * message.size());
  rig.in(Consumed{rig.attempt - 1, message.size() * 4});
  EXPECT_TRUE(rig.flush().empty()) << "of an earlier connection";
}

TEST(ClientFlow, StopsReadingWhenCreditsAreOffAndNobodyConsumes) {
  ClientOptions options;
  options.window = 0;
  Rig rig(options);
  rig.connect();
  const Slice message = Rig::publication("t", std::string(1U << 19U, 'x'));
  for (int i = 0; i < 9; ++i) rig.deliver(message);
  EXPECT_FALSE(rig.client.wants_read());
  rig.in(Consumed{rig.attempt, message.size() * 6});
  EXPECT_TRUE(rig.client.wants_read());
  EXPECT_TRUE(rig.ordered(Kind::kResume));
}

TEST(ClientFlow, PacesItselfByFps) {  // OAP-5.22, OAP-5.25
  Rig rig;
  oap::HelloAck ack = Rig::hello_ack();
  ack.limits.fps = 100;
  rig.connect(ack);
  for (int i = 0; i < 300; ++i) rig.publish("t");
  std::size_t sent = rig.flush().size();
  EXPECT_LE(sent, 26U) << "a quarter of a second may go at once";
  EXPECT_GE(sent, 20U);
  const Instant start = rig.now;
  while (sent < 300 && rig.now < start + 10s) {
    ASSERT_FALSE(rig.client.next_deadline().is_never());
    rig.now = std::max(rig.now, rig.client.next_deadline());
    rig.in(Tick{});
    sent += rig.flush().size();
    const double elapsed = to_seconds(rig.now - start);
    EXPECT_LE(static_cast<double>(sent), 26 + elapsed * 100);
    rig.event(oap::write_keep());
  }
  EXPECT_EQ(sent, 300U);
  EXPECT_LE(rig.now, start + 3s);
}

TEST(ClientFlow, KeepsInsideInflightAndRps) {  // OAP-5.20, OAP-5.21
  Rig rig;
  oap::HelloAck ack = Rig::hello_ack();
  ack.limits.inflight = 2;
  rig.connect(ack);
  for (Ticket ticket = 1; ticket <= 5; ++ticket) rig.publish("t", Mode::kAcked, ticket);
  auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].header.flags, oap::kEvent | oap::kAckReq);
  EXPECT_NE(sent[0].header.corr, sent[1].header.corr);
  rig.ack(sent[0].header.corr);
  EXPECT_EQ(rig.flush().size(), 1U);

  Rig slow;
  ack.limits.inflight = 0;
  ack.limits.rps = 4;
  slow.connect(ack);
  for (Ticket ticket = 1; ticket <= 5; ++ticket) slow.publish("t", Mode::kAcked, ticket);
  std::size_t gone = slow.flush().size();
  EXPECT_LE(gone, 2U);
  for (int i = 0; i < 20; ++i) {
    slow.pass(100ms);
    gone += slow.flush().size();
  }
  EXPECT_EQ(gone, 5U);
}

TEST(ClientFlow, TheQueueIsBoundedAndSaysWhenThereIsRoom) {
  ClientOptions options;
  options.queue_frames = 4;
  Rig rig(options);
  for (int i = 0; i < 4; ++i) rig.publish("t");
  EXPECT_FALSE(rig.client.has_room(10));
  rig.publish("over");
  rig.publish("over", Mode::kAcked, 8);
  EXPECT_EQ(rig.take<RefusedEvents>().at(0).failure, Failure::kBusy);
  const auto answers = rig.take<Answer>();
  EXPECT_EQ(answers.at(0).error->failure, Failure::kBusy);
  EXPECT_TRUE(answers.at(0).error->retryable);
  EXPECT_EQ(rig.take<Paused>().size(), 1U);
  rig.connect();
  EXPECT_EQ(rig.flush().size(), 4U);
  EXPECT_EQ(rig.take<Writable>().size(), 1U);
}

// ---- answers -----------------------------------------------------------------------------------

TEST(ClientAnswers, ErrorsAreTyped) {  // OAP-4.47
  Rig rig;
  rig.connect();
  rig.publish("t", Mode::kAcked, 1);
  rig.publish("t", Mode::kRequest, 2);
  const auto sent = rig.flush();
  EXPECT_EQ(sent.at(1).header.flags, oap::kReq);
  rig.refuse(sent[0].header.corr, oap::Code::kForbidden);
  rig.refuse(sent[1].header.corr, oap::Code::kQuotaExceeded, 250);
  const auto answers = rig.take<Answer>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].error->failure, Failure::kForbidden);
  EXPECT_FALSE(answers[0].error->retryable);
  EXPECT_EQ(answers[1].error->failure, Failure::kQuotaExceeded);
  EXPECT_TRUE(answers[1].error->retryable);
  EXPECT_EQ(answers[1].error->retry_after, 250ms);
}

TEST(ClientAnswers, ADeadlineAnswersByItselfAndSwallowsTheLateAnswer) {
  Rig rig;
  oap::HelloAck ack = Rig::hello_ack();
  ack.limits.inflight = 1;
  rig.connect(ack);
  rig.publish("sent", Mode::kAcked, 1, rig.now + 100ms);
  rig.publish("waits", Mode::kAcked, 2, rig.now + 100ms);
  rig.publish("later", Mode::kAcked, 3);
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  rig.pass(100ms);
  const auto answers = rig.take<Answer>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].error->failure, Failure::kTimeout);
  EXPECT_TRUE(rig.flush().empty()) << "the node still counts the first one as open";
  rig.ack(sent[0].header.corr);
  EXPECT_TRUE(rig.take<Answer>().empty());
  EXPECT_EQ(rig.client.stats().stray_answers, 0U);
  const auto next = rig.flush();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].topic(), "later") << "what was given up while it waited is not sent";
}

TEST(ClientAnswers, CancelAnswersOnce) {
  Rig rig;
  rig.connect();
  rig.publish("t", Mode::kAcked, 1);
  const auto sent = rig.flush();
  rig.in(Cancel{1});
  rig.in(Cancel{1});
  rig.in(Cancel{99});
  rig.ack(sent.at(0).header.corr);
  const auto answers = rig.take<Answer>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error->failure, Failure::kCancelled);
}

// ---- subscriptions -----------------------------------------------------------------------------

TEST(ClientSubscriptions, AreConfirmedByTheNode) {  // OAP-4.19, OAP-4.24
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a/*", "b/**"});
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(rig.take<Answer>().empty());
  rig.ack(sent[0].header.corr);
  EXPECT_FALSE(rig.take<Answer>().at(0).error.has_value());
}

TEST(ClientSubscriptions, BadOnesAreRefusedHere) {  // OAP-4.21, OAP-4.22
  ClientOptions options;
  options.patterns = 2;
  Rig rig(options);
  rig.subscribe(1, {});
  rig.subscribe(2, {"a//b"});
  rig.subscribe(3, {"a", "b", "c"});
  const auto answers = rig.take<Answer>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].error->failure, Failure::kBadFrame);
  EXPECT_EQ(answers[1].error->failure, Failure::kBadFrame);
  EXPECT_EQ(answers[2].error->failure, Failure::kQuotaExceeded);
}

TEST(ClientSubscriptions, AreRestoredBeforeQueuedPublications) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a", "b"});
  rig.ack(rig.flush().at(0).header.corr);
  rig.subscribe(2, {"late"});  // not answered before the loss
  rig.flush();
  rig.publish("queued");
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].kind, "sub");
  EXPECT_EQ(sent[1].kind, "sub");
  rig.ack(sent[0].header.corr);
  const auto after = rig.flush();
  ASSERT_EQ(after.size(), 1U) << "publications wait for the restored subscriptions only";
  EXPECT_EQ(after[0].kind, "gossip");
  rig.ack(sent[1].header.corr);
  EXPECT_EQ(rig.take<Answer>().size(), 2U);
}

TEST(ClientSubscriptions, AreRestoredAgainAfterALossInTheMiddle) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a"});
  rig.ack(rig.flush().at(0).header.corr);
  for (int i = 0; i < 3; ++i) {
    rig.in(StreamLost{rig.attempt, "reset"});
    rig.pass(1s);
    rig.connect();
    ASSERT_EQ(rig.flush().size(), 1U) << i;
  }
}

TEST(ClientSubscriptions, ARestoreThatIsRefusedIsToldOrTriedAgain) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a"});
  rig.ack(rig.flush().at(0).header.corr);
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  rig.refuse(rig.flush().at(0).header.corr, oap::Code::kBusy, 500);
  EXPECT_TRUE(rig.flush().empty());
  rig.pass(500ms);
  const auto again = rig.flush();
  ASSERT_EQ(again.size(), 1U);
  rig.refuse(again[0].header.corr, oap::Code::kForbidden);
  const auto lost = rig.take<SubscriptionLost>();
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].patterns.at(0), "a");
  rig.publish("t");
  EXPECT_EQ(rig.flush().size(), 1U) << "publications go on";
}

TEST(ClientSubscriptions, ARestoreThatIsRefusedAgainAndAgainIsToldAndAskedForLessAndLess) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a", "b"});
  rig.ack(rig.flush().at(0).header.corr);
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  rig.publish("t");
  auto asked = rig.flush();
  ASSERT_EQ(asked.size(), 1U) << "the publication waits for the first answer";
  Duration waited{0};
  for (int refusal = 0; refusal < 20; ++refusal) {
    ASSERT_EQ(asked.at(0).kind, "sub");
    rig.refuse(asked.at(0).header.corr, oap::Code::kBusy);
    const auto told = rig.take<SubscriptionRefused>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].why.failure, Failure::kBusy);
    EXPECT_EQ(told[0].patterns, (std::vector<std::string>{"a", "b"}));
    EXPECT_GE(told[0].retry_in, 125ms);
    EXPECT_LE(told[0].retry_in, 30s);
    if (refusal > 10) {
      EXPECT_GE(told[0].retry_in, 15s);
    }
    const auto between = rig.flush();
    EXPECT_EQ(between.size(), refusal == 0 ? 1U : 0U) << "publications wait no longer";
    for (Duration left = told[0].retry_in; left > 0s; left -= 4s) {
      rig.event(oap::write_keep());  // the node is alive
      rig.pass(std::min<Duration>(left, 4s));
      asked = rig.flush();
    }
    std::erase_if(asked, [](const Seen& seen) { return seen.kind != "sub"; });
    waited += told[0].retry_in;
  }
  EXPECT_GE(waited, 3min);
  rig.ack(asked.at(0).header.corr);
  EXPECT_TRUE(rig.take<SubscriptionLost>().empty());
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  EXPECT_EQ(rig.flush().at(0).kind, "sub") << "confirmed: restored by the next session, too";
}

TEST(ClientSubscriptions, WhatNobodyWantsAnyMoreIsNotAskedForAgain) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a"});
  rig.ack(rig.flush().at(0).header.corr);
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  rig.refuse(rig.flush().at(0).header.corr, oap::Code::kBusy);
  rig.subscribe(2, {"a"}, false);
  for (const Seen& seen : rig.flush()) rig.ack(seen.header.corr);
  rig.pass(2s);
  for (const Seen& seen : rig.flush()) EXPECT_NE(seen.kind, "sub");
  rig.publish("t");
  EXPECT_EQ(rig.flush().size(), 1U);
}

TEST(ClientSubscriptions, AreCounted) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a"});
  rig.subscribe(2, {"a"});
  for (const Seen& seen : rig.flush()) rig.ack(seen.header.corr);
  rig.subscribe(3, {"a"}, false);
  EXPECT_TRUE(rig.flush().empty()) << "somebody still wants it";
  EXPECT_EQ(rig.take<Answer>().size(), 3U);
  rig.subscribe(4, {"a"}, false);
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].kind, "unsub");
}

TEST(ClientSubscriptions, TakenBackWhileAwayAreNotRestored) {
  Rig rig;
  rig.subscribe(1, {"never"});
  rig.subscribe(2, {"never"}, false);
  EXPECT_EQ(rig.take<Answer>().size(), 2U);
  rig.connect();
  rig.subscribe(3, {"a"});
  rig.ack(rig.flush().at(0).header.corr);
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.subscribe(4, {"a"}, false);
  EXPECT_EQ(rig.take<Answer>().size(), 2U);
  rig.pass(1s);
  rig.connect();
  EXPECT_TRUE(rig.flush().empty());
}

TEST(ClientSubscriptions, GivenUpOnesAreTakenBack) {
  Rig rig;
  rig.connect();
  rig.subscribe(1, {"a"}, true, rig.now + 100ms);
  ASSERT_EQ(rig.flush().size(), 1U);
  rig.pass(100ms);
  EXPECT_EQ(rig.take<Answer>().at(0).error->failure, Failure::kTimeout);
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].kind, "unsub");
  rig.ack(sent[0].header.corr);
  EXPECT_TRUE(rig.take<Answer>().empty());
}

TEST(ClientSubscriptions, ManyAreRestoredInBatches) {
  Rig rig;
  rig.connect();
  std::vector<std::string> patterns;
  for (int i = 0; i < 500; ++i) patterns.push_back("topic/" + std::to_string(i));
  rig.subscribe(1, patterns);
  rig.ack(rig.flush().at(0).header.corr);
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  std::size_t restored = 0;
  for (const Seen& seen : rig.flush()) {
    EXPECT_LE(seen.bytes.size(), 16U * 1024);
    restored += oap::read_sub(seen.message()).value().topics.number;
  }
  EXPECT_EQ(restored, 500U);
}

}  // namespace
}  // namespace ron::session
