#include "redact.hpp"

#include <gtest/gtest.h>

#include "tap_line.hpp"
#include "tar_gz.hpp"

namespace ron::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(Redact, SecretsGoPathsStay) {
  const Json out = Redactor(true).json({{"auth_token", "abc"},
                                        {"keys",
                                         {{"tls.key_path", {{"value", "/k.pem"}}},
                                          {"auth.password", {{"value", "x"}}},
                                          {"auth.macaroon_path", {{"value", "/m"}}}}}});
  EXPECT_EQ(out["auth_token"], "[redacted]");
  EXPECT_EQ(out["keys"]["tls.key_path"]["value"], "/k.pem");
  EXPECT_EQ(out["keys"]["auth.password"], "[redacted]");
  EXPECT_EQ(out["keys"]["auth.macaroon_path"]["value"], "/m");
}

TEST(Redact, PemBlocksGoWhereverTheyStand) {
  const std::string pem = "a -----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY----- b";
  EXPECT_EQ(Redactor::text(pem), "a [redacted] b");
  EXPECT_EQ(Redactor::text("x -----BEGIN PRIVATE KEY-----\nMC4C"), "x [redacted]");
  EXPECT_EQ(Redactor(true).json({{"list", {pem}}})["list"][0], "a [redacted] b");
}

TEST(Redact, PeersAreNumberedAlike) {
  const Json sessions = {{"sessions",
                          {{{"channel", "tcp"}, {"peer", "10.0.0.1:5"}, {"name", "URI:me"}},
                           {{"channel", "tcp"}, {"peer", "10.0.0.2:5"}},
                           {{"channel", "tcp"}, {"peer", "10.0.0.1:5"}}}}};
  Redactor redactor(false);
  const Json out = redactor.json(sessions);
  EXPECT_EQ(out.dump().find("10.0.0."), std::string::npos);
  EXPECT_EQ(out.dump().find("URI:me"), std::string::npos);
  EXPECT_EQ(out["sessions"][0]["peer"], out["sessions"][2]["peer"]);
  EXPECT_NE(out["sessions"][0]["peer"], out["sessions"][1]["peer"]);
  EXPECT_EQ(redactor.json(sessions), out) << "the same throughout a bundle";
  EXPECT_EQ(Redactor(true).json(sessions), sessions);
}

TEST(TarGz, HasTheChecksumsOfItsFormats) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
  TarGz tar(7);
  tar.add("a/b", "hello");
  EXPECT_EQ(tar.size(), 1024U);
  const std::string out = tar.finish();
  constexpr std::size_t kHead = 15;  // gzip's and the block's
  EXPECT_EQ(out.size(), kHead + 2048 + 8);
  const std::string header = out.substr(kHead, 512);
  EXPECT_EQ(header.substr(100, 8), std::string("0000600\0", 8));
  EXPECT_EQ(header.substr(124, 12), std::string("00000000005\0", 12));
  std::string blank = header;
  blank.replace(148, 8, "        ");
  std::uint64_t sum = 0;
  for (const char c : blank) sum += static_cast<unsigned char>(c);
  EXPECT_EQ(std::stoull(header.substr(148, 6), nullptr, 8), sum);
}

sdk::Message message(std::string data) {
  sdk::Message out;
  out.topic = "a/\x1b[2J";
  out.data = std::move(data);
  out.correlation = 255;
  return out;
}

constexpr Moment kWhen{std::chrono::milliseconds(45'296'789)};

TEST(TapLine, SaysThatSomethingPassedNotWhat) {
  EXPECT_EQ(tap_line(message("secret"), kWhen, {}),
            "12:34:56.789Z  a/\\x1b[2J  6 B  corr 00000000000000ff\n");
  const auto json = Json::parse(tap_line(message("secret"), kWhen, {.json = true}));
  EXPECT_EQ(json.dump(), R"({"ts":"1970-01-01T12:34:56.789Z","topic":"a/\u001b[2J","bytes":6,)"
                         R"("corr_id":"00000000000000ff"})");
}

TEST(TapLine, PayloadsAreCutAndCannotDriveATerminal) {
  const std::string line =
      tap_line(message("\x1b" + std::string(1000, 'x')), kWhen, {.payload = true});
  EXPECT_NE(line.find("  \\x1bxxx"), std::string::npos);
  EXPECT_TRUE(line.ends_with("x\xe2\x80\xa6\n"));
  EXPECT_LT(line.size(), 400U);
  const TapOptions options{.payload = true, .json = true};
  EXPECT_EQ(Json::parse(tap_line(message("\xff"), kWhen, options))["payload_hex"], "ff");
  // 256 bytes end within the last character: it goes as a whole.
  const auto cut =
      Json::parse(tap_line(message(std::string(255, 'x') + "\xc3\xa4\xc3\xa4"), kWhen, options));
  EXPECT_EQ(cut["payload"], std::string(255, 'x'));
  EXPECT_EQ(cut["truncated"], true);
}

TEST(TapLine, ATenantIsNamedWhereThereIsOne) {
  sdk::Message one = message("");
  one.tenant = {.hi = 1, .lo = 2};
  EXPECT_NE(tap_line(one, kWhen, {}).find("tenant 00000000000000010000000000000002"),
            std::string::npos);
}

TEST(Redactor, HidesWhoThePeersAre) {
  const Json mesh = {
      {"node", "aa"},
      {"links", Json::array({{{"node", "bb"}, {"addr", "b.example:1"}, {"rtt_ms", 1}}})}};
  const Json out = Redactor(false).json(mesh);
  EXPECT_EQ(out["node"], "aa") << "the node's own";
  EXPECT_EQ(out["links"][0]["node"].get<std::string>().substr(0, 5), "peer-");
  EXPECT_EQ(out["links"][0]["addr"].get<std::string>().substr(0, 5), "peer-");
  EXPECT_EQ(out["links"][0]["rtt_ms"], 1);
  EXPECT_EQ(Redactor(true).json(mesh), mesh);
}

}  // namespace
}  // namespace ron::cli
