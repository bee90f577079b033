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
void add_config(CLI::App& app, Context& context, Run& run);
void add_bench(CLI::App& app, Context& context, Run& run);
void add_version(CLI::App& app, Context& context, Run& run);

}  // namespace ron::cli
