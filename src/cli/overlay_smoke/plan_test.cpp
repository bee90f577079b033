#include "plan.hpp"

#include <gtest/gtest.h>

#include <map>

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

TEST(Mix, ReadsSharesInAnyOrder) {
  const auto mix = parse_mix("L10/S50/M40");
  ASSERT_TRUE(mix);
  EXPECT_EQ(mix->parts, (std::array<unsigned, kClasses>{50, 40, 10}));
  EXPECT_EQ(mix_text(*mix), "S50/M40/L10");
  EXPECT_EQ(mix_text(*parse_mix("M1")), "M1");
}

TEST(Mix, RefusesWhatIsNone) {
  for (const char* text : {"", "S", "X1", "S1/S2", "S0", "S1/", "/S1", "S-1", "S1M2", "S99999999",
                           "S99999999999999", "s1", "S1 "}) {
    EXPECT_FALSE(parse_mix(text)) << text;
  }
}

TEST(Classes, SharesAreExactAndSpread) {
  Classes classes(Mix{{50, 40, 10}});
  std::map<Class, int> counts;
  int since_large = 0;
  for (int i = 0; i < 1000; ++i) {
    const Class one = classes.next();
    ++counts[one];
    ++since_large;
    if (one != Class::kL) continue;
    EXPECT_LE(since_large, 11);
    since_large = 0;
  }
  EXPECT_EQ(counts[Class::kS], 500);
  EXPECT_EQ(counts[Class::kM], 400);
  EXPECT_EQ(counts[Class::kL], 100);
}

TEST(Schedule, PublishersTakeTurnsAndNothingIsLeftOut) {
  const Plan plan{.rate = 100, .publishers = 3, .duration = 1s};
  EXPECT_EQ(due(plan, 0, 0), 0ns);
  EXPECT_EQ(due(plan, 1, 0), 10ms);
  EXPECT_EQ(due(plan, 0, 1), 30ms);
  std::uint64_t all = 0;
  for (unsigned p = 0; p < 3; ++p) {
    const std::uint64_t count = scheduled(plan, p, 1s);
    EXPECT_LT(due(plan, p, count - 1), 1s);
    EXPECT_GE(due(plan, p, count), 1s);
    all += count;
  }
  EXPECT_EQ(all, 100U);
  EXPECT_EQ(scheduled(plan, 2, 0ns), 0U);
}

TEST(Schedule, PublicationsAreChunks) {
  EXPECT_NEAR(publications_a_second({.mix = {{50, 40, 10}}, .rate = 100, .publishers = 2}), 125,
              1e-9);
}

TEST(Schedule, EveryPublisherHasItsFanout) {
  for (const unsigned subscribers : {3U, 4U, 5U, 6U}) {
    const Plan plan{.fanout = 3, .publishers = 2, .subscribers = subscribers};
    std::map<unsigned, unsigned> readers;
    for (unsigned s = 0; s < subscribers; ++s) {
      const auto sources = sources_of(plan, s);
      EXPECT_FALSE(sources.empty());
      for (const unsigned p : sources) ++readers[p];
    }
    EXPECT_EQ(readers[0], 3U);
    EXPECT_EQ(readers[1], 3U);
  }
}

TEST(Phases, WarmUpThenThirds) {
  const Plan plan{.duration = 100s};
  EXPECT_EQ(phase_of(plan, 9s), Phase::kWarmUp);
  EXPECT_EQ(phase_of(plan, 11s), Phase::kFirst);
  EXPECT_EQ(phase_of(plan, 41s), Phase::kMiddle);
  EXPECT_EQ(phase_of(plan, 71s), Phase::kLast);
  EXPECT_EQ(phase_of(plan, 300s), Phase::kLast);
}

TEST(Stamp, ComesBack) {
  std::string data(shape(Class::kL).chunk_bytes, 'x');
  write_stamp({.due_ns = 1, .sequence = 2, .publisher = 300, .of = Class::kL, .chunk = 15}, data);
  const auto stamp = read_stamp(data);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->due_ns, 1U);
  EXPECT_EQ(stamp->sequence, 2U);
  EXPECT_EQ(stamp->publisher, 300);
  EXPECT_EQ(stamp->of, Class::kL);
  EXPECT_EQ(stamp->chunk, 15);
  EXPECT_FALSE(read_stamp(std::string_view(data).substr(1)));  // not whole
  write_stamp({.of = Class::kL, .chunk = 16}, data);
  EXPECT_FALSE(read_stamp(data));
  EXPECT_FALSE(read_stamp("short"));
}

TEST(Stream, CountsGapsAndDisorder) {
  Stream stream;
  EXPECT_TRUE(stream.take({.sequence = 5}));  // came late: what was before is nobody's loss
  EXPECT_TRUE(stream.take({.sequence = 6}));
  EXPECT_TRUE(stream.take({.sequence = 9}));
  EXPECT_EQ(stream.gaps(), 2U);
  EXPECT_FALSE(stream.take({.sequence = 9}));
  EXPECT_FALSE(stream.take({.sequence = 7}));
  EXPECT_EQ(stream.disorder(), 2U);
  EXPECT_EQ(stream.received(), 5U);
}

TEST(Stream, ALargeMessageIsWholeOrNot) {
  const auto chunks = [](std::uint64_t first, int left_out) {
    Stream stream;
    bool whole = false;
    for (std::uint8_t i = 0; i < 16; ++i) {
      if (i == left_out) continue;
      whole = stream.take({.sequence = first + i, .of = Class::kL, .chunk = i});
      EXPECT_EQ(whole, i == 15 && left_out < 0) << int(i);
    }
    return whole;
  };
  EXPECT_TRUE(chunks(1, -1));
  EXPECT_FALSE(chunks(1, 0));
  EXPECT_FALSE(chunks(1, 7));
}

}  // namespace
}  // namespace ron::smoke
