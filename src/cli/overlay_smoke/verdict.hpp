// Findings against the gates: which hold, and what was measured.
#pragma once

#include <string>
#include <vector>

#include "findings.hpp"

namespace ron::smoke {

struct Verdict {
  std::string gate;
  std::string limit;
  std::string measured;
  bool passed = false;
  bool hard = false;  // a wrong result, not a slow one
};

/// Only gates the run could measure. Limits are those of docs/overlay-smoke.md.
std::vector<Verdict> judge(const Findings& findings);

}  // namespace ron::smoke
