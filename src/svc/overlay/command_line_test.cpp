// The command line against the key table.
#include "svc/overlay/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ron::svc {
namespace {

CommandLine good(const std::vector<std::string>& arguments) {
  auto parsed = parse_command_line(arguments);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text);
  return parsed ? *parsed : CommandLine{};
}

std::string bad(const std::vector<std::string>& arguments) {
  const auto parsed = parse_command_line(arguments);
  EXPECT_FALSE(parsed.has_value());
  return parsed ? "" : parsed.error().text;
}

// What the flags make of the configuration.
config::Settings settings(const std::vector<std::string>& arguments) {
  const auto loaded =
      config::load({.file = std::nullopt, .environment = {}, .flags = good(arguments).flags});
  EXPECT_TRUE(loaded.has_value());
  return loaded ? loaded->settings : config::Settings{};
}

TEST(CommandLine, nothing_runs_with_defaults) {
  const CommandLine line = good({});
  EXPECT_EQ(line.action, CommandLine::Action::kRun);
  EXPECT_TRUE(line.flags.empty());
}

TEST(CommandLine, flags_fill_the_configuration) {
  const auto s =
      settings({"--bind", "127.0.0.1:0", "--max-conns=7", "--read-timeout", "250ms", "--pq", "off",
                "--amnesia", "false", "--fanout", "3", "--set", "limits.peer_queue_bytes=1MiB"});
  EXPECT_EQ(s.overlay.listen, "127.0.0.1:0");
  EXPECT_EQ(s.transport.max_conns, 7U);
  EXPECT_EQ(s.timeouts.read, std::chrono::milliseconds(250));
  EXPECT_EQ(s.overlay.pq_mode, config::PqMode::kOff);
  EXPECT_FALSE(s.overlay.amnesia);
  EXPECT_EQ(s.overlay.gossip.relay_fanout, 3U);
  EXPECT_EQ(s.limits.peer_queue_bytes, 1U << 20U);
}

TEST(CommandLine, switches_need_no_value) {
  EXPECT_TRUE(settings({"--tls", "--tls-cert", "/c", "--tls-key", "/k"}).tls.enabled);
  EXPECT_FALSE(settings({"--tls", "false"}).tls.enabled);
  EXPECT_TRUE(settings({"--bind", "0.0.0.0:1", "--insecure-plaintext"}).overlay.insecure_plaintext);
}

TEST(CommandLine, an_empty_address_turns_a_listener_off) {
  EXPECT_EQ(settings({"--bind", "", "--uds", "/run/ron/a.sock"}).overlay.listen, "");
}

TEST(CommandLine, the_last_of_a_repeated_flag_counts) {
  EXPECT_EQ(settings({"--max-conns", "5", "--max-conns", "6"}).transport.max_conns, 6U);
}

TEST(CommandLine, unknown_flags_suggest_the_nearest) {
  EXPECT_NE(bad({"--bnid", "x"}).find("did you mean --bind?"), std::string::npos);
  EXPECT_NE(bad({"--metric", "x"}).find("did you mean --metrics?"), std::string::npos);
  EXPECT_NE(bad({"--max_conns=5"}).find("did you mean --max-conns?"), std::string::npos);
  EXPECT_EQ(bad({"--zebra"}).find("did you mean"), std::string::npos);
  EXPECT_NE(bad({"stray"}).find("unknown argument: stray"), std::string::npos);
  EXPECT_NE(bad({"--config"}).find("--help"), std::string::npos);
}

TEST(CommandLine, actions) {
  EXPECT_EQ(good({"--version"}).action, CommandLine::Action::kVersion);
  EXPECT_EQ(good({"--check", "--config", "x"}).action, CommandLine::Action::kCheck);
  EXPECT_EQ(good({"--help"}).action, CommandLine::Action::kHelp);
  EXPECT_EQ(good({"-h"}).action, CommandLine::Action::kHelp);
}

// The flags of B7 that apply are a contract; every flag of the table is in the help.
TEST(CommandLine, help_has_every_flag_and_exit_code) {
  const std::string help = good({"--help"}).help;
  for (const char* flag : {"--config",    "--bind",         "--advertise",     "--metrics",
                           "--max-conns", "--read-timeout", "--write-timeout", "--idle-timeout",
                           "--fanout",    "--burst",        "--chunk-bytes",   "--pq",
                           "--amnesia",   "--tls",          "--tls-cert",      "--tls-key",
                           "--uds",       "--tor",          "--quic",          "--version",
                           "--help"})
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  for (const config::KeyRow& row : config::keys())
    if (!row.flag.empty()) {
      EXPECT_NE(help.find(row.flag), std::string::npos) << row.flag;
    }
  for (const char* code : {"69", "78", "130", "143"}) EXPECT_NE(help.find(code), std::string::npos);
}

// What is not there yet is an error of the configuration, as it would be in a file, and help says
// so.
TEST(CommandLine, flags_of_missing_parts_are_refused_with_a_reason) {
  for (const char* flag : {"--tor", "--quic"}) {
    const auto loaded =
        config::load({.file = std::nullopt, .environment = {}, .flags = good({flag}).flags});
    ASSERT_FALSE(loaded.has_value()) << flag;
    EXPECT_NE(problem_text(loaded.error()[0]).find("not supported by this version"),
              std::string::npos);
    EXPECT_TRUE(config::load(
                    {.file = std::nullopt, .environment = {}, .flags = good({flag, "false"}).flags})
                    .has_value());
  }
  EXPECT_NE(good({"--help"}).help.find("not supported by this version"), std::string::npos);
}

TEST(CommandLine, version_names_the_tls_library) {
  EXPECT_NE(version_text().find("svc-overlay "), std::string::npos);
  EXPECT_NE(version_text().find("OpenSSL "), std::string::npos);
}

}  // namespace
}  // namespace ron::svc
