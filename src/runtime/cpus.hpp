// How many shards this process should run: the CPUs it may use, no more than its quota buys.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ron::runtime {

/// min(CPUs of the affinity mask, cgroup quota rounded up), at least 1.
unsigned usable_cpus();

/// The shards that a configuration's number makes: as many, or for 0 one for each usable CPU; at
/// most kMaxShards. The one answer for whoever starts them or counts their memory.
unsigned shards_for(std::uint64_t configured);

/// CPUs that the text of cgroup v2's `cpu.max` ("200000 100000", "max 100000") grants, rounded up;
/// nothing when it sets no limit or cannot be read.
std::optional<unsigned> cpus_of_cpu_max(std::string_view text);

/// The same from cgroup v1's cpu.cfs_quota_us and cpu.cfs_period_us.
std::optional<unsigned> cpus_of_cfs(std::string_view quota_us, std::string_view period_us);

/// This process's directory below the cgroup mount, from the text of /proc/self/cgroup: for v2 of
/// the "0::" line, else of the line that names `controller`. Empty when there is none.
std::string_view cgroup_path(std::string_view proc_self_cgroup, std::string_view controller);

}  // namespace ron::runtime
