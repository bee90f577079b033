#include "session/client.hpp"

#include <gtest/gtest.h>

#include "session/client_rig.hpp"

namespace ron::session {
namespace {

using Kind = ClientOrder::Kind;

// ---- handshake ---------------------------------------------------------------------------------

// OAP-3.1, OAP-3.4, OAP-5.3
TEST(ClientHandshake, SaysHelloFirst) {
  ClientOptions options;
  options.token = "macaroon:abc";
  Rig rig(options);
  rig.in(Connect{});
  ASSERT_TRUE(rig.ordered(Kind::kDial));
  rig.publish("early");
  rig.in(Opened{rig.attempt, false, false});
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U) << "nothing but hello before hello_ack";
  EXPECT_EQ(sent[0].header.flags, oap::kReq);
  const oap::Message message = sent[0].message();
  const auto hello = oap::read_hello(message).value();
  EXPECT_TRUE(hello.version_1);
  EXPECT_TRUE(hello.comp_zstd);
  EXPECT_EQ(hello.pq, oap::Pq::kHybrid);
  EXPECT_EQ(hello.window, 1U << 20U);
  EXPECT_EQ(hello.max_frame, oap::kMaxFrame);
  EXPECT_EQ(hello.token, "macaroon:abc");
}

TEST(ClientHandshake, NoWindowTurnsCreditsOff) {  // OAP-5.5
  ClientOptions options;
  options.window = 0;
  Rig rig(options);
  rig.in(Connect{});
  rig.in(Opened{rig.attempt, false, false});
  const auto sent = rig.flush();
  EXPECT_FALSE(oap::read_hello(sent.at(0).message()).value().window.has_value());
}

TEST(ClientHandshake, ConnectedTellsWhatTheNodeSaid) {
  Rig rig;
  rig.connect();
  const auto connected = rig.take<Connected>();
  ASSERT_EQ(connected.size(), 1U);
  EXPECT_EQ(connected[0].ack.session, 7U);
  EXPECT_EQ(connected[0].ack.limits.inflight, 32U);
  EXPECT_EQ(rig.client.state(), ClientState::kActive);
}

TEST(ClientHandshake, AHybridClaimMustBeTrue) {  // OAP-3.14
  for (const bool claims : {false, true}) {
    Rig rig;
    rig.in(Connect{});
    rig.in(Opened{rig.attempt, !claims, false});
    rig.flush();
    oap::HelloAck ack = Rig::hello_ack();
    ack.pq = claims ? oap::Pq::kHybrid : oap::Pq::kOff;
    rig.respond(1, oap::write_hello_ack(ack));
    const auto gone = rig.take<Disconnected>();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].why.failure, Failure::kProtocol);
    EXPECT_FALSE(gone[0].will_retry);
    EXPECT_TRUE(rig.take<Connected>().empty());
  }
}

TEST(ClientHandshake, RequiredHybridIsRequiredOnNetworksOnly) {  // OAP-3.25
  ClientOptions options;
  options.require_hybrid = true;
  Rig rig(options);
  rig.in(Connect{});
  rig.in(Opened{rig.attempt, false, false});
  EXPECT_TRUE(rig.flush().empty()) << "no hello, so no token, over such a channel";
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kBadVersion);

  Rig local(options);
  local.in(Connect{});
  local.in(Opened{local.attempt, false, true});
  EXPECT_EQ(local.flush().size(), 1U);
}

TEST(ClientHandshake, RefusalsThatCannotBeRepairedEndIt) {
  for (const auto code : {oap::Code::kBadVersion, oap::Code::kUnauth, oap::Code::kBadFrame}) {
    Rig rig;
    rig.in(Connect{});
    rig.in(Opened{rig.attempt, false, false});
    rig.flush();
    rig.refuse(1, code);
    const auto gone = rig.take<Disconnected>();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].why.failure, failure_of(code));
    EXPECT_FALSE(gone[0].will_retry);
    rig.in(PeerFinished{rig.attempt});
    EXPECT_EQ(rig.take<Ended>().size(), 1U);
    EXPECT_EQ(rig.client.state(), ClientState::kEnded);
  }
}

