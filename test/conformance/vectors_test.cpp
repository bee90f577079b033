// Feeds every vector of test/vectors through parser, COMP, CBOR reader and kind decoders in the
// order of docs/OAP-1.md section 1 (OAP-1.20), and writes what was decoded again: the bytes must be
// the vector's (OAP-2.3). What needs a session is judged by node_vectors_test.cpp.
//
// OAP-1.5 OAP-1.6 OAP-1.7 OAP-1.8 OAP-1.9 OAP-1.10 OAP-1.11 OAP-1.12 OAP-1.13 OAP-1.14 OAP-1.15
// OAP-1.16 OAP-1.17 OAP-1.18 OAP-1.19 OAP-1.20 OAP-1.21 OAP-1.22 OAP-1.23 OAP-1.24 OAP-1.37
// OAP-1.38 OAP-1.39 OAP-1.40 OAP-1.41 OAP-1.42 OAP-1.43 OAP-1.44 OAP-1.45 OAP-1.46 OAP-1.48
// OAP-1.49 OAP-2.1 OAP-2.2 OAP-2.3 OAP-2.4 OAP-2.5 OAP-2.8 OAP-2.9 OAP-2.10 OAP-2.11 OAP-2.12
// OAP-2.13 OAP-2.14 OAP-2.15 OAP-2.16 OAP-2.17 OAP-2.18 OAP-2.19 OAP-2.20 OAP-2.21 OAP-2.26 OAP-3.4
// OAP-3.5 OAP-3.6 OAP-3.7 OAP-3.8 OAP-3.9 OAP-3.12 OAP-3.17 OAP-4.1 OAP-4.2 OAP-4.3 OAP-4.12
// OAP-4.17 OAP-4.19 OAP-4.21 OAP-4.25 OAP-4.28 OAP-4.46 OAP-4.47
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/slab.hpp"
#include "decoded.hpp"
#include "oap/comp.hpp"
#include "oap/parser.hpp"
#include "oap/topic.hpp"

