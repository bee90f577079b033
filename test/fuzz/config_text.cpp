// A configuration out of arbitrary text: a file, read as TOML and as JSON, and a block of
// environment variables. Every error names a remedy; what is accepted is printed and loads to the
// same settings, and a reload to it is a plan that holds.
//
//   environment, one NAME=value a line, and a NUL, and the file; without a NUL all of it is the
//   file
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "config/diff.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "config/toml_text.hpp"

namespace {

using namespace ron::config;

using Environment = std::vector<std::pair<std::string, std::string>>;

Environment environment_of(std::string_view block) {
  Environment out;
  while (!block.empty()) {
    const std::string_view line = block.substr(0, block.find('\n'));
    block.remove_prefix(std::min(block.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      out.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

void check_problems(const Problems& problems) {
  RON_CHECK(!problems.empty());
  for (const Problem& problem : problems) {
    RON_CHECK(!problem.what.empty() && !problem.remedy.empty());
    const std::string text = problem_text(problem);
    RON_CHECK(text.find('\n') == std::string::npos && text.find('\x1b') == std::string::npos);
  }
}

void check_round_trip(const Settings& settings) {
  const std::string printed = settings_toml(settings);
  RON_CHECK(printed.size() <= kMaxFileBytes);
  const auto again =
      load({.file = FileText{"printed.toml", printed}, .environment = {}, .flags = {}});
  RON_CHECK(again.has_value());
  RON_CHECK(differences(settings, again->settings).empty());
  RON_CHECK(settings_toml(again->settings) == printed);
}

void check_reload(const Settings& settings) {
  const Settings running = defaults(Profile::kMicronode);
  const ReloadPlan plan = plan_reload(running, settings);
  RON_CHECK(plan.live.size() + plan.restart.size() == differences(running, settings).size());
  RON_CHECK(differences(plan.next, settings).size() == plan.restart.size());
}

void try_file(const char* name, const std::string& text, const Environment& environment) {
  const auto loaded = load({.file = FileText{name, text}, .environment = environment, .flags = {}});
  if (!loaded) return check_problems(loaded.error());
  if (!loaded->warnings.empty()) check_problems(loaded->warnings);
  check_round_trip(loaded->settings);
  check_reload(loaded->settings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const bool both = end != std::string_view::npos;
  const Environment environment = environment_of(both ? input.substr(0, end) : "");
  const std::string text(both ? input.substr(end + 1) : input);
  try_file("fuzz.toml", text, environment);
  try_file("fuzz.json", text, environment);
  return 0;
}
