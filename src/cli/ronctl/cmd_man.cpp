// ronctl man: man pages.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "man_page.hpp"
#include "version.hpp"

namespace ron::cli {

void add_man(CLI::App& app, Context& /*context*/, Run& run) {
  auto page = std::make_shared<std::string>("ronctl");
  CLI::App* command = app.add_subcommand("man", "Print a man page (roff)");
  command->add_option("PAGE", *page, "Of which program")
      ->check(CLI::IsMember({"ronctl", "svc-overlay"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  ronctl man | man -l -                                    read it\n"
      "  ronctl man > /usr/local/share/man/man1/ronctl.1          keep it\n"
      "  ronctl man svc-overlay > /usr/local/share/man/man8/svc-overlay.8");
  command->callback([&app, &run, page] {
    run = [&app, page] {
      const std::string date = std::string(kBuildDate).substr(0, 10);
      print(*page == "ronctl" ? ronctl_man_page(command_tree(app), kVersion, date)
                              : overlay_man_page(kVersion, date));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ron::cli
