#include "oap/cbor.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

#include "oap/cbor_model.hpp"
#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

using model::Bytes;
using model::Value;

bool accepts(const Bytes& bytes) {
  CborReader reader(bytes);
  CborItem item;
  return reader.next(item) && reader.at_end();
}

Bytes text_of(std::string_view text) { return {text.begin(), text.end()}; }

// Trees of at most `depth` levels; keys are often alike so that order and duplicates matter.
Value any_value(int depth) {
  Value value;
  value.major = *rc::gen::element(0, 1, 2, 3, 4, 5, 5, 7);
  if (depth == 0 && (value.major == 4 || value.major == 5)) value.major = 0;
  const std::uint64_t edge = *rc::gen::element<std::uint64_t>(0, 23, 24, 255, 256, 65535, 65536,
                                                              0xffffffff, 0x100000000, UINT64_MAX);
  value.number = value.major == 7 ? 20 + edge % 3 : edge;
  if (value.major == 3)
    value.text = text_of(*rc::gen::element<std::string>("", "a", "\u00fc\u4e16"));
  if (value.major == 2) value.text = *rc::gen::arbitrary<Bytes>();
  if (value.major < 4) return value;
  const int count = *rc::gen::inRange(0, depth > 2 ? 3 : 22);
  for (int i = 0; i < count && value.major == 4; ++i) value.items.push_back(any_value(depth - 1));
  std::set<Bytes> seen;
  for (int i = 0; i < count && value.major == 5; ++i) {
    const Bytes key = *rc::gen::container<Bytes>(rc::gen::element<std::uint8_t>('a', 'b', 'c'));
    if (seen.insert(key).second) value.add(key, any_value(depth - 1));
  }
  return value;
}

RC_GTEST_PROP(cbor, reader_takes_keys_in_any_order, ()) {  // OAP-2.4 OAP-2.5
  const Value value = any_value(3);
  Bytes bytes;
  model::encode(bytes, value, false);
  CborReader reader(bytes);
  CborItem item;
  RC_ASSERT(reader.next(item));
  RC_ASSERT(reader.at_end());
  RC_ASSERT(reader.canonical() == (bytes == model::canonical(value)));  // OAP-2.6
}

RC_GTEST_PROP(cbor, reader_equals_twin_on_broken_bytes, ()) {
  Bytes bytes;
  model::encode(bytes, any_value(3), *rc::gen::arbitrary<bool>());
  const int flips = *rc::gen::inRange(1, 4);
  for (int i = 0; i < flips && !bytes.empty(); ++i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
  }
  if (*rc::gen::inRange(0, 4) == 0) bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
  RC_ASSERT(accepts(bytes) == model::decode(bytes).has_value());
}

RC_GTEST_PROP(cbor, reader_equals_twin_on_noise, ()) {
  const auto bytes = *rc::gen::container<Bytes>(rc::gen::element<std::uint8_t>(
      0, 0x17, 0x18, 0x20, 0x41, 0x60, 0x61, 'a', 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xf5, 0xf6,
      0xf7, 0xff, 0xc0, 0xc2, 0x9f, 0xbf));
  RC_ASSERT(accepts(bytes) == model::decode(bytes).has_value());
}

void write(CborWriter& to, const Value& value) {
  switch (value.major) {
    case 0: to.uint(value.number); break;
    case 2: to.bytes(value.text); break;
    case 3: to.text(as_text(value.text)); break;
    case 4:
      to.array(value.items.size());
      for (const Value& item : value.items) write(to, item);
      break;
    case 5: {
      std::vector<std::size_t> order(value.keys.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::sort(order.begin(), order.end(), [&value](std::size_t a, std::size_t b) {
        return key_before(as_text(value.keys[a]), as_text(value.keys[b]));
      });
      to.map(order.size());
      for (const std::size_t i : order) {
        to.key(as_text(value.keys[i]));
        write(to, value.items[i]);
      }
      break;
    }
    default: to.boolean(value.number != 20); break;
  }
}

bool writable(const Value& value) {
  if (value.major == 1 || (value.major == 7 && value.number == 22)) return false;
  return std::all_of(value.items.begin(), value.items.end(), writable);
}

RC_GTEST_PROP(cbor, writer_is_canonical, ()) {  // OAP-2.1 OAP-2.2 OAP-2.3
  const Value value = any_value(2);
  RC_PRE(writable(value));
  Bytes out;
  CborWriter to(out);
  write(to, value);
  RC_ASSERT(out == model::canonical(value));
}

TEST(cbor, key_order_of_the_specification) {  // OAP-2.2
  const std::vector<std::string_view> keys{"ts", "data", "kind", "topic", "fanout"};
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    EXPECT_TRUE(key_before(keys[i], keys[i + 1]));
    EXPECT_FALSE(key_before(keys[i + 1], keys[i]));
  }
  EXPECT_FALSE(key_before("ts", "ts"));
  EXPECT_TRUE(key_before("", "a"));
}

