#include "bench/common/lanes.hpp"

#include <array>

#include "bench/common/frames.hpp"
#include "oap/envelope.hpp"

namespace ron::bench {
namespace {

constexpr std::size_t kWriteMax = 64U * 1024;  // what a shard gathers for one write
constexpr std::size_t kPieces = 64;

// Writes up to `max_bytes`; everything the kernel was given is taken. Returns frames.
std::size_t write(gossip::Egress& egress, std::size_t max_bytes) {
  egress.stage(max_bytes, nullptr);
  std::array<IoPiece, kPieces> pieces;
  const std::size_t count = egress.pieces(pieces);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += pieces[i].size;
  return egress.wrote(bytes).frames;
}

}  // namespace

gossip::RunRef run_of(std::size_t frames) {
  const Frames block = repeated_frames(frames);
  return gossip::RunRef::make(block.block, static_cast<std::uint32_t>(frames),
                              static_cast<std::uint32_t>(kFrameSize - oap::kHeaderSize));
}

FanOut::FanOut(std::size_t subscribers, std::size_t frames_a_run)
    : run_(run_of(frames_a_run)), subscribers_(subscribers) {}

std::size_t FanOut::turn() {
  std::size_t frames = 0;
  for (gossip::Egress& each : subscribers_) each.push(0, run_, oap::kMaxFrame, limits_);
  for (gossip::Egress& each : subscribers_) frames += write(each, kWriteMax);
  return frames;
}

std::size_t FairService::turn() {
  constexpr unsigned kRuns = 64;
  constexpr std::size_t kBatch = 16U * 1024;
  for (unsigned i = 0; i < kRuns; ++i) {
    egress_.push(i % gossip::kGossipLanes, run_, oap::kMaxFrame, limits_);
  }
  std::size_t frames = 0;
  while (!egress_.idle()) frames += write(egress_, kBatch);
  return frames;
}

FullLane::FullLane(gossip::DropPolicy policy) : run_(run_of(16)) {
  limits_.policy = policy;
  while (egress_.push(0, run_, oap::kMaxFrame, limits_).shed_full == 0) {
  }
}

std::size_t FullLane::turn() { return egress_.push(0, run_, oap::kMaxFrame, limits_).shed_full; }

}  // namespace ron::bench
