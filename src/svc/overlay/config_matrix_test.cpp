// The twelve scenarios of docs/configuration.md, a gate (requirement B6). Each goes as far as the
// process would before it opens a socket: files, environment, flags, the machine's answers.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/diff.hpp"
#include "crypto/issue.hpp"
#include "oap/comp.hpp"
#include "oap/envelope.hpp"
#include "setup/configuration.hpp"

namespace ron::svc {
namespace {

namespace fs = std::filesystem;
using config::Problems;

/// What a scenario may ask for, in a directory of its own with a CA, a certificate and its key.
class Workshop {
 public:
  Workshop() {
    std::string pattern = (fs::temp_directory_path() / "ron_matrix_XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    before_ = fs::current_path();
    fs::current_path(directory_);
    ::unsetenv("RON_CONFIG");
  }
  ~Workshop() {
    fs::current_path(before_);
    fs::remove_all(directory_);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  std::string at(const std::string& name) const { return (directory_ / name).string(); }

  std::string write(const std::string& name, std::string_view text, mode_t mode) const {
    std::ofstream(directory_ / name) << text;
    ::chmod(at(name).c_str(), mode);
    return at(name);
  }

  /// [tls] with real files of these modes.
  std::string tls(mode_t cert_mode, mode_t key_mode) const {
    const auto ca = crypto::make_ca({}).value();
    crypto::LeafRequest request;
    request.common_name = "node";
    request.names = {"DNS:localhost"};
    const auto leaf = crypto::make_leaf(request, ca.certificate_pem, ca.key_pem).value();
    const std::string cert = write("node.crt", leaf.certificate_pem, cert_mode);
    const std::string key = write("node.key", crypto::as_text(leaf.key_pem), key_mode);
    return "[tls]\nenabled = true\ncert_path = \"" + cert + "\"\nkey_path = \"" + key + "\"\n";
  }

 private:
  fs::path directory_, before_;
};

struct Scenario {
  int number;
  const char* name;
  std::string (*file)(const Workshop&);  // empty: none
  std::vector<const char*> complaints;   // the keys of the errors; none: it starts
  const char* hint;                      // stands in the first error
};

// Scenarios 8, 9, 10 and 11 need more than a file; they stand below.
const std::vector<Scenario> kScenarios = {
    {1, "no file anywhere", [](const Workshop&) { return std::string(); }, {}, ""},
    {2,
     "listen is no address",
     [](const Workshop&) { return std::string("overlay.listen = \"nonsense\"\n"); },
     {"overlay.listen"},
     "IP:PORT"},
    {3,
     "max_frame_bytes is not 1MiB",
     [](const Workshop&) { return std::string("overlay.gossip.max_frame_bytes = \"2MiB\"\n"); },
     {"overlay.gossip.max_frame_bytes"},
     "exactly 1MiB"},
    {4,
     "chunk_bytes over max_frame_bytes",
     [](const Workshop&) { return std::string("overlay.gossip.chunk_bytes = \"2MiB\"\n"); },
     {"overlay.gossip.chunk_bytes"},
     "4KiB to 1MiB"},
    {5,
     "TLS without names of files",
     [](const Workshop&) { return std::string("tls.enabled = true\n"); },
     {"tls.cert_path", "tls.key_path"},
     "ronctl tls init"},
    {5,
     "TLS with files that are not there",
     [](const Workshop& shop) {
       return "[tls]\nenabled = true\ncert_path = \"" + shop.at("none.crt") + "\"\nkey_path = \"" +
              shop.at("none.key") + "\"\n";
     },
     {"tls.cert_path", "tls.key_path"},
     "does not exist"},
    {6, "safe modes", [](const Workshop& shop) { return shop.tls(0644, 0600); }, {}, ""},
    {6,
     "a key others can read",
     [](const Workshop& shop) { return shop.tls(0644, 0640); },
     {"tls.key_path"},
     "chmod 600"},
    {6,
     "a certificate others can write",
     [](const Workshop& shop) { return shop.tls(0666, 0400); },
     {"tls.cert_path"},
     "chmod 644"},
    {7,
     "a token, which this version cannot present",
     [](const Workshop& shop) {
       return "auth.macaroon_path = \"" + shop.write("token", "macaroon:x", 0600) + "\"\n";
     },
     {"auth.macaroon_path"},
     "not supported by this version"},
    {9,
     "another ratio cap",
     [](const Workshop&) { return std::string("limits.decompress_ratio_cap = 100\n"); },
     {"limits.decompress_ratio_cap"},
     "exactly 10"},
    {12,
     "a socket in a closed directory",
     [](const Workshop& shop) {
       fs::create_directory(shop.at("run"));
       fs::permissions(shop.at("run"), fs::perms::owner_all);
       return "uds.path = \"" + shop.at("run/a.sock") + "\"\n";
     },
     {},
     ""},
    {12,
     "a socket in an open directory",
     [](const Workshop& shop) {
       fs::create_directory(shop.at("run"));
       fs::permissions(shop.at("run"), fs::perms::all);
       return "uds.path = \"" + shop.at("run/a.sock") + "\"\n";
     },
     {"uds.path"},
     "chmod 700"},
};

class ConfigMatrix : public ::testing::TestWithParam<Scenario> {};

TEST_P(ConfigMatrix, holds) {
  const Scenario& scenario = GetParam();
  SCOPED_TRACE(std::to_string(scenario.number) + ": " + scenario.name);
  const Workshop shop;
  const std::string text = scenario.file(shop);
  if (!text.empty()) shop.write("svc-overlay.toml", text, 0644);
  const auto read = setup::read_configuration({});
  std::vector<std::string> complaints;
  if (!read)
    for (const auto& problem : read.error()) {
      complaints.push_back(problem.key);
      EXPECT_FALSE(problem.remedy.empty()) << problem_text(problem);
    }
  EXPECT_EQ(complaints,
            std::vector<std::string>(scenario.complaints.begin(), scenario.complaints.end()));
  if (!read) {
    EXPECT_NE(problem_text(read.error()[0]).find(scenario.hint), std::string::npos)
        << problem_text(read.error()[0]);
  }
  if (read && text.empty()) {
    EXPECT_TRUE(read->file.empty());
    EXPECT_TRUE(
        config::differences(read->loaded.settings, config::defaults(config::Profile::kMicronode))
            .empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConfigMatrix, ::testing::ValuesIn(kScenarios),
                         [](const auto& scenario) {
                           return std::to_string(scenario.param.number) + "_" +
                                  std::to_string(scenario.index);
                         });

// 8 (a body to the admin listener: 413) is Admin.a_large_body_is_refused_without_being_read in ops.

TEST(ConfigMatrixAlone, scenario_9_a_bomb_is_refused_on_the_wire) {
  // One zstd frame of 1 MiB of zeros: eight blocks of one repeated byte.
  std::vector<std::uint8_t> bomb = {0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x00, 0x00, 0x10, 0x00};
  for (int block = 0; block < 8; ++block)
    bomb.insert(bomb.end(), {static_cast<std::uint8_t>(block == 7 ? 3 : 2), 0x00, 0x10, 0x00});
  const auto refused = oap::decompress(bomb, oap::kMaxFrame);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, oap::Code::kRatioCap);
}

// 10, from two states of one file; the process itself is in test/integration/test_reload.py.
TEST(ConfigMatrixAlone, scenario_10_a_reload_changes_live_keys_only) {
  const Workshop shop;
  shop.write("svc-overlay.toml", "", 0644);
  const auto running = setup::read_configuration({}).value().loaded.settings;
  shop.write("svc-overlay.toml", "timeouts.idle = \"20s\"\noverlay.listen = \"127.0.0.1:9555\"\n",
             0644);
  const auto fresh = setup::read_configuration({}).value().loaded.settings;
  const auto plan = config::plan_reload(running, fresh);
  ASSERT_TRUE(plan.errors.empty());
  EXPECT_EQ(plan.lines(), (std::vector<std::string>{
                              "live: timeouts.idle: 15s -> 20s",
                              "restart: overlay.listen: 127.0.0.1:9500 -> 127.0.0.1:9555"}));
  EXPECT_EQ(plan.next.overlay.listen, "127.0.0.1:9500");
  EXPECT_EQ(plan.next.timeouts.idle, std::chrono::seconds(20));
  shop.write("svc-overlay.toml", "timeouts.idle = \"1ms\"\n", 0644);
  EXPECT_FALSE(setup::read_configuration({}).has_value());
}

TEST(ConfigMatrixAlone, scenario_11_hybrid_without_support) {
  const Workshop shop;
  const std::string path = shop.write("a.toml", shop.tls(0644, 0600), 0644);
  auto loaded = setup::read_configuration({.config_path = path, .flags = {}}).value().loaded;
  config::HostFacts host = setup::host_facts();
  host.hybrid_available = false;
  const Problems errors = config::check_host(loaded, host);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].key, "overlay.pq_mode");
  EXPECT_NE(errors[0].remedy.find("OpenSSL 3.5"), std::string::npos);
}

}  // namespace
}  // namespace ron::svc
