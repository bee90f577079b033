// ronctl status: the node at a glance.
#include <CLI/CLI.hpp>

#include "common.hpp"
#include "node_answer.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

std::string state_of(const Json& status) {
  const std::string missing = list_at(status, "missing");
  if (flag_at(status, "draining")) return "draining";
  if (flag_at(status, "ready")) return "ready";
  return std::string(flag_at(status, "degraded") ? "degraded" : "not ready") +
         (missing.empty() ? "" : ": " + missing);
}

std::string count_of(const Json& status, std::string_view path) {
  return count_text(count_at(status, path));
}

std::string queues_of(const Json& status) {
  return count_of(status, "totals.queued_frames") + " messages wait; " +
         bytes_text(number_at(status, "totals.queue_bytes")) + " of " +
         bytes_text(number_at(status, "totals.queue_capacity"));
}

// A node of before has no such part.
std::string memory_of(const Json& status) {
  const std::uint64_t budget = count_at(status, "memory.budget_bytes");
  return bytes_text(number_at(status, "memory.accounted_bytes")) + " accounted for, at most " +
         bytes_text(number_at(status, "memory.worst_case_bytes")) +
         (budget > 0 ? " of a budget of " + bytes_text(static_cast<double>(budget)) : "");
}

std::string text_of(const Json& status) {
  Facts facts;
  facts.add("node", text_at(status, "node"));
  facts.add("version", text_at(status, "version") + " (" + text_at(status, "git") + "), " +
                           text_at(status, "profile"));
  facts.add("state", state_of(status));
  facts.add("up", age_text(number_at(status, "uptime_s")));
  facts.add("listens", text_at(status, "listen"));
  facts.add("socket", text_at(status, "uds"));
  facts.add("admin", text_at(status, "admin"));
  facts.add("tls", text_at(status, "tls") + ", key exchange " + text_at(status, "pq_mode"));
  if (const std::uint64_t until = count_at(status, "certificate_not_after"); until > 0)
    facts.add("certificate", "until " + date_text(until));
  facts.add("config", text_at(status, "config_file"));
  facts.add("reloads",
            count_of(status, "reloads") + ", refused " + count_of(status, "reload_failures"));
  facts.add("log level", text_at(status, "log_level"));
  facts.add("shards", count_of(status, "shards"));
  facts.add("sessions", count_of(status, "totals.sessions") + " of " +
                            count_of(status, "totals.sessions_opened") + " since the start; " +
                            count_of(status, "totals.subscriptions") + " subscriptions");
  facts.add("published", count_of(status, "totals.published") + " messages, " +
                             bytes_text(number_at(status, "totals.bytes_rx")) + " came in");
  facts.add("delivered", count_of(status, "totals.delivered") + " messages, " +
                             bytes_text(number_at(status, "totals.bytes_tx")) + " went out");
  facts.add("dropped",
            count_of(status, "totals.dropped") + ", refused " + count_of(status, "totals.refused"));
  facts.add("queues", queues_of(status));
  if (count_at(status, "memory.worst_case_bytes") > 0) facts.add("memory", memory_of(status));
  facts.add("process", count_of(status, "process.open_fds") + " of " +
                           count_of(status, "process.max_fds") + " files, " +
                           bytes_text(number_at(status, "process.memory_bytes")) + ", " +
                           age_text(number_at(status, "process.cpu_seconds")) + " of CPU");
  return facts.text();
}

}  // namespace

void add_status(CLI::App& app, Context& context, Run& run) {
  CLI::App* command = app.add_subcommand("status", "The node at a glance");
  command->footer("--json prints the node's answer as it is (docs/control.md).");
  command->callback([&context, &run] {
    run = [&context] {
      const Answer answer = ask(context, "status");
      context.json ? print_answer(answer) : static_cast<void>(print(text_of(answer.json)));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace ron::cli
