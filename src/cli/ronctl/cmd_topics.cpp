// ronctl topics: what is subscribed to, and what was published lately.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

#include "common.hpp"
#include "session_table.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

constexpr std::string_view kNoTenant = "00000000000000000000000000000000";

bool any_tenant(const Json& rows) {
  return std::ranges::any_of(rows,
                             [](const Json& row) { return text_at(row, "tenant") != kNoTenant; });
}

std::string tenant_of(const Json& row) {
  const std::string tenant = text_at(row, "tenant");
  return tenant == kNoTenant ? "-" : tenant;
}

// The tenant is a column only where there is one.
Table table_of(std::vector<Table::Column> columns, bool tenants) {
  if (tenants) columns.push_back({"tenant"});
  return Table(std::move(columns));
}

std::string patterns_text(const Json& patterns) {
  Table table = table_of({{"pattern", Align::kLeft, 64}, {"group"}, {"sessions", Align::kRight}},
                         any_tenant(patterns));
  for (const Json& one : patterns) {
    table.add({text_at(one, "pattern"), text_at(one, "group"),
               count_text(count_at(one, "sessions")), tenant_of(one)});
  }
  return table.text();
}

std::string recent_text(const Json& topics) {
  Table table = table_of({{"recent topic", Align::kLeft, 64},
                          {"published", Align::kRight},
                          {"bytes", Align::kRight},
                          {"receivers", Align::kRight}},
                         any_tenant(topics));
  for (const Json& one : topics) {
    table.add({text_at(one, "topic"), count_text(count_at(one, "published.frames")),
               bytes_text(number_at(one, "published.bytes")),
               count_text(count_at(one, "receivers")), tenant_of(one)});
  }
  return table.text();
}

int run_topics(const Context& context, std::uint32_t limit) {
  const Answer answer = ask(context, "topics", {{"limit", std::to_string(limit)}});
  if (context.json) {
    print_answer(answer);
    return kOk;
  }
  print(patterns_text(at(answer.json, "patterns")) + "\n" + recent_text(at(answer.json, "topics")));
  print(incomplete_note(answer.json));
  return kOk;
}

}  // namespace

void add_topics(CLI::App& app, Context& context, Run& run) {
  auto limit = std::make_shared<std::uint32_t>(100);
  CLI::App* command =
      app.add_subcommand("topics", "What is subscribed to, and what was published lately");
  command->add_option("--limit", *limit, "At most so many of each (1 to 2000)")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  command->footer("Recent topics are those the node remembers: a bounded cache, not a history.");
  command->callback(
      [&context, &run, limit] { run = [&context, limit] { return run_topics(context, *limit); }; });
}

}  // namespace ron::cli
