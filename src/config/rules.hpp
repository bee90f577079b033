// The rules that tie keys to each other, and to the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/load.hpp"

namespace ron::config {

/// Rules between keys (requirement C49 among them): appends errors and loaded.warnings.
void check_rules(Loaded& loaded, Problems& errors);

/// What the machine says about a path. The daemon fills it with stat(2).
struct FileFacts {
  bool exists = false;
  bool readable = false;
  bool regular = false;
  bool directory = false;
  bool credential = false;  // handed over by the service manager ($CREDENTIALS_DIRECTORY)
  std::uint32_t mode = 0;   // permission bits
  std::uint32_t owner = 0;
};

/// What the machine can do, passed in so that the rules stay testable.
struct HostFacts {
  std::function<FileFacts(const std::string& path)> file;
  std::uint32_t euid = 0;
  bool low_ports_allowed = false;  // may bind ports below 1024
  bool hybrid_available = true;    // the linked TLS library has X25519MLKEM768
  std::uint32_t shards = 1;        // that overlay.shards = 0 makes
};

/// Rules that need the machine (C51, C57, ports): files exist with safe permissions, the socket's
/// directory is closed to others, the TLS library has what pq_mode asks for. Returns the errors,
/// none when all is well; appends to loaded.warnings.
Problems check_host(Loaded& loaded, const HostFacts& host);

}  // namespace ron::config
