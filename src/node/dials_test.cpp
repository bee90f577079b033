#include "node/dials.hpp"

#include <gtest/gtest.h>

namespace ron::node {
namespace {

mesh::Dial dial(mesh::DialId id) { return {.dial = id, .addr = "here:1", .node = {}}; }

TEST(Dials, AreHandedOutOnceInOrderAndAwaitedUntilForgotten) {
  Dials dials;
  dials.order(dial(7));
  dials.order(dial(8));
  EXPECT_FALSE(dials.awaited(7)) << "nobody dials yet";
  EXPECT_EQ(dials.take()->dial, 7U);
  EXPECT_EQ(dials.take()->dial, 8U);
  EXPECT_FALSE(dials.take());
  EXPECT_TRUE(dials.awaited(7));
  dials.opened(7, SessionId{3});
  EXPECT_FALSE(dials.awaited(7)) << "one session a dial";
  EXPECT_TRUE(dials.forget(7));
  EXPECT_FALSE(dials.forget(7));
  EXPECT_EQ(dials.find(7), nullptr);
}

TEST(Dials, WhatIsGivenUpIsToldOnlyToWhoeverDials) {
  Dials dials;
  for (mesh::DialId id = 1; id <= 3; ++id) dials.order(dial(id));
  EXPECT_FALSE(dials.cancel(1)) << "never handed out";
  EXPECT_EQ(dials.take()->dial, 2U);
  EXPECT_EQ(dials.take()->dial, 3U);
  dials.opened(3, SessionId{9});
  EXPECT_FALSE(dials.cancel(2));
  EXPECT_EQ(dials.cancel(3), SessionId{9}) << "its session ends instead";
  EXPECT_EQ(dials.take_cancelled(), 2U);
  EXPECT_FALSE(dials.take_cancelled());
  EXPECT_FALSE(dials.awaited(2));
  EXPECT_FALSE(dials.cancel(2));
}

}  // namespace
}  // namespace ron::node