namespace ron::conformance {
namespace {

using namespace oap;

/// What the codec makes of one frame.
struct Verdict {
  std::string error;  // empty: accepted or ignored
  bool closes = false;
  bool ignored = false;
  CorrId corr = 0;
  Header header;
  Bytes payload;  // decompressed
  std::optional<Read> read;
};

Verdict fault(const WireError& error, CorrId corr, bool closes) {
  Verdict out;
  out.error = name(error.code);
  out.closes = closes;
  out.corr = corr;
  return out;
}

Verdict bad_frame(const Verdict& so_far, bool closes) {
  return fault({.code = Code::kBadFrame, .text = ""}, so_far.header.corr, closes);
}

/// CBOR and kind, after the envelope and COMP are through.
Verdict judge_payload(Verdict out, const Vector& vector) {
  const auto message = read_message(out.payload);
  if (!message) return bad_frame(out, vector.first);
  const auto fit = flags_fit(message->kind, out.header.flags);
  if (!fit && out.header.flags == kEvent) {
    out.ignored = true;
    return out;
  }
  if (!fit.value_or(false)) return bad_frame(out, vector.first);
  const auto read = read_kind(*message);
  if (!read) return bad_frame(out, vector.first);
  out.read = *read;
  return out;
}

/// The parser's view of the first `size` bytes; `frame` when there is a whole one.
std::optional<ParseFault> parse(const Vector& vector, std::size_t size,
                                std::optional<Frame>& frame) {
  Parser parser(vector.first ? kMaxHello : vector.max_frame, nullptr);
  Slice input = Slice::copy_of(ByteView(vector.bytes).first(size), nullptr);
  auto got = parser.next(input);
  if (!got) return got.error();
  frame = *got;
  return std::nullopt;
}

Verdict judge(const Vector& vector, bool envelope_only) {
  std::optional<Frame> frame;
  if (const auto wrong = parse(vector, vector.bytes.size(), frame)) {
    return fault(wrong->error, wrong->corr, wrong->error.closes);
  }
  Verdict out;
  EXPECT_TRUE(frame.has_value()) << "more bytes wanted";
  if (!frame) return out;
  out.header = frame->header;
  out.corr = out.header.corr;
  const ByteView payload = frame->payload();
  out.payload.assign(payload.begin(), payload.end());
  if (out.header.has(kComp)) {
    if (!vector.comp) return bad_frame(out, true);
    auto inflated = decompress(payload, vector.max_frame);
    if (!inflated) return fault(inflated.error(), out.corr, inflated.error().closes);
    out.payload = std::move(*inflated);
  }
  return envelope_only ? out : judge_payload(std::move(out), vector);
}

void check_ok(const Vector& vector, const Verdict& got) {
  const Json& ok = vector.expect.at("ok");
  ASSERT_EQ(got.error, "");
  ASSERT_FALSE(got.ignored);
  const Json& envelope = ok.at("envelope");
  Bytes tenant(16);
  store_be(tenant.data(), got.header.tenant.hi);
  store_be(tenant.data() + 8, got.header.tenant.lo);
  EXPECT_EQ(Json(to_hex(tenant)), envelope.at("tenant"));
  Bytes corr(8);
  store_be(corr.data(), got.header.corr);
  EXPECT_EQ(Json(to_hex(corr)), envelope.at("corr"));
  EXPECT_EQ(Json(got.header.payload_size()), envelope.at("payload_size"));
  Json flags = Json::array();
  for (const auto& [bit, text] :
       std::initializer_list<std::pair<Flag, const char*>>{{kReq, "REQ"},
                                                           {kResp, "RESP"},
                                                           {kEvent, "EVENT"},
                                                           {kComp, "COMP"},
                                                           {kAckReq, "ACKREQ"}}) {
    if (got.header.has(bit)) flags.push_back(text);
  }
  EXPECT_EQ(flags, envelope.at("flags"));
  EXPECT_EQ(got.payload.size(), ok.value("payload_size", got.header.payload_size()));
  if (ok.contains("payload_b3")) {
    EXPECT_EQ(Json(to_hex(blake3(got.payload))), ok["payload_b3"]);
  }
  if (!ok.contains("fields")) return;
  ASSERT_TRUE(got.read.has_value());
  Json fields = got.read->fields;
  if (!ok.at("fields").contains("reply")) fields.erase("reply");
  EXPECT_EQ(fields, reduced(ok.at("fields")));
}

/// Vectors whose decoded form keeps less than the message held, so that it cannot be written again.
bool loses_detail(const Json& fields) {
  const std::string kind = fields.at("kind");
  if (kind == "gossip") return fields.contains("hdr");
  if (kind == "error") return !code_of(fields.at("code").get<std::string>());
  if (kind == "bye") return fields.contains("alt") && fields.at("alt").empty();
  if (kind == "sub") return fields.contains("echo") && fields.at("echo") == false;
  if (kind != "hello") return false;
  const Json& comp = fields.at("features").at("comp");
  return fields.at("versions") != Json::array({1}) ||
         reduced(fields).at("max_frame") != fields.at("max_frame") ||
         (comp != Json::array() && comp != Json::array({"zstd"})) ||
         fields.value("agent", "x").empty() || fields.value("role", "") == "client";
}

/// A suite a property, so that each runs over just the vectors that it is about.
class Judged : public testing::TestWithParam<Vector> {};
class Rewritten : public testing::TestWithParam<Vector> {};
class Decided : public testing::TestWithParam<Vector> {};

bool needs_session(const Vector& vector) { return vector.expect.value("layer", "") == "session"; }

bool can_be_rewritten(const Vector& vector) {
  const Json ok = vector.expect.value("ok", Json::object());
  return ok.value("roundtrip", false) && !loses_detail(ok.at("fields"));
}

bool names_a_byte(const Vector& vector) { return vector.expect.contains("at"); }

TEST_P(Judged, as_the_vector_says) {
  const Vector& vector = GetParam();
  const bool has_fields = vector.expect.contains("ok") && vector.expect["ok"].contains("fields");
  const Verdict got = judge(vector, vector.expect.contains("ok") && !has_fields);
  if (vector.expect.contains("ok")) return check_ok(vector, got);
  if (vector.expect.contains("ignored")) {
    EXPECT_EQ(got.error, "");  // a RESP that answers nothing is the session's matter
    return;
  }
  EXPECT_TRUE(vector.accepts(got.error)) << "got " << got.error << ", want " << vector.expect;
  EXPECT_EQ(Json(got.closes), vector.expect.at("closes"));
  if (vector.expect.contains("corr")) {
    Bytes corr(8);
    store_be(corr.data(), got.corr);
    EXPECT_EQ(Json(to_hex(corr)), vector.expect.at("corr"));
  }
}

TEST_P(Rewritten, is_the_same_bytes) {
  const Vector& vector = GetParam();
  const Verdict got = judge(vector, false);
  ASSERT_TRUE(got.read.has_value()) << got.error;
  EXPECT_EQ(to_hex(got.read->again), to_hex(got.payload));
  if (got.header.has(kComp)) return;
  const Slice frame =
      make_frame(got.header.flags, got.header.tenant, got.header.corr, got.read->again);
  EXPECT_TRUE(equal(frame.bytes(), vector.bytes));
}

// The decision falls exactly where `at` says: not a byte earlier, not a byte later (OAP-1.16).
TEST_P(Decided, after_the_right_byte) {
  const Vector& vector = GetParam();
  const auto at = vector.expect.at("at").get<std::size_t>();
  std::optional<Frame> frame;
  EXPECT_FALSE(parse(vector, at - 1, frame).has_value());
  EXPECT_FALSE(frame.has_value());
  const auto wrong = parse(vector, at, frame);
  ASSERT_TRUE(wrong.has_value());
  EXPECT_EQ(Json(name(wrong->error.code)), vector.expect.at("error"));
}

constexpr auto kByName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Vectors, Judged, testing::ValuesIn(frames(std::not_fn(needs_session))),
                         kByName);
INSTANTIATE_TEST_SUITE_P(Vectors, Rewritten, testing::ValuesIn(frames(can_be_rewritten)), kByName);
INSTANTIATE_TEST_SUITE_P(Vectors, Decided, testing::ValuesIn(frames(names_a_byte)), kByName);

/// The frames of a stream fed in pieces that end at `cuts`, then how it ended.
std::pair<std::vector<std::string>, std::string> feed(ByteView stream,
                                                      const std::vector<std::size_t>& cuts) {
  Parser parser(kMaxFrame, nullptr);
  std::vector<std::string> frames;
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    Slice input = Slice::copy_of(stream.subspan(from, to - from), nullptr);
    from = to;
    while (true) {
      auto got = parser.next(input);
      if (!got) return {frames, std::string(name(got.error().error.code))};
      if (!*got) break;
      frames.push_back(to_hex((*got)->bytes.bytes()));
    }
  }
  return {frames, "open"};
}

