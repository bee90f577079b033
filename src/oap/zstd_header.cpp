#include "oap/zstd_header.hpp"

#include <array>

namespace ron::oap {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic{0x28, 0xb5, 0x2f, 0xfd};

// The format is little-endian.
std::uint64_t load_le(const std::uint8_t* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8U) | at[i];
  return value;
}

std::uint64_t window_of(std::uint8_t descriptor) {
  const std::uint64_t base = std::uint64_t{1} << (10U + (descriptor >> 3U));
  return base + (base / 8) * (descriptor & 7U);
}

}  // namespace

std::optional<ZstdHeader> read_zstd_header(ByteView frame) {
  if (frame.size() <= kMagic.size() || !equal(frame.first(kMagic.size()), kMagic)) {
    return std::nullopt;
  }
  std::size_t at = kMagic.size();
  const unsigned descriptor = frame[at++];
  const bool single_segment = (descriptor & 0x20U) != 0;
  const std::size_t dictionary_size = std::array<std::size_t, 4>{0, 1, 2, 4}[descriptor & 3U];
  const unsigned size_flag = descriptor >> 6U;
  std::size_t content_size = std::size_t{1} << size_flag;
  if (size_flag == 0 && !single_segment) content_size = 0;
  const std::size_t window_size = single_segment ? 0 : 1;
  if (frame.size() < at + window_size + dictionary_size + content_size) return std::nullopt;

  ZstdHeader header;
  if (!single_segment) header.window_size = window_of(frame[at++]);
  header.dictionary = load_le(frame.data() + at, dictionary_size) != 0;
  at += dictionary_size;
  if (content_size > 0) {
    header.content_size = load_le(frame.data() + at, content_size) + (content_size == 2 ? 256 : 0);
  }
  if (single_segment) header.window_size = *header.content_size;
  return header;
}

}  // namespace ron::oap
