#include "base/choice.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

namespace ron {

void Choice::fill(MutableBytes out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = bits();
    out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
}

SeedChoice::SeedChoice(std::uint64_t seed) : state_{mix(seed, 1), mix(seed, 2) | 1U} {}

// xoroshiro128+: small, fast and long enough for simulations; never used for secrets.
std::uint64_t SeedChoice::next() {
  const std::uint64_t a = state_[0];
  std::uint64_t b = state_[1];
  const std::uint64_t sum = a + b;
  b ^= a;
  state_[0] = ((a << 24U) | (a >> 40U)) ^ b ^ (b << 16U);
  state_[1] = (b << 37U) | (b >> 27U);
  return sum;
}

std::uint64_t SeedChoice::index(std::uint64_t count) {
  RON_CHECK(count > 0);
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(next()) * count) >> 64U);
}

std::uint64_t BytesChoice::index(std::uint64_t count) {
  RON_CHECK(count > 0);
  if (count == 1) return 0;
  std::uint64_t value = 0;
  for (std::uint64_t reach = 1; reach < count && !exhausted();) {
    value = (value << 8U) | bytes_[at_++];
    if (reach > (1ULL << 55U)) break;
    reach <<= 8U;
  }
  return value % count;
}

std::uint64_t EnumChoice::index(std::uint64_t count) {
  RON_CHECK(count > 0);
  if (count == 1) return 0;
  if (at_ < branches_.size()) {
    RON_CHECK(branches_[at_].count == count);
    return branches_[at_++].taken;
  }
  if (branches_.size() >= depth_max_) return 0;
  branches_.push_back({0, count});
  ++at_;
  return 0;
}

bool EnumChoice::next() {
  at_ = 0;
  while (!branches_.empty()) {
    Branch& last = branches_.back();
    if (++last.taken < last.count) return true;
    branches_.pop_back();
  }
  return false;
}

std::vector<std::uint64_t> EnumChoice::trail() const {
  std::vector<std::uint64_t> taken;
  taken.reserve(branches_.size());
  for (const Branch& branch : branches_) taken.push_back(branch.taken);
  return taken;
}

}  // namespace ron