TEST(ClientHandshake, NotReadyIsTriedAgainNotBeforeRetryAfter) {
  Rig rig;
  rig.in(Connect{});
  rig.in(Opened{rig.attempt, false, false});
  rig.flush();
  rig.refuse(1, oap::Code::kNotReady, 3000);
  const auto gone = rig.take<Disconnected>();
  ASSERT_TRUE(gone.at(0).will_retry);
  EXPECT_GE(gone[0].retry_in, 3s);
  rig.in(PeerFinished{rig.attempt});
  rig.orders.clear();
  rig.pass(2900ms);
  EXPECT_FALSE(rig.ordered(Kind::kDial));
  rig.pass(200ms);
  EXPECT_TRUE(rig.ordered(Kind::kDial));
}

TEST(ClientHandshake, SilenceTimesOut) {
  Rig rig;
  rig.in(Connect{});
  rig.in(Opened{rig.attempt, false, false});
  rig.flush();
  rig.pass(3s);
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kTimeout);
  const auto last = rig.flush();
  ASSERT_EQ(last.size(), 1U);  // OAP-3.34
  EXPECT_EQ(last[0].kind, "error");
  EXPECT_TRUE(rig.ordered(Kind::kFinishWrite));
}

TEST(ClientHandshake, AnythingElseFirstIsAFault) {
  Rig rig;
  rig.in(Connect{});
  rig.in(Opened{rig.attempt, false, false});
  rig.flush();
  rig.event(oap::write_keep());
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kProtocol);
}

TEST(ClientHandshake, MaxFrameOfTheAnswerBindsBothWays) {  // OAP-3.19
  Rig rig;
  rig.in(Connect{});
  rig.in(Send{0, Rig::publication("big", std::string(5000, 'x')), Mode::kPlain, true, {}});
  rig.in(Send{9, Rig::publication("big", std::string(5000, 'x')), Mode::kAcked, true,
              Instant::never()});
  rig.publish("small");
  oap::HelloAck ack = Rig::hello_ack();
  ack.limits.max_frame = 2048;
  rig.connect(ack);
  EXPECT_EQ(rig.take<RefusedEvents>().at(0).failure, Failure::kFrameTooLarge);
  EXPECT_EQ(rig.take<Answer>().at(0).error->failure, Failure::kFrameTooLarge);
  EXPECT_EQ(rig.flush().size(), 1U);
  rig.in(Send{10, Rig::publication("big", std::string(5000, 'x')), Mode::kAcked, true, {}});
  EXPECT_EQ(rig.take<Answer>().at(0).error->failure, Failure::kFrameTooLarge);
  rig.deliver(Rig::publication("big", std::string(5000, 'x')));
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kProtocol);
}

// ---- connections -------------------------------------------------------------------------------

TEST(ClientReconnect, BacksOffWithJitterAndDialsAgain) {
  Rig rig;
  rig.in(Connect{});
  Duration total{0};
  for (int i = 0; i < 8; ++i) {
    rig.in(DialFailed{rig.attempt, "refused", true});
    const auto gone = rig.take<Disconnected>();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].why.failure, Failure::kConnect);
    ASSERT_TRUE(gone[0].will_retry);
    const Duration most = std::min<Duration>(10s, 100ms * (1 << i));
    EXPECT_GE(gone[0].retry_in, most / 2);
    EXPECT_LE(gone[0].retry_in, most);
    total += gone[0].retry_in;
    rig.orders.clear();
    rig.pass(gone[0].retry_in);
    EXPECT_TRUE(rig.ordered(Kind::kDial));
  }
  EXPECT_EQ(rig.attempt, 9U);
}

TEST(ClientReconnect, ADialHasADeadline) {
  Rig rig;
  rig.in(Connect{});
  rig.pass(10s);
  EXPECT_TRUE(rig.ordered(Kind::kClose));
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kConnect);
}

TEST(ClientReconnect, FactsOfOldAttemptsAreIgnored) {
  Rig rig;
  rig.connect();
  rig.in(StreamLost{rig.attempt - 1, "old"});
  EXPECT_EQ(rig.client.state(), ClientState::kActive);
  rig.in(Opened{rig.attempt, false, false});
  EXPECT_EQ(rig.client.state(), ClientState::kActive);
}

TEST(ClientReconnect, OffMeansOff) {
  ClientOptions options;
  options.reconnect = false;
  Rig rig(options);
  rig.connect();
  rig.in(StreamLost{rig.attempt, "reset"});
  EXPECT_FALSE(rig.take<Disconnected>().at(0).will_retry);
  EXPECT_EQ(rig.take<Ended>().size(), 1U);
}

