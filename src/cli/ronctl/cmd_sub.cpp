// ronctl sub: prints what is published.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "common.hpp"
#include "format.hpp"
#include "lag_teller.hpp"

namespace ron::cli {
namespace {

struct Sub {
  std::vector<std::string> patterns;
  std::string format = "text";
  std::uint64_t count = 0;
  std::string time;
  std::string group;
  bool echo = false;
  bool newline = false;
};

void report(const Context& context, bool json, const sdk::ConnectionEvent& event) {
  using Kind = sdk::ConnectionEvent::Kind;
  if (event.kind == Kind::kDisconnected && event.will_retry) {
    tell("disconnected: " + event.error.message + "; trying again");
  } else if (event.kind == Kind::kConnected && context.err_is_terminal) {
    tell("connected to " + context.url);
  } else if (event.kind == Kind::kGap) {
    const sdk::Gap& gap = event.gap;
    if (json) {
      print_json({{"gap",
                   {{"count", event.count},
                    {"origin", gap.origin},
                    {"epoch", gap.epoch},
                    {"first", gap.first},
                    {"last", gap.last}}}});
    }
    tell("gap: " + count_text(event.count) + " messages of node " + gap.origin +
         " are lost between nodes (numbers " + std::to_string(gap.first) + " to " +
         std::to_string(gap.last) + ", of any topic)");
  } else if (event.kind == Kind::kSubscriptionLost) {
    tell("the node refused to restore the subscription: " + event.error.message);
  } else if (event.kind == Kind::kSubscriptionRefused) {
    tell("the node does not restore the subscription yet: " + event.error.message +
         "; trying again");
  }
}

int run_sub(const Context& context, const Sub& args) {
  FormatOptions format;
  const auto parsed = parse_format(context.json ? "json" : args.format);
  if (!parsed) fail_usage(parsed.error());
  format.format = *parsed;
  format.color = context.color;
  format.newline = args.newline;
  const bool timed = !args.time.empty();
  const auto until =
      std::chrono::steady_clock::now() + (timed ? parse_time("--for", args.time) : Milliseconds(0));
  const bool json = format.format == Format::kJson;
  auto client =
      connect(context, [&context, json](const auto& event) { report(context, json, event); }, true);
  sdk::SubscribeOptions options;
  options.group = args.group;
  options.echo = args.echo;
  auto queue = must(client.subscribe(args.patterns, options, {context.timeout(), context.stop}));
  LagTeller lag(json);
  std::uint64_t seen = 0;
  while (!context.interrupted() && (args.count == 0 || seen < args.count)) {
    auto message = queue.try_pop();
    if (!message) {
      if (!flush_output()) return kOk;
      const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
      if (timed && left <= 0ms) break;
      auto popped = queue.pop({timed ? std::min<Milliseconds>(left, 200ms) : 200ms, context.stop});
      if (!popped && popped.error().code == sdk::ErrorCode::kTimeout) {
        lag.idle(client.counters().lagged);
        continue;
      }
      if (!popped && popped.error().code == sdk::ErrorCode::kCancelled) break;
      message = must(std::move(popped));
    }
    lag.before(*message);
    ++seen;
    if (!print(format_message(*message, format))) return kOk;
  }
  lag.idle(client.counters().lagged);
  if (context.interrupted()) return kInterrupted;
  return args.count > 0 && seen < args.count ? kTimeout : kOk;
}

}  // namespace

void add_sub(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Sub>();
  CLI::App* command = app.add_subcommand("sub", "Print what is published to matching topics");
  command
      ->add_option("PATTERN", args->patterns,
                   "Topics; '*' matches one segment, '**' at the end the rest (quote them)")
      ->required();
  command->add_option("--format", args->format, "text, raw, json or hex")->capture_default_str();
  command->add_flag("--newline", args->newline, "With raw: a newline after each message");
  command->add_option("--count", args->count, "End after so many messages");
  command->add_option("--for,--timeout", args->time,
                      "End after this time (5s); with --count, code 5 if fewer came");
  command->add_option("--group", args->group, "Share the messages with the members of a group");
  command->add_flag("--echo", args->echo, "Get this session's own publications too");
  command->footer(
      "Losses of a reader that is too slow are told on stderr, and as {\"lagged\":n} in json;\n"
      "what was lost between nodes, of any topic, as {\"gap\":{...}}.\n"
      "Reconnects by itself; Ctrl-C ends it.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_sub(context, *args); }; });
}

}  // namespace ron::cli
