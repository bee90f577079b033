// traced: a node tells the origin of a probe that it has it, and from whom (docs/OAP-1.md section
// 9).
#include "oap/fields.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::oap {
namespace {

constexpr unsigned kSeq = 1;
constexpr unsigned kBack = 2;
constexpr unsigned kFrom = 4;
constexpr unsigned kNode = 8;
constexpr unsigned kEpoch = 16;
constexpr unsigned kOrigin = 32;
constexpr unsigned kAll = kSeq | kBack | kFrom | kNode | kEpoch | kOrigin;

}  // namespace

// OAP-9.84 OAP-9.85
Decoded<Traced> read_traced(const Message& message) {
  Traced traced;
  unsigned seen = 0;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "seq") {
      if (!take(value, traced.seq) || traced.seq == 0)
        return faulty("traced.seq is not a uint >= 1");
      seen |= kSeq;
    } else if (key == "back") {
      if (!take(value, traced.back) || traced.back > kTracedBackMost) {
        return faulty("traced.back is not 0 to 3600000000 microseconds");
      }
      seen |= kBack;
    } else if (key == "from") {
      if (!take(value, traced.from)) return faulty("traced.from is not 32 bytes");
      seen |= kFrom;
    } else if (key == "node") {
      if (!take(value, traced.node)) return faulty("traced.node is not 32 bytes");
      seen |= kNode;
    } else if (key == "epoch") {
      if (!take(value, traced.epoch)) return faulty("traced.epoch is not a uint");
      seen |= kEpoch;
    } else if (key == "origin") {
      if (!take(value, traced.origin)) return faulty("traced.origin is not 16 bytes");
      seen |= kOrigin;
    }
  }
  if (seen != kAll) return faulty("traced lacks seq, back, from, node, epoch or origin");
  return traced;
}

std::vector<std::uint8_t> write_traced(const Traced& traced) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(7);
  to.key("seq").uint(traced.seq);
  to.key("back").uint(traced.back);
  to.key("from").bytes(traced.from);
  to.key("kind").text("traced");
  to.key("node").bytes(traced.node);
  to.key("epoch").uint(traced.epoch);
  to.key("origin").bytes(traced.origin);
  return out;
}

}  // namespace ron::oap