TEST(ClientReconnect, WhatWasNotSentIsSentOnTheNextConnection) {
  Rig rig;
  rig.connect();
  rig.flush();
  for (const char* topic : {"a", "b", "c"}) rig.publish(topic);
  IoPiece pieces[8];
  ASSERT_EQ(rig.client.gather(pieces, 64 * 1024, rig.now), 3U);
  rig.client.wrote(pieces[0].size + 5, rig.now, rig.out);  // a whole, b begun
  rig.in(StreamLost{rig.attempt, "reset"});
  rig.pass(1s);
  rig.connect();
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].topic(), "b");
  EXPECT_EQ(sent[1].topic(), "c");
}

TEST(ClientReconnect, SentAndUnansweredIsToldNotRepeated) {
  Rig rig;
  rig.connect();
  rig.publish("sent", Mode::kAcked, 5);
  rig.flush();
  rig.in(Send{6, Rig::publication("waits"), Mode::kAcked, true, Instant::never()});
  rig.in(StreamLost{rig.attempt, "reset"});
  const auto answers = rig.take<Answer>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].ticket, 5U);
  EXPECT_EQ(answers[0].error->failure, Failure::kDisconnected);
  EXPECT_TRUE(answers[0].error->retryable);
  rig.pass(1s);
  rig.connect();
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].topic(), "waits");
  rig.ack(sent[0].header.corr, 2, 1);
  const auto later = rig.take<Answer>();
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].ticket, 6U);
  EXPECT_EQ(later[0].ack.to, 2U);
}

TEST(ClientReconnect, FinBetweenAndInsideFrames) {  // OAP-1.35, OAP-1.36
  Rig rig;
  rig.connect();
  rig.in(PeerFinished{rig.attempt});
  EXPECT_TRUE(rig.take<Disconnected>().at(0).will_retry);
  rig.pass(1s);
  rig.connect();
  rig.deliver(Rig::publication("t").sub(0, 20));
  rig.in(PeerFinished{rig.attempt});
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kDisconnected);
  EXPECT_TRUE(rig.flush().empty()) << "no error frame";
}

// ---- leaving -----------------------------------------------------------------------------------

TEST(ClientBye, FinishesThenGoesToTheAlternative) {  // OAP-6.1, OAP-6.2
  Rig rig;
  rig.connect();
  rig.publish("asked", Mode::kAcked, 3);
  const auto asked = rig.flush();
  rig.event(oap::write_bye({"restart", {"other:9500"}, 700}));
  EXPECT_EQ(rig.client.state(), ClientState::kDraining);
  EXPECT_EQ(rig.take<ByeIn>().at(0).alt.at(0), "other:9500");
  rig.publish("later");
  EXPECT_TRUE(rig.flush().empty()) << "nothing new to a node that leaves";
  rig.ack(asked.at(0).header.corr, 1);
  EXPECT_FALSE(rig.take<Answer>().at(0).error.has_value());
  rig.deliver(Rig::publication("queued"));
  EXPECT_EQ(rig.take<MessageIn>().size(), 1U);
  rig.in(PeerFinished{rig.attempt});
  const auto gone = rig.take<Disconnected>();
  EXPECT_GE(gone.at(0).retry_in, 700ms);
  rig.pass(gone[0].retry_in);
  EXPECT_EQ(rig.dialled, "other:9500");
  rig.in(DialFailed{rig.attempt, "refused", true});
  rig.pass(10s);
  EXPECT_EQ(rig.dialled, "") << "then back to the configured address";
  rig.connect();
  EXPECT_EQ(rig.flush().at(0).topic(), "later");
}

TEST(ClientBye, DoesNotWaitForeverForTheNodeToLeave) {
  Rig rig;
  rig.connect();
  rig.event(oap::write_bye({"restart", {}, {}}));
  rig.pass(5s);
  EXPECT_TRUE(rig.ordered(Kind::kFinishWrite));
}

TEST(ClientClose, EndsInOrderAndAnswersEverything) {
  Rig rig;
  rig.connect();
  rig.publish("a", Mode::kAcked, 1);
  rig.flush();
  for (Ticket ticket = 2; ticket < 5; ++ticket) {
    rig.in(Send{ticket, Rig::publication("b"), Mode::kAcked, true, Instant::never()});
  }
  rig.publish("plain");
  rig.in(Close{});
  EXPECT_TRUE(rig.ordered(Kind::kFinishWrite));
  rig.pass(1s);  // the node does not answer: linger
  EXPECT_TRUE(rig.ordered(Kind::kClose));
  const auto answers = rig.take<Answer>();
  EXPECT_EQ(answers.size(), 4U);
  for (const Answer& answer : answers) EXPECT_EQ(answer.error->failure, Failure::kClosed);
  EXPECT_EQ(rig.take<RefusedEvents>().at(0).dropped, 1U) << "nothing is lost in silence";
  EXPECT_EQ(rig.take<Ended>().size(), 1U);
  rig.publish("late", Mode::kAcked, 9);
  EXPECT_EQ(rig.take<Answer>().at(0).error->failure, Failure::kClosed);
  EXPECT_TRUE(rig.client.next_deadline().is_never());
}

