// The report: for people as tables, for programs as one JSON object.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "findings.hpp"
#include "verdict.hpp"

namespace ron::smoke {

/// "S50/M40/L10 at 100/s, fan-out 3, 2 publishers, 3 subscribers, 30 s"
std::string plan_text(const Plan& plan);

/// The table over time: its head, and a line of it.
std::string interval_head();
std::string interval_text(const Interval& interval);

/// What follows the table over time. `color`: passed and failed stand out on a terminal.
std::string report_text(const Findings& findings, const std::vector<Verdict>& verdicts, bool color);

nlohmann::ordered_json report_json(const Findings& findings, const std::vector<Verdict>& verdicts);

/// All verdicts passed and nobody broke the run off.
bool passed(const Findings& findings, const std::vector<Verdict>& verdicts);

}  // namespace ron::smoke
