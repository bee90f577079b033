// What differs between two configurations, and what of it may change while the node runs.
#pragma once

#include <string>
#include <vector>

#include "config/keys.hpp"

namespace ron::config {

struct Change {
  const KeyRow* row;
  std::string before, after;  // as value_text
};

/// In the order of the key table.
std::vector<Change> differences(const Settings& before, const Settings& after);

/// `running` with the live keys of `fresh`: what a reload puts in force.
Settings with_live_keys(const Settings& running, const Settings& fresh);

}  // namespace ron::config
