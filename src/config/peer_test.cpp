#include "config/peer.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "config/json_text.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "config/toml_text.hpp"

namespace ron::config {
namespace {

const std::string kId(64, 'a');

TEST(Peer, is_an_address_with_or_without_an_id) {
  const auto plain = parse_peer("node1.example:9500");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->addr, "node1.example:9500");
  EXPECT_FALSE(plain->node.has_value());
  const auto pinned = parse_peer(kId + "@[::1]:9500");
  ASSERT_TRUE(pinned.has_value());
  EXPECT_EQ(pinned->addr, "[::1]:9500");
  EXPECT_EQ(hex(*pinned->node), kId);
  EXPECT_EQ(peer_text(*pinned), kId + "@[::1]:9500");
  EXPECT_EQ(peer_text(*plain), "node1.example:9500");
}

TEST(Peer, anything_else_is_refused) {
  const std::string upper(64, 'A');
  const std::vector<std::string> wrong = {
      "node1", "node1:0", "@node1:9500", "abc@node1:9500", upper + "@a:1", kId + "@", kId, ""};
  for (const std::string& text : wrong) EXPECT_FALSE(parse_peer(text).has_value()) << text;
}

TEST(Peer, a_file_holds_one_a_line) {
  const auto peers = parse_peers_file("# ours\n\n  a:1 \r\n" + kId + "@b:2", "peers");
  ASSERT_TRUE(peers.has_value());
  ASSERT_EQ(peers->size(), 2U);
  EXPECT_EQ((*peers)[0].addr, "a:1");
  EXPECT_TRUE((*peers)[1].node.has_value());
  const auto wrong = parse_peers_file("a:1\nb\n", "peers");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().source, "peers:2");
}

TEST(Peer, a_file_is_bounded) {
  std::string text;
  for (std::size_t i = 0; i <= kPeersMax; ++i) text += "a:1\n";
  const auto peers = parse_peers_file(text, "peers");
  ASSERT_FALSE(peers.has_value());
  EXPECT_EQ(peers.error().source, "peers:" + std::to_string(kPeersMax + 1));
}

std::vector<std::string> peers_in(const std::string& text, const std::string& name) {
  const auto parsed = name.ends_with(".json") ? parse_json(text, name) : parse_toml(text, name);
  if (!parsed || parsed->size() != 1 || parsed->front().form != Form::kList) return {"refused"};
  return parsed->front().items;
}

TEST(Peer, tables_of_a_file_are_texts) {
  const std::vector<std::string> both = {kId + "@a:1", "b:2"};
  EXPECT_EQ(peers_in("[[peers]]\nid = \"" + kId + "\"\naddr = \"a:1\"\n[[peers]]\naddr = \"b:2\"\n",
                     "f.toml"),
            both);
  EXPECT_EQ(peers_in(R"({"peers": [{"addr": "a:1", "id": ")" + kId + R"("}, "b:2"]})", "f.json"),
            both);
}

TEST(Peer, tables_of_another_shape_are_refused) {
  for (const char* table : {R"({"id": "x"})", R"({"addr": "a:1", "more": "x"})", R"({"addr": 1})",
                            R"({"addr": ["a:1"]})", R"({"addr": {"addr": "a:1"}})", "{}"})
    EXPECT_EQ(peers_in("{\"peers\": [" + std::string(table) + "]}", "f.json"),
              std::vector<std::string>{"refused"})
        << table;
  for (const char* table : {"{id = \"x\"}", "{addr = \"a:1\", more = 1}", "{addr = 1}", "{}"})
    EXPECT_EQ(peers_in("peers = [" + std::string(table) + "]", "f.toml"),
              std::vector<std::string>{"refused"})
        << table;
}

TEST(Peer, what_is_printed_loads_again) {
  Settings settings = defaults(Profile::kMicronode);
  settings.peers = {kId + "@a:1", "b:2"};
  settings.tls.enabled = true;
  settings.tls.cert_path = "/c";
  settings.tls.key_path = "/k";
  const auto loaded =
      load({.file = FileText{"f.toml", settings_toml(settings)}, .environment = {}, .flags = {}});
  ASSERT_TRUE(loaded.has_value()) << problem_text(loaded.error().front());
  EXPECT_EQ(loaded->settings.peers, settings.peers);
}

}  // namespace
}  // namespace ron::config
