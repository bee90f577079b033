// Layers, precedence, all errors at once, suggestions.
#include "config/load.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "config/legacy.hpp"
#include "config/nearest.hpp"

namespace ron::config {
namespace {

using namespace std::chrono_literals;

Inputs from_file(std::string text) {
  return {.file = FileText{"svc-overlay.toml", std::move(text)}, .environment = {}, .flags = {}};
}
Inputs from_env(std::string name, std::string value) {
  return {.file = std::nullopt, .environment = {{std::move(name), std::move(value)}}, .flags = {}};
}
Inputs from_flag(std::string flag, std::string value) {
  return {.file = std::nullopt, .environment = {}, .flags = {{std::move(flag), std::move(value)}}};
}

Settings good(const Inputs& inputs) {
  const auto loaded = load(inputs);
  if (loaded) return loaded->settings;
  for (const auto& problem : loaded.error()) ADD_FAILURE() << problem_text(problem);
  return {};
}

// The texts of all problems, joined; fails the test when there is none.
std::string bad(const Inputs& inputs) {
  const auto loaded = load(inputs);
  EXPECT_FALSE(loaded.has_value());
  std::string out;
  if (!loaded)
    for (const auto& problem : loaded.error()) out += problem_text(problem) + "\n";
  return out;
}

TEST(Load, nothing_given_is_a_micronode) {
  const Settings s = good({});
  EXPECT_EQ(s.profile, Profile::kMicronode);
  EXPECT_EQ(s.overlay.listen, "127.0.0.1:9500");
  EXPECT_EQ(s.observability.metrics_addr, "127.0.0.1:9600");
  EXPECT_TRUE(s.overlay.amnesia);
  EXPECT_EQ(s.overlay.pq_mode, PqMode::kHybrid);
  EXPECT_EQ(s.overlay.handshake_timeout, 3s);
  EXPECT_EQ(s.overlay.peer.inflight_frames, 32U);
  EXPECT_EQ(s.overlay.peer.max_rps, 200U);
  EXPECT_EQ(s.overlay.peer.max_fps, 100'000U);
  EXPECT_EQ(s.timeouts.idle, 15s);
  EXPECT_EQ(s.transport.max_conns, 1024U);
  EXPECT_EQ(s.limits.peer_queue_bytes, 4U << 20U);
  EXPECT_EQ(s.limits.total_queue_bytes, 256U << 20U);
  EXPECT_EQ(s.drain_deadline, 3s);
  EXPECT_EQ(s.readiness.queue_window, 30s);
}

TEST(Load, the_macronode_profile_has_its_own_defaults) {
  const Settings s = good(from_flag("--profile", "macronode"));
  EXPECT_FALSE(s.overlay.amnesia);
  EXPECT_EQ(s.overlay.peer.inflight_frames, 128U);
  EXPECT_EQ(s.overlay.peer.max_rps, 500U);
  EXPECT_EQ(s.overlay.gossip.relay_fanout, 16U);
  EXPECT_EQ(s.timeouts.idle, 30s);
  EXPECT_EQ(s.transport.max_conns, 5000U);
  EXPECT_EQ(s.overlay.listen, "127.0.0.1:9500");
}

TEST(Load, an_explicit_key_beats_the_profile) {
  const Settings s = good(from_file("profile = \"macronode\"\n[overlay]\namnesia = true\n"));
  EXPECT_EQ(s.profile, Profile::kMacronode);
  EXPECT_TRUE(s.overlay.amnesia);
}

// Every subset of the layers, and who wins.
TEST(Load, flags_beat_environment_beats_file_beats_defaults) {
  for (unsigned layers = 0; layers < 8; ++layers) {
    Inputs inputs;
    std::uint64_t expected = 1024;
    std::string origin = "default (micronode)";
    if ((layers & 1U) != 0) {
      inputs.file = FileText{"a.toml", "[transport]\nmax_conns = 11\n"};
      expected = 11;
      origin = "a.toml:2";
    }
    if ((layers & 2U) != 0) {
      inputs.environment = {{"SVC_OVERLAY_MAX_CONNS", "12"}};
      expected = 12;
      origin = "environment SVC_OVERLAY_MAX_CONNS";
    }
    if ((layers & 4U) != 0) {
      inputs.flags = {{"--max-conns", "13"}};
      expected = 13;
      origin = "flag --max-conns";
    }
    const auto loaded = load(inputs);
    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(loaded->settings.transport.max_conns, expected) << layers;
    const auto index = static_cast<std::size_t>(find_key("transport.max_conns") - keys().data());
    EXPECT_EQ(loaded->origins[index], origin);
  }
}

TEST(Load, environment_names_nest_and_have_short_forms) {
  EXPECT_EQ(good(from_env("SVC_OVERLAY_OVERLAY__PEER__MAX_RPS", "7")).overlay.peer.max_rps, 7U);
  EXPECT_EQ(good(from_env("SVC_OVERLAY_PEER_MAX_RPS", "8")).overlay.peer.max_rps, 8U);
  EXPECT_EQ(good(from_env("SVC_OVERLAY_DRAIN_DEADLINE", "1s")).drain_deadline, 1s);
  EXPECT_EQ(good(from_env("HOME", "/root")).overlay.peer.max_rps, 200U);
}

TEST(Load, deprecated_names_work_and_warn) {
  const auto loaded = load(from_env("RON_OVERLAY_HANDSHAKE_MS", "1500"));
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->settings.overlay.handshake_timeout, 1500ms);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_EQ(problem_text(loaded->warnings[0]),
            "RON_OVERLAY_HANDSHAKE_MS = \"1500\" (environment): is deprecated; use "
            "SVC_OVERLAY_OVERLAY__HANDSHAKE_TIMEOUT instead");
}

TEST(Load, lists_come_as_arrays_or_with_commas) {
  const std::string uds = "[uds]\npath = \"/run/ron/a.sock\"\nallow_uids = [0, 1000]\n";
  EXPECT_EQ(good(from_file(uds)).uds.allow_uids, (std::vector<std::uint32_t>{0, 1000}));
  Inputs inputs = from_env("SVC_OVERLAY_UDS_ALLOW_UIDS", " 0, 1000 ");
  inputs.flags = {{"--uds", "/run/ron/a.sock"}};
  EXPECT_EQ(good(inputs).uds.allow_uids, (std::vector<std::uint32_t>{0, 1000}));
}

TEST(Load, set_reaches_any_key) {
  EXPECT_EQ(good(from_flag("--set", "limits.peer_queue_bytes=1MiB")).limits.peer_queue_bytes,
            1U << 20U);
  EXPECT_NE(bad(from_flag("--set", "limits.peer_queue_bytes")).find("has no ="), std::string::npos);
  EXPECT_NE(bad(from_flag("--set", "limits.peer_queue_byte=1"))
                .find("did you mean limits.peer_queue_bytes?"),
            std::string::npos);
}

TEST(Load, all_errors_come_at_once_with_place_and_remedy) {
  Inputs inputs = from_file(
      "[overlay]\npq_mode = \"hybird\"\nhandshake_timeout = 3\n[overlay.peer]\nmax_rps = "
      "0\nmax_rsp = 1\n");
  inputs.environment = {{"SVC_OVERLAY_IDLE_TIMEOUT", "soon"}, {"SVC_OVERLAY_BINDADDR", "x"}};
  inputs.flags = {{"--max-conns", "many"}, {"--max-con", "1"}};
  EXPECT_EQ(bad(inputs),
            "SVC_OVERLAY_BINDADDR = \"x\" (environment): no such setting; did you mean "
            "SVC_OVERLAY_BIND_ADDR?\n"
            "--max-con = \"1\" (flag): no such flag; did you mean --max-conns?\n"
            "overlay.pq_mode = \"hybird\" (svc-overlay.toml:2): is none of the choices; write one "
            "of off, hybrid, require\n"
            "overlay.handshake_timeout = \"3\" (svc-overlay.toml:3): has no unit; write a "
            "duration, 100ms to 30s\n"
            "overlay.peer.max_rps = \"0\" (svc-overlay.toml:5): is below the minimum; write a "
            "whole number, 1 to 10000000\n"
            "overlay.peer.max_rsp = \"1\" (svc-overlay.toml:6): no such key; did you mean "
            "overlay.peer.max_rps?\n"
            "timeouts.idle = \"soon\" (environment SVC_OVERLAY_IDLE_TIMEOUT): is not a whole "
            "number; write a duration, 100ms to 24h\n"
            "transport.max_conns = \"many\" (flag --max-conns): is not a whole number; write a "
            "whole number, 1 to 1000000\n");
}

TEST(Load, an_overridden_value_is_judged_too) {
  Inputs inputs = from_file("[transport]\nmax_conns = 0\n");
  inputs.flags = {{"--max-conns", "5"}};
  EXPECT_NE(bad(inputs).find("svc-overlay.toml:2"), std::string::npos);
}

TEST(Load, one_layer_must_not_contradict_itself) {
  Inputs inputs = from_env("SVC_OVERLAY_PQ_MODE", "off");
  inputs.environment.emplace_back("SVC_OVERLAY_OVERLAY__PQ_MODE", "hybrid");
  EXPECT_NE(bad(inputs).find("contradicts environment SVC_OVERLAY_PQ_MODE"), std::string::npos);
  inputs.environment[1].second = "off";
  EXPECT_EQ(good(inputs).overlay.pq_mode, PqMode::kOff);
}

TEST(Load, text_that_is_not_toml_names_its_line) {
  const std::string text = bad(from_file("[overlay]\nlisten = 127.0.0.1\n"));
  EXPECT_NE(text.find("svc-overlay.toml:2"), std::string::npos) << text;
  EXPECT_NE(text.find("not valid TOML"), std::string::npos) << text;
  EXPECT_NE(bad(from_file(std::string((1U << 20U) + 1, '#'))).find("larger than 1MiB"),
            std::string::npos);
}

TEST(Load, toml_types_are_not_reinterpreted) {
  for (const char* line :
       {"transport.max_conns = \"5\"", "transport.max_conns = true", "transport.max_conns = 5.0",
        "transport.max_conns = -1", "transport.max_conns = [5]", "tls.enabled = \"true\"",
        "tls.enabled = 1", "log.level = 3", "uds.allow_uids = 5", "uds.allow_uids = [\"x\"]",
        "tls.allowed_sans = [[\"DNS:a\"]]", "timeouts.idle = 5", "drain_deadline = 2026-01-01",
        "transport.max_conns.x = 1"})
    EXPECT_FALSE(load(from_file(std::string(line) + "\n")).has_value()) << line;
  EXPECT_EQ(good(from_file("limits.peer_queue_bytes = 1048576\n")).limits.peer_queue_bytes,
            1U << 20U);
}

// Texts that broke assumptions of the TOML library (test/fuzz/config_text.cpp found them).
TEST(Load, texts_the_library_did_not_expect_are_refused) {
  for (const char* text :
       {"a = 1979-05-27T'7:32:00Z\n", "a = 1979-05-27T:\n", "a = [1 \xc7\xb9 2]\n",
        "\xc3\xa9 = 1\n", "a = 1 \xc2\xa9\n", "[a]\xc7\xb9\n"})
    EXPECT_FALSE(load(from_file(text)).has_value()) << text;
}

TEST(Load, problems_cannot_forge_lines) {
  const std::string text = bad(from_env("SVC_OVERLAY_PQ_MODE", "x\n{\"level\":\"info\"}\x1b[31m"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

RC_GTEST_PROP(Load, any_file_text_is_judged, (const std::string& text)) {
  (void)load(from_file(text));
}

TEST(Keys, every_default_is_valid_and_reads_back) {
  for (const Profile profile : {Profile::kMicronode, Profile::kMacronode}) {
    const Settings s = defaults(profile);
    for (const KeyRow& row : keys()) {
      if (row.effect == Effect::kReserved) {
        EXPECT_EQ(row.micronode, row.macronode) << row.name;
      }
      const auto text = profile == Profile::kMacronode ? row.macronode : row.micronode;
      EXPECT_EQ(value_text(row, s), text) << row.name;
      Assignment given;
      given.text = text;
      Settings scratch;
      EXPECT_TRUE(store(row, given, scratch)) << row.name;
    }
    EXPECT_EQ(s.profile, profile);
  }
}

TEST(Keys, names_are_unique_and_documented) {
  std::set<std::string> names, flags;
  for (const KeyRow& row : keys()) {
    EXPECT_TRUE(names.insert(std::string(row.name)).second) << row.name;
    EXPECT_TRUE(names.insert(env_name(row)).second) << row.name;
    if (!row.env.empty()) {
      EXPECT_TRUE(names.insert(std::string(kEnvPrefix) + std::string(row.env)).second) << row.env;
    }
    if (!row.flag.empty()) {
      EXPECT_TRUE(flags.insert(std::string(row.flag)).second) << row.flag;
    }
    EXPECT_FALSE(row.doc.empty()) << row.name;
  }
  for (const auto aliases : {env_aliases(), file_aliases()})
    for (const Alias& alias : aliases) {
      EXPECT_NE(find_key(alias.key), nullptr) << alias.name;
      EXPECT_TRUE(names.insert(std::string(alias.name)).second) << alias.name;
    }
}

// The slots reach enumerations as bytes: the order of choices must be that of the enumerators.
TEST(Keys, choices_match_the_enumerators) {
  const auto choose = [](std::string_view name, std::string_view text) {
    Assignment given;
    given.text = text;
    Settings s;
    EXPECT_TRUE(store(*find_key(name), given, s));
    return s;
  };
  EXPECT_EQ(choose("profile", "macronode").profile, Profile::kMacronode);
  EXPECT_EQ(choose("overlay.pq_mode", "off").overlay.pq_mode, PqMode::kOff);
  EXPECT_EQ(choose("overlay.pq_mode", "require").overlay.pq_mode, PqMode::kRequire);
  EXPECT_EQ(choose("overlay.egress.drop_policy", "oldest").overlay.egress.drop_policy,
            DropPolicy::kOldest);
  EXPECT_EQ(choose("overlay.egress.drop_policy", "disconnect").overlay.egress.drop_policy,
            DropPolicy::kDisconnect);
  EXPECT_EQ(choose("log.level", "error").log.level, LogLevel::kError);
  EXPECT_EQ(choose("log.format", "text").log.format, LogFormat::kText);
}

TEST(Keys, every_bound_holds_at_its_edges) {
  for (const KeyRow& row : keys()) {
    if (row.type != Type::kCount && row.type != Type::kSize && row.type != Type::kDuration)
      continue;
    const auto accepts = [&](std::uint64_t value) {
      Assignment given;
      given.text = std::to_string(value) + (row.type == Type::kDuration ? "ms" : "");
      Settings scratch;
      return store(row, given, scratch).has_value();
    };
    EXPECT_TRUE(accepts(row.low)) << row.name;
    EXPECT_TRUE(accepts(row.high)) << row.name;
    EXPECT_FALSE(accepts(row.high + 1)) << row.name;
    if (row.low > 0) {
      EXPECT_FALSE(accepts(row.low - 1)) << row.name;
    }
  }
}

TEST(Nearest, finds_slips_and_leaves_strangers_alone) {
  const std::vector<std::string_view> names = {"overlay.peer.max_rps", "overlay.listen",
                                               "tls.enabled", "--max-conns", "--metrics"};
  EXPECT_EQ(nearest("overlay.lisetn", names), "overlay.listen");
  EXPECT_EQ(nearest("max_rps", names), "overlay.peer.max_rps");
  EXPECT_EQ(nearest("--max_conn", names), "--max-conns");
  EXPECT_EQ(nearest("TLS.ENABLED", names), "tls.enabled");
  EXPECT_EQ(nearest("zebra", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(65, 'x'), names), "");
}

}  // namespace
}  // namespace ron::config
