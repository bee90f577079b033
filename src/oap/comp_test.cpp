#include "oap/comp.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <zstd.h>

#include <string>
#include <vector>

#include "oap/envelope.hpp"
#include "oap/zstd_header.hpp"

namespace ron::oap {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Text that compresses, but not tenfold.
Bytes prose(std::size_t size, unsigned seed = 1) {
  Bytes out;
  std::uint32_t state = seed;
  while (out.size() < size) {
    state = state * 1103515245U + 12345U;
    out.push_back(static_cast<std::uint8_t>('a' + ((state >> 16U) & 15U)));
  }
  return out;
}

Bytes pack(const Bytes& plain, int level = 3) {
  Bytes out(ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), level);
  EXPECT_EQ(ZSTD_isError(size), 0U);
  out.resize(size);
  return out;
}

// A frame whose header does not tell the size of its content.
Bytes pack_without_size(const Bytes& plain, int window_log = 20) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  Bytes out(ZSTD_compressBound(plain.size()) + 64);
  ZSTD_inBuffer in{plain.data(), plain.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue);
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

Bytes first_of(const Bytes& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

Code refusal(const Bytes& payload, std::uint32_t max_frame = kMaxFrame) {
  const auto result = decompress(payload, max_frame);
  EXPECT_FALSE(result);
  if (result) return Code::kInternal;
  EXPECT_TRUE(result.error().closes);  // OAP-1.46
  return result.error().code;
}

TEST(comp, with_and_without_declared_size) {  // OAP-1.37
  for (const std::size_t size : {1UL, 100UL, 5'000UL, 200'000UL, 1'048'576UL}) {
    const Bytes plain = prose(size);
    EXPECT_EQ(decompress(pack(plain), kMaxFrame), plain) << size;
    EXPECT_EQ(decompress(pack_without_size(plain), kMaxFrame), plain) << size;
  }
}

TEST(comp, max_frame_to_the_byte) {  // OAP-1.13 OAP-1.38
  for (const bool declared : {true, false}) {
    const Bytes plain = prose(5000);
    const Bytes packed = declared ? pack(plain) : pack_without_size(plain);
    EXPECT_TRUE(decompress(packed, 5000));
    EXPECT_EQ(refusal(packed, 4999), Code::kFrameTooLarge);
  }
}

TEST(comp, ratio_to_the_byte) {  // OAP-1.39 OAP-1.48
  Bytes plain(1000, 'a');
  for (std::size_t size = 1000; size < 4000; ++size) {
    plain = prose(150);
    plain.resize(size, 'a');
    const Bytes packed = pack_without_size(plain);
    if (plain.size() <= 10 * packed.size()) {
      EXPECT_EQ(decompress(packed, kMaxFrame), plain);
    } else {
      EXPECT_EQ(refusal(packed), Code::kRatioCap);
      return;
    }
  }
  FAIL() << "no frame of more than ten times its size was made";
}

TEST(comp, bombs) {  // OAP-1.39 OAP-1.40 OAP-1.41
  const Bytes zeros(1'000'000);
  EXPECT_EQ(refusal(pack(zeros)), Code::kRatioCap);
  EXPECT_EQ(refusal(pack_without_size(zeros)), Code::kRatioCap);
  EXPECT_EQ(refusal(pack(Bytes(50'000'000))), Code::kFrameTooLarge);
  const Code both = refusal(pack_without_size(Bytes(50'000'000)));
  EXPECT_TRUE(both == Code::kRatioCap || both == Code::kFrameTooLarge);
}

TEST(comp, corrupt_frames) {  // OAP-1.43 OAP-1.44 OAP-1.48 OAP-1.49
  const Bytes packed = pack(prose(3000));
  const Bytes sizeless = pack_without_size(prose(3000));
  EXPECT_EQ(refusal({}), Code::kBadFrame);
  for (std::size_t size = 0; size < sizeless.size(); ++size) {
    EXPECT_EQ(refusal(first_of(sizeless, size)), Code::kBadFrame);
  }
  for (std::size_t size = 0; size < packed.size(); ++size) {
    // A cut frame's declared size may break the ratio, and that may be said first.
    const Code code = refusal(first_of(packed, size));
    EXPECT_TRUE(code == Code::kBadFrame || code == Code::kRatioCap) << size;
  }
  Bytes longer = packed;
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), Code::kBadFrame);
  Bytes twice = packed;
  twice.insert(twice.end(), packed.begin(), packed.end());
  EXPECT_EQ(refusal(twice), Code::kBadFrame);
  EXPECT_EQ(refusal({0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'}), Code::kBadFrame);  // skippable
}

TEST(comp, windows_and_dictionaries) {  // OAP-1.45
  const Bytes plain = prose(3000);
  EXPECT_TRUE(decompress(pack_without_size(plain, 20), kMaxFrame));
  EXPECT_EQ(refusal(pack_without_size(plain, 21)), Code::kBadFrame);
  Bytes dictionary = pack(plain);
  dictionary[4] = static_cast<std::uint8_t>(dictionary[4] | 1U);  // an id of one byte follows
  dictionary.insert(dictionary.begin() + 5, 7);
  EXPECT_EQ(refusal(dictionary), Code::kBadFrame);
}

TEST(comp, headers) {  // RFC 8878 section 3.1.1.1
  const Bytes magic{0x28, 0xb5, 0x2f, 0xfd};
  const auto header = [&magic](Bytes rest) {
    rest.insert(rest.begin(), magic.begin(), magic.end());
    return read_zstd_header(rest);
  };
  EXPECT_FALSE(header({}));
  EXPECT_FALSE(header({0x00}));
  EXPECT_EQ(header({0x00, 0x50})->window_size, 1U << 20U);
  EXPECT_EQ(header({0x00, 0x51})->window_size, (1U << 20U) + (1U << 17U));
  EXPECT_FALSE(header({0x00, 0x50})->content_size);
  EXPECT_EQ(header({0x20, 9})->content_size, 9U);
  EXPECT_EQ(header({0x20, 9})->window_size, 9U);
  EXPECT_EQ(header({0x60, 1, 0})->content_size, 257U);
  EXPECT_EQ(header({0xa0, 1, 0, 0, 1})->content_size, 0x01000001U);
  EXPECT_EQ(header({0xe0, 1, 0, 0, 0, 0, 0, 0, 1})->content_size, 0x0100000000000001U);
  EXPECT_FALSE(header({0xe0, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(header({0x21, 7, 9})->dictionary);
  EXPECT_FALSE(header({0x21, 0, 9})->dictionary) << "id 0 says no dictionary";
  EXPECT_TRUE(header({0x23, 0, 0, 0, 1, 9})->dictionary);
}

TEST(comp, compress_only_where_it_pays) {  // OAP-1.47
  EXPECT_FALSE(compress({}));
  EXPECT_FALSE(compress(as_bytes("x")));
  EXPECT_FALSE(compress(Bytes(100'000))) << "over the ratio";
  const Bytes plain = prose(10'000);
  const auto packed = compress(plain);
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->size(), plain.size());
  EXPECT_EQ(decompress(*packed, kMaxFrame), plain);
}

TEST(comp, one_context_inflates_many_payloads_whatever_became_of_the_last) {
  Inflater inflater;
  EXPECT_EQ(inflater.memory(), 0U);
  const Bytes plain = prose(50'000);
  const Bytes packed = pack(plain);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(inflater.inflate(packed, kMaxFrame), plain);
    EXPECT_GT(inflater.memory(), 0U);
    EXPECT_LE(inflater.memory(), Inflater::kKept);
    EXPECT_FALSE(inflater.inflate(first_of(packed, packed.size() / 2), kMaxFrame));
    EXPECT_FALSE(inflater.inflate(packed, 100));
    EXPECT_FALSE(inflater.inflate(first_of(pack_without_size(plain), 1000), kMaxFrame));
  }
}

TEST(comp, a_context_that_grew_for_a_window_is_not_kept) {
  Inflater inflater;
  const Bytes plain = prose(500'000);
  EXPECT_EQ(inflater.inflate(pack_without_size(plain), kMaxFrame), plain);
  EXPECT_EQ(inflater.memory(), 0U);
  EXPECT_EQ(inflater.inflate(pack(plain), kMaxFrame), plain);
  EXPECT_GT(inflater.memory(), 0U);
}

RC_GTEST_PROP(comp, what_we_send_is_taken, ()) {  // OAP-1.37 OAP-1.47
  Bytes plain = prose(*rc::gen::inRange<std::size_t>(0, 20'000), *rc::gen::arbitrary<unsigned>());
  plain.resize(plain.size() + *rc::gen::inRange<std::size_t>(0, 100'000), 'z');
  const auto packed = compress(plain);
  if (!packed) return;
  RC_ASSERT(packed->size() < plain.size());
  RC_ASSERT(plain.size() <= kRatioCap * packed->size());
  RC_ASSERT(decompress(*packed, kMaxFrame).value() == plain);
}

RC_GTEST_PROP(comp, flipped_bytes_never_pass_the_caps, ()) {  // OAP-1.38 OAP-1.39
  const Bytes plain = prose(*rc::gen::inRange<std::size_t>(0, 4'000));
  Bytes packed = *rc::gen::arbitrary<bool>() ? pack(plain) : pack_without_size(plain);
  const int flips = *rc::gen::inRange(1, 4);
  for (int i = 0; i < flips; ++i) {
    packed[*rc::gen::inRange<std::size_t>(4, packed.size())] = *rc::gen::arbitrary<std::uint8_t>();
  }
  const auto result = decompress(packed, 3000);
  if (!result) return;
  RC_ASSERT(result->size() <= 3000U);
  RC_ASSERT(result->size() <= kRatioCap * packed.size());
}

}  // namespace
}  // namespace ron::oap
