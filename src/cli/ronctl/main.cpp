// ronctl.
#include "app.hpp"
#include "cli/common/run.hpp"
#include "context_choice.hpp"

int main(int argc, char** argv) {
  CLI::App app;
  ron::cli::Context context;
  ron::cli::Run run;
  ron::cli::build_app(app, context, run);
  ron::cli::let_context_outrank_environment(argc, argv);
  return ron::cli::run_tool(app, context, run, argc, argv);
}