void write_keys(std::string_view first, std::string_view second) {
  Bytes out;
  CborWriter to(out);
  to.map(2);
  to.key(first).uint(1);
  to.key(second).uint(2);
}

void write_value_without_key() {
  Bytes out;
  CborWriter to(out);
  to.map(1);
  to.uint(1);
}

TEST(cbor_death, writer_refuses_what_is_not_canonical) {  // OAP-2.3
  write_keys("a", "b");
  EXPECT_DEATH(write_keys("b", "a"), "invariant broken");
  EXPECT_DEATH(write_keys("aa", "b"), "invariant broken");
  EXPECT_DEATH(write_keys("a", "a"), "invariant broken");
  EXPECT_DEATH(write_value_without_key(), "invariant broken");
}

void expect_fault(const Bytes& bytes, std::string_view text) {
  CborReader reader(bytes);
  CborItem item;
  EXPECT_FALSE(reader.next(item));
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.fault(), text);
  EXPECT_FALSE(reader.next(item)) << "failure is sticky";
}

TEST(cbor, faults_name_the_rule) {
  expect_fault({}, "CBOR ends inside an item");                            // OAP-2.26
  expect_fault({0x62, 'a'}, "CBOR ends inside an item");                   // OAP-2.26
  expect_fault({0x9f, 0xff}, "CBOR of indefinite length");                 // OAP-2.10
  expect_fault({0xff}, "CBOR of indefinite length");                       // OAP-2.10
  expect_fault({0x18, 0x17}, "CBOR number is not in its shortest form");   // OAP-2.11
  expect_fault({0xa1, 0x01, 0x02}, "map key is not text");                 // OAP-2.12
  expect_fault({0xa2, 0x60, 0, 0x60, 0}, "duplicate map key");             // OAP-2.13
  expect_fault({0xf9, 0, 0}, "CBOR float");                                // OAP-2.14
  expect_fault({0xc1, 0}, "CBOR tag");                                     // OAP-2.15
  expect_fault({0xf7}, "CBOR simple value other than null, true, false");  // OAP-2.16
  expect_fault({0x61, 0xff}, "text is not UTF-8");                         // OAP-2.17
  expect_fault(Bytes(9, 0x81), "CBOR nested too deep");                    // OAP-2.19
}

TEST(cbor, nesting_of_8_is_legal) {  // OAP-2.19
  Bytes bytes(7, 0x81);
  bytes.push_back(0x80);
  EXPECT_TRUE(accepts(bytes));
  bytes.insert(bytes.begin(), 0x81);
  EXPECT_FALSE(accepts(bytes));
  CborReader inner(ByteView(bytes).subspan(1));
  CborItem item;
  EXPECT_FALSE(inner.next(item, 2)) << "levels count from the given depth";
}

