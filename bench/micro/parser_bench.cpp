// Frames through the parser, read_message and read_gossip: the way of every publication in.
#include <string>
#include <vector>

#include "bench/common/frames.hpp"
#include "bench/micro/report.hpp"
#include "oap/kinds.hpp"

namespace ron::bench {
namespace {

using Reader = Seen (*)(oap::Parser&, Slice);

// A million frames, in reads of a block each.
void million(benchmark::State& state, const Frames& frames, Reader reader) {
  constexpr std::size_t kReads = 1'000'000 / kDistinctFrames;
  oap::Parser parser(oap::kMaxFrame, nullptr);
  measure(state, kReads * frames.count, Memory::kNone, [&] {
    std::size_t seen = 0;
    for (std::size_t i = 0; i < kReads; ++i) {
      const Seen one = reader(parser, frames.block);
      benchmark::DoNotOptimize(one);
      seen += one.frames;
    }
    return seen;
  });
}

void million_repeated(benchmark::State& state) {
  million(state, repeated_frames(kDistinctFrames), read_publications);
}
BENCHMARK(million_repeated)->Unit(benchmark::kMillisecond);

// As the node takes them: a frame that repeats the one before is compared, not parsed.
void million_alike(benchmark::State& state) {
  million(state, repeated_frames(kDistinctFrames), sweep_publications);
}
BENCHMARK(million_alike)->Unit(benchmark::kMillisecond);

void million_mixed(benchmark::State& state) {
  million(state, mixed_frames(kDistinctFrames), read_publications);
}
BENCHMARK(million_mixed)->Unit(benchmark::kMillisecond);

void million_repeated_frames_only(benchmark::State& state) {
  million(state, repeated_frames(kDistinctFrames), parse_frames);
}
BENCHMARK(million_repeated_frames_only)->Unit(benchmark::kMillisecond);

void million_mixed_frames_only(benchmark::State& state) {
  million(state, mixed_frames(kDistinctFrames), parse_frames);
}
BENCHMARK(million_mixed_frames_only)->Unit(benchmark::kMillisecond);

// About 256 KiB of frames of one size.
Frames block_of(std::size_t wire_size) {
  return repeated_frames(std::max(std::size_t{1}, 256U * 1024 / wire_size), wire_size);
}

void gossip_in(benchmark::State& state) {
  const Frames frames = block_of(static_cast<std::size_t>(state.range(0)));
  oap::Parser parser(oap::kMaxFrame, nullptr);
  measure(state, frames.count, Memory::kNone, [&] {
    const Seen seen = read_publications(parser, frames.block);
    benchmark::DoNotOptimize(seen);
    return seen.frames;
  });
}
BENCHMARK(gossip_in)->Arg(128)->Arg(1024)->Arg(16 * 1024)->Arg(64 * 1024)->Arg(1024 * 1024);

// Every read ends in the middle of a frame.
void gossip_in_cut_reads(benchmark::State& state) {
  const Frames frames = block_of(static_cast<std::size_t>(state.range(0)));
  const std::size_t cut = frames.block.size() - frames.block.size() / frames.count / 2;
  const Slice first = frames.block.sub(0, cut);
  const Slice second = frames.block.sub(cut, frames.block.size() - cut);
  oap::Parser parser(oap::kMaxFrame, nullptr);
  measure(state, frames.count, Memory::kAny, [&] {
    const std::size_t whole = read_publications(parser, first).frames;
    return whole + read_publications(parser, second).frames;
  });
}
BENCHMARK(gossip_in_cut_reads)->Arg(128)->Arg(64 * 1024)->Arg(1024 * 1024);

// The worst a stranger can send in one frame: a mebibyte of short keys, all out of order.
void hostile_map(benchmark::State& state) {
  constexpr std::uint32_t kKeys = 170'000;
  std::vector<std::uint8_t> payload{0xba, 0, 0x02, 0x98, 0x11};  // a map of 170 001 entries
  for (std::uint32_t i = kKeys; i > 0; --i) {
    const std::uint32_t mixed = (i * 2654435761U) % (1U << 28U);
    payload.push_back(0x64);
    for (unsigned shift = 0; shift < 28; shift += 7) {
      payload.push_back(static_cast<std::uint8_t>((mixed >> shift) & 0x7fU));
    }
    payload.push_back(0xf6);
  }
  const std::vector<std::uint8_t> kind{0x64, 'k', 'i', 'n', 'd', 0x64, 'k', 'e', 'e', 'p'};
  payload.insert(payload.end(), kind.begin(), kind.end());
  measure(state, 1, Memory::kAny,
          [&] { return std::size_t{oap::read_message(payload) ? 1U : 0U}; });
}
BENCHMARK(hostile_map)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ron::bench
