#include "config/diff.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace ron::config {
namespace {

TEST(Diff, equal_configurations_do_not_differ) {
  const Settings s = defaults(Profile::kMacronode);
  EXPECT_TRUE(differences(s, s).empty());
}

TEST(Diff, names_each_key_with_both_values) {
  const Settings before = defaults(Profile::kMicronode);
  Settings after = before;
  after.transport.max_conns = 7;
  after.log.level = LogLevel::kDebug;
  const auto changes = differences(before, after);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].row->name, "log.level");
  EXPECT_EQ(changes[0].before, "info");
  EXPECT_EQ(changes[0].after, "debug");
  EXPECT_EQ(changes[1].row->name, "transport.max_conns");
}

TEST(Diff, only_live_keys_are_taken_over) {
  const Settings running = defaults(Profile::kMicronode);
  Settings fresh = defaults(Profile::kMacronode);
  fresh.log.level = LogLevel::kError;
  fresh.tls.cert_path = "/new.crt";
  const Settings merged = plan_reload(running, fresh).next;
  EXPECT_EQ(merged.log.level, LogLevel::kError);
  EXPECT_EQ(merged.tls.cert_path, "/new.crt");
  EXPECT_EQ(merged.profile, Profile::kMicronode);
  EXPECT_EQ(merged.transport.max_conns, fresh.transport.max_conns);
  EXPECT_EQ(merged.overlay.amnesia, running.overlay.amnesia);
  for (const Change& change : differences(running, merged))
    EXPECT_EQ(change.row->reload, Reload::kLive);
}

TEST(Diff, a_plan_sorts_changes_and_hides_what_is_private) {
  const Settings running = defaults(Profile::kMicronode);
  Settings fresh = running;
  fresh.timeouts.idle = std::chrono::seconds(20);
  fresh.overlay.listen = "127.0.0.1:1";
  fresh.tls.key_path = "/etc/ron/secret/node.key";
  fresh.tls.allowed_sans = {"URI:ron:client/alice"};
  EXPECT_EQ(plan_reload(running, fresh).lines(),
            (std::vector<std::string>{"live: timeouts.idle: 15s -> 20s",
                                      "live: tls.key_path:  -> .../node.key",
                                      "restart: overlay.listen: 127.0.0.1:9500 -> 127.0.0.1:1",
                                      "restart: tls.allowed_sans:  -> (entries: 1)"}));
}

TEST(Diff, a_change_that_is_hidden_is_still_told) {
  Settings running = defaults(Profile::kMicronode);
  running.tls.key_path = "/a/node.key";
  Settings fresh = running;
  fresh.tls.key_path = "/b/node.key";
  EXPECT_EQ(plan_reload(running, fresh).lines(),
            std::vector<std::string>{"live: tls.key_path: .../node.key -> .../node.key (changed)"});
}

// The file is fine as a whole, but its live part alone is not: client certificates without TLS.
TEST(Diff, live_keys_that_break_a_rule_alone_are_refused) {
  Settings running = defaults(Profile::kMacronode);
  running.tls.enabled = true;
  running.tls.cert_path = "/c";
  running.tls.key_path = "/k";
  Settings fresh = running;
  fresh.tls.enabled = false;
  fresh.tls.key_path = "";
  EXPECT_TRUE(plan_reload(running, running).errors.empty());
  const ReloadPlan plan = plan_reload(running, fresh);
  ASSERT_EQ(plan.errors.size(), 1U);
  EXPECT_EQ(plan.errors[0].key, "tls.key_path");
}

// Requirement B6: what is live, and what waits.
TEST(Diff, live_and_restart_keys_are_those_of_the_contract) {
  for (const KeyRow& row : keys()) {
    const bool live_section = row.name.starts_with("timeouts.") || row.name.starts_with("log.") ||
                              row.name.starts_with("overlay.peer.");
    if (live_section) {
      EXPECT_EQ(row.reload, Reload::kLive) << row.name;
    }
    const bool bound = row.name == "overlay.listen" || row.name.starts_with("uds.") ||
                       row.name == "observability.metrics_addr" || row.name == "tls.enabled";
    if (bound) {
      EXPECT_EQ(row.reload, Reload::kRestart) << row.name;
    }
  }
}

// Every key, set to something else, shows up as exactly that one difference.
TEST(Diff, sees_every_key) {
  const Settings before = defaults(Profile::kMicronode);
  for (const KeyRow& row : keys()) {
    if (row.effect == Effect::kReserved) continue;  // has one value only
    Settings after = before;
    bool changed = false;
    const std::string low = std::to_string(row.low), high = std::to_string(row.high);
    for (const std::string& other :
         {low, high, low + "ms", high + "ms", std::string("true"), std::string("false"),
          std::string("127.0.0.1:1"), std::string("x"), std::string("off"),
          std::string("macronode"), std::string("oldest"), std::string("debug"),
          std::string("text"), std::string("7"), std::string("ml-dsa-65"), std::string("leaf")}) {
      Assignment given;
      given.text = other;
      if (!store(row, given, after) || value_text(row, after) == value_text(row, before)) continue;
      changed = true;
      break;
    }
    if (row.low == row.high && row.low != 0) continue;  // has one value only
    ASSERT_TRUE(changed) << row.name;
    const auto changes = differences(before, after);
    ASSERT_EQ(changes.size(), 1U) << row.name;
    EXPECT_EQ(changes[0].row, &row);
  }
}

}  // namespace
}  // namespace ron::config
