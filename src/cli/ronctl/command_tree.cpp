#include "command_tree.hpp"

#include <CLI/CLI.hpp>

namespace ron::cli {
namespace {

// CLI11 tells choices only in the name of the type: "TEXT:{off,hybrid,require}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionInfo info_of(const CLI::Option& option) {
  OptionInfo out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  if (out.names.empty()) out.positional = option.get_name(true);
  out.about = option.get_description();
  out.preset = option.get_default_str();
  out.environment = option.get_envname();
  out.choices = choices_of(option.get_type_name());
  out.takes_value = option.get_items_expected_max() > 0;
  out.required = option.get_required();
  out.repeats = option.get_items_expected_max() > 1;
  return out;
}

CommandInfo info_of(const CLI::App& app, const std::string& before) {
  CommandInfo out;
  out.name = app.get_name();
  out.path = before.empty() ? out.name : before + " " + out.name;
  out.about = app.get_description();
  out.group = app.get_group();
  out.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options({})) out.options.push_back(info_of(*option));
  for (const CLI::App* command : app.get_subcommands({}))
    out.commands.push_back(info_of(*command, out.path));
  return out;
}

}  // namespace

const std::string& OptionInfo::name() const {
  if (names.empty()) return positional;
  return names.back();
}

CommandInfo command_tree(const CLI::App& app) { return info_of(app, {}); }

}  // namespace ron::cli
