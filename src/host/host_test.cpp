// A whole host over real sockets on loopback, seen from outside.
#include "host/host.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "crypto/test_certificates.hpp"
#include "host/test_peer.hpp"
#include "host/test_wait.hpp"

namespace ron::host {
namespace {

using crypto::test::Authority;
using crypto::test::Directory;
using crypto::test::Paths;
using test::open_files;
using test::Peer;
using test::soon;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// Events, as they came.
class Diary {
 public:
  struct Entry {
    EventKind kind;
    Refusal refusal;
    node::CloseReason reason;
    transport::FailureClass failure;
    bool hybrid, was_open;
    std::string peer_name, text;
  };
  EventSink sink() {
    return [this](const Event& event) {
      const std::scoped_lock lock(mutex_);
      entries_.push_back({event.kind, event.refusal, event.reason, event.failure, event.hybrid,
                          event.was_open, std::string(event.peer_name), std::string(event.text)});
    };
  }
  std::vector<Entry> of(EventKind kind) {
    const std::scoped_lock lock(mutex_);
    std::vector<Entry> found;
    std::ranges::copy_if(entries_, std::back_inserter(found),
                         [&](const Entry& entry) { return entry.kind == kind; });
    return found;
  }

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

struct HostTest : testing::Test {
  Directory directory;
  Authority ca{directory};
  Paths node = ca.node();
  Paths alice = ca.client();
  Diary diary;
  Settings settings;
  std::unique_ptr<Host> host;

  HostTest() {
    settings.listen = {"127.0.0.1:0"};
    settings.shards = 1;
    settings.accept = {.connections = 1000, .sustained = 0};
    settings.node.session.recv_window_bytes = 0;
    settings.node.session.fps = 0;
    settings.on_event = diary.sink();
  }
  void use_tls() {
    settings.tls = crypto::ServerTls{.cert_path = node.cert,
                                     .key_path = node.key,
                                     .client_ca_path = ca.cert(),
                                     .require_client_cert = true,
                                     .client_names = {"URI:ron:client:*"}};
  }
  void start() {
    auto started = Host::start(settings);
    ASSERT_TRUE(started.has_value()) << started.error();
    host = std::move(*started);
  }
  std::string start_error() const {
    auto started = Host::start(settings);
    return started ? "" : started.error();
  }
  transport::DialTarget plain() const {
    return {.at = *transport::split_host_port(host->bound()[0])};
  }
  crypto::ClientTls client_tls() const {
    return {.ca_path = ca.cert(), .cert_path = alice.cert, .key_path = alice.key};
  }
  transport::DialTarget tls(const crypto::ClientTls& with) const {
    transport::DialTarget target = plain();
    auto context = crypto::TlsContext::client(with);
    EXPECT_TRUE(context.has_value()) << context.error();
    target.tls = *context;
    return target;
  }
  transport::DialTarget tls() const { return tls(client_tls()); }

  template <typename Of>
  std::uint64_t sum(Of of) {
    std::uint64_t all = 0;
    for (const ShardSnapshot& shard : host->snapshot().shards) all += of(shard);
    return all;
  }
  std::uint64_t tls_failures(transport::FailureClass kind) {
    return sum([&](const ShardSnapshot& s) {
      return s.transport.tls_failures[static_cast<std::size_t>(kind)];
    });
  }
  std::uint64_t streams() {
    return sum([](const ShardSnapshot& s) { return s.transport.streams; });
  }
};

TEST_F(HostTest, PublishesToSubscribers) {
  start();
  Peer reader(plain());
  Peer writer(plain());
  ASSERT_TRUE(reader.greet());
  ASSERT_TRUE(writer.greet());
  ASSERT_TRUE(reader.subscribe("a/*"));
  ASSERT_TRUE(writer.publish("a/b", "first"));
  ASSERT_TRUE(writer.publish("x/y", "nobody's"));
  ASSERT_TRUE(writer.publish("a/b", "second"));  // order holds within a topic
  ASSERT_TRUE(reader.next_with("first"));
  const auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_THAT(std::string(as_text(second->payload())), HasSubstr("second"));
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.node.delivered; }), 2U);
  EXPECT_TRUE(soon([&] { return diary.of(EventKind::kSessionOpened).size() == 2; }));
}

