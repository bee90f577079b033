#include "sim/mesh/latency.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/hash.hpp"

namespace ron::meshsim {
namespace {

constexpr unsigned kRegions = 8;
// australia, europe, east asia, west asia, north america east and west, south africa, south america
constexpr std::array<std::uint32_t, kRegions> kWeights = {290, 5599, 1059, 161, 2894, 1240, 47, 36};
constexpr std::array<std::array<std::uint8_t, kRegions>, kRegions> kMilliseconds = {{
    {2, 165, 110, 180, 150, 110, 220, 190},
    {165, 2, 125, 60, 70, 110, 95, 140},
    {110, 125, 4, 110, 140, 100, 175, 175},
    {180, 60, 110, 5, 110, 150, 110, 145},
    {150, 70, 140, 110, 2, 60, 130, 100},
    {110, 110, 100, 150, 60, 2, 160, 100},
    {220, 95, 175, 110, 130, 160, 7, 190},
    {190, 140, 175, 145, 100, 100, 195, 7},
}};
constexpr std::uint64_t kWide = 1'000'000'000, kNarrow = 50'000'000;  // bits a second
constexpr std::uint64_t kWideOfHundred = 20;

enum Draw : std::uint64_t { kPair = 1, kRegion = 2, kUplink = 3 };
std::uint64_t draw(std::uint64_t seed, Draw what, std::uint64_t of) {
  return mix(mix(mix(seed, what), of), seed);
}

std::uint8_t draw_region(std::uint64_t number) {
  constexpr std::uint64_t kSum =
      std::accumulate(kWeights.begin(), kWeights.end(), std::uint64_t{0});
  number %= kSum;
  std::uint8_t region = 0;
  while (number >= kWeights[region]) number -= kWeights[region++];
  return region;
}

}  // namespace

Latency::Latency(const LatencyOptions& options, std::uint64_t seed, std::uint32_t hosts)
    : options_(options), seed_(seed), regions_(hosts) {
  for (std::uint32_t host = 0; host < hosts; ++host) {
    regions_[host] = draw_region(draw(seed, kRegion, host));
  }
}

Duration Latency::one_way(std::uint32_t from, std::uint32_t to) const {
  if (from == to) return std::chrono::microseconds(50);
  if (options_.model == LatencyModel::kWan) {
    return std::chrono::milliseconds(kMilliseconds[regions_[from]][regions_[to]]);
  }
  const auto [low, high] = std::minmax(from, to);
  const auto span = static_cast<std::uint64_t>((options_.high - options_.low).count()) + 1;
  const std::uint64_t number = draw(seed_, kPair, (std::uint64_t{low} << 32U) | high);
  return options_.low + Duration(static_cast<std::int64_t>(number % span));
}

std::uint64_t Latency::uplink(std::uint32_t host) const {
  if (options_.model != LatencyModel::kWan) return 0;
  return draw(seed_, kUplink, host) % 100 < kWideOfHundred ? kWide : kNarrow;
}

}  // namespace ron::meshsim
