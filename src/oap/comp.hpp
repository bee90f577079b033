// COMP payloads: exactly one zstd frame with both caps enforced while decompressing
// (docs/OAP-1.md section 1).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "oap/wire_error.hpp"

namespace ron::oap {

inline constexpr std::uint32_t kRatioCap = 10;

/// Inflates payloads one after the other with one zstd context, which costs as much to make as a
/// small payload to inflate. Owns nothing until it is used.
class Inflater {
 public:
  /// What it may keep between payloads: enough for frames that say their size. A context that had
  /// to grow for a window is freed at once.
  static constexpr std::size_t kKept = 256 * 1024;

  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// FrameTooLarge over `max_frame`, else RatioCap over 10 x, else BadFrame for anything that is
  /// not exactly one plain frame with a window of at most 1 MiB. Never holds more than
  /// min(max_frame, 10 x compressed) + one block of output.
  std::expected<std::vector<std::uint8_t>, WireError> inflate(ByteView payload,
                                                              std::uint32_t max_frame);

  /// Bytes of the context it keeps.
  std::size_t memory() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Inflates one payload with a context of its own.
std::expected<std::vector<std::uint8_t>, WireError> decompress(ByteView payload,
                                                               std::uint32_t max_frame);

/// Deflates a payload, or nothing when COMP would not pay: bigger than the input or over the ratio.
std::optional<std::vector<std::uint8_t>> compress(ByteView payload);

}  // namespace ron::oap
