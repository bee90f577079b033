// overlay-smoke: options, help, exit code.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "cli/common/run.hpp"
#include "report.hpp"
#include "run.hpp"

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

constexpr int kGateMissed = 7;

constexpr const char* kFooter = R"(
Workloads: S is 1 KiB, M is 64 KiB, L is 1 MiB as 16 publications of 64 KiB. Messages go out by
schedule whatever the node does; latency is from when a message was due until its last byte is at
the subscriber. Each publisher has a topic of its own with --fanout subscribers.

Without --url it starts a node of its own on ephemeral ports, with the configuration of the
environment (SVC_OVERLAY_..., no file), observes it and stops it. Another node is observed with --admin.

--soak adds sessions and subscriptions that come and go, a slow reader, a reload every 10 s (of its
own node), and judges growth of memory and open files and the drift of latency.

Exit codes:
  0 every gate passed                      3 cannot connect, or no node
  1 a wrong result: a message neither      4 refused by node
    received nor told lost, a failure      7 right, but a gate was missed
  2 usage                                130 interrupted

Examples:
  overlay-smoke                                   a node of its own, S50/M40/L10
  overlay-smoke --tls --mix S100 --rate 2000      hybrid key exchange, small messages
  overlay-smoke --soak --duration 24h --report soak.json
  overlay-smoke --url ron://127.0.0.1:9500 --admin http://127.0.0.1:9600

docs/overlay-smoke.md says how to read the report.)";

struct Arguments {
  Settings settings;
  std::string mix = "S50/M40/L10";
  std::string duration;
  std::string reconnect = "never";
  std::string report;
};

void finish(Arguments& args, bool has_url) {
  Plan& plan = args.settings.plan;
  const auto mix = parse_mix(args.mix);
  if (!mix) cli::fail_usage("--mix: " + mix.error());
  plan.mix = *mix;
  if (args.duration.empty()) args.duration = plan.soak ? "30m" : "30s";
  plan.duration = cli::parse_time("--duration", args.duration);
  if (plan.duration < 1s) cli::fail_usage("--duration: at least 1s");
  if (args.reconnect != "never") {
    const auto [end, error] = std::from_chars(
        args.reconnect.data(), args.reconnect.data() + args.reconnect.size(), plan.reconnect_every);
    if (error != std::errc{} || end != args.reconnect.data() + args.reconnect.size() ||
        plan.reconnect_every == 0)
      cli::fail_usage("--reconnect-every: a number of messages, or never");
  }
  if (plan.subscribers == 0) plan.subscribers = plan.fanout;
  if (plan.fanout > plan.subscribers) cli::fail_usage("--fanout: more than --subscribers");
  if (plan.subscribers > plan.publishers * plan.fanout)
    cli::fail_usage("--subscribers: at most --publishers times --fanout, or some get nothing");
  args.settings.own_node = !has_url;
  if (has_url && (args.settings.tls || !args.settings.node_path.empty()))
    cli::fail_usage("--tls and --node are for a node of its own, --url says where another is");
  if (!has_url && !args.settings.admin.empty()) cli::fail_usage("--admin goes with --url");
}

int run(Arguments args, const cli::Context& context, bool has_url) {
  finish(args, has_url);
  // Progress is for people: where stdout is for a program, they read stderr.
  const auto tell = [&](const std::string& text) {
    std::FILE* to = context.json ? stderr : stdout;
    std::fputs(text.c_str(), to);
    std::fflush(to);
  };
  tell("overlay-smoke  " + plan_text(args.settings.plan) + "\n\n" + interval_head());
  const Findings findings = execute(
      args.settings, context, [&](const Interval& interval) { tell(interval_text(interval)); });
  const std::vector<Verdict> verdicts = judge(findings);
  if (context.json) {
    cli::print(report_json(findings, verdicts).dump() + "\n");
  } else {
    tell("\nnode        " + findings.node + "\n" + report_text(findings, verdicts, context.color));
  }
  if (!args.report.empty()) {
    std::ofstream file(args.report);
    file << report_json(findings, verdicts).dump(2) << '\n';
    if (!file.flush()) throw cli::Failed{cli::kFailure, "cannot write " + args.report};
  }
  const auto wrong = [](const Verdict& v) { return v.hard && !v.passed; };
  if (std::ranges::any_of(verdicts, wrong)) return cli::kFailure;
  if (findings.interrupted) return cli::kInterrupted;
  return passed(findings, verdicts) ? cli::kOk : kGateMissed;
}

void add_options(CLI::App& app, Arguments& args) {
  Plan& plan = args.settings.plan;
  plan.subscribers = 0;
  const auto some = CLI::Range(1U, 1000U);
  app.add_option("--mix", args.mix, "Shares of the workloads")->capture_default_str();
  app.add_option("--rate", plan.rate, "Messages a second of all publishers")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  app.add_option("--fanout", plan.fanout, "Subscribers of each message")
      ->check(some)
      ->capture_default_str();
  app.add_option("--publishers", plan.publishers, "Sessions that publish")
      ->check(some)
      ->capture_default_str();
  app.add_option("--subscribers", plan.subscribers,
                 "Sessions that subscribe (default: as many as --fanout)")
      ->check(some);
  app.add_option("--duration", args.duration, "How long to send (default: 30s, of a soak 30m)");
  app.add_option("--reconnect-every", args.reconnect,
                 "Messages after which a publisher begins a new session, or never")
      ->capture_default_str();
  app.add_flag("--soak", plan.soak, "Churn, reloads, a slow reader; judges trends");
  app.add_flag("--tls", args.settings.tls,
               "TLS with client certificates and hybrid key exchange for the node of its own");
  app.add_option("--node", args.settings.node_path,
                 "svc-overlay for the node of its own (default: beside this program)");
  app.add_option("--admin", args.settings.admin,
                 "Where the node of --url serves /readyz and /metrics: http://HOST:PORT");
  app.add_option("--report", args.report, "Write the JSON report to this file, too");
}

int run_main(int argc, char** argv) {
  CLI::App app{"Loads a RustyOnions node and judges it: accounting, latency, resources, readiness.",
               "overlay-smoke"};
  app.footer(kFooter);
  cli::Context context;
  context.tool = "overlay-smoke";
  cli::add_global_options(app, context);
  Arguments args;
  add_options(app, args);
  CLI::Option* url = app.get_option("--url");
  // A load is never put on a node that was not named here.
  url->description("Address of the node to load (default: one of its own)")
      ->default_str("")
      ->envname("");
  return cli::run_tool(
      app, context, [&] { return run(args, context, url->count() > 0); }, argc, argv);
}

}  // namespace
}  // namespace ron::smoke

int main(int argc, char** argv) { return ron::smoke::run_main(argc, argv); }
