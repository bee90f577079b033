// ronctl tap: what passes through a node, without counting as a receiver.
#include <CLI/CLI.hpp>

#include <charconv>
#include <memory>

#include "common.hpp"
#include "lag_teller.hpp"
#include "line_gate.hpp"
#include "node_answer.hpp"
#include "tap_line.hpp"

namespace ron::cli {
namespace {

struct Tap {
  std::vector<std::string> patterns;
  std::string tenant;
  std::uint64_t rate = 50;
  std::uint64_t count = 0;
  bool payload = false;
};

sdk::Tenant parse_tenant(const std::string& text) {
  sdk::Tenant tenant;
  if (text.empty()) return tenant;
  const auto half = [&text](std::size_t from, std::uint64_t& into) {
    const char* begin = text.data() + from;
    const auto [end, fault] = std::from_chars(begin, begin + 16, into, 16);
    return fault == std::errc() && end == begin + 16;
  };
  if (text.size() != 32 || !half(0, tenant.hi) || !half(16, tenant.lo))
    fail_usage("--tenant: 32 hexadecimal digits");
  return tenant;
}

class Tapping {
 public:
  Tapping(const Context& context, const Tap& args)
      : context_(context), args_(args), gate_(args.rate), lag_(context.json) {}

  int run() {
    sdk::SubscribeOptions subscribe;
    subscribe.tenant = parse_tenant(args_.tenant);
    sdk::Options options = options_of(context_);
    options.tap = true;
    options.reconnect = false;
    sdk::Client client = connect_operator(context_, options);
    auto queue =
        must(client.subscribe(args_.patterns, subscribe, {context_.timeout(), context_.stop}));
    if (context_.err_is_terminal && !context_.json) tell("watching; Ctrl-C ends it");
    while (!context_.interrupted() && (args_.count == 0 || shown_ < args_.count)) {
      tell_hidden(gate_.hidden(std::chrono::steady_clock::now()));
      auto message = queue.try_pop();
      if (!message) {
        if (!flush_output()) return kOk;
        auto popped = queue.pop({200ms, context_.stop});
        if (!popped && popped.error().code == sdk::ErrorCode::kTimeout) {
          lag_.idle(client.counters().lagged);
          continue;
        }
        if (!popped && popped.error().code == sdk::ErrorCode::kCancelled) break;
        message = must(std::move(popped));
      }
      if (!show(*message)) return kOk;
    }
    lag_.idle(client.counters().lagged);
    tell_hidden(gate_.rest());
    return context_.interrupted() ? kInterrupted : kOk;
  }

 private:
  // False when nobody reads any more.
  bool show(const sdk::Message& message) {
    lag_.before(message);
    if (!gate_.pass()) return true;
    ++shown_;
    return print(tap_line(message, now(), {.payload = args_.payload, .json = context_.json}));
  }

  void tell_hidden(std::uint64_t count) const {
    if (count == 0) return;
    if (context_.json) {
      print_json({{"not_shown", count}});
    } else {
      print(count_text(count) + " more not shown (--rate " + std::to_string(args_.rate) + ")\n");
    }
  }

  const Context& context_;
  const Tap& args_;
  LineGate gate_;
  LagTeller lag_;
  std::uint64_t shown_ = 0;
};

}  // namespace

void add_tap(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Tap>();
  CLI::App* command = app.add_subcommand("tap", "Show what passes, without counting as a receiver");
  command->add_option("PATTERN", args->patterns, "Topics, as for sub (quote them)")->required();
  command->add_option("--rate", args->rate, "Lines a second; what is beyond is counted. 0: all")
      ->capture_default_str();
  command->add_flag("--payload", args->payload,
                    "Show the beginning of what was published, too: it may be private");
  command->add_option("--tenant", args->tenant, "Another tenant's topics (32 hexadecimal digits)");
  command->add_option("--count", args->count, "End after so many lines");
  command->footer(
      "Time (UTC), topic, size and correlation id of each message. Losses are told on stderr, and "
      "in\nJSON as {\"lagged\":n}; what --rate hides as {\"not_shown\":n}.");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return Tapping(context, *args).run(); }; });
}

}  // namespace ron::cli
