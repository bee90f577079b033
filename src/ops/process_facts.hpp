// What the system says about this process: descriptors, memory, CPU, limits.
#pragma once

#include <cstdint>
#include <string_view>

namespace ron::ops {

struct ProcessFacts {
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;  // soft limit
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  double start_unix_seconds = 0;
};

/// Reads /proc/self and the resource limits; what cannot be read stays 0. Costs about 50 us and one
/// directory listing, so for scrapes and a few times a second, not for hot paths.
ProcessFacts process_facts();

/// Open descriptors only.
std::uint64_t open_fd_count();
/// Of the soft limit of descriptors, how many percent are open: for the readiness gate, a few
/// system calls. 0 where the system does not tell.
std::uint32_t open_fd_percent();

/// This process's memory, which holds keys and messages, goes into no core dump, and others of the
/// same user cannot look into it.
void forbid_core_dumps();

/// Raises the soft limit of open files to the hard one; returns the soft limit that then holds.
std::uint64_t raise_fd_limit();

}  // namespace ron::ops
