#include "table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "format.hpp"

namespace ron::cli {
namespace {

constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

std::string formatted(const char* format, double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

void append(std::string& line, const std::string& cell, std::size_t width, Align align) {
  const std::size_t have = columns_of(cell);
  const std::string pad(width > have ? width - have : 0, ' ');
  line += align == Align::kRight ? pad + cell : cell + pad;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t left = columns == 0 ? 0 : columns - 1;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (!begins_character(text[end])) continue;
    if (left == 0) break;
    --left;
  }
  return std::string(text.substr(0, end)) + std::string(columns == 0 ? "" : kEllipsis);
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i] = shortened(escaped(cells[i]), columns_[i].most);
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t wide = columns_of(columns_[i].title);
    for (const auto& row : rows_) wide = std::max(wide, columns_of(row[i]));
    widths.push_back(wide);
  }
  std::string out;
  const auto line_of = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      append(line, cell_of(i), widths[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (width > 0 ? shortened(line, width) : line) + "\n";
  };
  line_of([this](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) line_of([&row](std::size_t i) { return row[i]; });
  return out;
}

void Facts::add(std::string name, const std::string& value) {
  if (!value.empty()) facts_.emplace_back(std::move(name), escaped(value));
}

std::string Facts::text() const {
  std::size_t wide = 0;
  for (const auto& [name, value] : facts_) wide = std::max(wide, columns_of(name));
  std::string out;
  for (const auto& [name, value] : facts_) {
    append(out, name, wide + 2, Align::kLeft);
    out += value + "\n";
  }
  return out;
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return formatted(unit == 0 || bytes >= 99.95 ? "%.0f" : "%.1f", bytes) + kUnits[unit];
}

std::string age_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, seconds));
  const auto pair = [](std::uint64_t a, const char* unit, std::uint64_t b, const char* smaller) {
    return std::to_string(a) + unit + (b == 0 ? "" : " " + std::to_string(b) + smaller);
  };
  if (whole < 60) return std::to_string(whole) + "s";
  if (whole < 3600) return pair(whole / 60, "m", whole % 60, "s");
  if (whole < 86'400) return pair(whole / 3600, "h", whole % 3600 / 60, "m");
  return pair(whole / 86'400, "d", whole % 86'400 / 3600, "h");
}

std::string short_count(double value) {
  if (value < 0.05) return "0";
  if (value < 9.95) return formatted("%.1f", value);
  if (value < 9999.5) return formatted("%.0f", value);
  if (value < 9.9995e6) return formatted("%.1fk", value / 1e3);
  return formatted("%.1fM", value / 1e6);
}

std::string date_text(std::uint64_t unix_seconds) {
  const std::chrono::sys_days day{
      std::chrono::floor<std::chrono::days>(std::chrono::seconds(unix_seconds))};
  const std::chrono::year_month_day date(day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

}  // namespace ron::cli
