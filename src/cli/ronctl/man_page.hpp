// Man pages, made of the command line and of the key table.
#pragma once

#include <string>

#include "command_tree.hpp"

namespace ron::cli {

/// ronctl(1): every command with its options. `date` as "2026-01-31".
std::string ronctl_man_page(const CommandInfo& program, const std::string& version,
                            const std::string& date);

/// svc-overlay(8): flags, signals, exit codes, files, every configuration key.
std::string overlay_man_page(const std::string& version, const std::string& date);

}  // namespace ron::cli
