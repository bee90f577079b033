#include "runtime/cpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/ids.hpp"

namespace ron::runtime {
namespace {

TEST(Cpus, QuotaOfCgroupV2) {
  EXPECT_EQ(cpus_of_cpu_max("200000 100000\n"), 2U);
  EXPECT_EQ(cpus_of_cpu_max("150000 100000"), 2U) << "rounded up";
  EXPECT_EQ(cpus_of_cpu_max("1000 100000"), 1U);
  EXPECT_EQ(cpus_of_cpu_max("max 100000"), std::nullopt);
  EXPECT_EQ(cpus_of_cpu_max(""), std::nullopt);
  EXPECT_EQ(cpus_of_cpu_max("100000"), std::nullopt);
  EXPECT_EQ(cpus_of_cpu_max("100000 0"), std::nullopt);
}

TEST(Cpus, QuotaOfCgroupV1) {
  EXPECT_EQ(cpus_of_cfs("250000\n", "100000\n"), 3U);
  EXPECT_EQ(cpus_of_cfs("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(cpus_of_cfs("", ""), std::nullopt);
}

TEST(Cpus, PathOfThisProcess) {
  const auto v2 = "0::/user.slice/session\n";
  EXPECT_EQ(cgroup_path(v2, ""), "/user.slice/session");
  EXPECT_EQ(cgroup_path(v2, "cpu"), "");
  const auto v1 = "12:memory:/m\n4:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/u\n";
  EXPECT_EQ(cgroup_path(v1, "cpu"), "/c");
  EXPECT_EQ(cgroup_path(v1, "cpuacct"), "/c");
  EXPECT_EQ(cgroup_path(v1, ""), "/u");
  EXPECT_EQ(cgroup_path("", "cpu"), "");
  EXPECT_EQ(cgroup_path("junk\n:\n", ""), "");
}

TEST(Cpus, ThisMachineHasOne) { EXPECT_GE(usable_cpus(), 1U); }

TEST(cpus, shards_are_as_configured_or_as_many_as_usable) {
  EXPECT_EQ(shards_for(3), 3U);
  EXPECT_EQ(shards_for(0), std::min(usable_cpus(), kMaxShards));
  EXPECT_EQ(shards_for(1'000'000'000'000), kMaxShards);
}

}  // namespace
}  // namespace ron::runtime
