// ronctl trace: a probe through the mesh, which way it took, and when each node had it.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "trace_view.hpp"

namespace ron::cli {
namespace {

constexpr Milliseconds kLookEvery = 50ms;

struct Trace {
  std::string topic;
  std::string wait = "1s";
  unsigned nodes = 0;
};

// Asks for what has come in, until it is enough, the time is over, or the command was interrupted.
Answer answers_to(const Context& context, sdk::Client& client, const Trace& args) {
  const auto end = std::chrono::steady_clock::now() + parse_time("--wait", args.wait);
  const std::string probe =
      text_at(ask(context, client, "trace", {{"topic", args.topic}}).json, "probe");
  for (;;) {
    Answer answer = ask(context, client, "traced", {{"probe", probe}});
    const bool enough = args.nodes > 0 && at(answer.json, "nodes").size() >= args.nodes;
    if (enough || std::chrono::steady_clock::now() >= end || !pause(context, kLookEvery))
      return answer;
  }
}

int run_trace(const Context& context, const Trace& args) {
  sdk::Client client = connect_operator(context);
  const Answer answer = answers_to(context, client, args);
  if (context.json) {
    print_answer(answer);
  } else {
    print(trace_tree(answer.json));
  }
  if (context.interrupted()) return kInterrupted;
  const std::size_t had = at(answer.json, "nodes").size();
  if (had >= args.nodes) return kOk;
  throw Failed{kTimeout, count_text(had) + " of " + count_text(args.nodes) +
                             " nodes answered within " + args.wait};
}

}  // namespace

void add_trace(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Trace>();
  CLI::App* command = app.add_subcommand(
      "trace", "Publish a probe; show which way it took, and when each node had it");
  command->add_option("TOPIC", args->topic, "Where to; its subscribers get the probe, too")
      ->required();
  command->add_option("--wait", args->wait, "For the answers of the nodes")->capture_default_str();
  command->add_option("--nodes", args->nodes, "Enough when so many others had it; fewer is a fault")
      ->check(CLI::Range(1, 2048));
  command->footer(
      "Each node that gets the probe answers along the way it came, with the neighbour that "
      "brought "
      "it\nfirst. It stands below that neighbour, with the time from the publication until it had "
      "the probe:\nuntil its answer was back, less half the round trip of each link on the way. No "
      "clocks are\ncompared; an answer that was held up on the way back makes a time too long.\n\n"
      "Leaves have the probe if they want the topic. Nodes of older versions pass it on, but not "
      "the\nanswers: 'no answer' is one of them, or an answer that was lost.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_trace(context, *args); }; });
}

}  // namespace ron::cli
