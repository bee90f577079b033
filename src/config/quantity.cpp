#include "config/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ron::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first, so that the way back to text finds the shortest spelling.
constexpr std::array<Unit, 4> kDurations = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes = {
    {{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"B", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <std::size_t N>
Parsed<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units,
                                      std::string_view bare_unit, const char* wanted) {
  text = trim(text);
  std::size_t digits = 0;
  while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '_')) ++digits;
  const auto number = parse_count(text.substr(0, digits));
  if (!number) return std::unexpected(number.error());
  std::string_view unit = trim(text.substr(digits));
  if (unit.empty()) unit = bare_unit;
  if (unit.empty()) return std::unexpected(std::string("has no unit, and needs one of ") + wanted);
  const auto row =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit; });
  if (row == units.end())
    return std::unexpected(std::string("has a unit that is none of ") + wanted);
  if (*number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / row->factor)
    return std::unexpected(std::string("is too large"));
  return *number * row->factor;
}

template <std::size_t N>
std::string with_unit(std::uint64_t value, const std::array<Unit, N>& units) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.factor == 0)
      return std::to_string(value / unit.factor) + std::string(unit.name);
  return "0" + std::string(units[2].name == "s" ? "s" : "B");
}

}  // namespace

Parsed<std::uint64_t> parse_count(std::string_view text) {
  text = trim(text);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between =
        i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (text[i] == '_' && between) continue;
    if (!is_digit(text[i])) return std::unexpected(std::string("is not a whole number"));
    if (digits.size() > 20) return std::unexpected(std::string("is too large"));
    digits += text[i];
  }
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty()) return std::unexpected(std::string("is not a whole number"));
  if (fault != std::errc{} ||
      value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::unexpected(std::string("is too large"));
  return value;
}

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_with_unit(text, kDurations, "", "ms, s, m, h");
  if (!value) return std::unexpected(value.error());
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizes, "B", "B, KiB, MiB, GiB");
}

Parsed<bool> parse_switch(std::string_view text) {
  text = trim(text);
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return std::unexpected(std::string("is neither true nor false"));
}

std::string duration_text(std::chrono::milliseconds value) {
  return with_unit(static_cast<std::uint64_t>(value.count()), kDurations);
}

std::string size_text(std::uint64_t bytes) { return with_unit(bytes, kSizes); }

}  // namespace ron::config
