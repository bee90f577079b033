// The CBOR reader and writer alone: what checking a payload costs by its shape.
#include <array>
#include <string>
#include <vector>

#include "base/choice.hpp"
#include "bench/micro/report.hpp"
#include "oap/cbor.hpp"
#include "oap/kinds.hpp"

namespace ron::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes gossip_of(std::size_t data_size) {
  SeedChoice choice(5);
  Bytes data(data_size);
  choice.fill(data);
  oap::GossipOut out;
  out.topic = "metrics/cpu/core0";
  out.data = data;
  out.ts = 1'780'000'000'000;
  return oap::write_gossip(out);
}

void read_whole(benchmark::State& state, ByteView payload, oap::CborType type, Memory allowed) {
  measure(state, 1, allowed, [&] {
    oap::CborReader reader(payload);
    oap::CborItem item;
    const bool whole = reader.next(item) && reader.at_end() && item.type == type;
    benchmark::DoNotOptimize(item);
    return std::size_t{whole ? 1U : 0U};
  });
}

void read_gossip(benchmark::State& state) {
  read_whole(state, gossip_of(static_cast<std::size_t>(state.range(0))), oap::CborType::kMap,
             Memory::kNone);
}
BENCHMARK(read_gossip)->Arg(48)->Arg(1024)->Arg(64 * 1024);

// `entries` keys of two letters; the values are small numbers.
Bytes map_of(std::uint64_t entries, bool canonical) {
  Bytes out;
  oap::CborWriter(out).map(entries);  // its head; the writer would not take keys out of order
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t number = canonical ? i : entries - 1 - i;
    out.push_back(0x62);
    out.push_back(static_cast<std::uint8_t>('a' + number / 26));
    out.push_back(static_cast<std::uint8_t>('a' + number % 26));
    out.push_back(static_cast<std::uint8_t>(number % 24));
  }
  return out;
}

void read_map_in_order(benchmark::State& state) {
  const Bytes map = map_of(static_cast<std::uint64_t>(state.range(0)), true);
  read_whole(state, map, oap::CborType::kMap, Memory::kNone);
}
BENCHMARK(read_map_in_order)->Arg(24)->Arg(200);

// Duplicates are sought pair by pair in a map of at most 16 entries, by sorting in a larger one.
void read_map_out_of_order(benchmark::State& state) {
  const auto entries = static_cast<std::uint64_t>(state.range(0));
  const Memory allowed = entries <= 16 ? Memory::kNone : Memory::kAny;
  read_whole(state, map_of(entries, false), oap::CborType::kMap, allowed);
}
BENCHMARK(read_map_out_of_order)->Arg(16)->Arg(24)->Arg(200);

// One text of about 4 KiB: all ASCII, one letter in eight beyond it, nothing but three-byte signs.
void read_text(benchmark::State& state) {
  constexpr std::array<std::string_view, 3> kLetters = {"onion456", "oignon\xc3\xa9",
                                                        "\xe7\x8e\x89"};
  std::string text;
  while (text.size() < 4096) text += kLetters[static_cast<std::size_t>(state.range(0))];
  Bytes out;
  oap::CborWriter(out).text(text);
  read_whole(state, out, oap::CborType::kText, Memory::kNone);
}
BENCHMARK(read_text)->ArgName("script")->DenseRange(0, 2);

void read_nested(benchmark::State& state) {
  Bytes out;
  oap::CborWriter to(out);
  for (int depth = 1; depth < oap::kDepthMax; ++depth) to.array(1);
  to.array(64);
  for (std::uint64_t i = 0; i < 64; ++i) to.uint(i << i % 32);
  read_whole(state, out, oap::CborType::kArray, Memory::kNone);
}
BENCHMARK(read_nested);

// The walk over what the reader has checked.
void walk_gossip(benchmark::State& state) {
  const Bytes payload = gossip_of(48);
  const auto message = oap::read_message(payload);
  measure(state, 5, Memory::kNone, [&] {
    std::size_t fields = 0;
    oap::CborMap map(message->map);
    std::string_view key;
    oap::CborItem value;
    while (map.next(key, value)) {
      benchmark::DoNotOptimize(value);
      ++fields;
    }
    return fields;
  });
}
BENCHMARK(walk_gossip);

void write_gossip(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 'x');
  oap::GossipOut out;
  out.topic = "metrics/cpu/core0";
  out.data = data;
  measure(state, 1, Memory::kAny, [&] {
    ++out.ts;
    const Bytes payload = oap::write_gossip(out);
    return std::size_t{payload.empty() ? 0U : 1U};
  });
}
BENCHMARK(write_gossip)->Arg(48)->Arg(64 * 1024);

// Into a buffer that has its size: what the writer's own checks cost.
void write_map(benchmark::State& state) {
  constexpr std::size_t kEntries = 64;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kEntries; ++i) keys.push_back("key" + std::to_string(i + 100));
  Bytes out;
  measure(state, kEntries, Memory::kNone, [&] {
    out.clear();
    oap::CborWriter to(out);
    to.map(kEntries);
    for (const std::string& key : keys) to.key(key).uint(key.size());
    return kEntries;
  });
}
BENCHMARK(write_map);

}  // namespace
}  // namespace ron::bench
