#include <array>

#include "base/check.hpp"
#include "oap/cbor.hpp"

namespace ron::oap {

// OAP-2.1: the shortest head that holds the value.
void CborWriter::head(std::uint8_t major, std::uint64_t value) {
  std::array<std::uint8_t, 9> bytes{};
  std::size_t size = 1;
  std::uint8_t info = 0;
  if (value < 24) {
    info = static_cast<std::uint8_t>(value);
  } else if (value <= 0xff) {
    info = 24;
    bytes[1] = static_cast<std::uint8_t>(value);
    size = 2;
  } else if (value <= 0xffff) {
    info = 25;
    store_be(&bytes[1], static_cast<std::uint16_t>(value));
    size = 3;
  } else if (value <= 0xffffffff) {
    info = 26;
    store_be(&bytes[1], static_cast<std::uint32_t>(value));
    size = 5;
  } else {
    info = 27;
    store_be(&bytes[1], value);
    size = 9;
  }
  bytes[0] = static_cast<std::uint8_t>((major << 5U) | info);
  const auto* first = bytes.data();
  out_.insert(out_.end(), first, first + size);
}

void CborWriter::begin_value() {
  if (depth_ == 0) return;
  const Open& top = open_[depth_ - 1];
  RON_CHECK(!top.is_map || top.key_set);
}

// One entry of the container on top is done; a container that is full is itself a value that ends.
void CborWriter::end_value() {
  while (depth_ > 0) {
    Open& top = open_[depth_ - 1];
    top.key_set = false;
    if (--top.left > 0) return;
    --depth_;
  }
}

void CborWriter::open(std::uint64_t entries, bool is_map) {
  if (entries == 0) {
    RON_CHECK(depth_ < kDepthMax);
    end_value();
    return;
  }
  RON_CHECK(depth_ < kDepthMax);  // OAP-2.19
  Open next;
  next.left = entries;
  next.is_map = is_map;
  open_[depth_++] = next;
}

void CborWriter::map(std::uint64_t entries) {
  begin_value();
  head(5, entries);
  open(entries, true);
}

void CborWriter::array(std::uint64_t entries) {
  begin_value();
  head(4, entries);
  open(entries, false);
}

// OAP-2.2 OAP-2.3: strictly rising keys, so neither disorder nor duplicates.
CborWriter& CborWriter::key(std::string_view key) {
  RON_CHECK(depth_ > 0);
  Open& top = open_[depth_ - 1];
  RON_CHECK(top.is_map && !top.key_set);
  if (!top.first) {
    const ByteView last{out_.data() + top.last_key_at, top.last_key_size};
    RON_CHECK(key_before(as_text(last), key));
  }
  head(3, key.size());
  top.first = false;
  top.key_set = true;
  top.last_key_at = out_.size();
  top.last_key_size = key.size();
  out_.insert(out_.end(), key.begin(), key.end());
  return *this;
}

void CborWriter::uint(std::uint64_t value) {
  begin_value();
  head(0, value);
  end_value();
}

void CborWriter::boolean(bool value) {
  begin_value();
  out_.push_back(value ? 0xf5 : 0xf4);
  end_value();
}

void CborWriter::text(std::string_view value) {
  begin_value();
  head(3, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
  end_value();
}

void CborWriter::bytes(ByteView value) {
  bytes_head(value.size());
  out_.insert(out_.end(), value.begin(), value.end());
}

void CborWriter::bytes_head(std::uint64_t size) {
  begin_value();
  head(2, size);
  end_value();
}

}  // namespace ron::oap
