// Frames through the parser, read_message and read_gossip: the way of every publication in.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "oap/envelope.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"

namespace {

using namespace ron;
using namespace ron::oap;

constexpr std::size_t kBlock = 256U * 1024;

Slice frame_with(std::size_t data_size) {
  const std::vector<std::uint8_t> data(data_size, 'x');
  GossipOut out;
  out.topic = "metrics/cpu/core0";
  out.data = data;
  out.ts = 1'780'000'000;
  return make_frame(kEvent, {}, 0, write_gossip(out));
}

// A frame of `wire_size` bytes, or a few less where the length's own encoding jumps over it.
std::vector<std::uint8_t> gossip_frame(std::size_t wire_size) {
  std::size_t data_size = wire_size - frame_with(0).size();
  while (frame_with(data_size).size() > wire_size) --data_size;
  const Slice frame = frame_with(data_size);
  return {frame.bytes().begin(), frame.bytes().end()};
}

// A read's worth of equal frames.
Slice block_of(const std::vector<std::uint8_t>& frame, std::size_t& frames) {
  std::vector<std::uint8_t> bytes;
  frames = 0;
  while (bytes.size() + frame.size() <= std::max(kBlock, frame.size())) {
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    ++frames;
  }
  return Slice::copy_of(bytes, nullptr);
}

bool consume(Parser& parser, Slice& input) {
  for (;;) {
    auto frame = parser.next(input);
    if (!frame) return false;
    if (!*frame) return true;
    const auto message = read_message((*frame)->payload());
    if (!message) return false;
    const auto gossip = read_gossip(*message);
    if (!gossip) return false;
    benchmark::DoNotOptimize(gossip->topic);
    benchmark::DoNotOptimize(gossip->data);
  }
}

void gossip_in(benchmark::State& state) {
  const auto frame = gossip_frame(static_cast<std::size_t>(state.range(0)));
  std::size_t frames = 0;
  const Slice block = block_of(frame, frames);
  Parser parser(kMaxFrame, nullptr);
  for (auto _ : state) {
    Slice input = block;
    if (!consume(parser, input)) state.SkipWithError("refused");
  }
  const auto count =
      static_cast<std::int64_t>(frames) * static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(count);
  state.SetBytesProcessed(count * static_cast<std::int64_t>(frame.size()));
}
BENCHMARK(gossip_in)->Arg(128)->Arg(1024)->Arg(16 * 1024)->Arg(64 * 1024)->Arg(1024 * 1024);

// Every read ends in the middle of a frame.
void gossip_in_cut_reads(benchmark::State& state) {
  const auto frame = gossip_frame(static_cast<std::size_t>(state.range(0)));
  std::size_t frames = 0;
  const Slice block = block_of(frame, frames);
  const std::size_t cut = block.size() - frame.size() / 2;
  Parser parser(kMaxFrame, nullptr);
  for (auto _ : state) {
    Slice first = block.sub(0, cut);
    Slice second = block.sub(cut, block.size() - cut);
    if (!consume(parser, first) || !consume(parser, second)) state.SkipWithError("refused");
  }
  const auto count =
      static_cast<std::int64_t>(frames) * static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(count);
  state.SetBytesProcessed(count * static_cast<std::int64_t>(frame.size()));
}
BENCHMARK(gossip_in_cut_reads)->Arg(128)->Arg(64 * 1024)->Arg(1024 * 1024);

void parse_only(benchmark::State& state) {
  const auto frame = gossip_frame(128);
  std::size_t frames = 0;
  const Slice block = block_of(frame, frames);
  Parser parser(kMaxFrame, nullptr);
  for (auto _ : state) {
    Slice input = block;
    while (auto next = *parser.next(input)) benchmark::DoNotOptimize(next->header.corr);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(frames) *
                          static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(parse_only);

void read_only(benchmark::State& state) {
  const auto frame = gossip_frame(128);
  const ByteView payload = ByteView(frame).subspan(kHeaderSize);
  for (auto _ : state) {
    const auto message = read_message(payload);
    benchmark::DoNotOptimize(message);
    if (state.range(0) == 0) continue;
    const auto gossip = read_gossip(*message);
    benchmark::DoNotOptimize(gossip);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(read_only)->Arg(0)->Arg(1);

void gossip_out(benchmark::State& state) {
  const std::vector<std::uint8_t> data(48, 'x');
  GossipOut out;
  out.topic = "metrics/cpu/core0";
  out.data = data;
  out.ts = 1'780'000'000;
  for (auto _ : state) benchmark::DoNotOptimize(write_gossip(out));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(gossip_out);

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
  for (auto _ : state) {
    auto message = read_message(payload);
    if (!message) state.SkipWithError(std::string(message.error()).c_str());
    benchmark::DoNotOptimize(message);
  }
}
BENCHMARK(hostile_map)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
