// One event as one line: JSON for machines, columns for people. Pure.
//
// Values come from strangers, so a line is safe whatever they hold: control characters, invisible
// and direction-changing characters and broken UTF-8 are escaped (no forged lines, no terminal
// tricks), anything shaped like a token or a key is masked, every value and the whole line are cut
// at fixed sizes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "ops/events.hpp"

namespace ron::ops {

struct LogField {
  Field field;
  std::variant<std::string_view, std::uint64_t, std::int64_t, double, bool> value;

  LogField(Field f, std::string_view text) : field(f), value(text) {}
  LogField(Field f, const char* text) : field(f), value(std::string_view(text)) {}
  LogField(Field f, const std::string& text) : field(f), value(std::string_view(text)) {}
  LogField(Field f, bool flag) : field(f), value(flag) {}
  LogField(Field f, double number) : field(f), value(number) {}
  template <typename T>
    requires(std::integral<T> && !std::same_as<T, bool>)
  LogField(Field f, T number) : field(f) {
    if constexpr (std::is_signed_v<T>)
      value = static_cast<std::int64_t>(number);
    else
      value = static_cast<std::uint64_t>(number);
  }
};

struct LogRecord {
  Event event;
  LogLevel level;
  std::uint64_t wall_ms = 0;  // since the Unix epoch
  std::string_view service;
  std::span<const LogField> fields;
};

inline constexpr std::size_t kMaxValueBytes = 512;
inline constexpr std::size_t kMaxLineBytes = 4096;

/// `{"ts":"2026-01-31T12:00:00.123Z","level":"info","service":"svc-overlay","event":"ready",...}`,
/// without a line end. Always valid JSON; empty texts are left out.
std::string json_line(const LogRecord& record);

/// `12:00:00.123 INFO  ready  listen=127.0.0.1:9500 ...`, without a line end.
std::string text_line(const LogRecord& record, bool colour);

/// RFC 3339 in UTC with milliseconds.
std::string rfc3339(std::uint64_t wall_ms);

/// The value as it may be shown: masked and cut, not yet escaped.
std::string redacted(std::string_view value);

}  // namespace ron::ops
