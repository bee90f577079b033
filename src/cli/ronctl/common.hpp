// The commands of ronctl; what they share is in cli/common.
#pragma once

#include "cli/common/tool.hpp"

namespace CLI {
class App;
}

namespace ron::cli {

void add_sub(CLI::App& app, Context& context, Run& run);
void add_pub(CLI::App& app, Context& context, Run& run);
void add_request(CLI::App& app, Context& context, Run& run);
void add_reply(CLI::App& app, Context& context, Run& run);
void add_ping(CLI::App& app, Context& context, Run& run);
void add_tls(CLI::App& app, Context& context, Run& run);
void add_identity(CLI::App& app, Context& context, Run& run);
void add_config(CLI::App& app, Context& context, Run& run);
void add_bench(CLI::App& app, Context& context, Run& run);
void add_version(CLI::App& app, Context& context, Run& run);

// Operators.
void add_status(CLI::App& app, Context& context, Run& run);
void add_top(CLI::App& app, Context& context, Run& run);
void add_sessions(CLI::App& app, Context& context, Run& run);
void add_topics(CLI::App& app, Context& context, Run& run);
void add_queues(CLI::App& app, Context& context, Run& run);
void add_tap(CLI::App& app, Context& context, Run& run);
void add_log_level(CLI::App& app, Context& context, Run& run);
void add_reload(CLI::App& app, Context& context, Run& run);
void add_drain(CLI::App& app, Context& context, Run& run);
void add_doctor(CLI::App& app, Context& context, Run& run);
void add_debug(CLI::App& app, Context& context, Run& run);

void add_mesh(CLI::App& app, Context& context, Run& run);
void add_peers(CLI::App& app, Context& context, Run& run);
void add_trace(CLI::App& app, Context& context, Run& run);

// About ronctl itself.
void add_context(CLI::App& app, Context& context, Run& run);
void add_completion(CLI::App& app, Context& context, Run& run);
void add_man(CLI::App& app, Context& context, Run& run);

}  // namespace ron::cli
