// Which context a command uses, and what it fills in.
#pragma once

#include <string>

#include "cli/common/tool.hpp"
#include "contexts.hpp"

namespace CLI {
class App;
}

namespace ron::cli {

/// Adds --context to the global options; `chosen` gets its value.
void add_context_option(CLI::App& app, std::string& chosen);

/// --context outranks the environment as any flag does: called before parsing, it hides
/// RON_NODE_URL, RON_CA, RON_CERT and RON_KEY from this process where the command line names a
/// context.
void let_context_outrank_environment(int argc, const char* const* argv);

/// Fills `context` after parsing: flags, then environment, then the context named by --context or
/// RON_CONTEXT, or the current one where no url was given at all. Throws Failed.
void apply_context(const CLI::App& app, const std::string& chosen, Context& context);

/// What the command line gave: --url, --ca, --cert, --key.
Given given_options(const CLI::App& app, const Context& context);

}  // namespace ron::cli
