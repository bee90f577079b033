// Sends every vector of test/vectors to a whole node machine (one shard, in memory) and compares
// what comes back with what the vector expects: the error frame and its corr_id, whether the
// session ends, what only `refused` tells, and what reaches a subscriber byte for byte.
//
// OAP-1.1 OAP-1.13 OAP-1.14 OAP-1.15 OAP-1.16 OAP-1.17 OAP-1.18 OAP-1.19 OAP-1.20 OAP-1.21 OAP-1.22
// OAP-1.23 OAP-1.24 OAP-1.25 OAP-1.26 OAP-1.27 OAP-1.28 OAP-1.30 OAP-1.33 OAP-1.37 OAP-1.38
// OAP-1.39 OAP-1.40 OAP-1.41 OAP-1.42 OAP-1.43 OAP-1.44 OAP-1.45 OAP-1.46 OAP-2.4 OAP-2.5 OAP-2.7
// OAP-2.8 OAP-2.9 OAP-2.10 OAP-2.11 OAP-2.12 OAP-2.13 OAP-2.14 OAP-2.15 OAP-2.16 OAP-2.17 OAP-2.18
// OAP-2.19 OAP-2.20 OAP-2.21 OAP-2.22 OAP-2.23 OAP-2.24 OAP-2.25 OAP-2.26 OAP-2.27 OAP-3.1 OAP-3.3
// OAP-3.10 OAP-3.11 OAP-3.12 OAP-3.15 OAP-3.17 OAP-3.18 OAP-3.22 OAP-3.28 OAP-4.12 OAP-4.17
// OAP-4.21 OAP-4.22 OAP-4.28 OAP-4.30 OAP-4.31 OAP-4.32 OAP-4.49 OAP-4.50 OAP-4.51 OAP-4.52
// OAP-4.53
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/choice.hpp"
#include "base/slab.hpp"
#include "node/shard.hpp"
#include "oap/comp.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "vectors.hpp"

namespace ron::conformance {
namespace {

using namespace oap;
using namespace std::chrono_literals;

struct Got {
  Header header;
  Bytes payload;  // decompressed
  Json kind;      // "" when it cannot be read
};

Bytes hello_payload(const Vector& vector, std::uint32_t max_frame) {
  Hello hello;
  hello.pq = Pq::kOff;
  hello.comp_zstd = vector.comp;
  hello.version_1 = true;
  hello.max_frame = max_frame;
  return write_hello(hello);
}

/// A node of one shard, and the streams to it.
class World {
 public:
  World() : choice_(7), shard_(config(), 0, 1, choice_) {}

  SessionId open() {
    const auto session = shard_.open(now_);
    EXPECT_TRUE(session.has_value());
    shard_.handle(node::ChannelReady{*session, {.kind = node::ChannelKind::kMem}}, now_, actions_);
    return *session;
  }

  /// Opens a session and greets; everything it is told is swallowed.
  SessionId greeted(const Vector& vector, std::uint32_t max_frame) {
    const SessionId session = open();
    send(session, make_frame(kReq, {}, 1, hello_payload(vector, max_frame)).bytes());
    const auto answer = receive(session);
    EXPECT_TRUE(answer.size() == 1 && answer[0].kind == "hello_ack");
    return session;
  }

  void send(SessionId session, ByteView bytes) {
    shard_.received(session, Slice::copy_of(bytes, &shard_.meter()), now_, actions_);
    turn();
  }

  /// The same in pieces, until the node ends the session.
  void send_in_pieces(SessionId session, ByteView bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size() && !ended(session); at += piece) {
      send(session, bytes.subspan(at, std::min(piece, bytes.size() - at)));
    }
  }

  void wait(Duration time) {
    now_ = now_ + time;
    shard_.handle(node::Tick{}, now_, actions_);
    turn();
  }

  /// Everything the node has for this session.
  std::vector<Got> receive(SessionId session) {
    Bytes wire;
    while (true) {
      std::array<IoPiece, 16> pieces;
      const auto count = shard_.gather(session, pieces, 1U << 18U, now_);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto* at = static_cast<const std::uint8_t*>(pieces[i].data);
        wire.insert(wire.end(), at, at + pieces[i].size);
        size += pieces[i].size;
      }
      if (size == 0) break;
      shard_.wrote(session, size, now_, actions_);
    }
    turn();
    return frames_of(wire);
  }

  /// Has the node ended this session, in order or at once?
  bool ended(SessionId session) const {
    for (const auto& action : actions_) {
      using Kind = node::Action::Kind;
      if (action.session == session &&
          (action.kind == Kind::kFinishWrite || action.kind == Kind::kClose)) {
        return true;
      }
    }
    return shard_.discards(session);
  }

