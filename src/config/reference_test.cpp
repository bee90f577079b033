// Files of the repository that must agree with the key table.
#include "config/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "config/schema.hpp"

namespace ron::config {
namespace {

std::filesystem::path root() { return std::filesystem::path(RON_SOURCE_DIR); }

std::string contents(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(Reference, the_document_is_the_table) {
  const auto path = root() / "docs" / "configuration.md";
  if (std::getenv("RON_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << reference_markdown();
  EXPECT_EQ(contents(path), reference_markdown())
      << "run this test with RON_UPDATE_GOLDEN=1 and read the difference";
}

TEST(Reference, the_schema_is_the_table) {
  const auto path = root() / "docs" / "svc-overlay.schema.json";
  if (std::getenv("RON_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << json_schema();
  EXPECT_EQ(contents(path), json_schema())
      << "run this test with RON_UPDATE_GOLDEN=1 and read the difference";
}

TEST(Reference, the_schema_knows_every_key_and_its_default) {
  const auto schema = nlohmann::json::parse(json_schema());
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const KeyRow& row : keys()) {
    const nlohmann::json* at = &schema;
    std::string_view rest = row.name;
    while (!rest.empty()) {
      const auto dot = rest.find('.');
      at = &at->at("properties").at(std::string(rest.substr(0, dot)));
      rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    }
    EXPECT_TRUE(at->contains("default") || at->contains("const")) << row.name;
    EXPECT_TRUE(at->contains("description")) << row.name;
  }
  const auto& peer = schema["properties"]["overlay"]["properties"]["peer"]["properties"];
  EXPECT_EQ(peer["max_rps"]["minimum"], 1);
  EXPECT_EQ(peer["max_rps"]["x-reload"], "live");
}

TEST(Reference, lines_stay_readable) {
  EXPECT_NE(reference_markdown().find("### `overlay.peer.max_rps`"), std::string::npos);
  EXPECT_EQ(reference_markdown().find("\n\n\n"), std::string::npos);
}

class Examples : public ::testing::TestWithParam<const char*> {};

TEST_P(Examples, is_valid) {
  const auto path = root() / "deploy" / "examples" / (std::string(GetParam()) + ".toml");
  const std::string text = contents(path);
  ASSERT_FALSE(text.empty()) << path;
  const auto loaded =
      load({.file = FileText{path.filename().string(), text}, .environment = {}, .flags = {}});
  if (!loaded)
    for (const auto& problem : loaded.error()) ADD_FAILURE() << problem_text(problem);
  if (loaded)
    for (const auto& problem : loaded->warnings) ADD_FAILURE() << problem_text(problem);
}

INSTANTIATE_TEST_SUITE_P(All, Examples, ::testing::Values("micronode", "macronode", "development"));

TEST(Examples, show_what_they_say) {
  const auto read = [](const char* name) {
    const auto path = root() / "deploy" / "examples" / name;
    return load({.file = FileText{name, contents(path)}, .environment = {}, .flags = {}})
        .value()
        .settings;
  };
  EXPECT_EQ(read("macronode.toml").profile, Profile::kMacronode);
  EXPECT_TRUE(read("macronode.toml").tls.require_client_cert);
  EXPECT_EQ(read("mesh.toml").peers.size(), 2U);
  EXPECT_EQ(read("micronode.toml").profile, Profile::kMicronode);
  EXPECT_EQ(read("development.toml").log.level, LogLevel::kDebug);
}

}  // namespace
}  // namespace ron::config
