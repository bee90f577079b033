// COMP payloads: exactly one zstd frame with both caps enforced while decompressing
// (docs/OAP-1.md section 1).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "oap/wire_error.hpp"

namespace ron::oap {

inline constexpr std::uint32_t kRatioCap = 10;

/// Inflates one payload. FrameTooLarge over `max_frame`, else RatioCap over 10 x, else BadFrame for
/// anything that is not exactly one plain frame with a window of at most 1 MiB. Never holds more
/// than min(max_frame, 10 x compressed) + one block of output.
std::expected<std::vector<std::uint8_t>, WireError> decompress(ByteView payload,
                                                               std::uint32_t max_frame);

/// Deflates a payload, or nothing when COMP would not pay: bigger than the input or over the ratio.
std::optional<std::vector<std::uint8_t>> compress(ByteView payload);

}  // namespace ron::oap
