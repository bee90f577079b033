#include "policy/backoff.hpp"

#include <gtest/gtest.h>

namespace ron::policy {
namespace {
using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToTheMost) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeedChoice choice(seed);
    Backoff backoff({100ms, 10s});
    Duration step = 100ms;
    for (int i = 0; i < 12; ++i) {
      const Duration wait = backoff.next(choice);
      EXPECT_GE(wait, step / 2);
      EXPECT_LE(wait, step);
      step = std::min<Duration>(step * 2, 10s);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(choice), 100ms);
  }
}

TEST(Backoff, IsJittered) {
  SeedChoice choice(1);
  Backoff a({1s, 1s});
  EXPECT_NE(a.next(choice), a.next(choice));
}

}  // namespace
}  // namespace ron::policy
