// ronctl queues: memory against its bound, and what waits where.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "session_table.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

int run_queues(const Context& context, std::uint32_t limit) {
  const Answer answer = ask(context, "queues", {{"limit", std::to_string(limit)}});
  if (context.json) {
    print_answer(answer);
    return kOk;
  }
  const Json& queues = answer.json;
  Facts facts;
  facts.add("memory", bytes_text(number_at(queues, "memory.bytes")) + " of " +
                          bytes_text(number_at(queues, "memory.capacity")) + " (" +
                          count_text(count_at(queues, "memory.percent")) + " %)");
  facts.add("to subscribers", count_text(count_at(queues, "egress.frames")) + " messages, " +
                                  bytes_text(number_at(queues, "egress.bytes")));
  facts.add("half received", bytes_text(number_at(queues, "ingress.bytes")));
  facts.add("between shards",
            count_text(count_at(queues, "between_shards.messages")) + " messages");
  print(facts.text() + "\n" + session_table(at(queues, "sessions")));
  print(incomplete_note(queues));
  return kOk;
}

}  // namespace

void add_queues(CLI::App& app, Context& context, Run& run) {
  auto limit = std::make_shared<std::uint32_t>(20);
  CLI::App* command =
      app.add_subcommand("queues", "Memory against its bound, and what waits where");
  command->add_option("--limit", *limit, "At most so many sessions (1 to 2000)")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  command->callback(
      [&context, &run, limit] { run = [&context, limit] { return run_queues(context, *limit); }; });
}

}  // namespace ron::cli
