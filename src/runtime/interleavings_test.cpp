// Ring and wake-up in every order of their atomic operations.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "runtime/interleaver.hpp"
#include "runtime/spsc_ring.hpp"
#include "runtime/wakeup.hpp"

// The sanitizers do not follow ucontext; these tests look at orders, not at memory.
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define RON_FIBERS 0
#else
#define RON_FIBERS 1
#endif
#if RON_FIBERS

namespace ron::runtime {
namespace {

using test::Interleaver;
using test::TestSync;

constexpr std::size_t kDepth = 400;

/// How many orders were seen; the first that fails stops the walk and prints its trail.
template <typename World>
std::uint64_t every_order(World world) {
  EnumChoice choice(kDepth);
  std::uint64_t orders = 0;
  do {
    ++orders;
    world(choice);
    if (testing::Test::HasFailure()) {
      std::string trail;
      for (const std::uint64_t taken : choice.trail()) trail += std::to_string(taken) + " ";
      ADD_FAILURE() << "order " << orders << ": " << trail;
      break;
    }
  } while (choice.next());
  return orders;
}

TEST(Interleavings, TheWalkSeesBothOrders) {
  std::vector<int> results;
  every_order([&](Choice& choice) {
    test::StepAtomic<int> cell(0);
    Interleaver threads(choice);
    // The textbook race: two increments by load and store.
    for (int i = 0; i < 2; ++i) {
      threads.add(
          [&] { cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); });
    }
    EXPECT_TRUE(threads.run());
    results.push_back(cell.load(std::memory_order_relaxed));
  });
  EXPECT_NE(std::ranges::find(results, 1), results.end()) << "an update is lost in some order";
  EXPECT_NE(std::ranges::find(results, 2), results.end());
}

TEST(Interleavings, RingKeepsOrderAndLosesNothing) {
  const std::uint64_t orders = every_order([](Choice& choice) {
    SpscRing<int, TestSync> ring(2);
    std::vector<int> got;
    Interleaver threads(choice);
    int sent = 0;
    threads.add([&] {
      for (int tries = 0; sent < 3 && tries < 5; ++tries) {
        if (ring.push(int{sent})) ++sent;
      }
    });
    threads.add([&] {
      for (int tries = 0; tries < 4; ++tries) {
        if (auto value = ring.pop()) got.push_back(*value);
      }
    });
    EXPECT_TRUE(threads.run());
    while (auto value = ring.pop()) got.push_back(*value);
    ASSERT_EQ(got.size(), static_cast<std::size_t>(sent));
    for (int i = 0; i < sent; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
  });
  EXPECT_GT(orders, 100U);
}

// The shard's use of both: the producer pushes and notifies; the consumer sleeps when it finds
// nothing. The bell stands for the eventfd.
TEST(Interleavings, NoWakeUpIsLost) {
  const std::uint64_t orders = every_order([](Choice& choice) {
    SpscRing<int, TestSync> ring(4);
    Wakeup<TestSync> wakeup;
    bool bell = false;
    int got = 0;
    Interleaver threads(choice);
    threads.add([&] {
      for (int i = 0; i < 3; ++i) {
        ring.push(int{i});
        if (wakeup.notify()) bell = true;
      }
    });
    threads.add([&] {
      while (got < 3) {
        while (ring.pop()) ++got;
        if (got == 3 || !wakeup.prepare_sleep()) continue;
        Interleaver::block_until([&] { return bell; });
        bell = false;
        wakeup.woke();
      }
    });
    EXPECT_TRUE(threads.run()) << "the consumer sleeps for ever";
    EXPECT_EQ(got, 3);
  });
  EXPECT_GT(orders, 1000U);
}

// The same without the second look that prepare_sleep's answer asks for: the checker must see it.
TEST(Interleavings, ALostWakeUpWouldBeSeen) {
  bool seen = false;
  every_order([&](Choice& choice) {
    SpscRing<int, TestSync> ring(4);
    test::StepAtomic<bool> asleep(false);
    bool bell = false;
    Interleaver threads(choice);
    threads.add([&] {
      ring.push(1);
      if (asleep.load(std::memory_order_acquire)) bell = true;
    });
    threads.add([&] {
      if (ring.pop()) return;
      asleep.store(true, std::memory_order_release);
      Interleaver::block_until([&] { return bell; });
    });
    seen = seen || !threads.run();
  });
  EXPECT_TRUE(seen);
}

// A producer that found the ring full sleeps until the consumer has made room.
TEST(Interleavings, RoomIsNeverForgotten) {
  const std::uint64_t orders = every_order([](Choice& choice) {
    SpscRing<int, TestSync> ring(1);
    Wakeup<TestSync> producer_sleep;
    bool bell = false;
    int sent = 0;
    int got = 0;
    Interleaver threads(choice);
    threads.add([&] {
      while (sent < 2) {
        if (ring.push(int{sent})) {
          ++sent;
          continue;
        }
        if (ring.wait_for_room() || !producer_sleep.prepare_sleep()) continue;
        Interleaver::block_until([&] { return bell; });
        bell = false;
        producer_sleep.woke();
      }
    });
    threads.add([&] {
      while (got < 2) {
        Interleaver::block_until([&] { return sent > got; });
        while (ring.pop()) ++got;
        if (ring.producer_waits() && producer_sleep.notify()) bell = true;
      }
    });
    EXPECT_TRUE(threads.run()) << "the producer sleeps for ever";
    EXPECT_EQ(got, 2);
  });
  EXPECT_GT(orders, 100U);
}

}  // namespace
}  // namespace ron::runtime

#endif  // RON_FIBERS
