// Publications that repeat the one before in all but corr_id, ts and data.
//
// A publisher writes frame after frame to one topic, so most publications need no parsing: whoever
// was judged in full once vouches for its successors, whose other bytes are only compared. What is
// alike is legal and means the same; what is not says nothing and takes the long way
// (docs/OAP-1.md sections 1, 2, 4.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/slab.hpp"

namespace ron::oap {

class Alike {
 public:
  /// Nothing is alike.
  Alike() = default;

  /// What repeats `frame`: an EVENT with a gossip message that passed the parser, read_message and
  /// read_gossip; `data` is that message's field, a view into the frame. The frame must live as
  /// long as this object is asked. Layouts other than the usual one, which begins with a ts of
  /// four or eight bytes, are not learned: then nothing is alike.
  static Alike to(const Slice& frame, ByteView data);

  explicit operator bool() const { return model_ != nullptr; }

  /// Wire size of the frame at `at` when it is there whole, repeats the model and has at most
  /// `max_payload` bytes of payload; else 0.
  std::size_t match(const std::uint8_t* at, std::size_t have, std::uint32_t max_payload) const;

 private:
  bool head_alike(const std::uint8_t* at) const;

  const std::uint8_t* model_ = nullptr;
  std::uint32_t size_ = 0;       // wire size of the model
  std::uint32_t after_ts_ = 0;   // where the bytes behind ts begin
  std::uint32_t data_head_ = 0;  // where the head of its data stands
  std::uint32_t data_at_ = 0;    // where its data begins
  std::uint32_t tail_ = 0;       // bytes behind its data
};

}  // namespace ron::oap
