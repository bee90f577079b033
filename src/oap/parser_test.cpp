#include "oap/parser.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes frame_of(std::uint16_t flags, CorrId corr, ByteView payload) {
  const Slice frame = make_frame(flags, {}, corr, payload);
  return {frame.bytes().begin(), frame.bytes().end()};
}

struct Outcome {
  std::vector<Bytes> frames;
  std::optional<Code> fault;
  CorrId corr = 0;
  bool closes = false;
  bool operator==(const Outcome&) const = default;
};

// Feeds `bytes` in pieces of the given sizes (the last repeats).
Outcome feed(Parser& parser, ByteView bytes, const std::vector<std::size_t>& sizes) {
  Outcome outcome;
  std::size_t round = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), sizes[std::min(round++, sizes.size() - 1)]);
    Slice input = Slice::copy_of(bytes.first(size), nullptr);
    bytes = bytes.subspan(size);
    for (;;) {
      auto next = parser.next(input);
      if (!next) {
        outcome.fault = next.error().error.code;
        outcome.corr = next.error().corr;
        outcome.closes = next.error().error.closes;
        return outcome;
      }
      if (!*next) break;
      const ByteView whole = (*next)->bytes.bytes();
      EXPECT_EQ((*next)->header.wire_size(), whole.size());
      outcome.frames.emplace_back(whole.begin(), whole.end());
    }
    EXPECT_TRUE(input.empty());
  }
  return outcome;
}

Outcome feed_once(const Bytes& bytes, std::uint32_t max_payload = kMaxFrame) {
  Parser parser(max_payload, nullptr);
  return feed(parser, bytes, {bytes.size()});
}

RC_GTEST_PROP(parser, any_split_yields_the_same_frames, ()) {  // OAP-1.1
  Bytes stream;
  std::vector<Bytes> frames;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    const Bytes payload(*rc::gen::inRange<std::size_t>(0, 3000), static_cast<std::uint8_t>(i));
    frames.push_back(frame_of(kEvent, static_cast<CorrId>(i), payload));
    stream.insert(stream.end(), frames.back().begin(), frames.back().end());
  }
  const bool broken = *rc::gen::arbitrary<bool>();
  if (broken) {
    Bytes bad = frame_of(kReq, 7, Bytes(10));
    bad[*rc::gen::element<std::size_t>(0, 3, 4, 6)] ^= 0x02;
    stream.insert(stream.end(), bad.begin(), bad.end());
  }
  const Outcome whole = feed_once(stream);
  if (!broken) {
    RC_ASSERT(whole.frames == frames);
  }
  auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(
      rc::gen::element<std::size_t>(1, 2, 3, 4, 5, 27, 30, 31, 32, 100, 513, 2000)));
  Parser parser(kMaxFrame, nullptr);
  RC_ASSERT(feed(parser, stream, sizes) == whole);
}

