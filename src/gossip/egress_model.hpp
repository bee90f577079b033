// The naive twin of Egress: one entry a frame, every sum counted anew, no runs and no sharing.
//
// It obeys the same rules (bounds, reserves, gaps, deficit round robin, credit) and must put the
// very same bytes on the wire in the same order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "gossip/egress.hpp"
#include "oap/envelope.hpp"
#include "oap/kinds.hpp"

namespace ron::gossip::testing {

using Wire = std::vector<std::uint8_t>;

/// A frame and the size of its payload once inflated.
struct ModelFrame {
  Wire wire;
  std::uint32_t payload = 0;
};

class EgressModel {
 public:
  static constexpr unsigned kAnswers = kGossipLanes;

  void push_answer(Wire wire) { lanes_[kAnswers].push_back({0, {std::move(wire), 0}}); }

  PushResult push(unsigned lane, const std::vector<ModelFrame>& run, std::uint32_t max_frame,
                  const LaneLimits& limits) {
    PushResult result;
    for (std::size_t i = 0; i < run.size(); ++i) {
      const auto left = static_cast<std::uint32_t>(run.size() - i);
      const std::size_t size = run[i].wire.size();
      if (run[i].payload > max_frame) {
        ++result.shed_too_large;
        gap(lane, 1);
        continue;
      }
      if (limits.policy == DropPolicy::kOldest) {
        result.shed_full += shed_oldest(lane, size, limits);
      }
      if (fits(lane, size, limits)) {
        ++result.queued;
        lanes_[lane].push_back({0, run[i]});
        continue;
      }
      result.shed_full += left;
      result.disconnect = limits.policy == DropPolicy::kDisconnect;
      if (!result.disconnect) gap(lane, left);
      break;
    }
    return result;
  }

  bool fits(unsigned lane, std::size_t size, const LaneLimits& limits) const {
    return bytes_taken(lane, limits) + size <= limits.gossip_bytes &&
           frames_taken(lane, limits) + 1 <= limits.gossip_frames;
  }

  void gap(unsigned lane, std::uint64_t lost) {
    auto& items = lanes_[lane];
    if (items.empty() || items.back().lost == 0) items.push_back({});
    items.back().lost += lost;
  }

  void stage(std::size_t max_bytes, std::int64_t* credit) {
    // A lane that waits alone needs no turns.
    if (std::ranges::count_if(lanes_, [](const auto& l) { return !l.empty(); }) == 1) {
      const auto alone = std::ranges::find_if(lanes_, [](const auto& l) { return !l.empty(); });
      const auto lane = static_cast<unsigned>(alone - lanes_.begin());
      while (staged() < max_bytes && may_go(lane, credit)) take(lane, credit);
      deficit_[lane] = 0;
      granted_ = false;
      return;
    }
    for (unsigned idle = 0; staged() < max_bytes && idle <= kGossipLanes;) {
      std::int64_t& deficit = deficit_[turn_];
      if (!granted_) deficit += turn_ == kAnswers ? 65'536 : 16'384;
      granted_ = true;
      bool moved = false;
      while (deficit > 0 && staged() < max_bytes && may_go(turn_, credit)) {
        moved = true;
        deficit -= take(turn_, credit);
      }
      const bool waits = !lanes_[turn_].empty();
      if (waits && deficit > 0 && staged() >= max_bytes) return;
      if (!waits || deficit > 0) {
        deficit = 0;
        idle = moved ? 0 : idle + 1;
      } else {
        idle = 0;
      }
      turn_ = turn_ == kAnswers ? 0 : turn_ + 1;
      granted_ = false;
    }
  }

