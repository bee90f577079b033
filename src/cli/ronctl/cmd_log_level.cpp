// ronctl log-level: shows or changes how much the node logs.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "node_answer.hpp"

namespace ron::cli {

void add_log_level(CLI::App& app, Context& context, Run& run) {
  auto level = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("log-level", "Show or change how much the node logs");
  command->add_option("LEVEL", *level, "What shall hold until the next reload or restart")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
  command->callback([&context, &run, level] {
    run = [&context, level] {
      ControlArgs args;
      if (!level->empty()) args.emplace_back("level", *level);
      const Answer answer = ask(context, "log-level", args);
      context.json ? print_answer(answer)
                   : static_cast<void>(print(text_at(answer.json, "level") + "\n"));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ron::cli
