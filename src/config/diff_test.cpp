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
  const Settings merged = with_live_keys(running, fresh);
  EXPECT_EQ(merged.log.level, LogLevel::kError);
  EXPECT_EQ(merged.tls.cert_path, "/new.crt");
  EXPECT_EQ(merged.profile, Profile::kMicronode);
  EXPECT_EQ(merged.transport.max_conns, running.transport.max_conns);
  for (const Change& change : differences(running, merged))
    EXPECT_EQ(change.row->reload, Reload::kLive);
}

// Every key, set to something else, shows up as exactly that one difference.
TEST(Diff, sees_every_key) {
  const Settings before = defaults(Profile::kMicronode);
  for (const KeyRow& row : keys()) {
    Settings after = before;
    bool changed = false;
    const std::string low = std::to_string(row.low), high = std::to_string(row.high);
    for (const std::string& other :
         {low, high, low + "ms", high + "ms", std::string("true"), std::string("false"),
          std::string("127.0.0.1:1"), std::string("x"), std::string("off"),
          std::string("macronode"), std::string("oldest"), std::string("debug"),
          std::string("text"), std::string("7")}) {
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
