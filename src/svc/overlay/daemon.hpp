// The life of the process: configuration, listeners, ready, reload, drain, end.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "host/host.hpp"
#include "svc/overlay/command_line.hpp"

namespace ron::svc {

/// Judges the configuration and prints what would hold (--check).
int check(const CommandLine& command_line);

/// As host::Host::start: called at the start, and again after a host died.
using StartHost =
    std::function<std::expected<std::unique_ptr<host::Host>, std::string>(host::Settings)>;

/// Runs until a signal ends it; the result is the exit code. Call once, from the main thread,
/// before any other thread exists: it blocks the signals it waits for.
int run(const CommandLine& command_line, const StartHost& start_host = host::Host::start);

}  // namespace ron::svc