TEST_F(HostTest, ShardsPassMessagesOnInOrder) {
  settings.shards = 2;
  settings.node.session.lanes.gossip_bytes = 64U << 20U;
  start();
  ASSERT_EQ(host->shards(), 2U);
  std::vector<std::unique_ptr<Peer>> readers;
  const auto spread = [&] {
    const Snapshot snapshot = host->snapshot();
    return std::ranges::all_of(
        snapshot.shards, [](const ShardSnapshot& shard) { return shard.node.sessions_active > 0; });
  };
  while (readers.size() < 4 || (!spread() && readers.size() < 40)) {
    readers.push_back(std::make_unique<Peer>(plain()));
    ASSERT_TRUE(readers.back()->greet());
    ASSERT_TRUE(readers.back()->subscribe("t/**"));
  }
  ASSERT_TRUE(spread()) << "the kernel spreads connections over the listeners";
  Peer writer(plain());
  ASSERT_TRUE(writer.greet());
  constexpr int kCount = 3000;
  const std::string filler(1000, '.');
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(writer.publish("t/x", std::to_string(i) + ";" + filler));
  }
  for (const auto& reader : readers) {
    for (int i = 0; i < kCount; ++i) {
      const auto frame = reader->next();
      ASSERT_TRUE(frame) << i;
      ASSERT_NE(as_text(frame->payload()).find(std::to_string(i) + ";"), std::string_view::npos);
    }
  }
}

// The shard is held up until one publisher's socket is full to the brim and another has sent one
// message of the same topic: that one must not wait for all the rest.
TEST_F(HostTest, APublisherThatFloodsDoesNotStarveAnother) {
  struct Gate {
    std::atomic<bool> shut{false}, reached{false};
  };
  const auto gate = std::make_shared<Gate>();
  settings.on_event = [gate](const Event& event) {
    if (event.kind != EventKind::kSessionOpened || !gate->shut) return;
    gate->reached = true;
    gate->shut.wait(true);
  };
  settings.node.session.lanes.gossip_bytes = 64U << 20U;
  start();
  Peer reader(plain());
  Peer flooder(plain());
  Peer quiet(plain());
  for (Peer* peer : {&reader, &flooder, &quiet}) ASSERT_TRUE(peer->greet());
  ASSERT_TRUE(reader.subscribe("t"));
  gate->shut = true;
  Peer last(plain());
  oap::Hello hello;
  hello.version_1 = true;
  hello.max_frame = oap::kMaxFrame;
  EXPECT_TRUE(last.connected() && last.send(oap::kReq, 1, oap::write_hello(hello)));
  EXPECT_TRUE(soon([&] { return gate->reached.load(); }));
  const std::size_t flooded = flooder.fill("t", std::string(8000, 'f'));
  EXPECT_TRUE(quiet.publish("t", "quiet"));
  gate->shut = false;
  gate->shut.notify_all();
  constexpr std::size_t kShare = 512U * 1024;  // a few reads
  ASSERT_GT(flooded, 3 * kShare) << "what the kernel holds for a connection";
  std::size_t before = 0;
  for (bool seen = false; !seen;) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    before += frame->payload().size();
    seen = as_text(frame->payload()).find("quiet") != std::string_view::npos;
  }
  EXPECT_LT(before, kShare);
}

