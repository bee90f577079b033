// Publications as a reader meets them: many frames in one block, no two alike.
#pragma once

#include <cstddef>
#include <vector>

#include "base/slab.hpp"
#include "oap/parser.hpp"

namespace ron::bench {

/// About a second-level cache of distinct frames: more than a branch predictor learns by heart,
/// less than what would measure memory instead of the parser.
inline constexpr std::size_t kDistinctFrames = 8192;
inline constexpr std::size_t kFrameSize = 128;  // on the wire

struct Frames {
  Slice block;
  std::size_t count = 0;
};

/// Gossip frames of `wire_size` bytes (a few less where the length's own encoding jumps over it),
/// as one busy publisher sends them: header and topic repeat, payload, ts and corr vary.
Frames repeated_frames(std::size_t count, std::size_t wire_size = kFrameSize);

/// Gossip frames of 78 to 175 bytes, 128 on average: topic, order of the keys, size and content are
/// random.
Frames mixed_frames(std::size_t count);

/// What came out of a block; sums keep the compiler from leaving out what nobody looks at.
struct Seen {
  std::size_t frames = 0;
  std::size_t topic_bytes = 0;
  std::size_t data_bytes = 0;
  std::uint64_t corr_sum = 0;
};

/// Frames alone.
Seen parse_frames(oap::Parser& parser, Slice input);

/// The way in of every publication: frame, message map, gossip. Ends at the first fault.
Seen read_publications(oap::Parser& parser, Slice input);

/// The same as a node does it: what repeats the frame before is only compared.
Seen sweep_publications(oap::Parser& parser, Slice input);

}  // namespace ron::bench
