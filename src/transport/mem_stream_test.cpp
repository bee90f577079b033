#include "transport/mem_stream.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ron::transport {
namespace {

TEST(MemStream, BoundedBothWaysAndEnds) {
  auto [a, b] = mem_stream_pair(8);
  const std::string text = "0123456789";
  const std::array pieces = {IoPiece{text.data(), 4}, IoPiece{text.data() + 4, 6}};
  IoResult wrote = a->write(pieces);
  EXPECT_EQ(wrote.status, IoStatus::kWouldBlock);
  EXPECT_EQ(wrote.bytes, 8U);
  std::array<std::uint8_t, 5> into{};
  IoResult got = b->read_into(into);
  EXPECT_EQ(got.status, IoStatus::kOk);
  EXPECT_EQ(as_text(into), "01234");
  EXPECT_TRUE(got.more);
  EXPECT_EQ(b->read_into(into).bytes, 3U);
  EXPECT_EQ(b->read_into(into).status, IoStatus::kWouldBlock);
  a->shutdown_write();
  EXPECT_EQ(b->read_into(into).status, IoStatus::kEof);
  EXPECT_EQ(b->write({pieces.data(), 1}).bytes, 4U) << "the other direction goes on";
  a->close();
  EXPECT_EQ(b->write({pieces.data(), 1}).status, IoStatus::kError);
}

}  // namespace
}  // namespace ron::transport
