// svc-overlay: from arguments to an exit code.
#include <cstdio>
#include <exception>

#include "svc/overlay/command_line.hpp"
#include "svc/overlay/daemon.hpp"
#include "svc/overlay/exit_codes.hpp"

int main(int argc, char** argv) {
  using ron::svc::CommandLine;
  try {
    const auto parsed = ron::svc::parse_command_line({argv + 1, argv + argc});
    if (!parsed) {
      std::fputs(parsed.error().text.c_str(), stderr);
      return ron::svc::kExitUsage;
    }
    switch (parsed->action) {
      case CommandLine::Action::kHelp:
        std::fputs(parsed->help.c_str(), stdout);
        return ron::svc::kExitOk;
      case CommandLine::Action::kVersion:
        std::fputs(ron::svc::version_text().c_str(), stdout);
        return ron::svc::kExitOk;
      case CommandLine::Action::kCheck: return ron::svc::check(*parsed);
      case CommandLine::Action::kRun: return ron::svc::run(*parsed);
    }
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "svc-overlay: %s\n", fault.what());
  }
  return ron::svc::kExitFailure;
}
