// One run, from the start of a node to the findings.
#pragma once

#include <functional>

#include "cli/common/tool.hpp"
#include "findings.hpp"

namespace ron::smoke {

struct Settings {
  Plan plan;
  std::string node_path;  // of svc-overlay; empty: beside this program
  bool own_node = true;
  bool tls = false;   // for the own node
  std::string admin;  // of somebody else's node; empty: it is not observed
};

/// Throws cli::Failed when the run cannot begin. `tell` gets every line of the table over time.
Findings execute(const Settings& settings, cli::Context context,
                 const std::function<void(const Interval&)>& tell);

}  // namespace ron::smoke