// OAP-1.1: a byte stream has no message boundaries of its own.
TEST(Streams, cut_anywhere_give_the_same_frames) {
  for (const auto& row : load("streams.json").at("vectors")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    const Bytes stream = expand(row);
    const auto want = std::pair{row.at("frames").get<std::vector<std::string>>(),
                                row.at("end").get<std::string>()};
    std::vector<std::size_t> bytewise;
    for (std::size_t at = 1; at <= stream.size(); ++at) bytewise.push_back(at);
    EXPECT_EQ(feed(stream, bytewise), want) << "byte by byte";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      EXPECT_EQ(feed(stream, {cut, stream.size()}), want) << "cut at " << cut;
    }
  }
}

// OAP-4.1 OAP-4.2 OAP-4.3 OAP-4.4 OAP-4.5 OAP-4.6
TEST(Topics, valid_or_not) {
  const Json document = load("topics.json");
  for (const auto& row : document.at("topics")) {
    const Bytes text = expand(row);
    EXPECT_EQ(Json(is_topic(as_text(text))), row.at("valid")) << row.at("name");
  }
  for (const auto& row : document.at("patterns")) {
    const Bytes text = expand(row);
    EXPECT_EQ(Json(is_pattern(as_text(text))), row.at("valid")) << row.at("name");
  }
}

// OAP-4.4 OAP-4.5 OAP-4.6 OAP-4.8
TEST(Topics, matched_or_not) {
  const Json document = load("topics.json");
  for (const auto& row : document.at("matches")) {
    const std::string pattern = row.at("pattern");
    const std::string topic = row.at("topic");
    ASSERT_TRUE(is_pattern(pattern) && is_topic(topic)) << row;
    EXPECT_EQ(Json(matches(pattern, topic)), row.at("match")) << row;
  }
}

// The digest behind `b3:` addresses is b3sum's, whole and in parts of every kind of size.
TEST(Addresses, digest_is_b3sums) {
  const Json document = load("addresses.json");
  for (const auto& row : document.at("valid")) {
    const Bytes content = expand(row.at("content"));
    EXPECT_EQ(Json("b3:" + to_hex(blake3(content))), row.at("addr")) << row.at("name");
    Blake3 parts;
    for (std::size_t at = 0; at < content.size(); at += 1000) {
      parts.update(ByteView(content).subspan(at, std::min<std::size_t>(1000, content.size() - at)));
    }
    EXPECT_EQ(Json("b3:" + to_hex(parts.digest())), row.at("addr")) << row.at("name");
  }
}

}  // namespace
}  // namespace ron::conformance
