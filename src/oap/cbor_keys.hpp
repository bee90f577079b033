// Duplicate keys in maps whose keys are out of order (docs/OAP-1.md section 2).
//
// Private to src/oap. A small map is compared pairwise; a large one is sorted, with memory bounded
// by 8 times its own size, so that a hostile mebibyte costs milliseconds.
#pragma once

#include "oap/cbor.hpp"

namespace ron::oap {

/// Does any key occur twice? `map` has been checked in everything else.
bool has_duplicate_keys(const CborItem& map);

}  // namespace ron::oap
