// What differs between two configurations, and what of it may change while the node runs.
#pragma once

#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/source.hpp"

namespace ron::config {

struct Change {
  const KeyRow* row;
  std::string before, after;  // as shown_value: fit for logs
};

/// In the order of the key table.
std::vector<Change> differences(const Settings& before, const Settings& after);

/// What a reload does. With errors it does nothing.
struct ReloadPlan {
  Settings next;  // the running settings with the live keys of the new ones: what to put in force
  std::vector<Change> live;     // take effect now
  std::vector<Change> restart;  // wait for a restart
  Problems errors;  // the live keys alone, without those that wait, break a rule between keys

  /// `live: timeouts.idle: 15s -> 20s`, one a change, with what Privacy withholds left out.
  std::vector<std::string> lines() const;
};

ReloadPlan plan_reload(const Settings& running, const Settings& fresh);

}  // namespace ron::config
