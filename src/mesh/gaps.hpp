// What is lost for good: numbers of an origin that were passed over or given up, and have not come
// by the end of the repair window. Told once each, joined by origin.
//
// Bounded, and without a deadline of its own: it is looked at whenever the mesh ticks, which is
// several times a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.hpp"
#include "mesh/orders.hpp"
#include "mesh/origins.hpp"

namespace ron::mesh {

class Gaps {
 public:
  static constexpr std::size_t kWaiting = 1024;  // ranges that may still come
  static constexpr std::size_t kReports = 64;    // origins that are told of together
  static constexpr Duration kTogether = 1s;      // what is lost in that time is one report
  static constexpr std::uint64_t kBelieved =
      kPassedMost;  // numbers passed over at once; more are a lie

  /// Numbers that nobody has sent or announced yet; judged at `due`, which never goes back. Where
  /// there are too many, the oldest are judged now.
  void passed_over(Origins& origins, const OriginEpoch& from, std::uint64_t first,
                   std::uint64_t last, Instant now, Instant due);

  /// One that was given up. Told now, and not when its time has come.
  void given_up(const OriginEpoch& from, Entry& entry, std::uint64_t seq, Instant now);

  /// Judges what is due, and appends what is to be told.
  void tick(Origins& origins, Instant now, std::vector<Gap>& out);

  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t lost() const { return lost_; }  // messages, told or about to be

 private:
  struct Range {
    OriginEpoch from;
    std::uint64_t first = 0, last = 0;
    Instant due;
  };
  void judge_oldest(Origins& origins, std::uint64_t most, Instant now);
  void note(const Gap& gap, Instant now);

  std::deque<Range> waiting_;
  std::vector<Gap> reports_;
  Instant report_at_ = Instant::never();
  std::uint64_t lost_ = 0;
};

}  // namespace ron::mesh
