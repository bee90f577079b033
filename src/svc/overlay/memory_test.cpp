#include "svc/overlay/memory.hpp"

#include <gtest/gtest.h>

namespace ron::svc {
namespace {

TEST(MemoryKeeper, GivesBackOnceAfterABurst) {
  MemoryKeeper keeper;
  EXPECT_FALSE(keeper.observe(1U << 20U, 0));
  EXPECT_FALSE(keeper.observe(0, 0)) << "too little to be worth it";
  EXPECT_FALSE(keeper.observe(64U << 20U, 0));
  EXPECT_FALSE(keeper.observe(40U << 20U, 0));
  EXPECT_TRUE(keeper.observe(30U << 20U, 0));
  EXPECT_FALSE(keeper.observe(30U << 20U, 0)) << "not again for the same burst";
  EXPECT_TRUE(keeper.observe(0, 0));
  EXPECT_TRUE(keeper.observe(1U << 20U, 64U << 20U)) << "a burst that nobody saw";
}

}  // namespace
}  // namespace ron::svc
