// The live table: redrawn in place on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ron::demo {

struct Row {
  std::string name;
  std::string detail;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lagged = 0;
};

class Table {
 public:
  explicit Table(bool terminal) : terminal_(terminal) {}
  /// Draws if it is time to.
  void draw(const std::vector<Row>& rows, bool now = false);

 private:
  struct Before {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  bool terminal_;
  std::size_t drawn_lines_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = start_;
  std::map<std::string, Before> before_;
};

}  // namespace ron::demo
