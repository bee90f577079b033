// The requests of one session that are being worked on, by correlation id.
//
// Few at any time (the `inflight` limit), so a small vector is searched.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ids.hpp"

namespace ron::session {

class OpenRequests {
 public:
  bool contains(CorrId corr) const { return std::ranges::find(open_, corr) != open_.end(); }
  std::size_t size() const { return open_.size(); }

  void open(CorrId corr) { open_.push_back(corr); }

  /// False when it was not open.
  bool close(CorrId corr) {
    const auto at = std::ranges::find(open_, corr);
    if (at == open_.end()) return false;
    *at = open_.back();
    open_.pop_back();
    if (open_.empty()) open_ = std::vector<CorrId>();
    return true;
  }

 private:
  std::vector<CorrId> open_;
};

}  // namespace ron::session
