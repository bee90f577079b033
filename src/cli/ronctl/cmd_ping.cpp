// ronctl ping: connects, says who answers, measures round trips.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <thread>

#include "common.hpp"

namespace ron::cli {
namespace {

struct Ping {
  std::uint64_t count = 4;
  std::string every = "200ms";
};

std::string pq_text(const sdk::SessionInfo& info) {
  if (info.hybrid) return "hybrid (" + info.group + ")";
  if (!info.group.empty()) return "off (TLS with " + info.group + ")";
  return "off (no TLS)";
}

int run_ping(const Context& context, const Ping& args) {
  const auto every = parse_time("--every", args.every);
  const auto start = std::chrono::steady_clock::now();
  auto client = connect(context);
  const auto connected = std::chrono::steady_clock::now() - start;
  const sdk::SessionInfo info = client.info();
  const std::string node = hex(info.node.data(), info.node.size());
  if (!context.json) {
    print("node     " + node + "\nagent    " + (info.agent.empty() ? "-" : info.agent) +
          "\nkey exchange  " + pq_text(info) +
          (info.cipher.empty() ? "" : "\ncipher   " + info.cipher) + "\nlimits   " +
          count_text(info.fps) + " publications/s, " + count_text(info.rps) + " requests/s, " +
          count_text(info.max_frame) + " bytes a message\nconnect  " + time_text(connected) + "\n");
  }
  std::vector<std::chrono::nanoseconds> times;
  for (std::uint64_t i = 0; i < args.count && !context.interrupted(); ++i) {
    if (i > 0) std::this_thread::sleep_for(every);
    times.push_back(must(client.flush({context.timeout(), context.stop})));
    if (!context.json)
      print("ping " + std::to_string(i + 1) + "   " + time_text(times.back()) + "\n");
    flush_output();
  }
  if (times.empty()) return context.interrupted() ? kInterrupted : kOk;
  std::ranges::sort(times);
  const auto middle = times[times.size() / 2];
  if (context.json) {
    nlohmann::ordered_json out{{"node", node},
                               {"agent", info.agent},
                               {"hybrid", info.hybrid},
                               {"group", info.group},
                               {"cipher", info.cipher},
                               {"connect_us", connected.count() / 1000},
                               {"count", times.size()},
                               {"min_us", times.front().count() / 1000},
                               {"median_us", middle.count() / 1000},
                               {"max_us", times.back().count() / 1000}};
    print(out.dump() + "\n");
  } else if (times.size() > 1) {
    print("min " + time_text(times.front()) + ", median " + time_text(middle) + ", max " +
          time_text(times.back()) + "\n");
  }
  return kOk;
}

}  // namespace

void add_ping(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Ping>();
  CLI::App* command = app.add_subcommand("ping", "Say who answers, and how fast");
  command->add_option("--count", args->count, "Round trips to measure")->capture_default_str();
  command->add_option("--every", args->every, "Time between them")->capture_default_str();
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_ping(context, *args); }; });
}

}  // namespace ron::cli
