// The header of a zstd frame (RFC 8878 section 3.1.1.1): what a frame claims before it is inflated.
//
// Private to src/oap. Read by hand because the library may skip its window check when the output
// buffer is large enough for the whole frame, and offers no public way to ask for the window.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace ron::oap {

struct ZstdHeader {
  std::uint64_t window_size = 0;
  std::optional<std::uint64_t> content_size;
  bool dictionary = false;
};

/// Nothing unless `frame` starts with the whole header of a plain (not skippable) zstd frame.
std::optional<ZstdHeader> read_zstd_header(ByteView frame);

}  // namespace ron::oap
