#include "svc/overlay/memory.hpp"

#include <gtest/gtest.h>

namespace ron::svc {
namespace {

TEST(MemoryKeeper, GivesBackOnceAfterABurst) {
  MemoryKeeper keeper;
  EXPECT_FALSE(keeper.observe(1U << 20U));
  EXPECT_FALSE(keeper.observe(0)) << "too little to be worth it";
  EXPECT_FALSE(keeper.observe(64U << 20U));
  EXPECT_FALSE(keeper.observe(40U << 20U));
  EXPECT_TRUE(keeper.observe(30U << 20U));
  EXPECT_FALSE(keeper.observe(30U << 20U)) << "not again for the same burst";
  EXPECT_TRUE(keeper.observe(0));
}

}  // namespace
}  // namespace ron::svc
