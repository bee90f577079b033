// The whole command line of ronctl, without running it: for main, completions, man pages and tests.
#pragma once

#include <CLI/CLI.hpp>

#include "common.hpp"

namespace ron::cli {

/// `app` with every command; they fill `context` and leave what to do in `run`. All three outlive
/// the parsing and the run.
void build_app(CLI::App& app, Context& context, Run& run);

}  // namespace ron::cli
