// Other names of keys, old values, and the corpus of configurations that must load for ever.
#include "config/legacy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace ron::config {
namespace {

using namespace std::chrono_literals;

std::expected<Loaded, Problems> file(std::string text) {
  return load({.file = FileText{"a.toml", std::move(text)}, .environment = {}, .flags = {}});
}
std::expected<Loaded, Problems> environment(std::string name, std::string value) {
  return load(
      {.file = std::nullopt, .environment = {{std::move(name), std::move(value)}}, .flags = {}});
}
const KeyRow& row(std::string_view name) { return *find_key(name); }

// A value each key takes that is not its default.
std::string other_value(const KeyRow& key, const Alias& alias) {
  if (alias.unit == "ms") return "12000";
  if (alias.unit == "days") return "60";
  switch (key.type) {
    case Type::kDuration: return "12s";
    case Type::kCount: return "77";
    case Type::kListenAddress: return "127.0.0.1:7";
    case Type::kPath: return "/run/ron/x.sock";
    default: return "off";
  }
}

TEST(Legacy, every_variable_fills_its_key_and_warns_if_it_is_deprecated) {
  for (const Alias& alias : env_aliases()) {
    const auto loaded = environment(std::string(alias.name), other_value(row(alias.key), alias));
    ASSERT_TRUE(loaded.has_value()) << alias.name << " " << problem_text(loaded.error()[0]);
    EXPECT_NE(value_text(row(alias.key), loaded->settings), row(alias.key).micronode) << alias.name;
    EXPECT_EQ(loaded->warnings.size(), alias.deprecated ? 1U : 0U) << alias.name;
  }
}

TEST(Legacy, every_name_in_a_file_fills_its_key_and_warns_if_it_is_deprecated) {
  for (const Alias& alias : file_aliases()) {
    const KeyRow& key = row(alias.key);
    const std::string value = other_value(key, alias);
    const bool bare = key.type == Type::kCount || !alias.unit.empty();
    const auto loaded =
        file(std::string(alias.name) + " = " + (bare ? value : "\"" + value + "\"") + "\n");
    ASSERT_TRUE(loaded.has_value()) << alias.name << " " << problem_text(loaded.error()[0]);
    if (key.effect != Effect::kReserved) {
      EXPECT_NE(value_text(key, loaded->settings), key.micronode) << alias.name;
      EXPECT_EQ(loaded->origins[static_cast<std::size_t>(&key - keys().data())],
                "a.toml:1 " + std::string(alias.name));
    }
    ASSERT_EQ(loaded->warnings.size(), alias.deprecated ? 1U : 0U) << alias.name;
    if (alias.deprecated) {
      EXPECT_NE(loaded->warnings[0].remedy.find(alias.key), std::string::npos);
    }
  }
}

TEST(Legacy, two_names_of_one_key_must_agree_in_one_layer) {
  EXPECT_TRUE(file("timeouts.read = \"4s\"\ntransport.read_timeout = \"4000ms\"\n"));
  const auto refused = file("timeouts.read = \"4s\"\ntransport.read_timeout = \"6s\"\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(problem_text(refused.error()[0]).find("contradicts a.toml:1"), std::string::npos);
  const auto overridden = load({.file = FileText{"a.toml", "transport.read_timeout = \"6s\"\n"},
                                .environment = {},
                                .flags = {{"--read-timeout", "2s"}}});
  ASSERT_TRUE(overridden.has_value());
  EXPECT_EQ(overridden->settings.timeouts.read, 2s);
}

TEST(Legacy, milliseconds_may_carry_a_unit_after_all) {
  EXPECT_EQ(environment("OVERLAY_IDLE_MS", "20s")->settings.timeouts.idle, 20s);
  EXPECT_EQ(file("key_rotation_days = 90\n")->settings.tls.max_age, 90 * 24h);
  EXPECT_FALSE(file("key_rotation_days = 99999999999999999999\n").has_value());
  EXPECT_FALSE(file("overlay.idle_timeout_ms = -5\n").has_value());
}

TEST(Legacy, two_switches_became_one_mode) {
  const auto mode = [](const char* text) {
    const auto loaded = file(text);
    EXPECT_TRUE(loaded.has_value()) << text;
    EXPECT_FALSE(loaded && loaded->warnings.empty()) << text;
    return loaded ? loaded->settings.overlay.pq_mode : PqMode::kRequire;
  };
  EXPECT_EQ(mode("pq_hybrid = false\npq_only = false\n"), PqMode::kOff);
  EXPECT_EQ(mode("pq_hybrid = true\npq_only = false\n"), PqMode::kHybrid);
  EXPECT_EQ(mode("pq_only = false\n"), PqMode::kHybrid);
  const std::string tls = "tls = {enabled = true, cert_path = \"/c\", key_path = \"/k\"}\n";
  EXPECT_EQ(mode(("pq_hybrid = true\npq_only = true\n" + tls).c_str()), PqMode::kRequire);
  EXPECT_EQ(mode("overlay.pq_mode = \"classical\"\n"), PqMode::kOff);
  EXPECT_FALSE(file("pq_hybrid = false\npq_only = true\n" + tls).has_value());
  EXPECT_FALSE(file("pq_only = 7\n").has_value());
  EXPECT_FALSE(file("pq_only = [true]\n").has_value());
  EXPECT_EQ(environment("OVERLAY_PQ_MODE", "classical")->warnings.size(), 2U);
}

// Configurations of earlier versions and of the documents before them (docs/api-history).
std::vector<std::filesystem::path> corpus() {
  const auto root = std::filesystem::path(RON_SOURCE_DIR);
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(root / "docs/api-history/config"))
    if (entry.path().extension() != ".md") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string contents(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// NAME=value lines are an environment.
Inputs inputs_of(const std::filesystem::path& path) {
  if (path.extension() != ".env")
    return {.file = FileText{path.filename(), contents(path)}, .environment = {}, .flags = {}};
  Inputs out;
  std::istringstream lines(contents(path));
  for (std::string line; std::getline(lines, line);)
    if (const auto equals = line.find('='); !line.starts_with('#') && equals != std::string::npos)
      out.environment.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  return out;
}

TEST(History, every_configuration_still_loads) {
  ASSERT_GE(corpus().size(), 6U);
  for (const auto& path : corpus()) {
    const auto loaded = load(inputs_of(path));
    if (loaded) continue;
    for (const auto& problem : loaded.error()) ADD_FAILURE() << problem_text(problem);
  }
}

TEST(History, old_spellings_still_mean_what_they_meant) {
  for (const auto& path : corpus()) {
    if (!path.stem().string().starts_with("legacy-")) continue;
    const auto loaded = load(inputs_of(path));
    ASSERT_TRUE(loaded.has_value()) << path;
    EXPECT_FALSE(loaded->warnings.empty()) << path << " uses names that are deprecated";
    EXPECT_EQ(loaded->settings.timeouts.idle, 12s) << path;
  }
}

}  // namespace
}  // namespace ron::config
