// The timers of a session: OAP-3.2, OAP-3.29 to 3.34, OAP-1.34.
#include "session/timers.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ron::session {
namespace {

constexpr TimeLimits kLimits;
constexpr Instant at(Duration since) { return Instant(since); }

class Running : public ::testing::Test {
 protected:
  Running() : timers_(kLimits, at(0s)) { timers_.established(at(0s)); }
  // Winds everything but the timer under test.
  void busy(Instant now) {
    timers_.frame_received(now);
    timers_.frame_sent(now);
  }
  Timers timers_;
};

TEST(Timers, HandshakeRunsFromAccept) {  // OAP-3.2
  Timers timers(kLimits, at(10s));
  EXPECT_EQ(timers.next(), at(13s));
  EXPECT_EQ(timers.due(at(13s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers.due(at(13s)), Due::kHandshake);
  timers.frame_received(at(12s));  // neither frame winds it
  timers.frame_sent(at(12s));
  EXPECT_EQ(timers.next(), at(13s));
  timers.established(at(12s));
  EXPECT_EQ(timers.due(at(13s)), Due::kNothing);
  EXPECT_EQ(timers.next(), at(17s)) << "now keep, a third of idle";
}

TEST(Timers, OfASessionThatSomebodyElseWatchesNeitherIdleNorKeep) {  // OAP-9.78
  Timers timers(kLimits, at(0s));
  timers.established_without_idle();
  EXPECT_TRUE(timers.next().is_never());
  timers.frame_received(at(1s));
  timers.frame_sent(at(1s));
  EXPECT_TRUE(timers.next().is_never());
  timers.frame_partial(0, at(2s));
  timers.write_waits(at(3s));
  EXPECT_EQ(timers.next(), at(7s)) << "the others run";
}

TEST_F(Running, IdleIsWoundByFramesOfTheOtherSide) {  // OAP-3.32
  timers_.frame_sent(at(14s));
  EXPECT_EQ(timers_.due(at(15s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(15s)), Due::kIdle);
  timers_.frame_received(at(14s));
  timers_.frame_sent(at(28s));
  EXPECT_EQ(timers_.due(at(28s)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(29s)), Due::kIdle);
}

TEST_F(Running, KeepIsWoundByFramesSent) {  // OAP-3.33
  timers_.frame_received(at(4s));
  EXPECT_EQ(timers_.due(at(5s)), Due::kKeep);
  timers_.frame_sent(at(5s));
  EXPECT_EQ(timers_.due(at(10s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.next(), at(10s));
}

TEST_F(Running, AFrameHasFiveSecondsAndOneFor64KiB) {  // OAP-3.29
  timers_.frame_partial(0, at(1s));
  busy(at(1s));
  EXPECT_EQ(timers_.next(), at(6s));
  timers_.frame_partial(64 * 1024 - 1, at(2s));
  EXPECT_EQ(timers_.next(), at(6s)) << "from the first byte, not from each";
  timers_.frame_partial(3 * 64 * 1024, at(3s));
  busy(at(5s));
  EXPECT_EQ(timers_.next(), at(9s));
  EXPECT_EQ(timers_.due(at(9s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(9s)), Due::kRead);
  timers_.frame_complete();
  EXPECT_EQ(timers_.due(at(9s)), Due::kNothing);
  timers_.frame_partial(0, at(9s));
  busy(at(10s));
  EXPECT_EQ(timers_.next(), at(14s)) << "the next frame starts anew";
}

TEST_F(Running, ReadAndIdleStandStillWhileReadingIsWithheld) {  // OAP-3.30
  timers_.frame_partial(0, at(1s));                             // until 6 s
  timers_.reading_paused(at(3s));
  timers_.reading_paused(at(4s));  // already
  timers_.frame_sent(at(100s));
  EXPECT_EQ(timers_.due(at(100s)), Due::kNothing);
  EXPECT_EQ(timers_.next(), at(105s)) << "keep goes on";
  timers_.reading_resumed(at(103s));
  timers_.reading_resumed(at(104s));  // already
  timers_.frame_sent(at(103s));
  EXPECT_EQ(timers_.next(), at(106s));
  EXPECT_EQ(timers_.due(at(106s)), Due::kRead);
  timers_.frame_partial(64 * 1024, at(105s));
  EXPECT_EQ(timers_.due(at(106s)), Due::kNothing) << "one second more for its length";
  EXPECT_EQ(timers_.due(at(107s)), Due::kRead);
  timers_.frame_complete();
  timers_.frame_sent(at(114s));
  EXPECT_EQ(timers_.due(at(115s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(115s)), Due::kIdle) << "15 s and the 100 s it stood still";
}

TEST_F(Running, APauseWithoutAHalfFrameStopsIdleOnly) {  // OAP-3.30
  timers_.reading_paused(at(2s));
  timers_.reading_resumed(at(12s));
  timers_.frame_sent(at(24s));
  EXPECT_EQ(timers_.due(at(24s)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(25s)), Due::kIdle);
}

TEST_F(Running, WriteRunsFromTheFirstWaitAndFromProgress) {  // OAP-3.31
  timers_.write_progress(at(0s));                            // nothing waits: nothing starts
  timers_.write_waits(at(1s));
  timers_.write_waits(at(3s));
  busy(at(4s));
  EXPECT_EQ(timers_.next(), at(6s));
  timers_.write_progress(at(5s));
  busy(at(8s));
  EXPECT_EQ(timers_.due(at(10s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(10s)), Due::kWrite);
  timers_.write_done();
  EXPECT_EQ(timers_.due(at(10s)), Due::kNothing);
}

TEST_F(Running, ClosingKeepsTheWriteTimerAlone) {  // OAP-1.34
  timers_.frame_partial(0, at(0s));
  timers_.closing(at(2s));
  EXPECT_EQ(timers_.next(), at(7s));
  EXPECT_EQ(timers_.due(at(7s)), Due::kWrite);
  timers_.frame_received(at(3s));  // ended timers are not wound again
  timers_.frame_sent(at(3s));
  timers_.write_done();
  EXPECT_TRUE(timers_.next().is_never());
}

TEST_F(Running, LingeringLastsOneSecond) {  // OAP-1.34
  timers_.frame_partial(0, at(0s));
  timers_.write_waits(at(0s));
  timers_.lingering(at(20s));
  EXPECT_EQ(timers_.next(), at(21s));
  EXPECT_EQ(timers_.due(at(21s) + Duration(-1)), Due::kNothing);
  EXPECT_EQ(timers_.due(at(21s)), Due::kLinger);
  timers_.frame_received(at(20s));
  EXPECT_EQ(timers_.next(), at(21s));
}

TEST(Timers, AHandshakeCanEndWithoutBeingEstablished) {
  Timers timers(kLimits, at(0s));
  timers.closing(at(1s));
  EXPECT_EQ(timers.next(), at(6s));
  timers.lingering(at(2s));
  EXPECT_EQ(timers.next(), at(3s));
}

// `next` is exactly the first moment at which `due` says something.
RC_GTEST_PROP(TimersProperty, NextAndDueAgree, ()) {
  TimeLimits limits;
  limits.idle = std::chrono::seconds(*rc::gen::inRange(1, 40));
  limits.read = std::chrono::seconds(*rc::gen::inRange(1, 10));
  Instant now = at(std::chrono::seconds(*rc::gen::inRange(0, 5)));
  Timers timers(limits, now);
  const auto step_count = *rc::gen::inRange(0, 60);
  for (int i = 0; i < step_count; ++i) {
    now = now + std::chrono::milliseconds(*rc::gen::inRange(0, 3000));
    switch (*rc::gen::inRange(0, 13)) {
      case 0: timers.established(now); break;
      case 1: timers.frame_received(now); break;
      case 2: timers.frame_sent(now); break;
      case 3: timers.frame_partial(*rc::gen::inRange(0U, 1U << 20U), now); break;
      case 4: timers.frame_complete(); break;
      case 5: timers.reading_paused(now); break;
      case 6: timers.reading_resumed(now); break;
      case 7: timers.write_waits(now); break;
      case 8: timers.write_progress(now); break;
      case 9: timers.write_done(); break;
      case 10:
        if (i > 50) timers.closing(now);
        break;
      case 11:
        if (i > 50) timers.lingering(now);
        break;
      default: break;
    }
    const Instant next = timers.next();
    if (next.is_never()) {
      RC_ASSERT(timers.due(now + std::chrono::hours(10'000)) == Due::kNothing);
      continue;
    }
    RC_ASSERT(timers.due(next) != Due::kNothing);
    RC_ASSERT(timers.due(next + Duration(-1)) == Due::kNothing);
    RC_ASSERT((timers.due(now) != Due::kNothing) == (next <= now));
  }
}

}  // namespace
}  // namespace ron::session
