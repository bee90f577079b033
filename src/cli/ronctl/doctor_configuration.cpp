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

std::optional<config::Settings> settings_of(const Json& configuration, const Json& status) {
  config::Inputs inputs;
  for (const auto& [name, entry] : at(configuration, "keys").items()) {
    const std::string value =
        text_at(name == "uds.path" ? status : entry, name == "uds.path" ? "uds" : "value");
    // A newer node may have keys this ronctl does not know. Of paths the node tells the last part,
    // of identities and secrets nothing.
    const config::KeyRow* row = config::find_key(name);
    const bool told = row != nullptr && (row->privacy == config::Privacy::kPublic ||
                                         row->privacy == config::Privacy::kPath);
    if (told && !value.empty()) inputs.flags.push_back({"--set", name + "=" + value});
  }
  auto loaded = config::load(inputs);
  if (!loaded) return std::nullopt;
  config::Settings settings = std::move(loaded->settings);
  settings.tls.cert_path.clear();
  settings.tls.key_path.clear();
  settings.tls.client_ca_path.clear();
  const std::string name = text_at(status, "config_file");
  std::expected<setup::Configuration, config::Problems> file = std::unexpected(config::Problems{});
  if (!name.empty()) file = setup::read_one_file(name);
  if (file) {
    const config::Settings& written = file->loaded.settings;
    settings.tls.cert_path = written.tls.cert_path;
    settings.tls.key_path = written.tls.key_path;
    settings.tls.client_ca_path = written.tls.client_ca_path;
  }
  return settings;
}

}  // namespace ron::cli
