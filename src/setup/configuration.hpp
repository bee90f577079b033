// From flags, the environment and the files of the machine to a loaded configuration.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/peer.hpp"
#include "config/rules.hpp"

namespace ron::setup {

/// What a command line says about the configuration.
struct Sources {
  std::string config_path;  // empty: RON_CONFIG, ./svc-overlay.toml, /etc/ron/svc-overlay.toml
  std::vector<config::FlagValue> flags;
  bool ask_machine = true;  // false: judge the text only, not the files and directories it names
};

struct Configuration {
  config::Loaded loaded;
  std::string file;  // empty: none was found
  std::vector<config::Peer>
      peers;  // of the list and of the file; none where the machine is not asked
};

/// Reads and judges everything, the machine's part (files, permissions, TLS contents) included.
/// Also used for a reload. Bounded: files over 1 MiB are refused.
std::expected<Configuration, config::Problems> read_configuration(const Sources& sources);

/// One file alone: no environment, no flags, nothing of the machine but the file.
std::expected<Configuration, config::Problems> read_one_file(const std::string& path);

/// Facts about this machine for config::check_host.
config::HostFacts host_facts();

enum class Show : std::uint8_t { kAll, kShareable };  // shareable: as config::shown_value

/// All keys with their values and origins, one a line.
std::string configuration_text(const Configuration& configuration, Show show);

}  // namespace ron::setup
