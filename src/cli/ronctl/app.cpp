#include "app.hpp"

#include <initializer_list>
#include <memory>

#include "cli/common/run.hpp"
#include "context_choice.hpp"

namespace ron::cli {
namespace {

constexpr const char* kFooter = R"(
Where the node is:
  --url or RON_NODE_URL: ron://host:port (TCP), rons://host:port (TLS), unix:/path. Port 9500 may be
  left out. RON_CAP holds the capability token, where the node asks for one. 'ronctl context' gives
  nodes names. Operators' commands need the node's Unix socket (uds.path), and the right to use it.

Exit codes:
  0 ok              4 refused by node    8 doctor: something is broken
  1 failure         5 timeout           78 config: wrong configuration
  2 usage           6 no responder     130 interrupted
  3 cannot connect  7 doctor: warnings only

Examples:
  ronctl sub 'logs/**'                          print everything below logs/
  tail -f /var/log/syslog | ronctl pub logs/syslog -
  ronctl reply time --exec date &  ronctl request time
  ronctl tls init                               certificates for a node with TLS
  ronctl config check svc-overlay.toml          judge a node's configuration
  ronctl --url unix:/run/ron/svc-overlay.sock top

'ronctl COMMAND --help' says more about a command.)";

void group(CLI::App& app, const char* title, std::initializer_list<const char*> names) {
  for (const char* name : names) app.get_subcommand(name)->group(title);
}

void let_all_fall_through(CLI::App& app) {
  app.fallthrough();
  for (CLI::App* command : app.get_subcommands({})) let_all_fall_through(*command);
}

void add_commands(CLI::App& app, Context& context, Run& run) {
  for (const auto& add : {add_sub, add_pub, add_request, add_reply, add_ping, add_bench}) {
    add(app, context, run);
  }
  group(app, "Messages", {"sub", "pub", "request", "reply", "ping", "bench"});
  for (const auto& add :
       {add_status, add_top, add_sessions, add_topics, add_queues, add_mesh, add_peers, add_trace,
        add_tap, add_log_level, add_reload, add_drain, add_doctor, add_debug}) {
    add(app, context, run);
  }
  group(app, "Operators",
        {"status", "top", "sessions", "topics", "queues", "mesh", "peers", "trace", "tap",
         "log-level", "reload", "drain", "doctor", "debug"});
  for (const auto& add :
       {add_config, add_context, add_tls, add_identity, add_completion, add_man, add_version}) {
    add(app, context, run);
  }
  group(app, "Without a node",
        {"config", "context", "tls", "identity", "completion", "man", "version"});
}

// Commands that ask no node work without one, also with a broken contexts.toml.
bool asks_a_node(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  if (parsed.empty()) return false;
  return parsed.front()->get_group() != "Without a node";
}

}  // namespace

void build_app(CLI::App& app, Context& context, Run& run) {
  app.name("ronctl");
  app.description("Talks to a RustyOnions node: publish, subscribe, operate, measure.");
  app.require_subcommand(1);
  add_global_options(app, context);
  auto chosen = std::make_shared<std::string>();
  add_context_option(app, *chosen);
  add_commands(app, context, run);
  let_all_fall_through(app);
  app.footer(kFooter);  // last: a command without a footer would inherit it
  // After the command's own callback: the context is known before the command runs.
  app.callback([&app, &context, &run, chosen] {
    if (!asks_a_node(app)) return;
    run = [&app, &context, chosen, inner = std::move(run)] {
      apply_context(app, *chosen, context);
      return inner();
    };
  });
}

}  // namespace ron::cli
