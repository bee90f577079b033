// TOML text to assignments. The only place that knows the TOML library.
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "config/source.hpp"

namespace ron::config {

inline constexpr std::size_t kMaxFileBytes = 1U << 20U;

/// Flattens tables into dotted names, in file order, each with "file:line". Text that is not TOML,
/// over kMaxFileBytes, or nested beyond 16 levels gives one Problem with its place.
std::expected<std::vector<Assignment>, Problem> parse_toml(std::string_view text,
                                                           std::string_view file_name);

}  // namespace ron::config
