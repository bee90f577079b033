// Where a value came from, and what is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ron::config {

/// Ranked: a later layer wins over an earlier one.
enum class Layer : std::uint8_t { kDefault, kFile, kEnv, kFlag };

/// How the text of a value arrived. TOML distinguishes "5" from 5; flags and environment do not.
enum class Form : std::uint8_t { kAnyText, kString, kInteger, kBoolean, kList, kOther };

/// One value somebody gave, not judged yet. Lists are their elements, one a line of `items`.
struct Assignment {
  std::string key;  // canonical name where it could be resolved, else as written
  std::string text;
  std::vector<std::string> items;  // only Form::kList
  Form form = Form::kAnyText;
  Layer layer = Layer::kDefault;
  std::string source;  // "svc-overlay.toml:12", "environment SVC_OVERLAY_PQ_MODE", "flag --pq"
};

/// One thing an operator must (or, as a warning, should) change.
struct Problem {
  std::string key;
  std::string value;
  std::string source;
  std::string what;    // a clause: "is not a whole number"
  std::string remedy;  // an imperative: "write digits, for example 200"
};

using Problems = std::vector<Problem>;

/// `overlay.peer.max_rps = "fast" (svc-overlay.toml:3): is not a whole number; write digits ...`
/// Control characters in the parts are shown as \xNN, so that a value cannot forge lines.
std::string problem_text(const Problem& problem);

}  // namespace ron::config
