#include "bench/common/frames.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "base/choice.hpp"
#include "bench/common/topics.hpp"
#include "oap/alike.hpp"
#include "oap/cbor.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kNow = 1'780'000'000'000;

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

Slice frame_of(ByteView data, std::uint64_t number) {
  oap::GossipOut out;
  out.topic = "metrics/cpu/core0";
  out.data = data;
  out.ts = kNow + number;
  return oap::make_frame(oap::kEvent, {}, number + 1, oap::write_gossip(out));
}

// The encoded entry of a map: its writer insists on canonical order, which is not wanted here.
template <typename Write>
Bytes entry(std::string_view key, Write write) {
  Bytes out;
  oap::CborWriter to(out);
  to.map(1);
  write(to.key(key));
  out.erase(out.begin());
  return out;
}

Bytes shuffled_gossip(Choice& choice) {
  const std::string topic = random_topic(choice);
  Bytes data(choice.index(65));
  choice.fill(data);
  std::array entries = {
      entry("ts", [&](oap::CborWriter& to) { to.uint(kNow + choice.index(100'000)); }),
      entry("data", [&](oap::CborWriter& to) { to.bytes(data); }),
      entry("kind", [](oap::CborWriter& to) { to.text("gossip"); }),
      entry("topic", [&](oap::CborWriter& to) { to.text(topic); }),
      entry("fanout", [](oap::CborWriter& to) { to.uint(0); }),
  };
  for (std::size_t i = entries.size(); i > 1; --i) {
    std::swap(entries[i - 1], entries[choice.index(i)]);
  }
  Bytes payload{0xa0 + entries.size()};
  for (const Bytes& one : entries) append(payload, one);
  return payload;
}

template <typename Take>
Seen take_frames(oap::Parser& parser, Slice& input, Take take) {
  Seen seen;
  for (;;) {
    const auto frame = parser.next(input);
    if (!frame || !*frame || !take(**frame, seen)) return seen;
    seen.corr_sum += (*frame)->header.corr;
    ++seen.frames;
  }
}

}  // namespace

Frames repeated_frames(std::size_t count, std::size_t wire_size) {
  SeedChoice choice(1);
  Bytes data(wire_size);
  data.resize(wire_size - frame_of({}, 0).size());
  while (frame_of(data, 0).size() > wire_size) data.pop_back();
  Bytes all;
  for (std::size_t i = 0; i < count; ++i) {
    choice.fill(data);
    append(all, frame_of(data, i).bytes());
  }
  return {Slice::copy_of(all, nullptr), count};
}

Frames mixed_frames(std::size_t count) {
  SeedChoice choice(2);
  Bytes all;
  for (std::size_t i = 0; i < count; ++i) {
    append(all, oap::make_frame(oap::kEvent, {}, choice.bits(), shuffled_gossip(choice)).bytes());
  }
  return {Slice::copy_of(all, nullptr), count};
}

Seen parse_frames(oap::Parser& parser, Slice input) {
  return take_frames(parser, input, [](const oap::Frame&, Seen&) { return true; });
}

Seen read_publications(oap::Parser& parser, Slice input) {
  return take_frames(parser, input, [](const oap::Frame& frame, Seen& seen) {
    const auto gossip = oap::read_usual_gossip(frame.payload());
    if (!gossip) return false;
    seen.topic_bytes += gossip->topic.size();
    seen.data_bytes += gossip->data.size();
    return true;
  });
}

Seen sweep_publications(oap::Parser& parser, Slice input) {
  oap::Alike alike;
  Seen seen;
  for (;;) {
    const auto frame = parser.next(input);
    if (!frame || !*frame) return seen;
    const auto gossip = oap::read_usual_gossip((*frame)->payload());
    if (!gossip) return seen;
    ++seen.frames;
    alike = oap::Alike::to((*frame)->bytes, gossip->data);
    std::size_t swept = 0;
    while (const std::size_t size =
               alike.match(input.data() + swept, input.size() - swept, parser.max_payload())) {
      swept += size;
      ++seen.frames;
    }
    if (swept > 0) input.drop_front(swept);
  }
}

}  // namespace ron::bench
