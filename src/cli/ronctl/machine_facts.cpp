#include "machine_facts.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string_view>
#include <utility>

namespace ron::cli {
namespace {

constexpr int kLinesMost = 12;  // of a file: the beginning is what matters

void add_file(std::string& out, const std::string& path) {
  std::ifstream file(path);
  std::string line;
  for (int i = 0; i < kLinesMost && std::getline(file, line); ++i) out += path + ": " + line + "\n";
}

std::string limit_text(rlim_t value) {
  return value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
}

}  // namespace

std::string machine_facts() {
  std::string out;
  utsname system{};
  if (::uname(&system) == 0) {
    out += std::string("kernel: ") + system.sysname + " " + system.release + " " + system.version +
           " " + system.machine + "\n";
  }
  out += "cpus: " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + "\n";
  for (const auto& [name, which] : {std::pair<std::string_view, int>{"open files", RLIMIT_NOFILE},
                                    {"processes", RLIMIT_NPROC},
                                    {"locked memory", RLIMIT_MEMLOCK},
                                    {"core size", RLIMIT_CORE}}) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
    out += "limit of " + std::string(name) + ": " + limit_text(limit.rlim_cur) + ", at most " +
           limit_text(limit.rlim_max) + "\n";
  }
  for (const char* path :
       {"/etc/os-release", "/proc/loadavg", "/proc/uptime", "/proc/meminfo", "/proc/net/sockstat",
        "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/sys/fs/file-nr",
        "/proc/sys/net/core/somaxconn", "/proc/sys/net/core/rmem_max",
        "/proc/sys/net/core/wmem_max", "/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem",
        "/proc/sys/net/ipv4/ip_local_port_range"}) {
    add_file(out, path);
  }
  return out;
}

}  // namespace ron::cli
