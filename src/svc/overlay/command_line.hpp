// The command line. Flags of configuration keys come from the key table and fill the configuration
// layer, so that a flag can do nothing a file cannot.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace ron::svc {

struct CommandLine {
  enum class Action { kRun, kCheck, kVersion, kHelp };
  Action action = Action::kRun;
  std::string config_path;  // --config; empty: searched for
  std::vector<config::FlagValue> flags;
  std::string help;  // with Action::kHelp
};

/// What to print, to standard error, before exiting with kExitUsage.
struct UsageError {
  std::string text;
};

std::expected<CommandLine, UsageError> parse_command_line(
    const std::vector<std::string>& arguments);

/// "svc-overlay 0.1.0 (abc1234, 2026-01-01)\nOpenSSL ...\nfeatures: ...\n"
std::string version_text();

/// What this build and its libraries can do: "tls", "uds", "zstd", "hybrid" ...
std::vector<std::string> features();

}  // namespace ron::svc