RC_GTEST_PROP(parser, flipped_bytes_never_pass_the_caps, ()) {  // OAP-1.13
  Bytes stream;
  for (int i = 0; i < 3; ++i) {
    const Bytes frame = frame_of(kReq, 1, Bytes(*rc::gen::inRange<std::size_t>(0, 200)));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  const int flips = *rc::gen::inRange(1, 6);
  for (int i = 0; i < flips; ++i) {
    stream[*rc::gen::inRange<std::size_t>(0, stream.size())] = *rc::gen::arbitrary<std::uint8_t>();
  }
  Parser parser(150, nullptr);
  const Outcome outcome = feed(parser, stream, {*rc::gen::inRange<std::size_t>(1, 64)});
  for (const Bytes& frame : outcome.frames) {
    const Header header = read_header(frame.data());
    RC_ASSERT(header.payload_size() <= 150U);
    RC_ASSERT(header.ver == kVersion);
    const int kinds = header.has(kReq) + header.has(kResp) + header.has(kEvent);
    RC_ASSERT(kinds == 1);
  }
  RC_ASSERT(!outcome.fault || outcome.closes);
}

TEST(parser, a_mebibyte_is_legal_and_a_byte_more_is_not) {  // OAP-1.13 OAP-1.14
  const Bytes largest = frame_of(kReq, 1, Bytes(1'048'576));
  EXPECT_EQ(feed_once(largest).frames.size(), 1U);
  EXPECT_EQ(feed_once(frame_of(kReq, 1, Bytes(1'048'577))).fault, Code::kFrameTooLarge);
}

TEST(parser, oversize_is_decided_from_the_header) {  // OAP-1.15 OAP-1.16
  SlabMeter meter;
  Parser parser(kMinMaxFrame, &meter);
  const Bytes frame = frame_of(kReq, 0x77, Bytes(kMinMaxFrame + 1));
  EXPECT_FALSE(feed(parser, ByteView(frame).first(30), {30}).fault);
  const Outcome outcome = feed(parser, ByteView(frame).subspan(30, 1), {1});
  EXPECT_EQ(outcome.fault, Code::kFrameTooLarge);
  EXPECT_EQ(outcome.corr, 0x77U);
  EXPECT_TRUE(outcome.closes);
  EXPECT_EQ(meter.live_bytes, 0U);
}

TEST(parser, oversize_comes_before_everything_else) {  // OAP-1.17 OAP-1.20
  Bytes frame = frame_of(0, 0, Bytes(2000));
  frame[4] = 9;
  EXPECT_EQ(feed_once(frame, 1999).fault, Code::kFrameTooLarge);
  EXPECT_EQ(feed_once(frame, 2000).fault, Code::kBadVersion);  // version before flags
  frame[4] = 1;
  EXPECT_EQ(feed_once(frame, 2000).fault, Code::kBadFrame);
}

TEST(parser, short_len_is_decided_from_four_bytes) {  // OAP-1.18
  for (const std::uint8_t len : Bytes{0, 1, 26}) {
    Parser parser(kMaxFrame, nullptr);
    const Outcome outcome = feed(parser, Bytes{0, 0, 0, len}, {4});
    EXPECT_EQ(outcome.fault, Code::kBadFrame);
    EXPECT_TRUE(outcome.closes);
    EXPECT_EQ(outcome.corr, 0U);
  }
  EXPECT_EQ(feed_once(frame_of(kReq, 1, {})).frames.size(), 1U);  // 27
}

TEST(parser, other_versions) {  // OAP-1.19
  for (const std::uint8_t ver : Bytes{0, 2, 255}) {
    Bytes frame = frame_of(kReq, 5, Bytes(3));
    frame[4] = ver;
    const Outcome outcome = feed_once(frame);
    EXPECT_EQ(outcome.fault, Code::kBadVersion);
    EXPECT_EQ(outcome.corr, 5U);
  }
}

TEST(parser, flags_exhaustively) {  // OAP-1.21 OAP-1.22 OAP-1.23 OAP-1.24
  for (unsigned flags = 0; flags < 32; ++flags) {
    for (const CorrId corr : {0U, 9U}) {
      const bool req = (flags & kReq) != 0;
      const bool resp = (flags & kResp) != 0;
      const bool event = (flags & kEvent) != 0;
      const bool ackreq = (flags & kAckReq) != 0;
      const bool legal =
          req + resp + event == 1 && (!req || corr != 0) && (!ackreq || (event && corr != 0));
      const Outcome outcome = feed_once(frame_of(static_cast<std::uint16_t>(flags), corr, {}));
      EXPECT_EQ(outcome.frames.size(), legal ? 1U : 0U) << flags;
      if (!legal) {
        EXPECT_EQ(outcome.fault, Code::kBadFrame) << flags;
        EXPECT_EQ(outcome.corr, corr);
      }
    }
  }
}

TEST(parser, whole_frames_are_not_copied) {
  const Bytes one = frame_of(kEvent, 0, Bytes(100));
  Bytes two = one;
  two.insert(two.end(), one.begin(), one.end());
  Slice input = Slice::copy_of(two, nullptr);
  const std::uint8_t* const base = input.data();
  SlabMeter meter;
  Parser parser(kMaxFrame, &meter);
  for (const std::size_t offset : {std::size_t{0}, one.size()}) {
    const auto frame = parser.next(input);
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->bytes.data(), base + offset);
    EXPECT_EQ((*frame)->payload().size(), 100U);
  }
  EXPECT_EQ(meter.live_slabs, 0U);
}

