#include "base/choice.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace ron {
namespace {

TEST(choice, a_seed_repeats_itself) {
  SeedChoice a(1);
  SeedChoice b(1);
  SeedChoice c(2);
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = a.index(1'000'000);
    EXPECT_EQ(value, b.index(1'000'000));
    differs = differs || value != c.index(1'000'000);
    EXPECT_LT(value, 1'000'000U);
  }
  EXPECT_TRUE(differs);
}

TEST(choice, a_seed_covers_the_range_evenly) {
  SeedChoice choice(3);
  std::array<int, 10> counts{};
  for (int i = 0; i < 10'000; ++i) ++counts[choice.index(10)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += choice.chance(1, 4) ? 1 : 0;
  EXPECT_NEAR(hits, 2500, 250);
  std::set<std::uint64_t> ends;
  for (int i = 0; i < 200; ++i) ends.insert(choice.pick(5, 7));
  EXPECT_EQ(ends, (std::set<std::uint64_t>{5, 6, 7}));
}

TEST(choice, fill_covers_all_bytes) {
  SeedChoice choice(4);
  std::array<std::uint8_t, 13> ored{};
  for (int i = 0; i < 64; ++i) {
    std::array<std::uint8_t, 13> bytes{};
    choice.fill(bytes);
    for (std::size_t n = 0; n < bytes.size(); ++n) ored[n] = ored[n] | bytes[n];
  }
  for (const std::uint8_t byte : ored) EXPECT_EQ(byte, 0xff);
}

TEST(choice, bytes_decide_then_zeros) {
  const std::vector<std::uint8_t> bytes{7, 1, 2};
  BytesChoice choice(bytes);
  EXPECT_EQ(choice.index(1), 0U);  // no byte needed
  EXPECT_EQ(choice.index(5), 2U);
  EXPECT_FALSE(choice.exhausted());
  EXPECT_EQ(choice.index(1000), 0x0102U % 1000);
  EXPECT_TRUE(choice.exhausted());
  EXPECT_EQ(choice.index(1000), 0U);
  EXPECT_EQ(choice.index(UINT64_MAX), 0U);
}

TEST(choice, bytes_stay_in_range) {
  const std::vector<std::uint8_t> bytes(64, 0xff);
  BytesChoice choice(bytes);
  for (const std::uint64_t count : {2ULL, 3ULL, 256ULL, 257ULL, 1ULL << 40U, ~0ULL}) {
    EXPECT_LT(choice.index(count), count);
  }
}

TEST(choice, enumeration_visits_everything_once) {
  EnumChoice choice(10);
  std::set<std::vector<std::uint64_t>> seen;
  int runs = 0;
  do {
    // The second question depends on the first answer.
    const std::uint64_t first = choice.index(3);
    std::vector<std::uint64_t> answers{first};
    if (first > 0) answers.push_back(choice.index(first + 1));
    EXPECT_EQ(choice.index(1), 0U);
    EXPECT_EQ(choice.trail(), answers);
    seen.insert(answers);
    ++runs;
  } while (choice.next());
  EXPECT_EQ(runs, 1 + 2 + 3);
  EXPECT_EQ(seen.size(), 6U);
}

TEST(choice, enumeration_is_bounded_in_depth) {
  EnumChoice choice(2);
  int runs = 0;
  do {
    (void)choice.index(2);
    (void)choice.index(2);
    EXPECT_EQ(choice.index(2), 0U);
    ++runs;
  } while (choice.next());
  EXPECT_EQ(runs, 4);
}

TEST(choice_death, a_choice_among_nothing) {
  SeedChoice choice(1);
  EXPECT_DEATH((void)choice.index(0), "invariant broken");
}

}  // namespace
}  // namespace ron