TEST_F(HostTest, LargeFramesBothWays) {
  settings.node.session.lanes.gossip_bytes = 64U << 20U;
  use_tls();
  start();
  Peer reader(tls());
  Peer writer(tls());
  ASSERT_TRUE(reader.greet() && writer.greet() && reader.subscribe("big"));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(writer.publish("big", std::string(1'000'000, static_cast<char>('a' + i))));
  }
  for (int i = 0; i < 10; ++i) {
    const auto frame = reader.next();
    ASSERT_TRUE(frame) << i;
    EXPECT_GT(frame->payload().size(), 1'000'000U);
    EXPECT_EQ(std::ranges::count(frame->payload(), static_cast<std::uint8_t>('a' + i)) >= 1'000'000,
              true);
  }
}

TEST_F(HostTest, TlsIsHybridAndKnowsItsPeer) {
  use_tls();
  start();
  Peer peer(tls());
  ASSERT_TRUE(peer.connected()) << peer.error.text;
  ASSERT_TRUE(peer.greet());
  EXPECT_TRUE(peer.stream().facts().hybrid);
  ASSERT_TRUE(soon([&] { return diary.of(EventKind::kSessionOpened).size() == 1; }));
  EXPECT_TRUE(diary.of(EventKind::kSessionOpened)[0].hybrid);
  EXPECT_EQ(diary.of(EventKind::kSessionOpened)[0].peer_name, "URI:ron:client:alice");
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.transport.tls_handshakes; }), 1U);
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.node.pq_hybrid; }), 1U);
}

TEST_F(HostTest, FailedHandshakesAreCountedByClassAndExplained) {
  use_tls();
  settings.tls->policy.pq = crypto::PqMode::kRequire;
  start();
  const std::size_t files = open_files();
  {
    crypto::ClientTls anonymous = client_tls();
    anonymous.cert_path = anonymous.key_path = "";
    Peer peer(tls(anonymous));
    ASSERT_TRUE(peer.connected()) << "a TLS 1.3 client learns it with its first read";
    EXPECT_FALSE(peer.greet());
    EXPECT_EQ(peer.stream().failure().alert, 116) << peer.stream().failure().text;
    EXPECT_TRUE(soon([&] { return tls_failures(transport::FailureClass::kCert) == 1; }));
  }
  {
    crypto::ClientTls classical = client_tls();
    classical.policy.pq = crypto::PqMode::kOff;
    Peer peer(tls(classical));
    EXPECT_FALSE(peer.connected());
    EXPECT_EQ(peer.error.alert, 40);
    EXPECT_TRUE(soon([&] { return tls_failures(transport::FailureClass::kGroup) == 1; }));
  }
  {
    crypto::ClientTls web = client_tls();
    web.policy.alpn = "http/1.1";
    Peer peer(tls(web));
    EXPECT_FALSE(peer.connected());
    EXPECT_EQ(peer.error.alert, 120);
    EXPECT_TRUE(soon([&] { return tls_failures(transport::FailureClass::kAlpn) == 1; }));
  }
  {
    Peer peer(plain());
    ASSERT_TRUE(peer.connected());
    EXPECT_FALSE(peer.greet());
  }
  EXPECT_TRUE(soon([&] { return diary.of(EventKind::kTlsFailed).size() == 4; }));
  Peer still(tls());
  EXPECT_TRUE(still.greet()) << "the host still serves";
  EXPECT_TRUE(soon([&] { return streams() == 1; }));
  EXPECT_TRUE(soon([&] { return open_files() <= files + 2; })) << open_files() << " " << files;
}

TEST_F(HostTest, HandshakeThatNeverEnds) {  // OAP-3.2
  use_tls();
  settings.node.times.handshake = 100ms;
  start();
  Peer silent(plain());
  ASSERT_TRUE(silent.connected());
  EXPECT_FALSE(silent.next());
  EXPECT_EQ(silent.last, transport::IoStatus::kEof);
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.node.timeouts_handshake; }), 1U);
  EXPECT_TRUE(soon([&] { return streams() == 0; }));
}

