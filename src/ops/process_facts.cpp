#include "ops/process_facts.hpp"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace ron::ops {
namespace {

std::string contents(const char* path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// Boot time, Unix seconds, from /proc/stat.
double boot_time() {
  const std::string text = contents("/proc/stat");
  const std::size_t at = text.find("\nbtime ");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 7);
}

std::uint64_t soft_limit(const rlimit& limit) {
  return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

std::uint64_t max_fd_count() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? soft_limit(limit) : 0;
}

}  // namespace

std::uint64_t open_fd_count() {
  struct stat info{};
  if (::stat("/proc/self/fd", &info) == 0 && info.st_size > 0)  // Linux 6.2 tells the number
    return static_cast<std::uint64_t>(info.st_size);
  DIR* dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(dir))
    if (entry->d_name[0] != '.') ++count;
  ::closedir(dir);
  return count - 1;  // the listing's own descriptor
}

std::uint32_t open_fd_percent() {
  const std::uint64_t most = max_fd_count();
  return most == 0 ? 0 : static_cast<std::uint32_t>(open_fd_count() * 100 / most);
}

ProcessFacts process_facts() {
  ProcessFacts out;
  out.open_fds = open_fd_count();
  out.max_fds = max_fd_count();
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    out.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  const std::string statm = contents("/proc/self/statm");
  unsigned long long size = 0, resident = 0;
  if (std::sscanf(statm.c_str(), "%llu %llu", &size, &resident) == 2)
    out.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // Field 22 of stat, counted after the name in parentheses, is the start in ticks since boot.
  const std::string stat = contents("/proc/self/stat");
  std::istringstream after(stat.substr(std::min(stat.rfind(')') + 2, stat.size())));
  std::string word;
  for (int i = 3; i <= 22; ++i) after >> word;
  out.start_unix_seconds =
      boot_time() + std::atof(word.c_str()) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return out;
}

void forbid_core_dumps() {
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));  // lowering a limit is always allowed
#if !__has_feature(address_sanitizer)  // whose leak checker must look into this process
  ::prctl(PR_SET_DUMPABLE, 0);         // for cores that go to a pipe, which the limit does not stop
#endif
}

std::uint64_t raise_fd_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return soft_limit(limit);
}

}  // namespace ron::ops
