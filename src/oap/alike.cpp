#include "oap/alike.hpp"

#include <cstring>

#include "oap/envelope.hpp"

namespace ron::oap {
namespace {

// The usual layout: ver, flags and tenant, then corr, then the map's head, the key "ts" and the
// head of its four or eight bytes. The length in front of it varies with the data.
constexpr std::size_t kFixedAt = kLenSize;
constexpr std::size_t kFixedSize = 19;
constexpr std::size_t kTsHeadAt = kHeaderSize;
constexpr std::size_t kTsHeadSize = 5;
constexpr std::size_t kTsAt = kTsHeadAt + kTsHeadSize;
constexpr std::uint8_t kTs4 = 0x1a;
constexpr std::uint8_t kTs8 = 0x1b;

// Is the ts of `size` bytes at `at` in its shortest form? // OAP-2.11
bool is_shortest(const std::uint8_t* at, std::size_t size) {
  if (size == sizeof(std::uint32_t)) return load_be<std::uint32_t>(at) >= 0x10000;
  return load_be<std::uint64_t>(at) >= 0x100000000;
}

template <typename Word>
bool word_same(const std::uint8_t* a, const std::uint8_t* b) {
  Word left;
  Word right;
  std::memcpy(&left, a, sizeof left);
  std::memcpy(&right, b, sizeof right);
  return left == right;
}

// memcmp without the call: the parts are short. The last word may overlap the one before.
bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  using Word = std::uint64_t;
  using Half = std::uint32_t;
  if (size >= sizeof(Word)) {
    const std::size_t last = size - sizeof(Word);
    for (std::size_t i = 0; i < last; i += sizeof(Word)) {
      if (!word_same<Word>(a + i, b + i)) return false;
    }
    return word_same<Word>(a + last, b + last);
  }
  if (size >= sizeof(Half)) {
    const std::size_t last = size - sizeof(Half);
    return word_same<Half>(a, b) && word_same<Half>(a + last, b + last);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// Size of the head of a byte string of `size` bytes in its shortest form.
constexpr std::size_t head_size(std::size_t size) {
  if (size < 24) return 1;
  if (size < 0x100) return 2;
  return size < 0x10000 ? 3 : 5;
}

// Are the `room` (at least one) bytes at `at` one byte string in its shortest form?
bool is_bytes(const std::uint8_t* at, std::size_t room) {
  const unsigned form = at[0];
  const std::size_t head = form < 0x58 ? 1 : form == 0x58 ? 2 : form == 0x59 ? 3 : 5;
  if (form < 0x40 || form > 0x5a || room < head) return false;
  const std::size_t size = room - head;
  if (head_size(size) != head) return false;
  switch (head) {
    case 1: return form == (0x40 | size);
    case 2: return at[1] == size;
    case 3: return load_be<std::uint16_t>(at + 1) == size;
    default: return load_be<std::uint32_t>(at + 1) == size;
  }
}

// Bytes of the ts in a payload that begins in the usual way; 0 where it does not.
std::size_t ts_size(const std::uint8_t* at) {
  const bool map = at[0] >= 0xa4 && at[0] < 0xb8;
  if (!map || at[1] != 0x62 || at[2] != 't' || at[3] != 's') return 0;
  if (at[4] == kTs4) return sizeof(std::uint32_t);
  return at[4] == kTs8 ? sizeof(std::uint64_t) : 0;
}

}  // namespace

Alike Alike::to(const Slice& frame, ByteView data) {
  Alike alike;
  if (frame.size() <= kTsAt || data.empty()) return alike;
  const std::size_t ts = ts_size(frame.data() + kTsHeadAt);
  const auto data_at = static_cast<std::size_t>(data.data() - frame.data());
  if (ts == 0 || data_at > frame.size() || data.size() > frame.size() - data_at) return alike;
  const std::size_t head_at = data_at - head_size(data.size());
  if (head_at <= kTsAt + ts) return alike;
  alike.model_ = frame.data();
  alike.size_ = static_cast<std::uint32_t>(frame.size());
  alike.after_ts_ = static_cast<std::uint32_t>(kTsAt + ts);
  alike.data_head_ = static_cast<std::uint32_t>(head_at);
  alike.data_at_ = static_cast<std::uint32_t>(data_at);
  alike.tail_ = static_cast<std::uint32_t>(frame.size() - data_at - data.size());
  return alike;
}

// All in front of the data's head but len, corr and the value of ts. The model's ts was legal, so
// equal heads leave only its least value to check.
bool Alike::head_alike(const std::uint8_t* at) const {
  return same(at + kFixedAt, model_ + kFixedAt, kFixedSize) &&
         same(at + kTsHeadAt, model_ + kTsHeadAt, kTsHeadSize) &&
         is_shortest(at + kTsAt, after_ts_ - kTsAt) &&
         same(at + after_ts_, model_ + after_ts_, data_head_ - after_ts_);
}

std::size_t Alike::match(const std::uint8_t* at, std::size_t have,
                         std::uint32_t max_payload) const {
  if (model_ == nullptr || have < kHeaderSize) return 0;
  const std::size_t size = kLenSize + std::size_t{load_be<std::uint32_t>(at)};
  if (size > have || size - kHeaderSize > max_payload) return 0;
  if (size == size_) {
    const bool head = same(at + data_head_, model_ + data_head_, data_at_ - data_head_);
    if (!head || !head_alike(at)) return 0;
  } else {
    if (size <= std::size_t{data_head_} + tail_ || !head_alike(at)) return 0;
    if (!is_bytes(at + data_head_, size - data_head_ - tail_)) return 0;
  }
  return same(at + size - tail_, model_ + size_ - tail_, tail_) ? size : 0;
}

}  // namespace ron::oap
