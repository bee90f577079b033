// ronctl context: nodes by name.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "common.hpp"
#include "context_choice.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

struct Args {
  std::string name;
  bool force = false;
  bool use = false;
};

Contexts load() {
  auto contexts = load_contexts(contexts_path());
  if (!contexts) throw Failed{kFailure, contexts.error()};
  return std::move(*contexts);
}

void save(const Contexts& contexts) {
  if (const auto saved = save_contexts(contexts_path(), contexts); !saved)
    throw Failed{kFailure, saved.error()};
}

NamedNode& find(Contexts& contexts, const std::string& name) {
  const auto node = contexts.nodes.find(name);
  if (node == contexts.nodes.end())
    fail_usage("there is no context '" + name + "' ('ronctl context list' shows all)");
  return node->second;
}

nlohmann::ordered_json json_of(const std::string& name, const NamedNode& node, bool current) {
  nlohmann::ordered_json out{{"name", name}, {"current", current}, {"url", node.url}};
  if (!node.ca.empty()) out["ca"] = node.ca;
  if (!node.cert.empty()) out["cert"] = node.cert;
  if (!node.key.empty()) out["key"] = node.key;
  return out;
}

// A relative path would mean another file in another directory.
std::string absolute(const std::optional<std::string>& path) {
  return path ? std::filesystem::absolute(*path).lexically_normal().string() : std::string();
}

int run_add(const CLI::App& app, const Context& context, const Args& args) {
  const Given given = given_options(app, context);
  if (!legal_context_name(args.name))
    fail_usage("a name has at most 64 letters, digits, '-' and '_'");
  if (!given.url) fail_usage("say where the node is: ronctl context add NAME --url URL");
  if (const auto ok = check_context_url(*given.url); !ok) fail_usage(ok.error());
  if (given.cert.has_value() != given.key.has_value())
    fail_usage("--cert and --key belong together");
  Contexts contexts = load();
  if (contexts.nodes.contains(args.name) && !args.force)
    fail_usage("the context '" + args.name + "' is there already (--force replaces it)");
  contexts.nodes[args.name] = {*given.url, absolute(given.ca), absolute(given.cert),
                               absolute(given.key)};
  if (args.use) contexts.current = args.name;
  save(contexts);
  return kOk;
}

int run_list(const Context& context) {
  const Contexts contexts = load();
  Table table({{""}, {"name"}, {"url", Align::kLeft, 80}, {"certificate", Align::kLeft, 80}});
  for (const auto& [name, node] : contexts.nodes) {
    const bool current = name == contexts.current;
    if (context.json) print(json_of(name, node, current).dump() + "\n");
    table.add({current ? "*" : "", name, node.url, node.cert});
  }
  if (!context.json) print(table.empty() ? "no contexts\n" : table.text());
  return kOk;
}

int run_show(const Context& context, const Args& args) {
  Contexts contexts = load();
  const std::string name = args.name.empty() ? contexts.current : args.name;
  if (name.empty()) fail_usage("no context is in use: name one");
  const NamedNode& node = find(contexts, name);
  if (context.json) {
    print(json_of(name, node, name == contexts.current).dump() + "\n");
    return kOk;
  }
  Facts facts;
  facts.add("name", name + (name == contexts.current ? " (in use)" : ""));
  facts.add("url", node.url);
  facts.add("ca", node.ca);
  facts.add("cert", node.cert);
  facts.add("key", node.key);
  print(facts.text());
  return kOk;
}

int run_use(const Args& args) {
  Contexts contexts = load();
  find(contexts, args.name);
  contexts.current = args.name;
  save(contexts);
  return kOk;
}

int run_rm(const Args& args) {
  Contexts contexts = load();
  find(contexts, args.name);
  contexts.nodes.erase(args.name);
  if (contexts.current == args.name) contexts.current.clear();
  save(contexts);
  return kOk;
}

}  // namespace

void add_context(CLI::App& app, Context& context, Run& run) {
  CLI::App* group = app.add_subcommand("context", "Nodes by name: where they are, who asks");
  group->require_subcommand(1);
  group->footer(
      "Kept in $XDG_CONFIG_HOME/ron/contexts.toml or ~/.config/ron/contexts.toml: paths, never "
      "secrets.\nFlags win over the environment, that over the context. A context named by "
      "--context wins\nover the environment; the one in use counts only where no --url is given.");
  auto args = std::make_shared<Args>();
  const auto add = [&](const char* name, const char* about, std::function<int()> what) {
    CLI::App* command = group->add_subcommand(name, about);
    command->callback([&run, what = std::move(what)] { run = what; });
    return command;
  };
  CLI::App* command = add("add", "Remember --url, --ca, --cert and --key under a name",
                          [&app, &context, args] { return run_add(app, context, *args); });
  command->add_option("NAME", args->name, "Letters, digits, '-' and '_'")->required();
  command->add_flag("--use", args->use, "Use it from now on");
  command->add_flag("--force", args->force, "Replace the context of this name");
  command->footer(
      "Example:\n  ronctl context add edge --url rons://edge.example:9500 --ca ca.pem "
      "--cert me.pem --key me.key");
  add("list", "Show all; '*' marks the one in use", [&context] { return run_list(context); });
  command =
      add("use", "Use a context where nothing else is said", [args] { return run_use(*args); });
  command->add_option("NAME", args->name, "Which")->required();
  command = add("show", "Show one", [&context, args] { return run_show(context, *args); });
  command->add_option("NAME", args->name, "Which (default: the one in use)");
  command = add("rm", "Forget one", [args] { return run_rm(*args); });
  command->add_option("NAME", args->name, "Which")->required();
}

}  // namespace ron::cli
