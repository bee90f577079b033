// ronctl doctor: what is wrong with this machine or a node, and how to mend it.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "doctor.hpp"

namespace ron::cli {

void add_doctor(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<DoctorArgs>();
  CLI::App* command =
      app.add_subcommand("doctor", "What is wrong with this machine or a node, and the remedy");
  command->add_option("--config", args->config,
                      "Judge this configuration file, and the machine by it");
  command->add_option("--admin", args->admin,
                      "The node's admin listener, HOST:PORT (default: what node or file say)");
  command->footer(
      "Looks at: configuration, reachability and readiness, versions, ports, permissions,\n"
      "certificates, open files, clock, TLS key exchange, kernel limits. Over a node's Unix "
      "socket it\njudges by the configuration in force.\n\nExit codes: 0 all is well, 7 warnings "
      "only, 8 something is broken.");
  command->callback([&context, &run, args] {
    run = [&context, args] {
      const Findings findings = examine(context, *args);
      print(context.json
                ? json_of(findings).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                : text_of(findings, context.color));
      return exit_code(findings);
    };
  });
}

}  // namespace ron::cli
