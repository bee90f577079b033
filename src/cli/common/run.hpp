// From a command line to an exit code: global options, suggestions, signals.
#pragma once

#include "cli/common/tool.hpp"

namespace CLI {
class App;
}

namespace ron::cli {

/// The options every tool has: where the node is, TLS, --timeout, --json. Looks at the terminal.
void add_global_options(CLI::App& app, Context& context);

/// Parses, then runs what the callbacks left in `run`; the first SIGINT or SIGTERM requests
/// `context.stop`, the second ends the process.
int run_tool(CLI::App& app, Context& context, const Run& run, int argc, char** argv);

}  // namespace ron::cli
