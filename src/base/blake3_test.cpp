#include "base/blake3.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ron {
namespace {

std::string hex(const Digest256& digest) {
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 15U];
  }
  return out;
}

// From the official test vectors; the input is 0, 1, ..., 250, 0, 1, ...
TEST(blake3, official_vectors) {
  std::vector<std::uint8_t> input(1024);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i % 251);
  EXPECT_EQ(hex(blake3({})), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(hex(blake3(ByteView(input).first(1))),
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
  EXPECT_EQ(hex(blake3(input)), "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7");
}

RC_GTEST_PROP(blake3, parts_make_the_whole, ()) {
  std::vector<std::uint8_t> input(*rc::gen::inRange<std::size_t>(0, 10'000), 0x5a);
  Blake3 hash;
  ByteView left = input;
  while (!left.empty()) {
    const std::size_t size = std::min(left.size(), *rc::gen::inRange<std::size_t>(1, 3000));
    hash.update(left.first(size));
    left = left.subspan(size);
  }
  RC_ASSERT(hash.digest() == blake3(input));
  RC_ASSERT(hash.digest() == blake3(input));  // asking changes nothing
}

TEST(blake3, copies_and_resets) {
  Blake3 a;
  a.update(as_bytes("ab"));
  Blake3 b = a;
  a.update(as_bytes("c"));
  b.update(as_bytes("d"));
  EXPECT_EQ(a.digest(), blake3(as_bytes("abc")));
  EXPECT_EQ(b.digest(), blake3(as_bytes("abd")));
  a.reset();
  EXPECT_EQ(a.digest(), blake3({}));
}

}  // namespace
}  // namespace ron
