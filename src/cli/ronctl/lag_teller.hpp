// Tells losses once each: those that stand before a message, and those nothing follows.
#pragma once

#include <algorithm>

#include "cli/common/tool.hpp"

namespace ron::cli {

class LagTeller {
 public:
  explicit LagTeller(bool json) : json_(json) {}

  void before(const sdk::Message& message) {
    const std::uint64_t lost = message.lagged_before - std::min(message.lagged_before, early_);
    early_ -= std::min(message.lagged_before, early_);
    tell_loss(lost);
  }
  void idle(std::uint64_t total) {
    if (total <= told_) return;
    early_ += total - told_;
    tell_loss(total - told_);
  }

 private:
  void tell_loss(std::uint64_t lost) {
    if (lost == 0) return;
    told_ += lost;
    if (json_) print_json({{"lagged", lost}});
    tell("lagged: " + count_text(lost) + " messages lost (this reader was too slow)");
  }
  bool json_;
  std::uint64_t told_ = 0;
  std::uint64_t early_ = 0;  // told before the message that carries them came
};

}  // namespace ron::cli
