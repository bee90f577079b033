// ronctl doctor: the configuration, from a file or from the node itself.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/load.hpp"
#include "config/toml_text.hpp"
#include "doctor.hpp"
#include "doctor_settings.hpp"

namespace ron::cli {
namespace {

std::string remedy_of(const config::Problem& problem) {
  return problem.remedy.empty() ? "change the setting" : problem.remedy;
}

}  // namespace

void check_configuration(const DoctorArgs& args, Patient& patient, Findings& out) {
  if (args.config.empty()) return;
  std::ifstream file(args.config, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    out.fail("configuration", args.config + " cannot be read: " + std::strerror(errno),
             "check the path, or use the service's user or root (sudo)");
    return;
  }
  auto loaded = config::load({.file = config::FileText{args.config, std::move(text).str()},
                              .environment = {},
                              .flags = {}});
  if (!loaded) {
    for (const config::Problem& problem : loaded.error())
      out.fail("configuration", config::problem_text(problem), remedy_of(problem));
    return;
  }
  for (const config::Problem& problem : loaded->warnings)
    out.warn("configuration", config::problem_text(problem), remedy_of(problem));
  if (loaded->warnings.empty()) out.ok("configuration", args.config + " has no faults");
  patient.settings = std::move(loaded->settings);
}

std::optional<config::Settings> settings_of(const Json& configuration) {
  config::Inputs inputs;
  for (const auto& [name, entry] : at(configuration, "keys").items()) {
    const std::string value = text_at(entry, "value");
    // A newer node may have keys this ronctl does not know.
    if (config::find_key(name) != nullptr && !value.empty())
      inputs.flags.push_back({"--set", name + "=" + value});
  }
  auto loaded = config::load(inputs);
  if (!loaded) return std::nullopt;
  return std::move(loaded->settings);
}

}  // namespace ron::cli
