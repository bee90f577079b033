#include "runtime/loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <thread>

namespace ron::runtime {
namespace {

using namespace std::chrono_literals;

struct Ear final : ReadyListener {
  void readable() override { ++reads; }
  void writable() override { ++writes; }
  int reads = 0;
  int writes = 0;
};

struct Pair {
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    ::close(fds[0]);
    ::close(fds[1]);
  }
  int fds[2] = {-1, -1};
};

TEST(Loop, OneCallbackForEachArming) {
  Loop loop;
  const Pair pair;
  Ear ear;
  Watch watch(loop, pair.fds[0], ear);
  watch.want_read();
  watch.want_read();
  loop.turn(false);
  EXPECT_EQ(ear.reads, 0);
  ASSERT_EQ(::write(pair.fds[1], "x", 1), 1);
  loop.turn(true);
  EXPECT_EQ(ear.reads, 1);
  loop.turn(false);
  EXPECT_EQ(ear.reads, 1) << "not armed again";
  watch.want_read();
  loop.turn(true);
  EXPECT_EQ(ear.reads, 2) << "the byte is still there";
  watch.want_write();
  loop.turn(true);
  EXPECT_EQ(ear.writes, 1);
  watch.want_read();
  ::shutdown(pair.fds[1], SHUT_RDWR);
  loop.turn(true);
  EXPECT_EQ(ear.reads, 3);
}

TEST(Loop, BusyPollAsksThenSleeps) {
  Loop loop;
  const Pair pair;
  Ear ear;
  Watch watch(loop, pair.fds[0], ear);
  watch.want_read();
  loop.set_busy_poll(10s);
  ASSERT_EQ(::write(pair.fds[1], "x", 1), 1);
  loop.turn(true);
  EXPECT_EQ(ear.reads, 1);
  char byte = 0;
  ASSERT_EQ(::read(pair.fds[0], &byte, 1), 1);
  const Instant begin = monotonic_now();
  loop.set_timer(begin + 5ms);
  loop.turn(true);
  EXPECT_GE(monotonic_now() - begin, 5ms) << "asks until the timer is due";
  EXPECT_LT(monotonic_now() - begin, 5s);
  loop.set_busy_poll(1ms);
  const auto cpu_begin = std::clock();
  const Instant again = monotonic_now();
  while (monotonic_now() - again < 500ms) {
    loop.set_timer(again + 500ms);
    loop.turn(true);
  }
  EXPECT_LT(std::clock() - cpu_begin, CLOCKS_PER_SEC / 4) << "sleeps when it has asked long enough";
}

TEST(Loop, BusyPollHearsOtherThreads) {
  Loop loop;
  loop.set_busy_poll(10s);
  bool ran = false;
  std::thread other([&] { loop.post([&] { ran = true; }); });
  const Instant begin = monotonic_now();
  while (!ran && monotonic_now() - begin < 5s) loop.turn(true);
  other.join();
  EXPECT_TRUE(ran);
}

TEST(Loop, NothingComesAfterTheWatchHasGone) {
  Loop loop;
  const Pair pair;
  Ear first;
  struct Destroyer final : ReadyListener {
    void readable() override { victim.reset(); }
    void writable() override {}
    std::unique_ptr<Watch> victim;
  } destroyer;
  const Pair other;
  Watch watch(loop, other.fds[0], destroyer);
  destroyer.victim = std::make_unique<Watch>(loop, pair.fds[0], first);
  watch.want_read();
  destroyer.victim->want_read();
  ASSERT_EQ(::write(pair.fds[1], "x", 1), 1);
  ASSERT_EQ(::write(other.fds[1], "x", 1), 1);
  for (int i = 0; i < 3; ++i) loop.turn(false);
  EXPECT_LE(first.reads, 1);  // it may have been first
  const int before = first.reads;
  ASSERT_EQ(::write(pair.fds[1], "x", 1), 1);
  for (int i = 0; i < 3; ++i) loop.turn(false);
  EXPECT_EQ(first.reads, before);
  EXPECT_EQ(destroyer.victim, nullptr);
}

// Level-triggered events of descriptors nobody waits for must not keep the loop awake.
TEST(Loop, SleepsThoughUnwantedDescriptorsAreReady) {
  Loop loop;
  const Pair readable;
  const Pair broken;
  Ear ear;
  Watch first(loop, readable.fds[0], ear);
  Watch second(loop, broken.fds[0], ear);
  ASSERT_EQ(::write(readable.fds[1], "x", 1), 1);
  ::shutdown(broken.fds[1], SHUT_RDWR);
  first.want_read();
  first.want_write();
  second.want_read();
  second.want_write();
  for (int i = 0; i < 8; ++i) loop.turn(false);
  EXPECT_EQ(ear.reads, 2);
  EXPECT_EQ(ear.writes, 2);
  const Instant start = monotonic_now();
  loop.set_timer(start + 20ms);
  int turns = 0;
  for (; monotonic_now() < start + 20ms; ++turns) loop.turn(true);
  EXPECT_LE(turns, 3);

  first.want_read();
  second.want_write();
  loop.turn(true);
  EXPECT_EQ(ear.reads, 3);
  EXPECT_EQ(ear.writes, 3);
}

TEST(Loop, TimerEndsTheSleep) {
  Loop loop;
  const Instant start = monotonic_now();
  loop.set_timer(start + 20ms);
  while (monotonic_now() < start + 20ms) loop.turn(true);
  EXPECT_GE(monotonic_now() - start, 20ms);
  loop.set_timer(monotonic_now() + 10s);
  loop.set_timer(monotonic_now() + 1ms);  // the last one counts, be it earlier
  loop.turn(true);
  EXPECT_LT(monotonic_now() - start, 5s);
  loop.set_timer(Instant());  // long past
  loop.turn(true);
  EXPECT_LT(monotonic_now() - start, 5s);
}

TEST(Loop, ATimerThatIsPutOffDoesNotWakeIt) {
  Loop loop;
  const Instant start = monotonic_now();
  loop.set_timer(start + 1ms);
  loop.set_timer(start + 40ms);
  loop.turn(true);
  EXPECT_GE(monotonic_now() - start, 40ms);
}

TEST(Loop, PostsAndRingsWakeIt) {
  Loop loop;
  int ran = 0;
  std::thread other([&] { loop.post([&] { ++ran; }); });
  while (ran == 0) loop.turn(true);
  other.join();
  EXPECT_EQ(ran, 1);

  loop.ring();      // while awake: remembered
  loop.turn(true);  // does not sleep
  std::thread ringer([&] { loop.ring(); });
  loop.turn(true);
  ringer.join();
  SUCCEED();
}

TEST(Loop, GoesWithWaitsAndPostsStillOpen) {
  const Pair pair;
  Ear ear;
  auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    Watch watch(loop, pair.fds[0], ear);
    watch.want_read();
    watch.want_write();
    loop.post([owned] { ++*owned; });
  }
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(ear.writes, 0);
}

}  // namespace
}  // namespace ron::runtime
