// The life of the process: configuration, listeners, ready, reload, drain, end.
#pragma once

#include "svc/overlay/command_line.hpp"

namespace ron::svc {

/// Judges the configuration and prints what would hold (--check).
int check(const CommandLine& command_line);

/// Runs until a signal ends it; the result is the exit code. Call once, from the main thread,
/// before any other thread exists: it blocks the signals it waits for.
int run(const CommandLine& command_line);

}  // namespace ron::svc
