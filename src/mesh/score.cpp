#include "mesh/score.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ron::mesh {
namespace {

constexpr std::uint64_t kPoint = 1'000'000;
constexpr std::uint64_t kPointsMost = 1000 * kPoint;  // of one reason: nothing is held for ever

// Points fade in steps, so that it does not matter how often a peer is looked at.
constexpr std::uint64_t kSteps = 64;  // in a half-life

// 2^(-i/64) in units of 2^-32.
constexpr auto kFade = [] {
  constexpr std::uint64_t kOneStep = 4'248'701'965;
  std::array<std::uint64_t, kSteps> factors{};
  factors[0] = std::uint64_t{1} << 32U;
  for (std::size_t i = 1; i < kSteps; ++i) factors[i] = factors[i - 1] * kOneStep >> 32U;
  return factors;
}();

std::size_t index(Misdeed misdeed) { return static_cast<std::size_t>(misdeed); }

double in_points(std::uint64_t points) {
  return static_cast<double>(points) / static_cast<double>(kPoint);
}

}  // namespace

std::string_view name(Misdeed misdeed) {
  constexpr std::array<std::string_view, kMisdeeds> kNames = {"malformed", "unsolicited",
                                                              "broken_promise", "slow", "variant"};
  return kNames[index(misdeed)];
}

std::string_view name(Standing standing) {
  constexpr std::array<std::string_view, 4> kNames = {"good", "warned", "shed", "disconnect"};
  return kNames[static_cast<std::size_t>(standing)];
}

std::uint64_t Scores::step_of(Instant now) const {
  const Duration step = std::max(Duration(1), config_.half_life / static_cast<int>(kSteps));
  return static_cast<std::uint64_t>(now.since_origin() / step);
}

void Scores::fade(Entry& entry, Instant now) const {
  const std::uint64_t step = step_of(now);
  if (step <= entry.step) return;
  const std::uint64_t passed = step - entry.step;
  const std::uint64_t halved = std::min<std::uint64_t>(passed / kSteps, 63);
  for (Points& points : entry.points) points = (points * kFade[passed % kSteps] >> 32U) >> halved;
  entry.step = step;
}

Scores::Points Scores::total(const Entry& entry, Instant now) const {
  Entry faded = entry;
  fade(faded, now);
  return std::accumulate(faded.points.begin(), faded.points.end(), Points{0});
}

Standing Scores::standing_at(Points points) const {
  if (points >= config_.disconnect * kPoint) return Standing::kDisconnect;
  if (points >= config_.shed * kPoint) return Standing::kShed;
  return points >= config_.warn * kPoint ? Standing::kWarned : Standing::kGood;
}

Scores::Entry& Scores::entry_of(const NodeId& node, Instant now) {
  const auto found = entries_.find(node);
  if (found != entries_.end()) return found->second;
  if (entries_.size() >= config_.nodes) {
    const auto least = std::ranges::min_element(
        entries_, {}, [this, now](const auto& entry) { return total(entry.second, now); });
    if (least != entries_.end()) entries_.erase(least);
  }
  return entries_[node];
}

void Scores::note(const NodeId& node, Misdeed misdeed, Instant now) {
  Entry& entry = entry_of(node, now);
  const std::size_t at = index(misdeed);
  if (misdeed == Misdeed::kSlow) {
    if (now < entry.slow_after) return;
    entry.slow_after = now + std::chrono::seconds(1);
  }
  fade(entry, now);
  entry.points[at] = std::min(kPointsMost, entry.points[at] + config_.points[at] * kPoint);
  ++entry.count[at];
}

void Scores::kept_promise(const NodeId& node, Instant now) {
  const auto found = entries_.find(node);
  if (found == entries_.end() || config_.kept_promises == 0) return;
  fade(found->second, now);
  const std::size_t at = index(Misdeed::kBrokenPromise);
  Points& points = found->second.points[at];
  points -= std::min<Points>(points, config_.points[at] * kPoint / config_.kept_promises);
}

std::vector<Scores::Verdict> Scores::judge(std::span<const NodeId> neighbours, Instant now) {
  std::vector<std::pair<Points, std::map<NodeId, Entry>::iterator>> worst;
  for (const NodeId& node : neighbours) {
    const auto found = entries_.find(node);
    if (found != entries_.end()) worst.emplace_back(total(found->second, now), found);
  }
  std::ranges::sort(worst, [](const auto& a, const auto& b) {
    return a.first == b.first ? a.second->first < b.second->first : a.first > b.first;
  });
  std::vector<Verdict> verdicts;
  std::size_t good = neighbours.size();
  for (const auto& [points, found] : worst) {
    Entry& entry = found->second;
    const Standing standing = standing_at(points);
    const bool acts = standing >= Standing::kShed && !config_.dry_run && good > config_.links_least;
    if (acts) --good;
    const bool bye = acts && standing == Standing::kDisconnect;
    if (bye || standing != entry.standing || acts != entry.acts) {
      verdicts.push_back({found->first, standing, acts});
    }
    entry.standing = standing;
    entry.acts = acts;
  }
  return verdicts;
}

bool Scores::refuses(const NodeId& node) const {
  const auto found = entries_.find(node);
  return found != entries_.end() && found->second.acts;
}

bool Scores::admits(const NodeId& node, std::size_t links, Instant now) const {
  if (config_.dry_run || links < config_.links_least) return true;
  const auto found = entries_.find(node);
  return found == entries_.end() || standing_at(total(found->second, now)) < Standing::kShed;
}

Scores::Explanation Scores::explain(const NodeId& node, Instant now) const {
  Explanation out;
  out.verdict.node = node;
  out.shed = config_.shed;
  out.disconnect = config_.disconnect;
  for (std::size_t i = 0; i < kMisdeeds; ++i) out.reasons[i].misdeed = static_cast<Misdeed>(i);
  const auto found = entries_.find(node);
  if (found == entries_.end()) return out;
  Entry entry = found->second;
  fade(entry, now);
  for (std::size_t i = 0; i < kMisdeeds; ++i) {
    out.reasons[i].points = in_points(entry.points[i]);
    out.reasons[i].count = entry.count[i];
  }
  out.points = in_points(total(entry, now));
  out.verdict.standing = entry.standing;
  out.verdict.acts = entry.acts;
  return out;
}

}  // namespace ron::mesh