TEST(ClientClose, ABegunFrameIsCompletedBeforeFin) {
  Rig rig;
  rig.connect();
  rig.publish("a");
  IoPiece pieces[8];
  rig.client.gather(pieces, 64 * 1024, rig.now);
  rig.client.wrote(7, rig.now, rig.out);
  rig.in(Close{});
  EXPECT_FALSE(rig.ordered(Kind::kFinishWrite));
  ASSERT_EQ(rig.client.gather(pieces, 64 * 1024, rig.now), 1U);
  rig.client.wrote(pieces[0].size, rig.now, rig.out);
  rig.in(Tick{});
  EXPECT_TRUE(rig.ordered(Kind::kFinishWrite));
}

// ---- timers ------------------------------------------------------------------------------------

TEST(ClientTimers, KeepsTheSessionAliveAndNoticesSilence) {  // OAP-3.32, OAP-3.33
  Rig rig;
  rig.connect();
  rig.flush();
  rig.pass(5s);
  const auto keep = rig.flush();
  ASSERT_EQ(keep.size(), 1U);
  EXPECT_EQ(keep[0].kind, "keep");
  EXPECT_EQ(keep[0].header.flags, oap::kEvent);
  rig.pass(4s);
  rig.event(oap::write_keep());
  rig.pass(14s);
  EXPECT_TRUE(rig.take<Disconnected>().empty());
  rig.pass(1s);
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kTimeout);
}

TEST(ClientTimers, ABlockedStreamMakesNoBusyLoopAndTimesOut) {  // OAP-3.31
  Rig rig;
  rig.connect();
  rig.publish("a");
  IoPiece pieces[8];
  ASSERT_EQ(rig.client.gather(pieces, 64 * 1024, rig.now), 1U);
  int ticks = 0;
  const Instant end = rig.now + 5s;
  while (rig.client.next_deadline() <= end && ++ticks < 100) {
    rig.now = std::max(rig.now, rig.client.next_deadline());
    rig.in(Tick{});
    if (rig.client.state() != ClientState::kActive) break;
  }
  EXPECT_LT(ticks, 10);
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kTimeout);
}

TEST(ClientTimers, AHalfFrameTimesOut) {  // OAP-3.29
  Rig rig;
  rig.connect();
  rig.deliver(Rig::publication("t").sub(0, 35));
  rig.pass(4900ms);
  EXPECT_TRUE(rig.take<Disconnected>().empty());
  rig.pass(1200ms);
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kTimeout);
}

// ---- what arrives ------------------------------------------------------------------------------

TEST(ClientFrames, MessagesCarryEverything) {  // OAP-4.31
  Rig rig;
  rig.connect();
  oap::GossipOut gossip;
  gossip.topic = "a/b";
  gossip.data = as_bytes("hello");
  gossip.reply = "inbox";
  gossip.ts = 42;
  const Slice frame = oap::make_frame(oap::kEvent, {1, 2}, 77, oap::write_gossip(gossip));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{33}, frame.size() - 1}) {
    rig.deliver(frame.sub(0, cut));
    rig.deliver(frame.sub(cut, frame.size() - cut));
    const auto messages = rig.take<MessageIn>();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].gossip.topic, "a/b");
    EXPECT_EQ(as_text(messages[0].gossip.data), "hello");
    EXPECT_EQ(messages[0].gossip.reply, "inbox");
    EXPECT_EQ(messages[0].corr, 77U);
    EXPECT_EQ(messages[0].tenant, (TenantId{1, 2}));
    EXPECT_EQ(messages[0].wire_bytes, frame.size());
  }
}