  /// Does a request on this session still get its answer? It asks for what no limit forbids.
  bool serves(SessionId session) {
    const Bytes probe = write_unsub({.topics = {"probe"}, .echo = false, .group = ""});
    send(session, make_frame(kReq, {}, 0xfeed, probe).bytes());
    for (const auto& got : receive(session)) {
      if (got.kind == "ack" && got.header.corr == 0xfeed) return true;
    }
    return false;
  }

  const node::ShardStats& stats() const { return shard_.stats(); }

 private:
  static node::NodeConfig config() {
    node::NodeConfig config;
    config.agent = "test";
    config.pq_mode = node::PqMode::kOff;
    return config;
  }

  void turn() { shard_.handle(node::TurnEnded{}, now_, actions_); }

  static std::vector<Got> frames_of(const Bytes& wire) {
    std::vector<Got> out;
    Parser parser(kMaxFrame, nullptr);
    Slice input = Slice::copy_of(wire, nullptr);
    while (true) {
      auto next = parser.next(input);
      EXPECT_TRUE(next.has_value()) << "the node sent a malformed frame";
      if (!next || !*next) return out;
      Got got{.header = (*next)->header, .payload = {}, .kind = ""};
      const ByteView payload = (*next)->payload();
      got.payload.assign(payload.begin(), payload.end());
      if (got.header.has(kComp)) got.payload = decompress(payload, kMaxFrame).value_or(Bytes{});
      if (const auto message = read_message(got.payload)) got.kind = message->kind;
      out.push_back(std::move(got));
    }
  }

  SeedChoice choice_;
  node::Shard shard_;
  node::Actions actions_;
  Instant now_{1s};
};

Json code_in(const Got& got) {
  const auto message = read_message(got.payload);
  if (!message) return nullptr;
  if (got.kind == "error") return read_error(*message)->code;
  return got.kind == "refused" ? Json(read_refused(*message)->code) : Json(nullptr);
}

enum class Cut : std::uint8_t { kWhole, kHeader, kBytes };

/// A vector, and how its bytes are cut on their way (OAP-1.1: the outcome is the same).
class Sent : public testing::TestWithParam<std::tuple<Vector, Cut>> {
 protected:
  static const Vector& vector() { return std::get<Vector>(GetParam()); }

  void send(SessionId session) {
    const ByteView bytes = vector().bytes;
    const std::size_t smallest = bytes.size() / 4096 + 1;  // a byte, unless it is a large one
    switch (std::get<Cut>(GetParam())) {
      case Cut::kWhole: return world_.send(session, bytes);
      case Cut::kHeader: return world_.send_in_pieces(session, bytes, kHeaderSize);
      case Cut::kBytes: return world_.send_in_pieces(session, bytes, smallest);
    }
  }

  World world_;
};
class Refused : public Sent {};
class Accepted : public Sent {};

bool is_refused(const Vector& vector) { return !vector.to_client && !vector.expect.contains("ok"); }

/// Peers and tokens come with later sections; a RESP here answers nothing.
bool is_accepted(const Vector& vector) {
  const Json ok = vector.expect.value("ok", Json::object());
  if (vector.to_client || !ok.contains("fields")) return false;
  const Json& fields = ok.at("fields");
  return fields.value("role", "") != "peer" && !fields.contains("token");
}

void check_error(World& world, SessionId session, const Vector& vector) {
  const auto answers = world.receive(session);
  ASSERT_EQ(answers.size(), 1U);
  const Got& got = answers[0];
  EXPECT_EQ(got.kind, "error");
  EXPECT_TRUE(vector.accepts(code_in(got))) << code_in(got) << ", want " << vector.expect;
  EXPECT_EQ(got.header.flags, kResp);
  Bytes corr(8);
  store_be(corr.data(), got.header.corr);
  EXPECT_EQ(Json(to_hex(corr)), vector.expect.at("corr"));
  EXPECT_EQ(Json(world.ended(session)), vector.expect.at("closes"));
  if (!vector.expect.at("closes")) {
    EXPECT_TRUE(world.serves(session));
  }
}

void check_refused(World& world, SessionId session, const Vector& vector) {
  auto told = world.receive(session);
  for (int i = 0; i < 3 && told.empty(); ++i) {
    world.wait(600ms);
    told = world.receive(session);
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, "refused");
  EXPECT_EQ(told[0].header.flags, kEvent);
  EXPECT_TRUE(vector.accepts(code_in(told[0]))) << code_in(told[0]);
  EXPECT_EQ(read_refused(*read_message(told[0].payload))->dropped, 1U);
  const auto code = code_of(code_in(told[0]).get<std::string>());
  EXPECT_EQ(world.stats().events_refused[static_cast<std::size_t>(code.value())], 1U);  // OAP-1.30
  EXPECT_FALSE(world.ended(session));
  EXPECT_TRUE(world.serves(session));
}

