// ring, slot_map and deadlines beside their naive twins.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/deadlines.hpp"
#include "base/ring.hpp"
#include "base/slot_map.hpp"

namespace ron {
namespace {

RC_GTEST_PROP(ring, equals_deque, ()) {
  Ring<int> ring;
  std::deque<int> twin;
  const int steps = *rc::gen::inRange(0, 200);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
      case 1:
        ring.push_back(i);
        twin.push_back(i);
        break;
      case 2:
        ring.push_front(i);
        twin.push_front(i);
        break;
      case 3:
        if (twin.empty()) break;
        RC_ASSERT(ring.pop_front() == twin.front());
        twin.pop_front();
        break;
      case 4:
        if (twin.empty()) break;
        RC_ASSERT(ring.pop_back() == twin.back());
        twin.pop_back();
        break;
      default:
        if (*rc::gen::inRange(0, 20) != 0) break;
        ring.clear();
        twin.clear();
        break;
    }
    RC_ASSERT(ring.size() == twin.size());
    RC_ASSERT(ring.empty() == twin.empty());
    for (std::size_t n = 0; n < twin.size(); ++n) RC_ASSERT(ring[n] == twin[n]);
  }
}

TEST(ring, values_leave_with_their_entry) {
  auto watched = std::make_shared<int>(1);
  Ring<std::shared_ptr<int>> ring;
  for (int i = 0; i < 40; ++i) ring.push_back(watched);
  EXPECT_EQ(watched.use_count(), 41);
  while (!ring.empty()) (void)ring.pop_front();
  EXPECT_EQ(watched.use_count(), 1);
  ring.push_front(watched);
  (void)ring.pop_back();
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(ring, front_and_back) {
  Ring<int> ring;
  ring.push_back(1);
  ring.push_back(2);
  ring.front() = 5;
  ring.back() = 6;
  const Ring<int>& same = ring;
  EXPECT_EQ(same.front(), 5);
  EXPECT_EQ(same[1], 6);
}

TEST(ring_death, nothing_to_pop) {
  Ring<int> ring;
  EXPECT_DEATH((void)ring.pop_front(), "invariant broken");
  EXPECT_DEATH((void)ring.pop_back(), "invariant broken");
}

TEST(slot_map, a_stale_id_finds_nothing) {
  SlotMap<int> map;
  const auto first = map.reserve();
  EXPECT_EQ(map.find(first.slot, first.generation), nullptr) << "reserved, not yet set";
  map.put(first, std::make_unique<int>(1));
  EXPECT_EQ(*map.find(first.slot, first.generation), 1);
  EXPECT_EQ(*map.at(first.slot), 1);
  map.erase(first.slot);
  EXPECT_EQ(map.size(), 0U);
  const auto second = map.reserve();
  EXPECT_EQ(second.slot, first.slot) << "slots are used again";
  EXPECT_NE(second.generation, first.generation);
  map.put(second, std::make_unique<int>(2));
  EXPECT_EQ(map.find(first.slot, first.generation), nullptr);
  EXPECT_EQ(*map.find(second.slot, second.generation), 2);
  EXPECT_EQ(map.find(99, 1), nullptr);
  EXPECT_EQ(map.slot_count(), 1U);
}

TEST(slot_map, many) {
  SlotMap<int> map;
  std::vector<SlotMap<int>::Key> keys;
  for (int i = 0; i < 100; ++i) {
    keys.push_back(map.reserve());
    map.put(keys.back(), std::make_unique<int>(i));
  }
  for (std::size_t i = 0; i < 100; i += 2) map.erase(keys[i].slot);
  EXPECT_EQ(map.size(), 50U);
  for (std::size_t i = 1; i < 100; i += 2) {
    EXPECT_EQ(*map.find(keys[i].slot, keys[i].generation), static_cast<int>(i));
  }
}

TEST(slot_map_death, erasing_nothing) {
  SlotMap<int> map;
  EXPECT_DEATH(map.erase(0), "invariant broken");
}

constexpr Instant at_ms(int ms) { return Instant(std::chrono::milliseconds(ms)); }

RC_GTEST_PROP(deadlines, equals_map, ()) {
  Deadlines deadlines;
  std::map<std::uint32_t, Instant> twin;
  const int steps = *rc::gen::inRange(0, 150);
  for (int i = 0; i < steps; ++i) {
    const auto slot = *rc::gen::inRange<std::uint32_t>(0, 20);
    const Instant at = at_ms(*rc::gen::inRange(0, 30));
    const int what = *rc::gen::inRange(0, 4);
    if (what < 2) {
      deadlines.set(slot, at);
      twin[slot] = at;
    } else if (what == 2) {
      deadlines.set(slot, Instant::never());
      twin.erase(slot);
    } else {
      std::uint32_t due = 0;
      const bool any = deadlines.pop_due(at, due);
      Instant earliest = Instant::never();
      for (const auto& [number, when] : twin) earliest = std::min(earliest, when);
      RC_ASSERT(any == (!twin.empty() && earliest <= at));
      if (any) {
        RC_ASSERT(twin.at(due) == earliest);
        twin.erase(due);
      }
    }
    Instant next = Instant::never();
    for (const auto& [number, when] : twin) next = std::min(next, when);
    RC_ASSERT(deadlines.next() == next);
    RC_ASSERT(deadlines.size() == twin.size());
    for (std::uint32_t n = 0; n < 20; ++n) {
      RC_ASSERT(deadlines.of(n) == (twin.contains(n) ? twin.at(n) : Instant::never()));
    }
  }
}

}  // namespace
}  // namespace ron
