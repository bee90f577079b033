#include "mesh/gaps.hpp"

#include <algorithm>

namespace ron::mesh {
namespace {

constexpr std::uint64_t kJoined = 4096;    // numbers of one range that grows
constexpr std::uint64_t kWalked = 65'536;  // numbers looked at in a tick

// Has it come, or was it told of already?
bool settled(Epoch& epoch, std::uint64_t seq) {
  if (Entry* const entry = epoch.find(seq)) {
    return entry->state == Entry::State::kSeen || std::exchange(entry->lost, true);
  }
  const Window* const passed = epoch.passed(seq);
  return passed != nullptr && passed->passed_seen(seq);
}

}  // namespace

void Gaps::passed_over(Origins& origins, const OriginEpoch& from, std::uint64_t first,
                       std::uint64_t last, Instant now, Instant due) {
  if (last - first >= kBelieved) return;
  if (!waiting_.empty()) {
    Range& newest = waiting_.back();
    if (newest.from == from && newest.last + 1 == first && last - newest.first < kJoined) {
      newest.last = last;
      newest.due = due;
      return;
    }
  }
  if (waiting_.size() >= kWaiting) judge_oldest(origins, kJoined, now);
  waiting_.push_back({from, first, last, due});
}

void Gaps::given_up(const OriginEpoch& from, Entry& entry, std::uint64_t seq, Instant now) {
  if (!std::exchange(entry.lost, true)) note({from, seq, seq, 1}, now);
}

void Gaps::tick(Origins& origins, Instant now, std::vector<Gap>& out) {
  for (std::uint64_t walked = 0; !waiting_.empty() && waiting_.front().due <= now;) {
    walked += waiting_.front().last - waiting_.front().first + 1;
    judge_oldest(origins, kWalked, now);
    if (walked >= kWalked) break;
  }
  if (now < report_at_) return;
  report_at_ = Instant::never();
  out.insert(out.end(), reports_.begin(), reports_.end());
  reports_.clear();
}

// Of a long range only the end, `most` numbers, is looked at one by one: what came is near there.
void Gaps::judge_oldest(Origins& origins, std::uint64_t most, Instant now) {
  const Range range = waiting_.front();
  waiting_.pop_front();
  Epoch* const epoch = origins.find(range.from);
  if (epoch == nullptr) return;
  const std::uint64_t all = range.last - range.first + 1;
  Gap gap{range.from, range.first, range.last, all - std::min(all, most)};
  if (gap.count == 0) gap.first = 0;
  for (std::uint64_t seq = range.first + gap.count; seq <= range.last; ++seq) {
    if (settled(*epoch, seq)) continue;
    if (gap.first == 0) gap.first = seq;
    gap.last = seq;
    ++gap.count;
  }
  if (gap.count > 0) note(gap, now);
}

void Gaps::note(const Gap& gap, Instant now) {
  lost_ += gap.count;
  if (report_at_.is_never()) report_at_ = now + kTogether;
  const auto known = std::ranges::find(reports_, gap.from, &Gap::from);
  if (known != reports_.end()) {
    known->first = std::min(known->first, gap.first);
    known->last = std::max(known->last, gap.last);
    known->count += gap.count;
    return;
  }
  reports_.push_back(gap);
  if (reports_.size() >= kReports) report_at_ = now;
}

}  // namespace ron::mesh
