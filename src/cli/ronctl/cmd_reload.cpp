// ronctl reload: the node reads its configuration and certificates again.
#include <CLI/CLI.hpp>

#include "common.hpp"
#include "node_answer.hpp"

namespace ron::cli {
namespace {

int run_reload(const Context& context) {
  const Answer answer = ask(context, "reload");
  if (context.json) {
    print_answer(answer);
    return kOk;
  }
  const std::string applied = list_at(answer.json, "applied");
  const std::string restart = list_at(answer.json, "restart");
  print("reloaded; " + (applied.empty() ? "no key changed" : "in force now: " + applied) + "\n");
  if (!restart.empty()) print("only a restart applies: " + restart + "\n");
  return kOk;
}

}  // namespace

void add_reload(CLI::App& app, Context& context, Run& run) {
  CLI::App* command = app.add_subcommand("reload", "Read configuration and certificates again");
  command->footer(
      "Sessions are kept. A configuration with a fault changes nothing: the faults are told, and "
      "the\nexit code is 4.");
  command->callback([&context, &run] { run = [&context] { return run_reload(context); }; });
}

}  // namespace ron::cli
