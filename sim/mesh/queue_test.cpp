#include <gtest/gtest.h>

#include <map>

#include "base/choice.hpp"
#include "sim/mesh/queue.hpp"

namespace ron::meshsim {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since) { return Instant(since); }

TEST(EventQueue, EqualInstantsRunInTheOrderTheyCame) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 5; ++i) queue.push(at(1s), 0, i);
  Event event;
  for (std::uint32_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(queue.pop(event));
    EXPECT_EQ(event.who, i);
  }
  EXPECT_FALSE(queue.pop(event));
  EXPECT_EQ(queue.now(), at(1s));
}

TEST(EventQueue, WhatIsPastRunsNowAndNeverNever) {
  EventQueue queue;
  Event event;
  queue.push(at(2s), 0, 0);
  ASSERT_TRUE(queue.pop(event));
  queue.push(at(1s), 0, 1);
  queue.push(Instant::never(), 0, 2);
  ASSERT_TRUE(queue.pop(event));
  EXPECT_EQ(event.who, 1U);
  EXPECT_EQ(event.at, 2'000'000'000);
  EXPECT_TRUE(queue.empty());
}

// Against a map, with times from nanoseconds to minutes ahead, so that all three places are used.
TEST(EventQueue, RunsAsASortedListWould) {
  SeedChoice choice(7);
  EventQueue queue;
  std::multimap<std::int64_t, std::uint32_t> model;
  std::uint32_t next = 0;
  std::int64_t now = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (model.empty() || choice.chance(1, 2)) {
      const std::int64_t ahead[] = {0, 1'000, 1'000'000, 100'000'000, 10'000'000'000, 100'000'000'000};
      const auto wait = static_cast<std::int64_t>(
          choice.index(static_cast<std::uint64_t>(ahead[choice.index(6)] + 1)));
      queue.push(Instant(Duration(now + wait)), 0, next);
      model.emplace(now + wait, next++);
      continue;
    }
    Event event;
    ASSERT_TRUE(queue.pop(event));
    ASSERT_EQ(event.at, model.begin()->first);
    ASSERT_EQ(event.who, model.begin()->second);
    now = event.at;
    model.erase(model.begin());
  }
}

}  // namespace
}  // namespace ron::meshsim
