// The spellings of values: whole numbers, durations, sizes, yes/no; and their way back to text.
//
// Pure and total: any text gives a value or a sentence that says what is wrong. Units are never
// guessed: a duration without a unit is refused, because 5 could be seconds or milliseconds; a bare
// number as a size is bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ron::config {

/// A value, or what is wrong with its text (a clause without a full stop).
template <typename T>
using Parsed = std::expected<T, std::string>;

/// Decimal digits, `_` allowed between them (10_000).
Parsed<std::uint64_t> parse_count(std::string_view text);

/// A whole number and ms, s, m or h ("3s", "250 ms").
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A whole number and B, KiB, MiB or GiB ("64KiB"); without a unit it is bytes.
Parsed<std::uint64_t> parse_size(std::string_view text);

/// true/false, yes/no, on/off, 1/0.
Parsed<bool> parse_switch(std::string_view text);

/// The shortest exact spelling, readable by the parsers above.
std::string duration_text(std::chrono::milliseconds value);
std::string size_text(std::uint64_t bytes);

}  // namespace ron::config
