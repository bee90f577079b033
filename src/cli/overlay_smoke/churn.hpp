// Sessions that come, subscribe to this and that, and go.
#pragma once

#include "load.hpp"

namespace ron::smoke {

class Churner {
 public:
  /// Begins at once, on a thread of its own.
  explicit Churner(const Course& course, unsigned index);
  /// Ends the session at hand.
  Churn finish();

 private:
  void run(const std::stop_token& stop);
  bool visit(sdk::Client& client, std::vector<std::string> patterns, const std::stop_token& stop);

  const Course& course_;
  const unsigned index_;
  Churn churn_;
  std::jthread thread_;
};

}  // namespace ron::smoke