TEST_F(HostTest, WhatCameInTimeIsNotLateBecauseTheShardWasBusy) {
  settings.node.times.handshake = 500ms;
  std::atomic<bool> busy = false;
  std::atomic<bool> free = false;
  settings.on_event = [&](const Event& event) {
    if (event.kind == EventKind::kSessionOpened && !busy.exchange(true)) free.wait(false);
  };
  start();
  Peer patient(plain());
  ASSERT_TRUE(soon([&] { return streams() == 1; }));
  const auto late = std::chrono::steady_clock::now() + 500ms;
  Peer other(plain());
  ASSERT_TRUE(other.send_hello());
  ASSERT_TRUE(soon([&] { return busy.load(); }));
  EXPECT_TRUE(patient.send_hello());
  EXPECT_TRUE(soon([&] { return std::chrono::steady_clock::now() > late; }));
  free = true;
  free.notify_all();
  EXPECT_TRUE(patient.next_with("hello_ack"));
}

TEST_F(HostTest, ErrorThenOrderlyEnd) {  // OAP-1.33 OAP-1.34
  start();
  Peer peer(plain());
  ASSERT_TRUE(peer.greet());
  std::vector<std::uint8_t> bad(oap::kHeaderSize, 0);
  bad[3] = oap::kLenMin;
  bad[4] = 9;  // version
  ASSERT_TRUE(peer.send_raw(bad));
  const auto error = peer.next_with("error");
  ASSERT_TRUE(error);
  EXPECT_THAT(std::string(as_text(error->payload())), HasSubstr("BadVersion"));
  EXPECT_TRUE(peer.ended());
  peer.stream().close();
  EXPECT_TRUE(soon([&] { return streams() == 0; }));
  EXPECT_EQ(diary.of(EventKind::kSessionClosed).at(0).reason, node::CloseReason::kProtocol);
}

// Not to be taken for a handshake that failed.
TEST_F(HostTest, AResetEndsASessionThatWasOpen) {
  start();
  Peer peer(plain());
  ASSERT_TRUE(peer.greet());
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(peer.stream().fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  peer.stream().close();
  ASSERT_TRUE(soon([&] { return diary.of(EventKind::kSessionClosed).size() == 1; }));
  EXPECT_TRUE(diary.of(EventKind::kSessionClosed)[0].was_open);
}

TEST_F(HostTest, HalfCloseStillGetsItsAnswers) {  // OAP-1.35
  use_tls();
  start();
  Peer peer(tls());
  ASSERT_TRUE(peer.greet());
  for (CorrId corr = 10; corr < 20; ++corr) ASSERT_TRUE(peer.publish("a", "x", corr));
  ASSERT_EQ(peer.stream().shutdown_write().status, transport::IoStatus::kOk);
  for (CorrId corr = 10; corr < 20; ++corr) {
    const auto ack = peer.next_with("ack");
    ASSERT_TRUE(ack) << corr;
    EXPECT_EQ(ack->header.corr, corr);
  }
  EXPECT_TRUE(peer.ended());
}

TEST_F(HostTest, UnixSocket) {  // OAP-1.1
  settings.listen.clear();
  settings.uds_path = directory.at("run/node.sock");
  settings.shards = 2;
  start();
  EXPECT_EQ(host->bound().back(), settings.uds_path);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(std::make_unique<Peer>(transport::DialTarget{.unix_path = settings.uds_path}));
    ASSERT_TRUE(peers.back()->greet());
  }
  for (const ShardSnapshot& shard : host->snapshot().shards) {
    EXPECT_EQ(shard.node.sessions_active, 2U) << "Unix sessions go round the shards";
  }
}

TEST_F(HostTest, AcceptRateIsExact) {
  settings.accept = {.connections = 1000, .sustained = 0.001, .burst = 5};
  start();
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 12; ++i) peers.push_back(std::make_unique<Peer>(plain()));
  EXPECT_TRUE(soon(
      [&] { return sum([](const ShardSnapshot& s) { return s.transport.refused_rate; }) == 7; }));
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.transport.accepted; }), 5U);
  const auto refused = diary.of(EventKind::kAcceptRefused);
  ASSERT_EQ(refused.size(), 7U);
  EXPECT_EQ(refused[0].refusal, Refusal::kRate);
}

