// ronctl: help and the list of commands.
#include <CLI/CLI.hpp>

#include "cli/common/run.hpp"
#include "common.hpp"

namespace ron::cli {
namespace {

constexpr const char* kFooter = R"(
Where the node is:
  --url or RON_NODE_URL: ron://host:port (TCP), rons://host:port (TLS), unix:/path. Port 9500 may be
  left out. RON_CAP holds the capability token, where the node asks for one.

Exit codes:
  0 ok            3 cannot connect      6 no responder
  1 failure       4 refused by node   130 interrupted
  2 usage         5 timeout            78 wrong configuration (config)

Examples:
  ronctl sub 'logs/**'                          print everything below logs/
  tail -f /var/log/syslog | ronctl pub logs/syslog -
  ronctl reply time --exec date &  ronctl request time
  ronctl tls init                               certificates for a node with TLS
  ronctl config check svc-overlay.toml          judge a node's configuration

'ronctl COMMAND --help' says more about a command.)";

int run_main(int argc, char** argv) {
  CLI::App app{"Talks to a RustyOnions node: publish, subscribe, request, reply, measure.",
               "ronctl"};
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  add_global_options(app, context);
  Run run;
  add_sub(app, context, run);
  add_pub(app, context, run);
  add_request(app, context, run);
  add_reply(app, context, run);
  add_ping(app, context, run);
  add_tls(app, context, run);
  add_config(app, context, run);
  add_bench(app, context, run);
  add_version(app, context, run);
  for (CLI::App* command : app.get_subcommands({})) command->fallthrough();
  return run_tool(app, context, run, argc, argv);
}

}  // namespace
}  // namespace ron::cli

int main(int argc, char** argv) { return ron::cli::run_main(argc, argv); }
