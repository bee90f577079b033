#include "base/hex.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ron {
namespace {

TEST(Hex, GoesThereAndBack) {
  std::array<std::uint8_t, 3> bytes{};
  ASSERT_TRUE(from_hex("00fe1a", bytes));
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 3>{0x00, 0xfe, 0x1a}));
  EXPECT_EQ(hex(bytes), "00fe1a");
}

TEST(Hex, HasOneSpellingOnly) {
  std::array<std::uint8_t, 2> bytes{};
  for (const char* text : {"", "00", "00000", "000000", "00FE", "00fg", " 0fe"})
    EXPECT_FALSE(from_hex(text, bytes)) << text;
}

}  // namespace
}  // namespace ron
