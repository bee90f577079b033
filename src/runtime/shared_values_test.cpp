// Values between threads, under real threads; every order of steps is in interleavings_test.cpp.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "runtime/config_cell.hpp"
#include "runtime/counter.hpp"
#include "runtime/gate.hpp"
#include "runtime/guarded.hpp"
#include "runtime/spsc_ring.hpp"
#include "runtime/wakeup.hpp"

namespace ron::runtime {
namespace {

using namespace std::chrono_literals;

TEST(SpscRing, BoundedInOrderAndNothingLost) {
  SpscRing<std::string> ring(3);
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.pop().has_value());
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(ring.push(text));
  std::string refused = "d";
  EXPECT_FALSE(ring.push(std::move(refused)));
  EXPECT_EQ(refused, "d") <<  // NOLINT(bugprone-use-after-move): that is the point
      "a refused value stays with the producer";
  EXPECT_FALSE(ring.wait_for_room());
  EXPECT_EQ(ring.pop(), "a");
  EXPECT_TRUE(ring.producer_waits());
  EXPECT_FALSE(ring.producer_waits());
  EXPECT_TRUE(ring.push("d"));
  for (const char* text : {"b", "c", "d"}) EXPECT_EQ(ring.pop(), text);
  EXPECT_TRUE(ring.empty());
}

TEST(SpscRing, TwoThreads) {
  constexpr int kCount = 200'000;
  SpscRing<std::unique_ptr<int>> ring(16);
  std::thread producer([&] {
    for (int i = 0; i < kCount;) {
      if (ring.push(std::make_unique<int>(i))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (int expected = 0; expected < kCount;) {
    if (auto value = ring.pop()) {
      ASSERT_EQ(**value, expected++);
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
}

TEST(Wakeup, StatesAsDrawn) {
  Wakeup<> wakeup;
  EXPECT_FALSE(wakeup.notify()) << "awake: no bell";
  EXPECT_FALSE(wakeup.prepare_sleep()) << "notified: look again";
  EXPECT_TRUE(wakeup.prepare_sleep());
  EXPECT_TRUE(wakeup.notify()) << "asleep: ring";
  EXPECT_FALSE(wakeup.notify()) << "once";
  wakeup.woke();
  EXPECT_TRUE(wakeup.prepare_sleep());
  wakeup.woke();
}

TEST(ConfigCell, ReadersKeepTheirSnapshot) {
  ConfigCell<int> cell(std::make_shared<const int>(1));
  const auto old = cell.load();
  std::thread writer([&] {
    for (int i = 2; i < 1000; ++i) cell.store(std::make_shared<const int>(i));
  });
  int last = 0;
  for (int i = 0; i < 1000; ++i) {
    const int now = *cell.load();
    EXPECT_GE(now, last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(*cell.load(), 999);
}

TEST(Guarded, OneAtATime) {
  Guarded<int> value;
  std::thread other([&] {
    for (int i = 0; i < 10'000; ++i) value.with([](int& v) { ++v; });
  });
  for (int i = 0; i < 10'000; ++i) value.with([](int& v) { ++v; });
  other.join();
  EXPECT_EQ(value.with([](int& v) { return v; }), 20'000);
}

TEST(Counter, ReadByOthers) {
  Counter<> counter;
  std::thread writer([&] {
    for (int i = 0; i < 10'000; ++i) counter.add();
  });
  std::uint64_t last = 0;
  while (last < 10'000) {
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, last);
    last = now;
  }
  writer.join();
}

TEST(Gate, WaitsForAllButNotForEver) {
  Gate gate(2);
  gate.done();
  EXPECT_FALSE(gate.wait_for(1ms));
  std::thread other([&] { gate.done(); });
  EXPECT_TRUE(gate.wait_for(5s));
  other.join();
  gate.done();  // one too many is harmless
  gate.expect();
  EXPECT_FALSE(gate.wait_for(1ms));
}

}  // namespace
}  // namespace ron::runtime
