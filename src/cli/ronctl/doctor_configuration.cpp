// ronctl doctor: the configuration, from a file or from the node itself.
#include "config/load.hpp"
#include "doctor.hpp"
#include "doctor_settings.hpp"
#include "setup/configuration.hpp"

namespace ron::cli {
namespace {

std::string remedy_of(const config::Problem& problem) {
  return problem.remedy.empty() ? "change the setting" : problem.remedy;
}

}  // namespace

void check_configuration(const DoctorArgs& args, Patient& patient, Findings& out) {
  if (args.config.empty()) return;
  auto read = setup::read_one_file(args.config);
  if (!read) {
    for (const config::Problem& problem : read.error())
      out.fail("configuration", config::problem_text(problem), remedy_of(problem));
    return;
  }
  for (const config::Problem& problem : read->loaded.warnings)
    out.warn("configuration", config::problem_text(problem), remedy_of(problem));
  if (read->loaded.warnings.empty()) out.ok("configuration", args.config + " has no faults");
  patient.settings = std::move(read->loaded.settings);
}

std::optional<config::Settings> settings_of(const Json& configuration) {
  config::Inputs inputs;
  for (const auto& [name, entry] : at(configuration, "keys").items()) {
    const std::string value = text_at(entry, "value");
    // A newer node may have keys this ronctl does not know.
    const config::KeyRow* row = config::find_key(name);
    const bool told = row != nullptr && (row->privacy == config::Privacy::kPublic ||
                                         row->privacy == config::Privacy::kPath);
    if (told && !value.empty()) inputs.flags.push_back({"--set", name + "=" + value});
  }
  auto loaded = config::load(inputs);
  if (!loaded) return std::nullopt;
  return std::move(loaded->settings);
}

}  // namespace ron::cli
