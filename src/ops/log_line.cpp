#include "ops/log_line.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace ron::ops {
namespace {

// Text that begins like a credential is never shown, wherever it turned up.
constexpr std::array<std::string_view, 4> kSecretMarks = {"macaroon:", "-----BEGIN", "Bearer ",
                                                          "bearer "};
constexpr std::string_view kMask = "[redacted]";

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    value = (value << 6U) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {value, length};
}

// Characters a terminal or a reader would be fooled by: C0, DEL, C1, line and paragraph
// separators, zero-width, direction marks and overrides, byte order mark.
bool must_escape(std::uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;
  if (c >= 0x200b && c <= 0x200f) return true;
  if (c >= 0x2028 && c <= 0x202e) return true;
  return (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

void append_hex_escape(std::string& out, std::uint32_t c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(c));
  out += text.data();
}

// Escapes for JSON; text output uses the same, so that both are one line of printable characters.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (c.length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += static_cast<char>(c.value);
    } else if (must_escape(c.value)) {
      append_hex_escape(out, c.value);
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  return text.data();
}

bool is_empty(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty();
}

std::string plain_value(const LogField& field) {
  if (const auto* n = std::get_if<std::uint64_t>(&field.value)) return std::to_string(*n);
  if (const auto* n = std::get_if<std::int64_t>(&field.value)) return std::to_string(*n);
  if (const auto* n = std::get_if<double>(&field.value)) return number_text(*n);
  return std::get<bool>(field.value) ? "true" : "false";
}

std::string json_value(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr) return plain_value(field);
  std::string out = "\"";
  append_escaped(out, redacted(*text));
  return out + '"';
}

std::string text_value(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr) return plain_value(field);
  std::string escaped;
  append_escaped(escaped, redacted(*text));
  const bool bare = escaped.find_first_of(" =\"\\") == std::string::npos;
  return bare ? escaped : '"' + escaped + '"';
}

constexpr std::array<std::string_view, 5> kLevelColumns = {"TRACE", "DEBUG", "INFO ", "WARN ",
                                                           "ERROR"};
constexpr std::array<std::string_view, 5> kLevelColours = {"\x1b[2m", "\x1b[2m", "\x1b[32m",
                                                           "\x1b[33m", "\x1b[31m"};
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kNormal = "\x1b[0m";
constexpr std::size_t kEventColumn = 18;

// Proleptic Gregorian calendar from days since 1970-01-01 (Howard Hinnant's algorithm).
struct Date {
  std::int64_t year;
  unsigned month, day;
};
Date date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = days / 146097;
  const auto of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
  const unsigned shifted = (5 * of_year + 2) / 153;
  const unsigned day = of_year - (153 * shifted + 2) / 5 + 1;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {era * 400 + year + (month <= 2 ? 1 : 0), month, day};
}

}  // namespace

std::string rfc3339(std::uint64_t wall_ms) {
  const Date date = date_of(static_cast<std::int64_t>(wall_ms / 86'400'000));
  const auto of_day = static_cast<unsigned>(wall_ms % 86'400'000);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ",
                static_cast<long long>(date.year), date.month, date.day, of_day / 3'600'000,
                of_day / 60'000 % 60, of_day / 1000 % 60, of_day % 1000);
  return text.data();
}

std::string redacted(std::string_view value) {
  std::string out(value.substr(0, kMaxValueBytes));
  for (const std::string_view mark : kSecretMarks) {
    const std::size_t at = out.find(mark);
    if (at == std::string::npos) continue;
    out.replace(at, std::string::npos, kMask);
  }
  if (value.size() <= kMaxValueBytes || out.ends_with(kMask)) return out;
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0U) == 0x80) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
  return out + "...";
}

std::string json_line(const LogRecord& record) {
  std::string out = "{\"ts\":\"" + rfc3339(record.wall_ms) + "\",\"level\":\"";
  out += name_of(record.level);
  out += "\",\"service\":\"";
  append_escaped(out, record.service);
  out += "\",\"event\":\"";
  out += row_of(record.event).name;
  out += '"';
  for (const LogField& field : record.fields) {
    if (is_empty(field)) continue;
    std::string pair = ",\"" + std::string(name_of(field.field)) + "\":" + json_value(field);
    if (out.size() + pair.size() + 1 > kMaxLineBytes) break;
    out += pair;
  }
  return out + '}';
}

std::string text_line(const LogRecord& record, bool colour) {
  const auto level = static_cast<std::size_t>(record.level);
  std::string out;
  const auto paint = [&](std::string_view code) {
    if (colour) out += code;
  };
  paint(kDim);
  out += rfc3339(record.wall_ms).substr(11, 12);
  paint(kNormal);
  out += ' ';
  paint(kLevelColours[level]);
  out += kLevelColumns[level];
  paint(kNormal);
  out += ' ';
  const std::string_view name = row_of(record.event).name;
  out += name;
  if (record.fields.empty()) return out;
  out.append(name.size() < kEventColumn ? kEventColumn - name.size() : 0, ' ');
  for (const LogField& field : record.fields) {
    if (is_empty(field)) continue;
    const std::string value = text_value(field);
    if (out.size() + value.size() + 32 > kMaxLineBytes) break;
    out += ' ';
    paint(kDim);
    out += name_of(field.field);
    out += '=';
    paint(kNormal);
    out += value;
  }
  return out;
}

}  // namespace ron::ops