TEST(parser, memory_follows_what_has_arrived) {  // OAP-1.16: a promise costs nothing
  SlabMeter meter;
  Parser parser(kMaxFrame, &meter);
  const Bytes frame = frame_of(kEvent, 0, Bytes(1'048'576));
  std::size_t fed = 0;
  for (const std::size_t until : {31UL, 32UL, 600UL, 5'000UL, 70'000UL, 1'000'000UL}) {
    EXPECT_TRUE(feed(parser, ByteView(frame).subspan(fed, until - fed), {100}).frames.empty());
    fed = until;
    EXPECT_EQ(parser.partial_bytes(), until);
    EXPECT_EQ(parser.announced_len(), 27U + 1'048'576U);
    EXPECT_TRUE(parser.mid_frame());
    const std::size_t factor = until < 64U * 1024 ? 2 : 8;  // large blocks come in few sizes
    EXPECT_LE(meter.live_bytes, std::max<std::size_t>(factor * until, 512) + 200);
    EXPECT_EQ(meter.live_slabs, 1U);
  }
  EXPECT_EQ(feed(parser, ByteView(frame).subspan(fed), {4096}).frames.front(), frame);
  EXPECT_EQ(meter.live_slabs, 0U);
  EXPECT_FALSE(parser.mid_frame());
  EXPECT_FALSE(parser.announced_len());
}

TEST(parser, the_rest_of_a_large_frame_is_read_in_place) {
  SlabMeter meter;
  Parser parser(kMaxFrame, &meter);
  Bytes frame = frame_of(kEvent, 0, Bytes(1'000'000, 1));
  for (std::size_t i = 0; i < frame.size(); i += 4096) frame[i] ^= i < 31 ? 0 : 0x55;
  EXPECT_TRUE(parser.room().empty()) << "nothing has begun";
  EXPECT_TRUE(feed(parser, ByteView(frame).first(30), {30}).frames.empty());
  EXPECT_TRUE(parser.room().empty()) << "not judged yet";
  EXPECT_TRUE(feed(parser, ByteView(frame).subspan(30, 70), {70}).frames.empty());
  std::size_t fed = 100;
  while (true) {
    const MutableBytes room = parser.room();
    if (room.empty()) break;
    const std::size_t size = std::min<std::size_t>(room.size(), 150'001);
    ASSERT_LE(size, frame.size() - fed);
    std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(fed), size, room.begin());
    parser.fill(size);
    fed += size;
    if (fed == frame.size()) break;
    Slice nothing;
    EXPECT_FALSE(*parser.next(nothing)) << fed;
  }
  EXPECT_GT(fed, frame.size() - 16U * 1024);
  Slice rest = Slice::copy_of(ByteView(frame).subspan(fed), nullptr);
  const auto whole = parser.next(rest);
  ASSERT_TRUE(whole && *whole);
  EXPECT_TRUE(equal((*whole)->bytes.bytes(), frame));
  EXPECT_FALSE(parser.mid_frame());
}

TEST(parser, a_new_bound_holds_for_the_next_frame) {  // OAP-3.19
  Parser parser(kMaxHello, nullptr);
  EXPECT_EQ(feed(parser, frame_of(kReq, 1, Bytes(kMaxHello)), {7}).frames.size(), 1U);  // OAP-3.11
  parser.set_max_payload(1024);
  EXPECT_EQ(feed(parser, frame_of(kReq, 1, Bytes(1024)), {7}).frames.size(), 1U);
  EXPECT_EQ(feed(parser, frame_of(kReq, 1, Bytes(1025)), {7}).fault, Code::kFrameTooLarge);
}

TEST(parser, dead_after_a_fault) {
  Parser parser(kMaxFrame, nullptr);
  EXPECT_TRUE(feed(parser, Bytes{0, 0, 0, 0}, {4}).fault);
  const Outcome after = feed(parser, frame_of(kReq, 1, {}), {100});
  EXPECT_TRUE(after.frames.empty());
  EXPECT_FALSE(after.fault);
}

}  // namespace
}  // namespace ron::oap
