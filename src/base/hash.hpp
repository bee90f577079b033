// A keyed 64-bit hash for in-memory tables.
//
// Topics and tenants come from strangers, so tables are keyed with a secret drawn at start: a peer
// cannot choose names that collide. Not a message digest; never stored, never on the wire.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace ron {

/// 64 well-mixed bits of `bytes` under `key`. Any length; reads only the given bytes.
std::uint64_t keyed_hash(ByteView bytes, std::uint64_t key) noexcept;

/// Mixes two words into one.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept;

}  // namespace ron
