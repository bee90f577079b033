#include "base/blake3.hpp"

#include <blake3.h>

#include <new>
#include <type_traits>

namespace ron {
namespace {

blake3_hasher* hasher(std::uint8_t* state) {
  return std::launder(reinterpret_cast<blake3_hasher*>(state));
}
const blake3_hasher* hasher(const std::uint8_t* state) {
  return std::launder(reinterpret_cast<const blake3_hasher*>(state));
}

}  // namespace

static_assert(sizeof(Digest256) == BLAKE3_OUT_LEN);
static_assert(std::is_trivially_copyable_v<blake3_hasher>);

Digest256 blake3(ByteView bytes) {
  Blake3 hash;
  hash.update(bytes);
  return hash.digest();
}

Blake3::Blake3() {
  static_assert(sizeof(state_) >= sizeof(blake3_hasher) && alignof(blake3_hasher) <= 16);
  new (state_.data()) blake3_hasher;
  reset();
}

void Blake3::update(ByteView bytes) {
  blake3_hasher_update(hasher(state_.data()), bytes.data(), bytes.size());
}

Digest256 Blake3::digest() const {
  Digest256 out;
  blake3_hasher_finalize(hasher(state_.data()), out.data(), out.size());
  return out;
}

void Blake3::reset() { blake3_hasher_init(hasher(state_.data())); }

}  // namespace ron
