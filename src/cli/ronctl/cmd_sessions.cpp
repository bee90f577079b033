// ronctl sessions: who is connected, and what waits for them.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "session_table.hpp"

namespace ron::cli {
namespace {

struct Sessions {
  std::string order = "queued";
  std::uint32_t limit = 100;
};

int run_sessions(const Context& context, const Sessions& args) {
  const Answer answer =
      ask(context, "sessions", {{"order", args.order}, {"limit", std::to_string(args.limit)}});
  if (context.json) {
    print_answer(answer);
    return kOk;
  }
  const Json& sessions = at(answer.json, "sessions");
  print(session_table(sessions));
  const std::uint64_t total = count_at(answer.json, "total");
  if (total > sessions.size()) {
    print(count_text(sessions.size()) + " of " + count_text(total) +
          " sessions (--limit shows more)\n");
  }
  print(incomplete_note(answer.json));
  return kOk;
}

}  // namespace

void add_sessions(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Sessions>();
  CLI::App* command = app.add_subcommand("sessions", "Who is connected, and what waits for them");
  command->add_option("--order", args->order, "The largest first, by this")
      ->check(CLI::IsMember({"queued", "dropped", "published", "delivered", "age", "id"}))
      ->capture_default_str();
  command->add_option("--limit", args->limit, "At most so many (1 to 2000)")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_sessions(context, *args); }; });
}

}  // namespace ron::cli