TEST(cbor, announced_counts_are_not_believed) {  // OAP-2.26
  EXPECT_FALSE(accepts({0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
  EXPECT_FALSE(accepts({0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x60, 0}));
  EXPECT_FALSE(accepts({0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}));
  EXPECT_FALSE(accepts({0x7b, 0x80, 0, 0, 0, 0, 0, 0, 0, 0}));
}

// A map of `count` keys of four letters each in descending order; with `twice` the first again.
Bytes large_map(std::uint32_t count, bool twice) {
  Bytes bytes{0xba};
  const std::uint32_t entries = count + (twice ? 1 : 0);
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(entries >> static_cast<unsigned>(shift)));
  }
  const auto add = [&bytes](std::uint32_t number) {
    bytes.push_back(0x64);
    for (int i = 3; i >= 0; --i) {
      bytes.push_back(static_cast<std::uint8_t>((number >> static_cast<unsigned>(7 * i)) & 0x7fU));
    }
    bytes.push_back(0xf6);
  };
  for (std::uint32_t i = count; i > 0; --i) add(i);
  if (twice) add(count);
  return bytes;
}

TEST(cbor, hostile_map_costs_milliseconds) {  // OAP-2.13
  for (const bool twice : {false, true}) {
    const Bytes bytes = large_map(170'000, twice);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(accepts(bytes), !twice);
    const auto spent = std::chrono::steady_clock::now() - start;
    EXPECT_LT(spent, std::chrono::seconds(5)) << "generous: sanitizers and busy machines";
  }
}

TEST(cbor, duplicates_of_every_size) {  // OAP-2.13
  for (const std::uint32_t count : {1U, 2U, 15U, 16U, 17U, 40U, 1000U}) {
    Value map;
    map.major = 5;
    for (std::uint32_t i = count; i > 0; --i) {
      map.add(text_of("a-long-common-prefix-" + std::to_string(i)), {});
    }
    Bytes bytes;
    model::encode(bytes, map, false);
    EXPECT_TRUE(accepts(bytes)) << count;
    map.add(map.keys.front(), {});
    bytes.clear();
    model::encode(bytes, map, false);
    EXPECT_FALSE(accepts(bytes)) << count;
  }
}

TEST(cbor, walks_see_what_was_read) {
  Bytes bytes;
  CborWriter to(bytes);
  to.map(4);
  to.key("a").array(3);
  to.uint(300);
  to.boolean(true);
  to.map(1);
  to.key("x").text("y");
  to.key("b").bytes(Bytes{1, 2});
  to.key("c").boolean(false);
  to.key("d").uint(UINT64_MAX);
  CborReader reader(bytes);
  CborItem map;
  ASSERT_TRUE(reader.next(map));
  ASSERT_EQ(map.type, CborType::kMap);
  ASSERT_EQ(map.number, 4U);
  CborMap entries(map);
  std::string_view key;
  CborItem value;
  ASSERT_TRUE(entries.next(key, value));
  EXPECT_EQ(key, "a");
  ASSERT_EQ(value.type, CborType::kArray);
  CborArray elements(value);
  CborItem element;
  ASSERT_TRUE(elements.next(element));
  EXPECT_EQ(element.number, 300U);
  ASSERT_TRUE(elements.next(element));
  EXPECT_EQ(element.type, CborType::kBool);
  EXPECT_EQ(element.number, 1U);
  ASSERT_TRUE(elements.next(element));
  EXPECT_EQ(element.type, CborType::kMap);
  EXPECT_FALSE(elements.next(element));
  ASSERT_TRUE(entries.next(key, value));
  EXPECT_EQ(value.type, CborType::kBytes);
  EXPECT_EQ(value.bytes.size(), 2U);
  ASSERT_TRUE(entries.next(key, value));
  EXPECT_EQ(value.type, CborType::kBool);
  ASSERT_TRUE(entries.next(key, value));
  EXPECT_EQ(key, "d");
  EXPECT_EQ(value.number, UINT64_MAX);
  EXPECT_FALSE(entries.next(key, value));
}

RC_GTEST_PROP(cbor, utf8_equals_twin, ()) {  // OAP-2.17
  const auto text = *rc::gen::container<Bytes>(rc::gen::element<std::uint8_t>(
      'a', 'b', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
      0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff));
  RC_ASSERT(is_utf8(text) == model::is_utf8(text));
}

// Text long enough for blocks, well-formed but for what was done to one byte of it.
RC_GTEST_PROP(cbor, long_utf8_equals_twin, ()) {  // OAP-2.17
  using Texts = std::vector<std::string_view>;
  const Texts pieces{"a",
                     "\xc2\x80",
                     "\xc3\xa9",
                     "\xe0\xa0\x80",
                     "\xe4\xb8\xad",
                     "\xed\x9f\xbf",
                     "\xf0\x90\x80\x80",
                     "\xf4\x8f\xbf\xbf",
                     "plain"};
  const auto size = *rc::gen::inRange<std::size_t>(40, 200);
  Bytes text;
  while (text.size() < size) {
    const std::string_view piece = *rc::gen::elementOf(pieces);
    text.insert(text.end(), piece.begin(), piece.end());
  }
  ASSERT_TRUE(is_utf8(text));
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0: text.resize(at); break;
    case 1: text.erase(text.begin() + static_cast<std::ptrdiff_t>(at)); break;
    default: text[at] = static_cast<std::uint8_t>(*rc::gen::inRange(0, 256)); break;
  }
  RC_ASSERT(is_utf8(text) == model::is_utf8(text));
}

// Every three bytes at every place of a block and around its ends.
TEST(cbor, utf8_in_blocks_exhaustively) {  // OAP-2.17
  constexpr std::array<std::uint8_t, 18> kEdges = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                                   0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe1,
                                                   0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
  for (std::size_t at = 0; at + 4 <= 64; ++at) {
    for (std::size_t n = 0; n < kEdges.size() * kEdges.size() * kEdges.size(); ++n) {
      Bytes text(64, 'x');
      text[at] = kEdges[n % kEdges.size()];
      text[at + 1] = kEdges[n / kEdges.size() % kEdges.size()];
      text[at + 2] = kEdges[n / kEdges.size() / kEdges.size()];
      text[at + 3] = n % 2 == 0 ? 'x' : 0x80;
      ASSERT_EQ(is_utf8(text), model::is_utf8(text)) << at << ' ' << n;
    }
  }
}

TEST(cbor, utf8_exhaustively_to_three_bytes) {  // OAP-2.17
  Bytes text(3);
  for (unsigned n = 0; n < 1U << 24U; n += (n & 0xffU) == 0 ? 1 : 3) {
    text[0] = static_cast<std::uint8_t>(n >> 16U);
    if (text[0] < 0xc0 && text[0] != 0x41) {  // a continuation byte first is refused at once
      n |= 0xfff0U;
    }
    text[1] = static_cast<std::uint8_t>(n >> 8U);
    text[2] = static_cast<std::uint8_t>(n);
    ASSERT_EQ(is_utf8(text), model::is_utf8(text)) << n;
  }
}

}  // namespace
}  // namespace ron::oap
