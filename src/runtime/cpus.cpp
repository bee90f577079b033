#include "runtime/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "base/ids.hpp"

namespace ron::runtime {
namespace {

constexpr unsigned kCpusMax = 4096;

std::optional<std::int64_t> number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::optional<unsigned> rounded_up(std::optional<std::int64_t> quota,
                                   std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  const std::int64_t cpus = (*quota + *period - 1) / *period;
  return static_cast<unsigned>(std::min<std::int64_t>(cpus, kCpusMax));
}

std::string file_text(const std::string& path) {
  const std::ifstream in(path);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  return text.str();
}

unsigned affinity_cpus() {
  // The mask may be wider than a cpu_set_t; sched_getaffinity refuses a set that is too small.
  for (int width = 1024; width <= 65536; width *= 2) {
    cpu_set_t* set = CPU_ALLOC(width);
    const std::size_t size = CPU_ALLOC_SIZE(width);
    const bool known = ::sched_getaffinity(0, size, set) == 0;
    const int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return static_cast<unsigned>(std::max(count, 1));
  }
  return 1;
}

/// The tightest limit between `path` and the root of the mount: parents bind too.
template <typename Limit>
std::optional<unsigned> tightest(std::string path, Limit limit_of) {
  std::optional<unsigned> least;
  for (;;) {
    if (const auto here = limit_of(path)) least = std::min(least.value_or(kCpusMax), *here);
    const std::size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return least;
    path.resize(slash);
  }
}

std::optional<unsigned> quota_cpus() {
  const std::string groups = file_text("/proc/self/cgroup");
  const auto v2 = tightest(std::string(cgroup_path(groups, "")), [](const std::string& path) {
    return cpus_of_cpu_max(file_text("/sys/fs/cgroup" + path + "/cpu.max"));
  });
  if (v2) return v2;
  return tightest(std::string(cgroup_path(groups, "cpu")), [](const std::string& path) {
    const std::string at = "/sys/fs/cgroup/cpu" + path;
    return cpus_of_cfs(file_text(at + "/cpu.cfs_quota_us"), file_text(at + "/cpu.cfs_period_us"));
  });
}

}  // namespace

std::optional<unsigned> cpus_of_cpu_max(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return rounded_up(number(text.substr(0, space)), number(text.substr(space + 1)));
}

std::optional<unsigned> cpus_of_cfs(std::string_view quota_us, std::string_view period_us) {
  return rounded_up(number(quota_us), number(period_us));
}

std::string_view cgroup_path(std::string_view proc_self_cgroup, std::string_view controller) {
  std::string_view rest = proc_self_cgroup;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    std::string_view names = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (controller.empty() && names.empty() && line.starts_with("0:")) return path;
    while (!controller.empty() && !names.empty()) {
      const std::size_t comma = names.find(',');
      if (names.substr(0, comma) == controller) return path;
      names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    }
  }
  return {};
}

unsigned usable_cpus() {
  const unsigned cpus = affinity_cpus();
  return std::max(1U, std::min(cpus, quota_cpus().value_or(cpus)));
}

unsigned shards_for(std::uint64_t configured) {
  const std::uint64_t wanted = configured > 0 ? configured : usable_cpus();
  return static_cast<unsigned>(std::min<std::uint64_t>(wanted, kMaxShards));
}

}  // namespace ron::runtime
