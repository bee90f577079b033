// JSON files against their TOML twins, printing, and the bounds of both readers.
#include "config/json_text.hpp"

#include <gtest/gtest.h>

#include "config/diff.hpp"
#include "config/load.hpp"
#include "config/print.hpp"

namespace ron::config {
namespace {

std::expected<Loaded, Problems> file(std::string name, std::string text) {
  return load({.file = FileText{std::move(name), std::move(text)}, .environment = {}, .flags = {}});
}
std::string fault(const std::string& name, const std::string& text) {
  const auto loaded = file(name, text);
  EXPECT_FALSE(loaded.has_value()) << text.substr(0, 100);
  return loaded ? "" : problem_text(loaded.error()[0]);
}

TEST(Json, says_what_toml_says) {
  const auto json = file("a.json", R"({
    "profile": "macronode",
    "overlay": {"peer": {"max_rps": 7}, "amnesia": true},
    "timeouts": {"idle": "40s"},
    "uds": {"path": "/run/ron/a.sock", "allow_uids": [0, 1000]}
  })");
  const auto toml = file("a.toml",
                         "profile = \"macronode\"\n[overlay]\npeer.max_rps = 7\namnesia = true\n"
                         "[timeouts]\nidle = \"40s\"\n[uds]\npath = \"/run/ron/a.sock\"\n"
                         "allow_uids = [0, 1000]\n");
  ASSERT_TRUE(json.has_value());
  ASSERT_TRUE(toml.has_value());
  EXPECT_TRUE(differences(json->settings, toml->settings).empty());
}

TEST(Json, is_recognised_by_name_or_first_character) {
  EXPECT_EQ(file("conf", " \n{\"transport\": {\"max_conns\": 5}}")->settings.transport.max_conns,
            5U);
  EXPECT_FALSE(file("a.json", "transport.max_conns = 5").has_value());
  EXPECT_FALSE(looks_like_json("# {", "a.toml"));
}

TEST(Json, faults_have_their_line) {
  EXPECT_NE(fault("a.json", "{\n\"transport\": {\n\"max_conns\": 0}}").find("a.json:3"),
            std::string::npos);
  EXPECT_NE(fault("a.json", "{\n\"overlay\": {\n}").find("a.json:3"), std::string::npos);
  EXPECT_NE(fault("a.json", "{\"overlay\": {\"listn\": \"\"}}").find("overlay.listen"),
            std::string::npos);
}

TEST(Json, types_are_not_reinterpreted) {
  for (const char* text :
       {R"({"transport": {"max_conns": "5"}})", R"({"transport": {"max_conns": 5.0}})",
        R"({"transport": {"max_conns": -1}})", R"({"transport": {"max_conns": null}})",
        R"({"tls": {"enabled": "true"}})", R"({"timeouts": {"idle": 5}})",
        R"({"uds": {"path": "/a/b", "allow_uids": [[1]]}})",
        R"({"uds": {"path": "/a/b", "allow_uids": [{"x": 1}, 2]}})", R"({"tls": true})", "[]",
        "[1]", "5", "\"x\"", "", "{", R"({"transport": {"max_conns": 1e999}})",
        R"({"transport": {"name": "\ud800"}})", "{} {}"})
    EXPECT_FALSE(file("a.json", text).has_value()) << text;
}

TEST(Json, a_key_given_twice_must_say_the_same) {
  EXPECT_TRUE(file("a.json", R"({"timeouts": {"idle": "9s"}, "timeouts": {"idle": "9000ms"}})"));
  EXPECT_NE(fault("a.json", R"({"timeouts": {"idle": "9s"}, "timeouts": {"idle": "8s"}})")
                .find("contradicts"),
            std::string::npos);
}

TEST(Bounds, deep_and_long_names_are_refused) {
  std::string dots = "a", objects, close;
  for (int i = 0; i < 100'000; ++i) dots += ".a";
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":", close += "}";
  EXPECT_NE(fault("a.toml", dots + " = 1\n").find("too many parts"), std::string::npos);
  EXPECT_NE(fault("a.toml", "[" + dots + "]\n").find("too many parts"), std::string::npos);
  EXPECT_NE(fault("a.json", objects + "1" + close).find("nested too deeply"), std::string::npos);
  std::string lists(100'000, '[');
  EXPECT_NE(fault("a.json", "{\"a\": " + lists).find("nested too deeply"), std::string::npos);
  EXPECT_FALSE(file("a.toml", "a = " + lists).has_value());
  const std::string name(300, 'a');
  EXPECT_NE(fault("a.toml", name + " = 1\n").find("too long"), std::string::npos);
  EXPECT_NE(fault("a.json", "{\"" + name + "\": 1}").find("overlong"), std::string::npos);
  EXPECT_TRUE(file("a.toml", "# .. ... " + std::string(500, '.') + "\n").has_value());
}

TEST(Bounds, a_file_of_nonsense_is_answered_briefly) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const auto loaded = file("a.toml", text);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().size(), 201U);
  for (const Problem& problem : loaded.error()) EXPECT_FALSE(problem.remedy.empty());
}

TEST(Print, what_is_printed_loads_to_the_same) {
  Settings s = defaults(Profile::kMacronode);
  s.tls.enabled = true;
  s.tls.cert_path = "/a \"quoted\" \\ path";
  s.tls.key_path = "/k";
  s.tls.client_ca_path = "/ca";
  s.tls.require_client_cert = true;
  s.tls.allowed_sans = {"URI:ron:client/a,b", "DNS:ä.example"};
  s.uds.path = "/run/ron/a.sock";
  s.uds.allow_uids = {0, 7};
  s.log.level = LogLevel::kDebug;
  const auto again = file("a.toml", settings_toml(s));
  ASSERT_TRUE(again.has_value()) << problem_text(again.error()[0]);
  EXPECT_TRUE(differences(s, again->settings).empty());
  EXPECT_EQ(again->settings.tls.allowed_sans, s.tls.allowed_sans);
}

TEST(Reserved, defaults_are_accepted_and_nothing_else) {
  EXPECT_TRUE(file("a.toml",
                   "[transport]\ntor = {enabled = false, socks = \"\"}\nquic.enabled = false\n"
                   "[auth]\nmacaroon_path = \"\"\nmode = \"off\"\n[economics]\n"
                   "zk_proof_mode = \"off\"\n[readiness]\nrequire = []\n"));
  for (const char* line :
       {"transport.tor.enabled = true", "transport.quic.enabled = true",
        "transport.tor.socks = \"127.0.0.1:9050\"", "auth.mode = \"required\"",
        "economics.zk_proof_mode = \"phase1\"", "readiness.require = [\"svc-index\"]",
        "tls.session_tickets = \"on\"", "overlay.pq_sign_algo = \"ml-dsa\"",
        "governance.policy_endpoints = [\"https://x\"]"})
    EXPECT_NE(fault("a.toml", std::string(line) + "\n").find("not supported by this version"),
              std::string::npos)
        << line;
}

TEST(Reserved, secrets_are_not_shown_even_when_they_are_refused) {
  const std::string text = fault("a.toml", "auth.macaroon_path = \"macaroon:c2VjcmV0\"\n");
  EXPECT_EQ(text.find("c2VjcmV0"), std::string::npos);
  EXPECT_NE(text.find("(hidden)"), std::string::npos);
}

TEST(Text, must_be_utf8) {
  for (const char* bad :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\x80"})
    EXPECT_FALSE(load({.file = std::nullopt,
                       .environment = {{"SVC_OVERLAY_TRANSPORT_NAME", bad}},
                       .flags = {}})
                     .has_value());
  EXPECT_TRUE(load({.file = std::nullopt,
                    .environment = {{"SVC_OVERLAY_TRANSPORT_NAME", "kn\xc3\xb6t \xf0\x9f\xa7\x85"}},
                    .flags = {}})
                  .has_value());
}

}  // namespace
}  // namespace ron::config
