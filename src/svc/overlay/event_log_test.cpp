// A line of the log and a counter speak of the same thing with the same word.
#include "svc/overlay/event_log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "node/shard_rig.hpp"
#include "svc/overlay/handshake_reason.hpp"
#include "svc/overlay/metrics_map.hpp"

namespace ron::svc {
namespace {

using namespace std::chrono_literals;
using node::testing::Rig;
using Json = nlohmann::json;

/// What an event looks like in the log.
Json logged(const host::Event& event) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return {};
  {
    ops::Log log(
        {.format = config::LogFormat::kJson, .level = ops::LogLevel::kTrace, .fd = ends[1]});
    log_event(event, log);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return Json::parse(text, nullptr, false);
}

/// `event` is logged as a failed handshake, with the reason under which `counted` counts one.
void expect_the_same_word(const host::Event& event, const host::ShardSnapshot& counted) {
  const Json line = logged(event);
  ASSERT_TRUE(line.is_object());
  EXPECT_EQ(line["event"], "handshake_failed");
  ops::MetricsPage page;
  fill_metrics({.shards = {counted}}, config::defaults(config::Profile::kMicronode), page);
  const std::string series = "\noverlay_handshake_failures_total{reason=\"" +
                             line["reason"].get<std::string>() + "\"} 1\n";
  EXPECT_NE(page.text().find(series), std::string::npos) << line << "\n" << page.text();
}

/// The event a driver makes of the end of `id`, and the counters of its shard.
void expect_the_same_word(Rig& rig, SessionId id) {
  host::Event event{.kind = host::EventKind::kSessionClosed, .session = id};
  if (const node::Action* closed = rig.closed(id)) {  // none when the stream was lost
    event.reason = closed->reason;
    event.erred = closed->erred;
    event.code = closed->code;
  }
  expect_the_same_word(event, {.node = rig.stats(), .transport = {}});
}

/// Sends `payload` as the first frame and waits for the end.
void expect_the_same_word_after(Rig& rig, const node::testing::Bytes& payload) {
  const SessionId id = rig.open(0, {.kind = node::ChannelKind::kTcp});
  rig.send(id, oap::kReq, 1, payload);
  static_cast<void>(rig.receive(id));
  rig.wait(1s);
  ASSERT_NE(rig.closed(id), nullptr);
  expect_the_same_word(rig, id);
}

TEST(FailedHandshakes, of_tls) {
  for (std::size_t i = 0; i < transport::kFailureClasses; ++i) {
    SCOPED_TRACE(transport::name(static_cast<transport::FailureClass>(i)));
    host::ShardSnapshot counted;
    counted.transport.tls_failures[i] = 1;
    expect_the_same_word(
        {.kind = host::EventKind::kTlsFailed, .failure = static_cast<transport::FailureClass>(i)},
        counted);
  }
}

TEST(FailedHandshakes, refused_hellos) {
  oap::Hello version = Rig::hello_of();
  version.version_1 = false;
  oap::Hello token = Rig::hello_of();
  token.token = "macaroon:AAAA";
  for (const auto& payload : {node::testing::Bytes{0xff}, oap::write_keep(),
                              oap::write_hello(version), oap::write_hello(token)}) {
    Rig rig;
    expect_the_same_word_after(rig, payload);
  }
  node::NodeConfig strict = Rig::quiet_config();
  strict.pq_mode = node::PqMode::kRequire;
  Rig hybrid_only(strict);
  expect_the_same_word_after(hybrid_only, oap::write_hello(Rig::hello_of()));
  Rig red;
  red.handle_all(node::Readiness{false});
  expect_the_same_word_after(red, oap::write_hello(Rig::hello_of()));
}

TEST(FailedHandshakes, that_never_came_to_a_hello) {
  {
    Rig rig;
    const SessionId silent = rig.open();
    rig.wait(1min);
    static_cast<void>(rig.receive(silent));
    rig.wait(1s);
    ASSERT_NE(rig.closed(silent), nullptr);
    expect_the_same_word(rig, silent);
  }
  {
    Rig rig;
    const SessionId gone = rig.open();
    rig.handle(gone, node::PeerFinished{gone});
    ASSERT_NE(rig.closed(gone), nullptr);
    expect_the_same_word(rig, gone);
  }
  {
    Rig rig;
    const SessionId reset = rig.open();
    rig.handle(reset, node::StreamLost{reset});
    expect_the_same_word(rig, reset);
  }
}

TEST(FailedHandshakes, cut_short_by_a_drain) {
  Rig rig;
  const SessionId late = rig.open();
  rig.handle_all(node::Drain{.within = 1s});
  rig.wait(2s);
  ASSERT_NE(rig.closed(late), nullptr);
  expect_the_same_word(rig, late);
}

// Every reason that a session can end with has a word of the metric's list, whatever the code.
TEST(FailedHandshakes, have_a_reason_of_the_inventory) {
  for (int reason = 0; reason <= static_cast<int>(node::CloseReason::kCutOff); ++reason) {
    for (std::size_t code = 0; code < oap::kCodeCount; ++code) {
      const host::Event event{.kind = host::EventKind::kSessionClosed,
                              .reason = static_cast<node::CloseReason>(reason),
                              .erred = true,
                              .code = static_cast<oap::Code>(code)};
      host::ShardSnapshot counted;
      counted.node.handshake_failures[static_cast<std::size_t>(handshake_failure(event))] = 1;
      expect_the_same_word(event, counted);
    }
  }
}

TEST(EventLog, a_session_that_was_open_is_no_failed_handshake) {
  const Json line = logged({.kind = host::EventKind::kSessionClosed, .was_open = true});
  EXPECT_EQ(line["event"], "session_closed");
  EXPECT_EQ(line["reason"], node::name(node::CloseReason::kPeer));
}

TEST(EventLog, a_refused_connection_has_the_metrics_reason) {
  host::ShardSnapshot counted;
  counted.transport.refused_rate = 1;
  const Json line =
      logged({.kind = host::EventKind::kAcceptRefused, .refusal = host::Refusal::kRate});
  ops::MetricsPage page;
  fill_metrics({.shards = {counted}}, config::defaults(config::Profile::kMicronode), page);
  EXPECT_NE(page.text().find("overlay_connections_refused_total{reason=\"" +
                             line["reason"].get<std::string>() + "\"} 1\n"),
            std::string::npos);
}

TEST(EventLog, a_dead_shard_is_named) {
  const Json line =
      logged({.kind = host::EventKind::kShardDied, .shard = 3, .text = "out of luck"});
  EXPECT_EQ(line["event"], "child_died");
  EXPECT_EQ(line["child"], "shard-3");
  EXPECT_EQ(line["message"], "out of luck");
}

TEST(EventLog, ANeighbourThatIsLetGoIsNamedWithItsMisdeeds) {
  mesh::Expelled score;
  score.points = 103.5;
  for (std::size_t i = 0; i < mesh::kMisdeeds; ++i)
    score.reasons[i].misdeed = static_cast<mesh::Misdeed>(i);
  score.reasons[0].points = 98;
  score.reasons[0].count = 5;
  score.reasons[3].points = 5.5;
  score.reasons[3].count = 6;
  host::Event event{.kind = host::EventKind::kPeerExpelled};
  event.peer_node = NodeId{0xab};
  event.score = &score;
  const Json line = logged(event);
  EXPECT_EQ(line["event"], "peer_expelled");
  EXPECT_EQ(line["level"], "warn");
  EXPECT_EQ(line["peer_id"].get<std::string>().substr(0, 4), "ab00");
  EXPECT_EQ(line["score"], 103.5);
  EXPECT_EQ(line["reason"], "malformed");
  EXPECT_EQ(line["message"], "malformed x5, slow x6");
}

TEST(EventLog, APeerThatWasDialedIsNoClientThatFailed) {
  const NodeId node = {0xab};
  host::Event event{.kind = host::EventKind::kDialFailed, .peer = "a:1", .text = "refused"};
  event.peer_node = node;
  Json line = logged(event);
  EXPECT_EQ(line["event"], "peer_failed");
  EXPECT_EQ(line["peer_addr"], "a:1");
  EXPECT_EQ(line["peer_id"].get<std::string>().substr(0, 4), "ab00");
  EXPECT_EQ(line["reason"], "io");
  EXPECT_EQ(line["message"], "refused");

  event = {.kind = host::EventKind::kTlsFailed, .peer = "a:1", .dialed = true};
  event.failure = transport::FailureClass::kCert;
  line = logged(event);
  EXPECT_EQ(line["event"], "peer_failed");
  EXPECT_EQ(line["reason"], "mtls");

  event = {.kind = host::EventKind::kSessionClosed, .peer = "a:1", .dialed = true};
  event.reason = node::CloseReason::kRefused;
  event.erred = true;
  event.code = oap::Code::kUnauth;
  line = logged(event);
  EXPECT_EQ(line["event"], "peer_failed");
  EXPECT_EQ(line["reason"], "auth");
  EXPECT_EQ(line["error_code"], "Unauth");
}

}  // namespace
}  // namespace ron::svc
