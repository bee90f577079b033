#include "context_choice.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdlib>

namespace ron::cli {
namespace {

Contexts must_load() {
  auto contexts = load_contexts(contexts_path());
  if (!contexts) throw Failed{kFailure, contexts.error()};
  return std::move(*contexts);
}

}  // namespace

void add_context_option(CLI::App& app, std::string& chosen) {
  app.add_option("--context", chosen, "Take url, ca, cert and key from a context")
      ->envname("RON_CONTEXT");
}

void let_context_outrank_environment(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return;
    if (word != "--context" && !word.starts_with("--context=")) continue;
    for (const char* name : {"RON_NODE_URL", "RON_CA", "RON_CERT", "RON_KEY"}) ::unsetenv(name);
    return;
  }
}

Given given_options(const CLI::App& app, const Context& context) {
  const auto given = [&app](const char* option, const std::string& value) {
    return app.count(option) > 0 ? std::optional(value) : std::nullopt;
  };
  return {.url = given("--url", context.url),
          .ca = given("--ca", context.ca),
          .cert = given("--cert", context.cert),
          .key = given("--key", context.key)};
}

void apply_context(const CLI::App& app, const std::string& chosen, Context& context) {
  const Given given = given_options(app, context);
  // The current context describes its own node: it has no say where another is named.
  if (chosen.empty() && given.url) return;
  const Contexts contexts = must_load();
  const std::string& name = chosen.empty() ? contexts.current : chosen;
  if (name.empty()) return;
  const auto node = contexts.nodes.find(name);
  if (node == contexts.nodes.end())
    fail_usage("there is no context '" + name + "' ('ronctl context list' shows all)");
  const Given filled = with_context(given, node->second);
  context.url = filled.url.value_or(context.url);
  context.ca = filled.ca.value_or(context.ca);
  context.cert = filled.cert.value_or(context.cert);
  context.key = filled.key.value_or(context.key);
}

}  // namespace ron::cli
