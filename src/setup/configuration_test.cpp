// Where the configuration comes from, with real files.
#include "setup/configuration.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ron::setup {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ron_configuration_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    before_ = fs::current_path();
    fs::current_path(directory_);
    ::unsetenv("RON_CONFIG");
  }
  void TearDown() override {
    ::unsetenv("RON_CONFIG");
    fs::current_path(before_);
    fs::remove_all(directory_);
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  static std::uint64_t max_conns(const std::string& config_path) {
    const auto read = read_configuration({.config_path = config_path, .flags = {}});
    EXPECT_TRUE(read.has_value());
    return read ? read->loaded.settings.transport.max_conns : 0;
  }
  static std::string fault(const Sources& line) {
    const auto read = read_configuration(line);
    EXPECT_FALSE(read.has_value());
    return read ? "" : problem_text(read.error().front());
  }
  static std::string fault(const std::string& config_path) {
    return fault(Sources{.config_path = config_path, .flags = {}});
  }

  fs::path directory_, before_;
};

TEST_F(Files, the_flag_beats_the_variable_beats_the_directory) {
  EXPECT_EQ(max_conns(""), 1024U);
  write("svc-overlay.toml", "transport.max_conns = 1\n");
  EXPECT_EQ(max_conns(""), 1U);
  ::setenv("RON_CONFIG", write("b.toml", "transport.max_conns = 2\n").c_str(), 1);
  EXPECT_EQ(max_conns(""), 2U);
  EXPECT_EQ(max_conns(write("c.toml", "transport.max_conns = 3\n")), 3U);
}

TEST_F(Files, a_named_file_must_exist) {
  const std::string missing = (directory_ / "none.toml").string();
  EXPECT_NE(fault(missing).find(missing), std::string::npos);
  ::setenv("RON_CONFIG", missing.c_str(), 1);
  EXPECT_NE(fault("").find("RON_CONFIG"), std::string::npos);
}

TEST_F(Files, what_is_no_file_is_refused) {
  EXPECT_NE(fault(directory_.string()).find("cannot be read"), std::string::npos);
  const std::string big = write("big.toml", std::string((1U << 20U) + 5, '#'));
  EXPECT_NE(fault(big).find("larger than 1MiB"), std::string::npos);
}

TEST_F(Files, faults_name_the_file_as_it_was_given) {
  write("svc-overlay.toml", "\ntransport.max_conns = 0\n");
  EXPECT_NE(fault("").find("./svc-overlay.toml:2"), std::string::npos);
}

TEST_F(Files, permissions_of_keys_are_checked) {
  const std::string cert = write("node.crt", "x"), key = write("node.key", "x");
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  const Sources line{.config_path = {},
                     .flags = {{"--tls", "true"}, {"--tls-cert", cert}, {"--tls-key", key}}};
  EXPECT_NE(fault(line).find("chmod 600"), std::string::npos);
  ASSERT_EQ(::chmod(key.c_str(), 0600), 0);
  EXPECT_NE(fault(line).find(cert), std::string::npos) << "the TLS library judges the contents";
}

TEST_F(Files, check_shows_every_key_with_its_origin) {
  const auto read = read_configuration({.config_path = {}, .flags = {{"--max-conns", "9"}}});
  ASSERT_TRUE(read.has_value());
  const std::string text = configuration_text(*read, Show::kAll);
  for (const config::KeyRow& row : config::keys())
    EXPECT_NE(text.find(std::string(row.name) + " "), std::string::npos) << row.name;
  EXPECT_NE(text.find("flag --max-conns"), std::string::npos);
}

}  // namespace
}  // namespace ron::setup