TEST_P(Refused, or_ignored_as_the_vector_says) {
  const Vector& vector = this->vector();
  const SessionId session = vector.first ? world_.open() : world_.greeted(vector, vector.max_frame);
  send(session);
  if (vector.expect.contains("ignored")) {
    EXPECT_EQ(world_.stats().unknown_kinds + world_.stats().stray_answers, 1U);
    world_.wait(1100ms);
    EXPECT_TRUE(world_.receive(session).empty());
    EXPECT_FALSE(world_.ended(session));
    EXPECT_TRUE(world_.serves(session));
  } else if (vector.expect.at("told") == "refused") {
    check_refused(world_, session, vector);
  } else {
    check_error(world_, session, vector);
  }
}

/// The payload of a vector after decompression.
Bytes content(const Vector& vector) {
  const ByteView payload = ByteView(vector.bytes).subspan(kHeaderSize);
  if ((vector.bytes[6] & kComp) != 0) return decompress(payload, kMaxFrame).value_or(Bytes{});
  return {payload.begin(), payload.end()};
}

void check_delivery(const Vector& vector, const Header& sent, const std::vector<Got>& got) {
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].header.flags & ~kComp, kEvent);  // OAP-4.32
  EXPECT_EQ(got[0].header.tenant, sent.tenant);     // OAP-4.31
  EXPECT_EQ(got[0].header.corr, sent.corr);
  EXPECT_TRUE(equal(got[0].payload, content(vector)));  // OAP-4.30
}

/// OAP-3.12 OAP-3.18 OAP-3.28: what the server chose out of what the hello offered.
void check_chosen(const Json& hello, const Got& answer) {
  const auto message = read_message(answer.payload);
  const auto ack = read_hello_ack(*message);
  ASSERT_TRUE(ack.has_value()) << ack.error();
  const Json& asked = hello.at("max_frame");
  const bool more = asked.is_object() || asked > kMaxFrame;
  EXPECT_EQ(Json(ack->limits.max_frame), more ? Json(kMaxFrame) : asked);
  const Json& comp = hello.at("features").at("comp");
  EXPECT_EQ(ack->comp_zstd, std::find(comp.begin(), comp.end(), "zstd") != comp.end());
  EXPECT_EQ(ack->pq, Pq::kOff);  // the channel here has no key exchange at all
}

TEST_P(Accepted, as_the_vector_says) {
  const Vector& vector = this->vector();
  const std::string kind = vector.expect.at("ok").at("fields").at("kind");
  const Header sent = read_header(vector.bytes.data());

  const SessionId subscriber = world_.greeted(vector, kMaxFrame);
  const Slice all =
      make_frame(kReq, sent.tenant, 2, write_sub({.topics = {"**"}, .echo = false, .group = ""}));
  world_.send(subscriber, all.bytes());
  ASSERT_EQ(world_.receive(subscriber).at(0).kind, "ack");

  const SessionId session = vector.first ? world_.open() : world_.greeted(vector, vector.max_frame);
  send(session);
  const auto answers = world_.receive(session);
  for (const auto& answer : answers) EXPECT_NE(answer.kind, "error") << code_in(answer);
  const bool asked = sent.has(kReq) || sent.has(kAckReq);
  if (asked) {
    ASSERT_FALSE(answers.empty());
    EXPECT_EQ(answers[0].kind, kind == "hello" ? "hello_ack" : "ack");
    EXPECT_EQ(answers[0].header.corr, sent.corr);
    EXPECT_EQ(answers[0].header.tenant, kind == "hello" ? TenantId{} : sent.tenant);
    if (kind == "hello") check_chosen(vector.expect["ok"]["fields"], answers[0]);
  } else {
    for (const auto& answer : answers) EXPECT_FALSE(answer.header.has(kResp));  // OAP-1.27
  }
  if (kind == "gossip") check_delivery(vector, sent, world_.receive(subscriber));
  EXPECT_FALSE(world_.ended(session));
  if (kind != "bye") {
    EXPECT_TRUE(world_.serves(session));
  }
}

const auto kCuts = testing::Values(Cut::kWhole, Cut::kHeader, Cut::kBytes);
constexpr auto kByName = [](const auto& info) {
  static constexpr std::array<const char*, 3> kSuffix{"_whole", "_header_first", "_in_bytes"};
  const Cut cut = std::get<Cut>(info.param);
  return std::get<Vector>(info.param).name + kSuffix[static_cast<std::size_t>(cut)];
};
INSTANTIATE_TEST_SUITE_P(Vectors, Refused,
                         testing::Combine(testing::ValuesIn(frames(is_refused)), kCuts), kByName);
INSTANTIATE_TEST_SUITE_P(Vectors, Accepted,
                         testing::Combine(testing::ValuesIn(frames(is_accepted)), kCuts), kByName);

}  // namespace
}  // namespace ron::conformance
