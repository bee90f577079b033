// TOML text to assignments. The only place that knows the TOML library.
#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace ron::config {

inline constexpr std::size_t kMaxFileBytes = 1U << 20U;
inline constexpr std::size_t kMaxNesting = 16;     // tables within tables, TOML or JSON
inline constexpr std::size_t kMaxNameBytes = 256;  // of a dotted name

/// The problem of a text over kMaxFileBytes.
std::optional<Problem> too_large(std::string_view text, std::string_view file_name);

/// Flattens tables into dotted names, in file order, each with "file:line". Text that is not TOML,
/// over kMaxFileBytes, nested beyond kMaxNesting or with a name over kMaxNameBytes gives one
/// Problem with its place.
std::expected<std::vector<Assignment>, Problem> parse_toml(std::string_view text,
                                                           std::string_view file_name);

}  // namespace ron::config
