// Incremental parser: bytes in, frame views out, over any split of the input.
//
// A read that holds whole frames is not copied: the views are slices of it. A frame that arrives in
// parts is assembled in a block that grows with the bytes that have really come, so a header that
// promises a mebibyte costs nothing; what is missing of a large one is read straight into it. Order
// of checks as in docs/OAP-1.md section 1: length (from 4 bytes), then from the 31 header bytes
// oversize, version, flags. A length cannot be too small and too large, so oversize is still the
// first word; and since the rest waits for the whole header, a fault and its corr_id do not depend
// on how the input was split.
//
//   Idle --first byte--> Partial --last byte--> (frame) --> Idle
//     \--------------------- fault --------------------------> Dead (yields nothing more)
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "base/slab.hpp"
#include "oap/envelope.hpp"
#include "oap/wire_error.hpp"

namespace ron::oap {

/// A whole frame: its header and its bytes (31 + payload), a slice of the input where possible.
struct Frame {
  Header header;
  Slice bytes;
  ByteView payload() const { return bytes.bytes().subspan(kHeaderSize); }
};

/// A fault ends the stream; `corr` is the offending frame's, 0 where it was not in yet.
struct ParseFault {
  WireError error;
  CorrId corr = 0;
};

class Parser {
 public:
  /// `max_payload` holds for the next frames; `meter` is charged for assembly blocks (may be null).
  Parser(std::uint32_t max_payload, SlabMeter* meter) : max_payload_(max_payload), meter_(meter) {}

  void set_max_payload(std::uint32_t bytes) { max_payload_ = bytes; }
  std::uint32_t max_payload() const { return max_payload_; }

  /// Takes the next frame out of `input`, advancing it past the bytes consumed. Nothing: `input` is
  /// used up and more is needed. A fault ends the stream: the parser is dead from then on, and
  /// discards whatever else it is given.
  std::expected<std::optional<Frame>, ParseFault> next(Slice& input);

  /// Where the rest of a large unfinished frame may be read straight into, to spare a copy; empty
  /// when there is none or little of it to come. Good until the next call; `fill` says how many
  /// bytes were put there, and the next `next` takes them into account.
  MutableBytes room();
  void fill(std::size_t bytes);

  /// Bytes of an unfinished frame held so far, and what it announced once its len is known.
  std::size_t partial_bytes() const { return have_; }
  std::optional<std::uint32_t> announced_len() const;
  bool mid_frame() const { return have_ > 0; }

 private:
  using Result = std::expected<std::optional<Frame>, ParseFault>;

  std::optional<ParseFault> judge(const std::uint8_t* at, std::size_t have) const;
  std::optional<ParseFault> judge(const Header& header) const;
  Result die(const ParseFault& fault);
  Result resume(Slice& input);
  std::size_t goal() const;
  void absorb(Slice& input, std::size_t size);
  void reserve(std::size_t size);

  std::uint32_t max_payload_;
  SlabMeter* meter_;
  Slice partial_;         // assembly block; its capacity grows with what has arrived
  std::size_t have_ = 0;  // bytes of the unfinished frame in partial_
  bool dead_ = false;
};

}  // namespace ron::oap