  /// Everything staged and not yet written, as one string of bytes.
  const std::deque<std::uint8_t>& out() const { return out_; }
  std::size_t staged() const { return out_.size(); }
  void wrote(std::size_t bytes) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(bytes));
    if (empty()) *this = EgressModel();  // a fresh one: the round begins anew
  }
  void drop_gossip() {
    for (unsigned lane = 0; lane < kGossipLanes; ++lane) {
      lanes_[lane].clear();
      deficit_[lane] = 0;
    }
    if (empty()) *this = EgressModel();
  }

  bool empty() const {
    return out_.empty() && std::ranges::all_of(lanes_, [](const auto& l) { return l.empty(); });
  }
  bool sendable(bool has_credit) const {
    std::int64_t credit = has_credit ? 1 : 0;
    if (!out_.empty()) return true;
    for (unsigned lane = 0; lane <= kGossipLanes; ++lane) {
      if (may_go(lane, &credit)) return true;
    }
    return false;
  }
  std::uint32_t frames(unsigned lane) const {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(lanes_[lane], [](const Item& i) { return i.lost == 0; }));
  }
  std::size_t bytes(unsigned lane) const {
    std::size_t sum = 0;
    for (const Item& item : lanes_[lane]) sum += item.frame.wire.size();
    return sum;
  }
  std::uint64_t lost(unsigned lane) const {
    std::uint64_t sum = 0;
    for (const Item& item : lanes_[lane]) sum += item.lost;
    return sum;
  }

 private:
  struct Item {
    std::uint64_t lost = 0;  // 0: a frame
    ModelFrame frame;
  };

  static Wire lagged(std::uint64_t lost) {
    const Slice frame = oap::make_frame(oap::kEvent, {}, 0, oap::write_lagged(lost));
    return {frame.bytes().begin(), frame.bytes().end()};
  }

  // Sends the first of a lane; returns what a frame of it costs.
  std::int64_t take(unsigned lane, std::int64_t* credit) {
    const Item item = lanes_[lane].front();
    lanes_[lane].pop_front();
    if (item.lost > 0) {
      put(lagged(item.lost));
      return 0;
    }
    const auto size = static_cast<std::int64_t>(item.frame.wire.size());
    if (lane != kAnswers && credit != nullptr) *credit -= size;
    put(item.frame.wire);
    return size;
  }

  bool may_go(unsigned lane, const std::int64_t* credit) const {
    if (lanes_[lane].empty()) return false;
    return lane == kAnswers || credit == nullptr || *credit > 0 || lanes_[lane].front().lost > 0;
  }

  void put(const Wire& wire) { out_.insert(out_.end(), wire.begin(), wire.end()); }

  // What the lane itself holds, and what the others hold or are promised.
  std::size_t bytes_taken(unsigned lane, const LaneLimits& limits) const {
    std::size_t sum = 0;
    for (unsigned i = 0; i < kGossipLanes; ++i) {
      sum += i == lane ? bytes(i) : std::max<std::size_t>(bytes(i), limits.gossip_bytes / 32);
    }
    return sum;
  }
  std::size_t frames_taken(unsigned lane, const LaneLimits& limits) const {
    std::size_t sum = 0;
    for (unsigned i = 0; i < kGossipLanes; ++i) {
      sum += i == lane ? frames(i) : std::max<std::size_t>(frames(i), limits.gossip_frames / 32);
    }
    return sum;
  }

  std::uint32_t shed_oldest(unsigned lane, std::size_t size, const LaneLimits& limits) {
    auto& items = lanes_[lane];
    if (!EgressModel::fits_alone(lane, size, limits)) return 0;
    std::uint32_t shed = 0;
    std::uint64_t gap = 0;
    while (!fits(lane, size, limits) && frames(lane) > 0) {
      gap += items.front().lost;
      if (items.front().lost == 0) ++shed;
      items.pop_front();
    }
    if (shed + gap == 0) return 0;
    if (items.empty() || items.front().lost == 0) items.push_front({});
    items.front().lost += shed + gap;
    return shed;
  }

  // Would it fit if the lane were empty? Nothing is given up in vain.
  bool fits_alone(unsigned lane, std::size_t size, const LaneLimits& limits) const {
    return bytes_taken(lane, limits) - bytes(lane) + size <= limits.gossip_bytes &&
           frames_taken(lane, limits) - frames(lane) + 1 <= limits.gossip_frames;
  }

  std::array<std::deque<Item>, kGossipLanes + 1> lanes_;
  std::array<std::int64_t, kGossipLanes + 1> deficit_{};
  std::deque<std::uint8_t> out_;
  unsigned turn_ = kAnswers;
  bool granted_ = false;
};

}  // namespace ron::gossip::testing
