// The formula, and the budget that turns it round.
#include "config/memory.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace ron::config {
namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

TEST(MemoryPlan, without_a_budget_every_limit_holds_as_it_stands) {
  const Settings s = defaults(Profile::kMicronode);
  const MemoryPlan plan = plan_memory(s, 2);
  EXPECT_EQ(plan.queue_bytes, s.limits.total_queue_bytes);
  EXPECT_EQ(plan.mail_bytes, 4 * kMiB);
  EXPECT_GT(plan.worst_case(), plan.queue_bytes + plan.subscriptions + plan.sessions);
  EXPECT_EQ(plan.subscription_bytes, plan.subscriptions / 2) << "half is what others make it keep";
}

TEST(MemoryPlan, stays_below_any_budget_it_accepts) {
  for (const Profile profile : {Profile::kMicronode, Profile::kMacronode}) {
    for (const std::uint64_t shards : {1U, 2U, 7U, 64U}) {
      for (const bool tls : {false, true}) {
        Settings s = defaults(profile);
        s.tls.enabled = tls;
        const MemoryPlan free = plan_memory(s, shards);
        ASSERT_LT(free.at_least, free.worst_case());
        const std::uint64_t span = free.worst_case() - free.at_least;
        for (const std::uint64_t part : {0U, 1U, 10U, 50U, 99U, 100U, 400U}) {
          s.limits.memory_budget = free.at_least + span * part / 100;
          const MemoryPlan plan = plan_memory(s, shards);
          EXPECT_LE(plan.worst_case(), s.limits.memory_budget) << shards << " shards, " << part;
          EXPECT_GE(plan.queue_bytes, std::min(shards * 4 * kMiB, s.limits.total_queue_bytes));
          EXPECT_LE(plan.queue_bytes, s.limits.total_queue_bytes);
          EXPECT_GE(plan.subscription_bytes, shards * kMiB);
        }
      }
    }
  }
}

TEST(MemoryPlan, a_mesh_counts_where_there_is_one) {
  Settings s = defaults(Profile::kMicronode);
  const MemoryPlan without = plan_memory(s, 1);
  EXPECT_EQ(without.mesh, 0U);
  s.mesh.repair_bytes = 32 * kMiB;
  EXPECT_EQ(plan_memory(s, 1).worst_case(), without.worst_case());
  s.mesh.ca_path = "/ca.pem";
  const MemoryPlan with = plan_memory(s, 1);
  EXPECT_GE(with.mesh, s.mesh.repair_bytes);
  EXPECT_EQ(with.worst_case(), without.worst_case() + with.mesh);
  EXPECT_EQ(with.at_least, without.at_least + with.mesh);
}

TEST(MemoryPlan, a_large_budget_changes_nothing) {
  Settings s = defaults(Profile::kMicronode);
  const MemoryPlan free = plan_memory(s, 4);
  s.limits.memory_budget = free.worst_case() + 2 * kMiB;
  const MemoryPlan plan = plan_memory(s, 4);
  EXPECT_EQ(plan.queue_bytes, free.queue_bytes);
  EXPECT_EQ(plan.mail_bytes, free.mail_bytes);
  EXPECT_EQ(plan.subscription_bytes, free.subscription_bytes);
}

TEST(MemoryPlan, what_cannot_shrink_raises_the_least_budget) {
  const Settings s = defaults(Profile::kMicronode);
  const std::uint64_t least = plan_memory(s, 2).at_least;
  EXPECT_GT(plan_memory(s, 3).at_least, least);
  Settings more = s;
  more.transport.max_conns *= 2;
  EXPECT_GT(plan_memory(more, 2).at_least, least);
  more = s;
  more.tls.enabled = true;
  EXPECT_GT(plan_memory(more, 2).at_least, least + 1024 * 33 * 1024);
  more = s;
  more.limits.peer_queue_frames *= 4;
  EXPECT_GT(plan_memory(more, 2).at_least, least);
}

TEST(MemoryPlan, tells_people) {
  const std::string text = memory_text(plan_memory(defaults(Profile::kMicronode), 1));
  EXPECT_TRUE(text.starts_with("at most ")) << text;
  EXPECT_NE(text.find("sessions"), std::string::npos) << text;
  EXPECT_EQ(mib_text(kMiB + 1), "2MiB");
}

}  // namespace
}  // namespace ron::config
