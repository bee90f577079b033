// ronctl mesh: the mesh as a node sees it.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "common.hpp"
#include "mesh_view.hpp"
#include "session_table.hpp"

namespace ron::cli {
namespace {

struct Mesh {
  bool dot = false;
  std::vector<std::string> more;
};

Answer ask_mesh(const Context& context) {
  Answer answer = ask(context, "mesh");
  if (!flag_at(answer.json, "enabled"))
    throw Failed{
        kRefused,
        "the node is in no mesh: set peers, mesh.allow or mesh.ca_path (docs/configuration.md)"};
  return answer;
}

int run_mesh(const Context& context, const Mesh& args) {
  if (args.dot && context.json) fail_usage("--dot and --json exclude each other");
  const Answer answer = ask_mesh(context);
  std::vector<Json> all = {answer.json};
  for (const std::string& path : args.more) {
    Context other = context;
    other.url = "unix:" + std::filesystem::absolute(path).string();
    all.push_back(ask_mesh(other).json);
  }
  if (args.dot) {
    print(mesh_dot(all));
    return kOk;
  }
  if (context.json && args.more.empty()) {
    print_answer(answer);
    return kOk;
  }
  for (const Json& mesh : all) {
    if (context.json) {
      print(mesh.dump() + "\n");
      continue;
    }
    print((&mesh == &all.front() ? "" : "\n") + mesh_facts(mesh) + "\n" +
          link_table(at(mesh, "links")) + incomplete_note(mesh));
  }
  return kOk;
}

}  // namespace

void add_mesh(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Mesh>();
  CLI::App* command =
      app.add_subcommand("mesh", "The mesh: links, round trips, trees, lag, what is relayed");
  command->add_flag("--dot", args->dot,
                    "A picture, for Graphviz; at the ends of a link: how many trees come in there");
  command->add_option("SOCKET", args->more, "Unix sockets of more nodes, to be told together");
  command->footer(
      "Example, for './dev run --nodes 5' with the M it tells:\n"
      "  ronctl --url unix:$M/1/run.sock mesh --dot $M/[2-5]/run.sock | dot -Tsvg >mesh.svg");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_mesh(context, *args); }; });
}

}  // namespace ron::cli
