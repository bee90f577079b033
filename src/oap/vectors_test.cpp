// The binary vectors of test/vectors, made by independent implementations, against this folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/blake3.hpp"
#include "oap/comp.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"
#include "oap/topic.hpp"
#include "oap/vectors_test_fields.hpp"
#include "oap/vectors_test_peers.hpp"

namespace ron::oap {
namespace {

using namespace vectors;

std::string pq_of(Pq pq) { return pq == Pq::kHybrid ? "hybrid" : "off"; }

// The fields that Hello keeps as facts are compared as such: `comp` holds zstd, `versions` holds 1.
Read read_any_hello(const Message& message) {
  return read_as(read_hello(message), [](const Hello& hello, Read& read) {
    Json& f = read.fields;
    f["features"] = {{"pq", pq_of(hello.pq)}, {"comp", hello.comp_zstd}};
    f["versions"] = hello.version_1;
    f["max_frame"] = plain(std::uint64_t{hello.max_frame});
    put(f, "token", hello.token);
    put(f, "window", hello.window);
    put(f, "epoch", hello.epoch);
    f["agent"] = plain(hello.agent);
    f["role"] = hello.role == Role::kPeer ? "peer" : "client";
    if (hello.node) f["node"] = plain_bytes(*hello.node);
    read.again = write_hello(hello);
  });
}

Json hello_facts(Json fields) {
  const auto holds = [](const Json& list, const Json& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  fields["features"] = {{"pq", fields["features"]["pq"]},
                        {"comp", holds(fields["features"]["comp"], "zstd")}};
  fields["versions"] = holds(fields["versions"], 1);
  if (!fields.contains("agent")) fields["agent"] = "";
  if (!fields.contains("role")) fields["role"] = "client";
  const Json& max_frame = fields["max_frame"];
  if (max_frame.is_object() || max_frame > UINT32_MAX) fields["max_frame"] = UINT32_MAX;
  return fields;
}

Read read_any_hello_ack(const Message& message) {
  return read_as(read_hello_ack(message), [](const HelloAck& ack, Read& read) {
    const Limits& limits = ack.limits;
    read.fields = {
        {"node", plain_bytes(ack.node)},
        {"session", plain(ack.session)},
        {"chosen", {{"pq", pq_of(ack.pq)}, {"ver", 1}, {"comp", ack.comp_zstd ? "zstd" : "off"}}},
        {"limits",
         {{"fps", plain(limits.fps)},
          {"rps", plain(limits.rps)},
          {"chunk", plain(limits.chunk)},
          {"window", plain(limits.window)},
          {"inflight", plain(limits.inflight)},
          {"max_frame", plain(limits.max_frame)}}}};
    if (!ack.agent.empty()) read.fields["agent"] = plain(ack.agent);
    read.again = write_hello_ack(ack);
  });
}

Read read_any_gossip(const Message& message, const Json& expected) {
  return read_as(read_gossip(message), [&expected](const Gossip& gossip, Read& read) {
    read.fields = {{"topic", plain(gossip.topic)},
                   {"data", plain_bytes(gossip.data)},
                   {"ts", plain(gossip.ts)},
                   {"fanout", plain(gossip.fanout)}};
    GossipOut out{gossip.topic, gossip.data, gossip.ts,  gossip.fanout,
                  gossip.reply, {},          gossip.mode};
    if (gossip.mode) read.fields["mode"] = plain(*gossip.mode);
    if (gossip.reply && expected.contains("reply")) read.fields["reply"] = plain(*gossip.reply);
    if (expected.contains("hdr")) {  // passes untouched: the reader has no field for it
      read.fields["hdr"] = expected["hdr"];
      for (const auto& [key, value] : expected["hdr"].items()) out.hdr.emplace_back(key, value);
    }
    read.again = write_gossip(out);
  });
}

Read read_any_sub(const Message& message) {
  return read_as(read_sub(message), [&message](const Sub& sub, Read& read) {
    read.fields = {{"topics", plain_list(sub.topics)}};
    SubOut out;
    out.topics = read.fields["topics"];
    if (sub.echo) read.fields["echo"] = *sub.echo;
    out.echo = sub.echo.value_or(false);
    put(read.fields, "group", sub.group);
    out.group = sub.group.value_or("");
    out.gaps = sub.gaps;
    if (sub.gaps) read.fields["gaps"] = true;
    read.again = message.kind == "sub" ? write_sub(out) : write_unsub(out);
  });
}

Read read_any_ack(const Message& message) {
  return read_as(read_ack(message), [](const Ack& ack, Read& read) {
    read.fields = {{"ok", ack.ok}, {"for", plain(ack.for_corr)}};
    put(read.fields, "to", ack.to);
    put(read.fields, "links", ack.links);
    read.again = write_ack(ack);
  });
}

Read read_any_error(const Message& message) {
  return read_as(read_error(message), [](const ErrorMessage& error, Read& read) {
    read.fields = {{"code", plain(error.code)}, {"msg", plain(error.msg)}};
    put(read.fields, "retry_after", error.retry_after_ms);
    const std::optional<Code> code = code_of(error.code);
    if (!code) return;
    WireError out{.code = *code, .text = error.msg};
    out.retry_after_ms = static_cast<std::uint32_t>(error.retry_after_ms.value_or(0));
    read.again = write_error(out);
  });
}

Read read_any_bye(const Message& message) {
  return read_as(read_bye(message), [](const Bye& bye, Read& read) {
    read.fields = {{"reason", plain(bye.reason)}};
    ByeOut out{bye.reason, {}, bye.after_ms};
    if (bye.alt) out.alt = read.fields["alt"] = plain_list(*bye.alt);
    put(read.fields, "after_ms", bye.after_ms);
    read.again = write_bye(out);
  });
}

Read read_number(const Decoded<std::uint64_t>& number, const char* key,
                 Bytes (*write)(std::uint64_t)) {
  return read_as(number, [key, write](std::uint64_t value, Read& read) {
    read.fields = {{key, plain(value)}};
    read.again = write(value);
  });
}

Read read_any(const Message& message, const Json& expected) {
  const std::string_view kind = message.kind;
  if (auto read = read_any_peer_kind(message)) return std::move(*read);
  if (kind == "hello") return read_any_hello(message);
  if (kind == "hello_ack") return read_any_hello_ack(message);
  if (kind == "gossip") return read_any_gossip(message, expected);
  if (kind == "sub" || kind == "unsub") return read_any_sub(message);
  if (kind == "ack") return read_any_ack(message);
  if (kind == "error") return read_any_error(message);
  if (kind == "bye") return read_any_bye(message);
  if (kind == "keep") return {{}, Json::object(), write_keep()};
  if (kind == "credit") return read_number(read_credit(message), "bytes", write_credit);
  if (kind == "lagged") return read_number(read_lagged(message), "dropped", write_lagged);
  if (kind == "gap") {
    return read_as(read_gap(message), [](const Gap& gap, Read& read) {
      read.fields = {{"origin", plain_bytes(gap.origin)},
                     {"epoch", plain(gap.epoch)},
                     {"first", plain(gap.first)},
                     {"last", plain(gap.last)},
                     {"count", plain(gap.count)}};
      read.again = write_gap(gap);
    });
  }
  if (kind == "refused") {
    return read_as(read_refused(message), [](const Refused& refused, Read& read) {
      read.fields = {{"code", plain(refused.code)}, {"dropped", plain(refused.dropped)}};
      read.again = write_refused(refused.code, refused.dropped);
    });
  }
  return {"kind is unknown", {}, {}};
}

// What may carry which kind, as sections 3 to 6 say; the node's kind table is not under test here.
bool flags_fit(std::string_view kind, std::uint16_t flags) {
  flags = static_cast<std::uint16_t>(flags & ~kComp);
  if (kind == "hello" || kind == "sub" || kind == "unsub" || kind == "link" || kind == "ping") {
    return flags == kReq;
  }
  if (kind == "hello_ack" || kind == "ack" || kind == "error") return flags == kResp;
  if (kind == "gossip") return flags != kResp;
  return flags == kEvent;
}

// Where and how this folder refuses a frame; empty layer: it does not.
struct Verdict {
  std::string layer;
  Code code = Code::kBadFrame;
  bool closes = false;
  CorrId corr = 0;
  std::size_t decided_after = 0;
};

struct Judged {
  Verdict verdict;
  std::optional<Frame> frame;
  Bytes inflated;
  Read read;
};

// Feeds byte by byte, so that the place of the decision is seen.
Verdict parse(const Bytes& bytes, std::uint32_t max_payload, Judged& judged) {
  Parser parser(max_payload, nullptr);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Slice one = Slice::copy_of(ByteView(bytes).subspan(i, 1), nullptr);
    auto next = parser.next(one);
    if (!next) {
      const ParseFault& fault = next.error();
      return {"envelope", fault.error.code, fault.error.closes, fault.corr, i + 1};
    }
    if (*next) judged.frame = **next;
  }
  return {};
}

Judged judge(const Json& vector) {
  const Json context = vector.value("context", Json::object());
  const std::uint32_t max_frame = context.value("max_frame", kMaxFrame);
  const bool hello =
      context.value("state", "open") == "first" && context.value("to", "") != "client";
  Judged judged;
  judged.verdict = parse(bytes_of(vector), hello ? kMaxHello : max_frame, judged);
  if (!judged.verdict.layer.empty() || !judged.frame) return judged;
  ByteView payload = judged.frame->payload();
  Verdict& verdict = judged.verdict;
  verdict.corr = judged.frame->header.corr;
  if (judged.frame->header.has(kComp)) {
    if (!context.value("comp", false)) {
      verdict = {"comp", Code::kBadFrame, true, verdict.corr, 0};  // OAP-1.42: the session's rule
      return judged;
    }
    auto inflated = decompress(payload, max_frame);
    if (!inflated) {
      verdict = {"comp", inflated.error().code, inflated.error().closes, verdict.corr, 0};
      return judged;
    }
    judged.inflated = std::move(*inflated);
    payload = judged.inflated;
  }
  const auto message = read_message(payload);
  if (!message) {
    verdict.layer = "cbor";
    return judged;
  }
  const Json ok = vector["expect"].value("ok", Json::object());
  judged.read = read_any(*message, ok.value("fields", Json::object()));
  if (!judged.read.fault.empty() || !flags_fit(message->kind, judged.frame->header.flags)) {
    verdict.layer = "kind";
  }
  return judged;
}

Flag flag_named(std::string_view name) {
  if (name == "REQ") return kReq;
  if (name == "RESP") return kResp;
  if (name == "EVENT") return kEvent;
  return name == "COMP" ? kComp : kAckReq;
}

void expect_envelope(const Json& want, const Header& header) {
  std::uint16_t flags = 0;
  for (const std::string& flag : std::vector<std::string>(want["flags"])) {
    flags = static_cast<std::uint16_t>(flags | flag_named(flag));
  }
  EXPECT_EQ(header.flags, flags);
  std::array<std::uint8_t, kHeaderSize> again{};
  write_header(again.data(), header);
  EXPECT_EQ(Json(to_hex(ByteView(again).subspan(7, 16))), want["tenant"]);
  EXPECT_EQ(Json(to_hex(ByteView(again).subspan(23, 8))), want["corr"]);
  EXPECT_EQ(Json(header.payload_size()), want["payload_size"]);
}

// What a writer of ours would not say although it is legal, because it is the default.
bool expressible(const Json& fields) {
  const std::string kind = fields["kind"];
  if (kind == "hello") {
    const Json& comp = fields["features"]["comp"];
    return fields["versions"] == Json{1} && (comp.empty() || comp == Json{"zstd"}) &&
           fields.value("role", "peer") == "peer" && fields.value("agent", "x") != "" &&
           fields["max_frame"].is_number() && fields["max_frame"] <= UINT32_MAX;
  }
  if (kind == "hello_ack") return fields.value("agent", "x") != "";
  if (kind == "sub") return fields.value("echo", true);
  if (kind == "ihave") return fields["ids"].empty() || fields["ids"][0].back() != 0;
  if (kind == "gossip") return !fields.contains("hdr") || !fields["hdr"].empty();
  if (kind == "bye") return !fields.contains("alt") || !fields["alt"].empty();
  if (kind == "error") {
    if (fields.contains("peers") && fields["peers"].empty()) return false;
    const Json retry = fields.value("retry_after", Json(1));
    return code_of(std::string(fields["code"])) && retry.is_number() && retry > 0 &&
           retry <= UINT32_MAX;
  }
  return true;
}

void expect_ok(const Json& ok, const Judged& judged) {
  EXPECT_EQ(judged.verdict.layer, ok.contains("fields") ? "" : judged.verdict.layer)
      << judged.read.fault;
  ASSERT_TRUE(judged.frame);
  expect_envelope(ok["envelope"], judged.frame->header);
  const bool comp = judged.frame->header.has(kComp);
  if (ok.contains("payload_size") && comp) {
    EXPECT_EQ(Json(judged.inflated.size()), ok["payload_size"]);
    EXPECT_EQ(Json(to_hex(blake3(judged.inflated))), ok["payload_b3"]);
  }
  if (!ok.contains("fields")) return;
  Json fields = ok["fields"];
  if (fields["kind"] == "hello") fields = hello_facts(fields);
  fields.erase("kind");
  if (fields.contains("agent") && fields["agent"] == "" && !judged.read.fields.contains("agent")) {
    fields.erase("agent");
  }
  EXPECT_EQ(judged.read.fields, fields);
  if (!ok.value("roundtrip", false) || !expressible(ok["fields"])) return;
  const Bytes payload = comp
                            ? judged.inflated
                            : Bytes(judged.frame->payload().begin(), judged.frame->payload().end());
  EXPECT_EQ(to_hex(judged.read.again), to_hex(payload));  // OAP-2.3
}

void expect_error(const Json& expect, const Verdict& verdict) {
  const std::string layer = expect["layer"];
  if (layer == "session") {  // found by whoever keeps the session, not here
    EXPECT_TRUE(verdict.layer.empty() || verdict.layer == "kind") << verdict.layer;
    return;
  }
  EXPECT_EQ(verdict.layer, layer);
  std::vector<std::string> codes = expect.value("also", std::vector<std::string>{});
  codes.push_back(expect["error"]);
  EXPECT_NE(std::find(codes.begin(), codes.end(), name(verdict.code)), codes.end())
      << name(verdict.code);
  if (expect.contains("corr")) {
    std::array<std::uint8_t, 8> corr{};
    store_be(corr.data(), verdict.corr);
    EXPECT_EQ(Json(to_hex(corr)), expect["corr"]);
  }
  if (layer == "envelope" || layer == "comp") {
    EXPECT_EQ(Json(verdict.closes), expect["closes"]);
  }
  if (layer == "envelope" && expect.contains("at")) {
    EXPECT_EQ(Json(verdict.decided_after), expect["at"]);
  }
}

void run(const std::string& file) {
  std::size_t count = 0;
  const Json document = load(file);
  for (const Json& vector : document["vectors"]) {
    SCOPED_TRACE(std::string(vector["name"]));
    const Judged judged = judge(vector);
    const Json& expect = vector["expect"];
    if (expect.contains("ok")) expect_ok(expect["ok"], judged);
    if (expect.contains("error")) expect_error(expect, judged.verdict);
    ++count;
  }
  EXPECT_GT(count, 50U);
}

// OAP-1.5 OAP-1.6 OAP-1.7 OAP-1.8 OAP-1.9 OAP-1.10 OAP-1.11 OAP-1.12 OAP-1.13 OAP-1.14 OAP-1.15
// OAP-1.17 OAP-1.18 OAP-1.19 OAP-1.20 OAP-1.21 OAP-1.22 OAP-1.23 OAP-1.24
TEST(vectors, envelope) { run("envelope.json"); }

// OAP-2.1 OAP-2.2 OAP-2.3 OAP-2.4 OAP-2.5 OAP-2.7 OAP-2.8 OAP-2.9 OAP-2.10 OAP-2.11 OAP-2.12
// OAP-2.13 OAP-2.14 OAP-2.15 OAP-2.16 OAP-2.17 OAP-2.18 OAP-2.19 OAP-2.26
TEST(vectors, cbor) { run("cbor.json"); }

// OAP-2.20 OAP-2.21 OAP-3.4 OAP-3.5 OAP-3.6 OAP-3.7 OAP-3.8 OAP-3.9 OAP-3.12 OAP-3.17 OAP-3.33
// OAP-1.31 OAP-4.12 OAP-4.13 OAP-4.14 OAP-4.16 OAP-4.17 OAP-4.19 OAP-4.21 OAP-4.25 OAP-4.28
// OAP-4.43 OAP-4.46 OAP-4.47 OAP-5.3 OAP-5.9 OAP-6.1
TEST(vectors, kinds) { run("kinds.json"); }

// OAP-9.25 OAP-9.26 OAP-9.27 OAP-9.28 OAP-9.29 OAP-9.30 OAP-9.31 OAP-9.32 OAP-9.33 OAP-9.34
// OAP-9.35 OAP-9.36 OAP-9.37 OAP-9.38 OAP-9.39 OAP-9.40 OAP-9.41 OAP-9.42 OAP-9.43 OAP-9.44
TEST(vectors, peers) { run("peers.json"); }

// OAP-1.37 OAP-1.38 OAP-1.39 OAP-1.40 OAP-1.41 OAP-1.43 OAP-1.44 OAP-1.45 OAP-1.46 OAP-1.48
// OAP-1.49
TEST(vectors, comp) { run("comp.json"); }

// Every cut of a stream into two, and into single bytes, yields the same frames.
void expect_stream(const Json& stream, std::size_t cut) {
  const Bytes bytes = bytes_of(stream);
  Parser parser(kMaxFrame, nullptr);
  std::vector<std::string> frames;
  std::string end = "open";
  for (std::size_t at = 0; at < bytes.size() && end == "open";) {
    const std::size_t size = cut == 0  ? 1
                             : at == 0 ? std::min(cut, bytes.size())
                                       : bytes.size() - at;
    Slice input = Slice::copy_of(ByteView(bytes).subspan(at, size), nullptr);
    at += size;
    while (!input.empty()) {
      auto next = parser.next(input);
      if (!next) {
        end = name(next.error().error.code);
        break;
      }
      if (!*next) break;
      frames.push_back(to_hex((*next)->bytes.bytes()));
    }
  }
  EXPECT_EQ(Json(end), stream["end"]);
  const std::vector<std::string> want = stream["frames"];
  EXPECT_EQ(frames, want);
  if (end == "open") {
    EXPECT_EQ(parser.partial_bytes(), std::string(stream["rest"]).size() / 2);
  }
}

TEST(vectors, streams_cut_anywhere) {  // OAP-1.1
  const Json document = load("streams.json");
  ASSERT_FALSE(document["vectors"].empty());
  for (const Json& stream : document["vectors"]) {
    SCOPED_TRACE(std::string(stream["name"]));
    const std::size_t size = bytes_of(stream).size();
    for (std::size_t cut = 0; cut <= size; cut += size > 5000 ? 997 : 1) expect_stream(stream, cut);
  }
}

// OAP-4.1 OAP-4.2 OAP-4.3 OAP-4.4 OAP-4.5 OAP-4.6 OAP-4.8
TEST(vectors, topics) {
  const Json document = load("topics.json");
  for (const Json& row : document["topics"]) {
    EXPECT_EQ(Json(is_topic(as_text(bytes_of(row)))), row["valid"]) << row["name"];
  }
  for (const Json& row : document["patterns"]) {
    EXPECT_EQ(Json(is_pattern(as_text(bytes_of(row)))), row["valid"]) << row["name"];
  }
  for (const Json& row : document["matches"]) {
    const std::string pattern = row["pattern"];
    const std::string topic = row["topic"];
    EXPECT_EQ(Json(matches(pattern, topic)), row["match"]) << row;
  }
}

TEST(vectors, addresses) {
  const Json document = load("addresses.json");
  for (const Json& row : document["valid"]) {
    EXPECT_EQ(Json("b3:" + to_hex(blake3(bytes_of(row["content"])))), row["addr"]) << row["name"];
  }
}

}  // namespace
}  // namespace ron::oap
