#include "table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ron::demo {
namespace {
using namespace std::chrono_literals;
}

void Table::draw(const std::vector<Row>& rows, bool now) {
  const auto time = std::chrono::steady_clock::now();
  const std::chrono::duration<double> since = time - last_;
  if (!now && since < (terminal_ ? 250ms : 3000ms)) return;
  last_ = time;
  const std::chrono::duration<double> age = time - start_;
  std::string text;
  if (terminal_ && drawn_lines_ > 0) text += "\x1b[" + std::to_string(drawn_lines_) + "A";
  std::array<char, 256> line{};
  const auto add = [&] {
    text += line.data();
    text += terminal_ ? "\x1b[K\n" : "\n";
  };
  std::snprintf(line.data(), line.size(), "%6.1f s %-34s %12s %10s %10s %9s %9s", age.count(), "",
                "messages", "MB", "msg/s", "MB/s", "lagged");
  add();
  for (const Row& row : rows) {
    Before& before = before_[row.name];
    const double seconds = std::max(since.count(), 1e-3);
    const double rate = static_cast<double>(row.messages - before.messages) / seconds;
    const double speed = static_cast<double>(row.bytes - before.bytes) / seconds / 1e6;
    before = {row.messages, row.bytes};
    std::snprintf(line.data(), line.size(), "  %-12s %-28s %12llu %10.1f %10.0f %9.1f %9llu",
                  row.name.c_str(), row.detail.c_str(),
                  static_cast<unsigned long long>(row.messages),
                  static_cast<double>(row.bytes) / 1e6, rate, speed,
                  static_cast<unsigned long long>(row.lagged));
    add();
  }
  drawn_lines_ = rows.size() + 1;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace ron::demo
