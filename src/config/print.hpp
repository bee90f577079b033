// Settings back to text.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace ron::config {

/// A TOML file that loads to the same settings under any profile: every key that is not reserved,
/// one a line, nothing withheld.
std::string settings_toml(const Settings& settings);

}  // namespace ron::config
