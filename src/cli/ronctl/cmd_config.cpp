// ronctl config: judges, shows and compares configurations of svc-overlay without starting it.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "config/diff.hpp"
#include "config/print.hpp"
#include "config/schema.hpp"
#include "setup/configuration.hpp"

namespace ron::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;
using config::Problem;
using config::Problems;
using setup::Configuration;

struct ConfigArgs {
  std::string file, other;
  std::vector<std::string> sets;
  bool text_only = false;
  bool toml = false;
};

OrderedJson problems_json(const Problems& problems) {
  OrderedJson out = OrderedJson::array();
  for (const Problem& problem : problems)
    out.push_back({{"key", problem.key},
                   {"value", problem.value},
                   {"source", problem.source},
                   {"what", problem.what},
                   {"remedy", problem.remedy}});
  return out;
}

std::string dumped(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

void tell_problems(const std::string& title, const Problems& problems) {
  if (problems.empty()) return;
  std::string text = title;
  for (const Problem& problem : problems) text += "\n  - " + problem_text(problem);
  tell(text);
}

int refuse(const Context& context, const Problems& errors) {
  if (context.json)
    print(dumped({{"valid", false}, {"errors", problems_json(errors)}}));
  else
    tell_problems("ronctl: the configuration is wrong", errors);
  return kConfig;
}

std::expected<Configuration, Problems> read(const ConfigArgs& args) {
  setup::Sources sources{.config_path = args.file, .flags = {}, .ask_machine = !args.text_only};
  for (const std::string& text : args.sets) sources.flags.push_back({"--set", text});
  return setup::read_configuration(sources);
}

int check(const Context& context, const ConfigArgs& args) {
  const auto read_one = read(args);
  if (!read_one) return refuse(context, read_one.error());
  const Problems& warnings = read_one->loaded.warnings;
  if (context.json) {
    print(dumped({{"valid", true},
                  {"file", read_one->file},
                  {"errors", OrderedJson::array()},
                  {"warnings", problems_json(warnings)}}));
    return kOk;
  }
  tell_problems("warnings", warnings);
  print("the configuration is valid (file: " + (read_one->file.empty() ? "none" : read_one->file) +
        ")\n");
  return kOk;
}

OrderedJson shown_json(const Configuration& configuration) {
  OrderedJson keys = OrderedJson::array();
  std::size_t index = 0;
  for (const config::KeyRow& row : config::keys())
    keys.push_back({{"key", row.name},
                    {"value", config::shown_value(row, configuration.loaded.settings)},
                    {"source", configuration.loaded.origins[index++]},
                    {"reload", row.reload == config::Reload::kLive ? "live" : "restart"}});
  return {{"file", configuration.file}, {"keys", std::move(keys)}};
}

int show(const Context& context, const ConfigArgs& args) {
  const auto read_one = read(args);
  if (!read_one) return refuse(context, read_one.error());
  if (context.json)
    print(dumped(shown_json(*read_one)));
  else if (args.toml)
    print(config::settings_toml(read_one->loaded.settings));
  else
    print(configuration_text(*read_one, setup::Show::kShareable));
  return kOk;
}

OrderedJson change_json(const config::Change& change, const char* reload) {
  return {{"key", change.row->name},
          {"before", change.before},
          {"after", change.after},
          {"reload", reload}};
}

int diff(const Context& context, const ConfigArgs& args) {
  const auto before = setup::read_one_file(args.file);
  if (!before) return refuse(context, before.error());
  const auto after = setup::read_one_file(args.other);
  if (!after) return refuse(context, after.error());
  const config::ReloadPlan plan =
      config::plan_reload(before->loaded.settings, after->loaded.settings);
  if (context.json) {
    OrderedJson changes = OrderedJson::array();
    for (const auto& change : plan.live) changes.push_back(change_json(change, "live"));
    for (const auto& change : plan.restart) changes.push_back(change_json(change, "restart"));
    print(dumped({{"changes", changes}, {"reload_errors", problems_json(plan.errors)}}));
  } else {
    for (const std::string& line : plan.lines()) print(line + "\n");
    tell_problems("a reload from the first to the second would be refused, a restart is needed",
                  plan.errors);
  }
  return plan.live.empty() && plan.restart.empty() ? kOk : kFailure;
}

using Action = int (*)(const Context&, const ConfigArgs&);

CLI::App* add(CLI::App& config, const char* name, const char* help, Context& context, Run& run,
              const std::shared_ptr<ConfigArgs>& args, Action action) {
  CLI::App* command = config.add_subcommand(name, help);
  command->fallthrough();
  command->callback([&context, &run, args, action] {
    run = [&context, args, action] { return action(context, *args); };
  });
  return command;
}

// What `check` and `show` read.
void add_sources(CLI::App& command, ConfigArgs& args) {
  command.add_option("FILE", args.file,
                     "Configuration file, TOML or JSON (else RON_CONFIG, ./svc-overlay.toml, "
                     "/etc/ron/svc-overlay.toml)");
  command.add_option("--set", args.sets, "Set any key; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--text-only", args.text_only,
                   "Do not look at the files and directories it names (for another machine)");
}

}  // namespace

void add_config(CLI::App& app, Context& context, Run& run) {
  CLI::App* config = app.add_subcommand("config", "Configurations of svc-overlay");
  config->require_subcommand(1);
  config->fallthrough();
  const auto args = std::make_shared<ConfigArgs>();
  add_sources(*add(*config, "check", "Judge a configuration; every error at once, exit code 78",
                   context, run, args, check),
              *args);
  CLI::App* shown = add(*config, "show", "Print what would hold, and where each value comes from",
                        context, run, args, show);
  add_sources(*shown, *args);
  shown->add_flag("--toml", args->toml, "As a complete file, with nothing left out");
  shown->footer(
      "SVC_OVERLAY_ variables count as for the daemon. Directories of paths and identities are "
      "left "
      "out, so that the output can be shared; --toml keeps them.");
  CLI::App* compared = add(*config, "diff", "Compare two files: live changes, and those that wait",
                           context, run, args, diff);
  compared->add_option("BEFORE", args->file, "The file in force")->required();
  compared->add_option("AFTER", args->other, "The file to come")->required();
  compared->footer("Exit code 0: equal, 1: different, 78: one of them is wrong.");
  add(*config, "schema", "Print the JSON Schema of configuration files", context, run, args,
      [](const Context&, const ConfigArgs&) {
        print(config::json_schema());
        return static_cast<int>(kOk);
      });
}

}  // namespace ron::cli
