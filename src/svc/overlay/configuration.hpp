// From the command line, the environment and the files of the machine to a loaded configuration.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "config/load.hpp"
#include "config/rules.hpp"
#include "svc/overlay/command_line.hpp"

namespace ron::svc {

struct Configuration {
  config::Loaded loaded;
  std::string file;  // empty: none was found
};

/// Reads and judges everything, the machine's part (files, permissions, TLS contents) included.
/// Also used for a reload. Bounded: files over 1 MiB are refused.
std::expected<Configuration, config::Problems> read_configuration(const CommandLine& command_line);

/// Facts about this machine for config::check_host.
config::HostFacts host_facts();

/// All keys with their values and origins, one a line, for --check.
std::string configuration_text(const Configuration& configuration);

}  // namespace ron::svc
