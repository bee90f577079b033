#include "oap/alike.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "oap/kinds.hpp"
#include "oap/parser.hpp"

namespace ron::oap {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kNow = 1'780'000'000'000'000'000;

struct Post {
  std::string topic = "metrics/cpu";
  Bytes data = Bytes(40, 'x');
  std::uint64_t ts = kNow;
  CorrId corr = 7;
  std::vector<std::pair<std::string, std::string>> hdr;
  std::uint16_t flags = kEvent;
};

Slice frame_of(const Post& post) {
  GossipOut out;
  out.topic = post.topic;
  out.data = post.data;
  out.ts = post.ts;
  out.hdr = post.hdr;
  return make_frame(post.flags, {}, post.corr, write_gossip(out), nullptr);
}

// The long way: what a frame says, or nothing where it is not a lone legal publication.
struct Said {
  std::string topic;
  std::string reply;
  std::uint64_t fanout = 0;
  std::uint16_t flags = 0;
  TenantId tenant;
  bool operator==(const Said&) const = default;
};
std::optional<Said> said_by(ByteView bytes) {
  Slice input = Slice::copy_of(bytes, nullptr);
  Parser parser(kMaxFrame, nullptr);
  const auto frame = parser.next(input);
  if (!frame || !*frame || !input.empty()) return std::nullopt;
  const auto message = read_message((*frame)->payload());
  if (!message || message->kind != "gossip") return std::nullopt;
  const auto gossip = read_gossip(*message);
  if (!gossip) return std::nullopt;
  const Header& header = (*frame)->header;
  return Said{std::string(gossip->topic), std::string(gossip->reply.value_or("")), gossip->fanout,
              header.flags, header.tenant};
}

Alike alike_to(const Slice& frame) {
  const auto message = read_message(frame.bytes().subspan(kHeaderSize));
  return Alike::to(frame, read_gossip(*message)->data);
}

std::size_t match(const Alike& alike, const Slice& frame) {
  return alike.match(frame.data(), frame.size(), kMaxFrame);
}

TEST(Alike, corr_ts_and_data_may_differ) {
  const Slice model = frame_of({});
  const Alike alike = alike_to(model);
  ASSERT_TRUE(alike);
  const Slice next = frame_of({.data = Bytes(40, 0xff), .ts = kNow + 1, .corr = 8});
  EXPECT_EQ(match(alike, next), next.size());
  for (const std::size_t size : {0U, 1U, 23U, 24U, 255U, 256U, 65'535U, 65'536U, 1'000'000U}) {
    const Slice sized = frame_of({.data = Bytes(size, 'y')});
    EXPECT_EQ(match(alike, sized), sized.size()) << size;
  }
}

TEST(Alike, all_else_may_not) {
  const Slice model = frame_of({.hdr = {{"a", "b"}}});
  const Alike alike = alike_to(model);
  ASSERT_TRUE(alike);
  EXPECT_GT(match(alike, model), 0U);
  EXPECT_EQ(match(alike, frame_of({.topic = "metrics/cpv", .hdr = {{"a", "b"}}})), 0U);
  EXPECT_EQ(match(alike, frame_of({.hdr = {{"a", "c"}}})), 0U);
  EXPECT_EQ(match(alike, frame_of({})), 0U);
  EXPECT_EQ(match(alike, frame_of({.hdr = {{"a", "b"}}, .flags = kEvent | kComp})), 0U);
  EXPECT_EQ(match(alike, frame_of({.hdr = {{"a", "b"}}, .flags = kReq})), 0U);
  EXPECT_EQ(match(alike, frame_of({.ts = 5, .hdr = {{"a", "b"}}})), 0U);
  EXPECT_EQ(alike.match(model.data(), model.size() - 1, kMaxFrame), 0U) << "not there whole";
  EXPECT_EQ(alike.match(model.data(), model.size(), 50), 0U) << "over the limit";
}

// A ts that has a shorter form is not legal in eight bytes. // OAP-2.11
TEST(Alike, ts_keeps_its_shortest_form) {
  for (const std::size_t size : {4U, 8U}) {
    const std::uint64_t ts = size == 4 ? 1'780'000'000 : kNow;
    const Slice model = frame_of({.ts = ts});
    const Alike alike = alike_to(model);
    const Slice next = frame_of({.ts = ts + 1});
    EXPECT_EQ(match(alike, next), next.size());
    for (std::size_t i = 36; i < 36 + size; ++i) next.mutable_bytes()[i] = 0;
    ASSERT_FALSE(said_by(next.bytes()));
    EXPECT_EQ(match(alike, next), 0U);
  }
}

TEST(Alike, learns_the_usual_layout_only) {
  EXPECT_FALSE(alike_to(frame_of({.ts = 60'000}))) << "a ts of two bytes";
  EXPECT_FALSE(alike_to(frame_of({.data = {}}))) << "no data";
  EXPECT_FALSE(Alike());
}

// Whatever is done to a frame: what still matches means the same, the long way.
RC_GTEST_PROP(alike, what_matches_means_the_same, ()) {
  const auto size_of = [] { return *rc::gen::elementOf(std::vector<int>{1, 23, 24, 200, 256}); };
  const auto ts_of = [] { return *rc::gen::elementOf(std::vector<std::uint64_t>{70'000, kNow}); };
  const Slice model =
      frame_of({.data = Bytes(static_cast<std::size_t>(size_of()), 'm'), .ts = ts_of()});
  const Alike alike = alike_to(model);
  const Slice other = frame_of({.data = Bytes(static_cast<std::size_t>(size_of()), 'o'),
                                .ts = *rc::gen::arbitrary<std::uint64_t>(),
                                .corr = *rc::gen::arbitrary<std::uint64_t>()});
  Bytes bytes(other.bytes().begin(), other.bytes().end());
  const int changes = *rc::gen::inRange(0, 3);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<std::uint8_t>(*rc::gen::inRange(0, 256));
  }
  const std::size_t matched = alike.match(bytes.data(), bytes.size(), kMaxFrame);
  if (matched == 0) return;
  RC_ASSERT(matched <= bytes.size());
  RC_ASSERT(said_by(ByteView(bytes).first(matched)) == said_by(model.bytes()));
}

}  // namespace
}  // namespace ron::oap
