// ronctl trace: a probe through the mesh, and when each node had it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>

#include "common.hpp"
#include "trace_view.hpp"

namespace ron::cli {
namespace {

constexpr int kRoundTrips = 5;  // measured to each node; the shortest counts

using Clock = std::chrono::steady_clock;

struct Trace {
  std::string topic;
  std::vector<std::string> more;
  std::string wait = "3s";
};

// When the probe came to ronctl, by node. The clients' threads write, the command waits.
class Arrivals {
 public:
  explicit Arrivals(std::size_t nodes) : at_(nodes) {}

  void note(std::size_t node) {
    const std::scoped_lock lock(mutex_);
    if (!at_[node]) at_[node] = Clock::now();
    changed_.notify_all();
  }

  /// Until all have it, the time is over, or the command was interrupted.
  std::vector<std::optional<Clock::time_point>> wait(const Context& context, Milliseconds most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, context.stop, most, [this] {
      return std::ranges::all_of(at_, [](const auto& at) { return at.has_value(); });
    });
    return at_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::optional<Clock::time_point>> at_;
};

std::string new_probe() {
  std::random_device random;
  char text[40];
  std::snprintf(text, sizeof text, "ronctl trace %08x%08x", random(), random());
  return text;
}

// One node: what it knows of the mesh, how far it is, and a subscription that tells of the probe.
class Watched {
 public:
  Watched(Context context, const Trace& args, const std::string& probe, Arrivals& arrivals,
          std::size_t place)
      : context_(std::move(context)), client_(connect_to(context_)) {
    traced.url = context_.url;
    const sdk::SessionInfo info = client_.info();
    traced.node = hex(info.node.data(), info.node.size());
    if (is_operator()) {
      traced.mesh = ask(context_, client_, "mesh").json;
      if (!flag_at(traced.mesh, "enabled"))
        throw Failed{kRefused, "the node at " + context_.url + " is in no mesh"};
    }
    const sdk::CallOptions call{context_.timeout(), context_.stop};
    subscription_ = must(client_.subscribe(
        std::vector<std::string>{args.topic},
        [&arrivals, probe, place](const sdk::MessageView& message) {
          if (message.data == probe) arrivals.note(place);
        },
        {}, call));
    auto shortest = std::chrono::nanoseconds::max();
    for (int i = 0; i < kRoundTrips; ++i) shortest = std::min(shortest, must(client_.flush(call)));
    traced.way = shortest / 2;
  }

  TracedNode traced;

 private:
  bool is_operator() const { return context_.url.starts_with("unix:"); }

  sdk::Client connect_to(const Context& context) const {
    sdk::Options options = options_of(context);
    options.reconnect = false;
    options.tap = is_operator();
    if (options.tap) return connect_operator(context, options);
    return connect(context);
  }

  Context context_;
  sdk::Client client_;
  sdk::Subscription subscription_;  // ends before its client
};

std::string url_of(const std::string& node) {
  const bool url = node.find("://") != std::string::npos || node.starts_with("unix:");
  return url ? node : "unix:" + std::filesystem::absolute(node).string();
}

void report(const Context& context, const Trace& args, std::vector<TracedNode> nodes,
            const sdk::Published& published) {
  order_by_arrival(nodes);
  if (!context.json) {
    print(trace_table(nodes));
    return;
  }
  print_json({{"topic", args.topic},
              {"to", published.to},
              {"links", published.links},
              {"nodes", trace_json(nodes)}});
}

int run_trace(const Context& context, const Trace& args) {
  const Milliseconds most = parse_time("--wait", args.wait);
  std::vector<Context> contexts = {context};
  for (const std::string& node : args.more) {
    contexts.push_back(context);
    contexts.back().url = url_of(node);
  }
  const std::string probe = new_probe();
  Arrivals arrivals(contexts.size());  // outlives the clients, whose threads call it
  std::vector<std::unique_ptr<Watched>> watched;
  for (const Context& each : contexts)
    watched.push_back(std::make_unique<Watched>(each, args, probe, arrivals, watched.size()));

  sdk::Client publisher = connect(context);
  const std::chrono::nanoseconds there = watched.front()->traced.way;
  const auto sent = Clock::now();
  const sdk::Published published =
      must(publisher.publish_acked(args.topic, probe, {}, {context.timeout(), context.stop}));
  const auto came = arrivals.wait(context, most);

  std::vector<TracedNode> nodes;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    nodes.push_back(watched[i]->traced);
    if (!came[i]) continue;
    const auto after = *came[i] - sent - there - nodes[i].way;
    nodes[i].after = std::max(after, Clock::duration::zero());
  }
  const auto lost = std::ranges::count_if(came, [](const auto& at) { return !at; });
  report(context, args, std::move(nodes), published);
  if (context.interrupted()) return kInterrupted;
  if (lost == 0) return kOk;
  throw Failed{kTimeout, count_text(static_cast<std::uint64_t>(lost)) +
                             " nodes did not have the probe within " + args.wait};
}

}  // namespace

void add_trace(CLI::App& app, Context& context, Run& run) {
  auto args = std::make_shared<Trace>();
  CLI::App* command =
      app.add_subcommand("trace", "Publish a probe, and say when each node of the mesh had it");
  command->add_option("TOPIC", args->topic, "Where to; its subscribers get the probe, too")
      ->required();
  command->add_option("NODE", args->more, "More nodes: Unix sockets, or their urls");
  command->add_option("--wait", args->wait, "For the probe to come everywhere")
      ->capture_default_str();
  command->footer(
      "The probe is published at the node of --url and watched for at all of them: by a tap over "
      "a\nUnix socket, by a subscription over any other url. Times are taken by the clock of this "
      "machine\nfrom when the first node had the probe, with the ways from here to the nodes (half "
      "a round\ntrip, measured) taken off; errors of a way are errors of a time.\n\n"
      "Messages carry no list of the nodes they passed: 'from one of' names the neighbours that "
      "had\nit before, first to last, which is one node where the path is certain; 'unclear': "
      "a node\nthat was not asked, or the times are not fine enough to tell.\n\n"
      "Example, for './dev run --nodes 5' with the M it tells:\n"
      "  ronctl --url unix:$M/1/run.sock trace hello/trace $M/[2-5]/run.sock");
  command->callback(
      [&context, &run, args] { run = [&context, args] { return run_trace(context, *args); }; });
}

}  // namespace ron::cli
