// ronctl completion: what a shell needs to complete ronctl's command line.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "completion.hpp"

namespace ron::cli {

void add_completion(CLI::App& app, Context& /*context*/, Run& run) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print what completes ronctl in a shell");
  command->add_option("SHELL", *shell, "Which")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  command->footer(
      "Examples:\n"
      "  ronctl completion bash > ~/.local/share/bash-completion/completions/ronctl\n"
      "  ronctl completion zsh > ~/.zfunc/_ronctl        # a directory of $fpath\n"
      "  ronctl completion fish > ~/.config/fish/completions/ronctl.fish");
  command->callback([&app, &run, shell] {
    run = [&app, shell] {
      const CommandInfo tree = command_tree(app);
      print(*shell == "bash"  ? bash_completion(tree)
            : *shell == "zsh" ? zsh_completion(tree)
                              : fish_completion(tree));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ron::cli