TEST_F(HostTest, CeilingOverAllShardsAndRoomForTheOperator) {
  settings.accept = {.connections = 5, .sustained = 0};
  settings.shards = 2;
  settings.uds_path = directory.at("run/node.sock");
  start();
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 8; ++i) peers.push_back(std::make_unique<Peer>(plain()));
  EXPECT_TRUE(soon(
      [&] { return sum([](const ShardSnapshot& s) { return s.transport.refused_full; }) == 3; }));
  EXPECT_EQ(streams(), 5U);
  Peer operator_peer({.unix_path = settings.uds_path});
  EXPECT_TRUE(operator_peer.greet());
  peers.clear();
  EXPECT_TRUE(soon([&] { return streams() == 1; }));
  Peer again(plain());
  EXPECT_TRUE(again.greet()) << "places come back";
}

TEST_F(HostTest, CertificateReload) {
  use_tls();
  start();
  Peer before(tls());
  ASSERT_TRUE(before.greet());

  crypto::ServerTls next = *settings.tls;
  const Paths renewed = ca.node("renewed");
  next.cert_path = renewed.cert;
  EXPECT_FALSE(host->reload_tls(next).has_value()) << "the key is still the old one";
  {
    Peer peer(tls());
    ASSERT_TRUE(peer.greet());
    EXPECT_EQ(peer.stream().facts().peer->node, before.stream().facts().peer->node);
  }
  next.key_path = renewed.key;
  ASSERT_TRUE(host->reload_tls(next).has_value());
  Peer after(tls());
  ASSERT_TRUE(after.greet());
  EXPECT_NE(after.stream().facts().peer->node, before.stream().facts().peer->node);
  EXPECT_THAT(after.stream().facts().peer->names, testing::Contains("URI:ron:node:renewed"));
  // The session from before goes on with what it began with.
  ASSERT_TRUE(before.subscribe("x"));
  ASSERT_TRUE(after.publish("x", "hello"));
  EXPECT_TRUE(before.next_with("hello"));

  next.require_client_cert = false;
  EXPECT_THAT(host->reload_tls(next).error(), HasSubstr("restart"));
  const Snapshot snapshot = host->snapshot();
  EXPECT_EQ(snapshot.tls_reloads, 1U);
  EXPECT_EQ(snapshot.tls_reload_failures, 2U);
  EXPECT_GT(snapshot.certificate_not_after, crypto::wall_clock().seconds);
}

TEST_F(HostTest, ALookThatTakesOlderNumbersWakesNobody) {
  settings.shards = 1;
  start();
  const auto turns = [&](Duration age) { return host->snapshot(age).shards[0].transport.turns; };
  const std::uint64_t fresh = turns(0s);
  EXPECT_EQ(turns(1h), fresh);
  EXPECT_EQ(turns(1h), fresh);
  EXPECT_GT(turns(0s), fresh);
  ASSERT_TRUE(soon([&] { return turns(1ms) > fresh + 1; })) << "too old: asked for anew";
}

TEST_F(HostTest, PublicAddressNeedsTlsAndClientCertificates) {  // C49
  settings.listen = {"0.0.0.0:0"};
  EXPECT_THAT(start_error(), HasSubstr("needs TLS and required client certificates"));
  use_tls();
  settings.tls->require_client_cert = false;
  EXPECT_THAT(start_error(), HasSubstr("needs TLS and required client certificates"));
  settings.tls->require_client_cert = true;
  EXPECT_EQ(start_error(), "");
  settings.tls.reset();
  settings.insecure_public = true;
  EXPECT_EQ(start_error(), "");
}

