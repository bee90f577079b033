// Environment variables and flags to assignments.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/source.hpp"

namespace ron::config {

/// Picks what is addressed to the node: SVC_OVERLAY_ names (nested or flat) and the aliases.
/// An unknown name with the prefix is an error with the nearest known one; an alias is a warning.
std::vector<Assignment> parse_environment(
    const std::vector<std::pair<std::string, std::string>>& environment, Problems& errors,
    Problems& warnings);

/// Flags to assignments; an unknown flag is an error with the nearest known one.
std::vector<Assignment> parse_flags(const std::vector<FlagValue>& flags, Problems& errors);

/// "did you mean `x`?" or, without a near name, the fallback.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known,
                       std::string_view fallback);

}  // namespace ron::config