TEST(ClientFrames, GapsAreToldToWhoAsked) {  // OAP-4.62 OAP-4.63
  ClientOptions options;
  options.gaps = true;
  Rig rig(options);
  rig.connect();
  rig.event(oap::write_gap({.epoch = 3, .first = 5, .last = 9, .count = 2}));
  const auto told = rig.take<GapIn>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].gap.first, 5U);
  EXPECT_EQ(told[0].gap.count, 2U);
  rig.event(oap::write_gap({.epoch = 3, .first = 5, .last = 9, .count = 6}));
  EXPECT_TRUE(rig.take<GapIn>().empty());
  EXPECT_EQ(rig.client.stats().bad_events, 1U);
}

TEST(ClientFrames, LaggedAndRefusedAreTold) {  // OAP-4.45, OAP-1.31
  Rig rig;
  rig.connect();
  rig.event(oap::write_lagged(12));
  rig.event(oap::write_refused("QuotaExceeded", 3));
  rig.event(oap::write_refused("Unheard", 4));
  EXPECT_EQ(rig.take<Lagged>().at(0).dropped, 12U);
  const auto refused = rig.take<RefusedEvents>();
  EXPECT_EQ(refused.at(0).failure, Failure::kQuotaExceeded);
  EXPECT_EQ(refused.at(0).dropped, 3U);
  EXPECT_EQ(refused.at(1).failure, Failure::kInternal);  // OAP-4.48
}

TEST(ClientFrames, UnknownAndBadEventsAreCounted) {  // OAP-2.24, OAP-2.27, OAP-1.25
  Rig rig;
  rig.connect();
  std::vector<std::uint8_t> unknown;
  oap::CborWriter writer(unknown);
  writer.map(1);
  writer.key("kind");
  writer.text("novelty");
  rig.event(unknown);
  rig.event({0xff});
  rig.ack(999);
  EXPECT_EQ(rig.client.stats().unknown_kinds, 1U);
  EXPECT_EQ(rig.client.stats().bad_events, 1U);
  EXPECT_EQ(rig.client.stats().stray_answers, 1U);
  EXPECT_EQ(rig.client.state(), ClientState::kActive);
}

TEST(ClientFrames, EnvelopeFaultsEndTheSessionWithAnError) {  // OAP-1.33, OAP-1.19
  Rig rig;
  rig.connect();
  Slice bad = Rig::publication("t");
  bad.mutable_bytes()[4] = 9;
  rig.deliver(bad);
  EXPECT_EQ(rig.take<Disconnected>().at(0).why.failure, Failure::kProtocol);
  const auto last = rig.flush();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].kind, "error");
  EXPECT_TRUE(rig.ordered(Kind::kFinishWrite));
  rig.deliver(Rig::publication("ignored"));
  EXPECT_TRUE(rig.take<MessageIn>().empty()) << "what follows a fault is discarded";
}

TEST(ClientFrames, InflatesCompWhenAgreed) {  // OAP-1.42
  for (const bool agreed : {true, false}) {
    Rig rig;
    oap::HelloAck ack = Rig::hello_ack();
    ack.comp_zstd = agreed;
    rig.connect(ack);
    // A sender with compression on makes the frame for us.
    ClientOptions sending;
    sending.compress = true;
    Rig sender(sending);
    sender.connect();
    std::string words;
    SeedChoice choice(3);
    for (int i = 0; i < 1000; ++i) words += "word" + std::to_string(choice.index(1000)) + " ";
    sender.in(Send{0, Rig::publication("c", words), Mode::kPlain, true, {}});
    const auto sent = sender.flush();
    ASSERT_EQ(sent.size(), 1U);
    ASSERT_TRUE(sent[0].header.has(oap::kComp));
    EXPECT_LT(sent[0].bytes.size(), words.size());
    rig.deliver(sent[0].bytes);
    if (agreed) {
      const auto messages = rig.take<MessageIn>();
      ASSERT_EQ(messages.size(), 1U);
      EXPECT_EQ(as_text(messages[0].gossip.data), words);
      EXPECT_EQ(messages[0].wire_bytes, sent[0].bytes.size());
    } else {
      EXPECT_EQ(rig.take<Disconnected>().size(), 1U);
    }
  }
}

TEST(ClientFrames, ARequestFromTheNodeIsRefused) {  // OAP-2.23
  Rig rig;
  rig.connect();
  rig.deliver(oap::make_frame(oap::kReq, {}, 5, oap::write_keep()));
  const auto sent = rig.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].header.corr, 5U);
  EXPECT_EQ(oap::read_error(sent[0].message()).value().code, "BadFrame");
}

}  // namespace
}  // namespace ron::session