TEST_F(HostTest, StartErrorsSayWhatToDo) {
  settings.listen = {"127.0.0.1"};
  EXPECT_THAT(start_error(), HasSubstr("write host:port"));
  settings.listen.clear();
  EXPECT_THAT(start_error(), HasSubstr("nothing to listen on"));
  settings.listen = {"127.0.0.1:0"};
  start();
  settings.listen = {host->bound()[0]};
  EXPECT_THAT(start_error(), HasSubstr("is another node running"));
  use_tls();
  settings.listen = {"127.0.0.1:0"};
  ::chmod(node.key.c_str(), 0644);
  EXPECT_THAT(start_error(), HasSubstr("chmod 600"));
}

TEST_F(HostTest, NotReadyRefusesButNotTheOperator) {  // OAP-3.23 OAP-3.24
  settings.uds_path = directory.at("run/node.sock");
  start();
  host->set_ready(false);
  static_cast<void>(host->snapshot());  // comes after what was posted before
  Peer stranger(plain());
  EXPECT_FALSE(stranger.greet());
  Peer operator_peer({.unix_path = settings.uds_path});
  EXPECT_TRUE(operator_peer.greet());
  host->set_ready(true);
  static_cast<void>(host->snapshot());
  Peer welcome(plain());
  EXPECT_TRUE(welcome.greet());
}

TEST_F(HostTest, DrainDeliversSaysByeAndCutsOffTheRest) {
  settings.shards = 2;
  start();
  Peer reader(plain());
  Peer writer(plain());
  ASSERT_TRUE(reader.greet() && writer.greet() && reader.subscribe("a"));
  ASSERT_TRUE(writer.publish("a", "last", 7));
  ASSERT_TRUE(writer.next_with("ack"));
  const DrainReport report = host->drain(3s);
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.cut_off, 0U);
  EXPECT_TRUE(reader.next_with("last"));
  EXPECT_TRUE(reader.next_with("bye"));
  EXPECT_TRUE(reader.ended());
  EXPECT_TRUE(writer.next_with("bye"));
  Peer late(plain());
  EXPECT_FALSE(late.connected());
  host->stop();
  EXPECT_EQ(diary.of(EventKind::kDrained).size(), 2U);
  EXPECT_EQ(diary.of(EventKind::kListenerClosed).size(), 2U);
}

TEST_F(HostTest, DrainCutsOffWhoDoesNotRead) {
  start();
  Peer deaf(plain());
  Peer writer(plain());
  ASSERT_TRUE(deaf.greet() && writer.greet() && deaf.subscribe("a"));
  // More than the sockets between them hold, so that something is left in the lane.
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(writer.publish("a", std::string(900'000, 'x')));
  ASSERT_TRUE(writer.publish("b", "", 9));
  ASSERT_TRUE(writer.next_with("ack"));
  writer.stream().close();
  EXPECT_TRUE(soon([&] { return streams() == 1; }));
  const DrainReport report = host->drain(300ms);
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.cut_off, 1U);
}

TEST_F(HostTest, IdleCostsNothing) {
  use_tls();
  start();
  Peer peer(tls());
  ASSERT_TRUE(peer.greet());
  const auto turns = [&] { return sum([](const ShardSnapshot& s) { return s.transport.turns; }); };
  const std::uint64_t before = turns();
  ::poll(nullptr, 0, 300);
  EXPECT_LE(turns() - before, 4U) << "the two snapshots, and nothing else";
}

TEST_F(HostTest, ConnectionsComeAndGoWithoutLeaving) {
  use_tls();
  settings.shards = 2;
  start();
  const std::size_t files = open_files();
  for (int i = 0; i < 50; ++i) {
    Peer peer(tls());
    ASSERT_TRUE(peer.greet());
  }
  EXPECT_TRUE(soon([&] { return streams() == 0; }));
  EXPECT_EQ(open_files(), files);
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.node.sessions; }), 0U);
}

