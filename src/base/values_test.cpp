// bytes, time, ids and hash.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace ron {
namespace {

TEST(bytes, big_endian) {  // OAP-1.5
  std::array<std::uint8_t, 8> at{};
  store_be<std::uint64_t>(at.data(), 0x0102030405060708U);
  EXPECT_EQ(at, (std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(load_be<std::uint64_t>(at.data()), 0x0102030405060708U);
  EXPECT_EQ(load_be<std::uint32_t>(at.data() + 1), 0x02030405U);
  EXPECT_EQ(load_be<std::uint16_t>(at.data()), 0x0102U);
  EXPECT_EQ(load_be<std::uint8_t>(at.data() + 7), 8U);
  store_be<std::uint16_t>(at.data(), 0xfffe);
  store_be<std::uint8_t>(at.data() + 2, 0x7f);
  EXPECT_EQ(at[0], 0xff);
  EXPECT_EQ(at[1], 0xfe);
  EXPECT_EQ(at[2], 0x7f);
}

TEST(bytes, equality_and_text) {
  EXPECT_TRUE(equal({}, {}));
  EXPECT_TRUE(equal(as_bytes("ab"), as_bytes("ab")));
  EXPECT_FALSE(equal(as_bytes("ab"), as_bytes("abc")));
  EXPECT_FALSE(equal(as_bytes("ab"), as_bytes("ac")));
  EXPECT_EQ(as_text(as_bytes("hello")), "hello");
}

TEST(time, never_stays_never) {
  using std::chrono::seconds;
  constexpr Instant kStart;
  EXPECT_TRUE((Instant::never() + seconds(1)).is_never());
  EXPECT_TRUE((kStart + Duration::max()).is_never());
  EXPECT_TRUE((kStart + seconds(1) + Duration::max()).is_never());
  EXPECT_FALSE((kStart + seconds(1)).is_never());
  EXPECT_LT(kStart + seconds(1), Instant::never());
  EXPECT_EQ((kStart + seconds(3)) - (kStart + seconds(1)), Duration(seconds(2)));
  EXPECT_DOUBLE_EQ(to_seconds(std::chrono::milliseconds(1500)), 1.5);
}

RC_GTEST_PROP(ids, session_ids_keep_their_parts, ()) {
  const auto shard = *rc::gen::arbitrary<ShardIndex>();
  const auto generation = *rc::gen::inRange<std::uint32_t>(0, 1U << 24U);
  const auto slot = *rc::gen::arbitrary<std::uint32_t>();
  const SessionId id = SessionId::make(shard, generation, slot);
  RC_ASSERT(id.shard() == shard);
  RC_ASSERT(id.generation() == generation);
  RC_ASSERT(id.slot() == slot);
}

TEST(hash, depends_on_every_byte_the_length_and_the_key) {
  std::set<std::uint64_t> seen;
  std::vector<std::uint8_t> bytes;
  std::size_t count = 0;
  for (std::size_t size = 0; size < 70; ++size) {
    seen.insert(keyed_hash(bytes, 1));
    seen.insert(keyed_hash(bytes, 2));
    count += 2;
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] ^= 0x40U;
      seen.insert(keyed_hash(bytes, 1));
      ++count;
      bytes[i] ^= 0x40U;
    }
    bytes.push_back(0);
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(hash, buckets_fill_evenly) {
  std::array<int, 64> buckets{};
  std::array<std::uint8_t, 4> bytes{};
  for (std::uint32_t i = 0; i < 64'000; ++i) {
    store_be(bytes.data(), i);
    ++buckets[keyed_hash(bytes, 7) % buckets.size()];
  }
  for (const int count : buckets) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1200);
  }
}

}  // namespace
}  // namespace ron
