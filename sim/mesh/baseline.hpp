// What both baselines share: frames of plain values, and the worlds' ideal membership.
//
// Reference models, not products: one topic, no signatures, no scoring; their frames have the size
// of the real ones where uplinks matter. Who is connected to whom is given to them by the world, and
// so is the news of a crash: both favour them.
#pragma once

#include <cstring>
#include <vector>

#include "sim/mesh/sim_node.hpp"

namespace ron::meshsim::baseline {

enum class Kind : std::uint8_t {
  kMessage,  // a message; `number`, `hops`, then its bytes
  kIhave,    // numbers
  kIwant,
  kIdontwant,
  kGraft,
  kPrune,
  kNeighbour,  // PlumTree's view: asks for a place; `number` != 0: it has no other
  kAccept,
  kReject,
};

struct Frame {
  Kind kind = Kind::kMessage;
  std::uint32_t hops = 0;
  std::vector<std::uint32_t> numbers;
};

inline Slice write(Kind kind, const std::uint32_t* numbers, std::size_t count,
                   std::uint32_t hops = 0, std::size_t padding = 0) {
  const std::size_t body = count * sizeof(std::uint32_t);
  Slice frame = Slice::allocate(1 + sizeof hops + 4 + body + padding, nullptr);
  std::uint8_t* at = frame.mutable_bytes().data();
  const auto entries = static_cast<std::uint32_t>(count);
  *at = static_cast<std::uint8_t>(kind);
  std::memcpy(at + 1, &hops, sizeof hops);
  std::memcpy(at + 5, &entries, sizeof entries);
  if (body > 0) std::memcpy(at + 9, numbers, body);
  return frame;
}

inline Slice write(Kind kind, std::uint32_t number = 0, std::uint32_t hops = 0,
                   std::size_t padding = 0) {
  return write(kind, &number, 1, hops, padding);
}

inline Kind kind_of(const Slice& frame) { return static_cast<Kind>(frame.data()[0]); }

inline void read(const Slice& bytes, Frame& frame) {
  std::uint32_t count = 0;
  frame.kind = kind_of(bytes);
  std::memcpy(&frame.hops, bytes.data() + 1, sizeof frame.hops);
  std::memcpy(&count, bytes.data() + 5, sizeof count);
  frame.numbers.resize(count);
  if (count > 0) std::memcpy(frame.numbers.data(), bytes.data() + 9, count * sizeof(std::uint32_t));
}

/// Messages by number: which came, and the frame that a request is answered with.
class Seen {
 public:
  bool add(std::uint32_t number) {
    if (number >= bits_.size()) bits_.resize(number + 64);
    if (bits_[number]) return false;
    bits_[number] = true;
    return true;
  }
  bool has(std::uint32_t number) const { return number < bits_.size() && bits_[number]; }

 private:
  std::vector<bool> bits_;
};


/// Is this a frame that a lossy link loses?
inline bool may_vanish(const Slice& frame) {
  return kind_of(frame) == Kind::kMessage || kind_of(frame) == Kind::kIhave;
}

}  // namespace ron::meshsim::baseline