// The only thing that can end a shard's thread is a fault of the driver; here its event sink fails.
TEST_F(HostTest, AShardThatDiesSaysSoAndTheHostCanBeMadeAnew) {
  settings.on_event = [sink = diary.sink()](const Event& event) {
    sink(event);
    if (event.kind == EventKind::kSessionOpened) throw std::runtime_error("out of luck");
  };
  start();
  Peer peer(plain());
  static_cast<void>(peer.greet());
  ASSERT_TRUE(soon([&] { return diary.of(EventKind::kShardDied).size() == 1; }));
  EXPECT_EQ(diary.of(EventKind::kShardDied)[0].text, "out of luck");
  EXPECT_FALSE(host->snapshot().complete);
  EXPECT_FALSE(host->inspect(Inspect::kSessions).complete);
  settings.listen = {host->bound()[0]};
  host.reset();
  settings.on_event = diary.sink();
  start();
  Peer again(plain());
  EXPECT_TRUE(again.greet());
  EXPECT_TRUE(host->snapshot().complete);
}

// Both shards lend to each other when one dies; the other goes on until nothing is given back any
// more. Nobody may touch what is gone: for the sanitizers.
struct LoansTest : HostTest, testing::WithParamInterface<ShardIndex> {
  std::atomic<bool> frail{false};
  std::vector<std::unique_ptr<Peer>> peers;  // the Unix socket deals them out in turn

  void dial(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      peers.push_back(std::make_unique<Peer>(transport::DialTarget{.unix_path = host->bound()[1]}));
      ASSERT_TRUE(peers.back()->greet());
    }
  }
};

TEST_P(LoansTest, AShardMayDieWhileLoansAreOut) {
  settings.shards = 2;
  settings.uds_path = directory.at("run/node.sock");
  settings.on_event = [this, sink = diary.sink()](const Event& event) {
    sink(event);
    const bool dies = event.kind == EventKind::kSessionClosed && event.shard == GetParam();
    if (dies && frail) throw std::runtime_error("out of luck");
  };
  start();
  dial(6);
  for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(peers[i]->subscribe("t"));
  std::vector<std::jthread> writers;
  for (std::size_t i = 2; i < 4; ++i) {
    writers.emplace_back([peer = peers[i].get()] {
      const std::string data(20'000, 'x');
      while (peer->publish("t", data)) {
      }
    });
  }
  const ShardIndex other = GetParam() == 0 ? 1 : 0;
  const auto lent = [&] { return host->snapshot().shards[other].node.published > 100; };
  ASSERT_TRUE(soon(lent));
  frail = true;
  peers.resize(4);
  ASSERT_TRUE(soon([&] { return diary.of(EventKind::kShardDied).size() == 1; }));
  const auto stuck = [&] { return host->snapshot().shards[other].node.mail_stalls > 0; };
  EXPECT_TRUE(soon(stuck)) << "the other shard waits for what will not come back";
  host.reset();
}

INSTANTIATE_TEST_SUITE_P(Shards, LoansTest, testing::Values(ShardIndex{0}, ShardIndex{1}));

TEST_F(HostTest, ShowsItsSessionsAndTakesNewLimits) {
  start();
  Peer reader(plain());
  ASSERT_TRUE(reader.greet());
  ASSERT_TRUE(reader.subscribe("a/*"));
  Inspection seen = host->inspect(Inspect::kSessions);
  ASSERT_EQ(seen.sessions.size(), 1U);
  EXPECT_TRUE(seen.complete);
  EXPECT_THAT(seen.sessions[0].peer, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(seen.sessions[0].view.subscriptions, 1U);
  EXPECT_EQ(host->inspect(Inspect::kTopics).patterns.size(), 1U);
  LiveSettings live{settings.accept, settings.node, std::chrono::milliseconds(1)};
  live.accept.connections = 1;
  host->reconfigure(live);
  Peer late(plain());
  EXPECT_FALSE(late.connected() && late.greet());
  EXPECT_EQ(sum([](const ShardSnapshot& s) { return s.transport.refused_full; }), 1U);
}

}  // namespace
}  // namespace ron::host
