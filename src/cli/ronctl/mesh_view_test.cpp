#include "mesh_view.hpp"

#include <gtest/gtest.h>

namespace ron::cli {
namespace {

Json link(const std::string& node) {
  return {{"node", node},   {"addr", node + ":1"}, {"state", "active"}, {"role", "relay"},
          {"rtt_ms", 0.25}, {"since_s", 61},       {"session", 7}};
}

TEST(MeshView, PeersAreATable) {
  const Json peers = {link("aaaa"), {{"node", "bbbb"}, {"addr", "b:2"}, {"state", "passive"}}};
  const std::string text = peer_table(peers);
  EXPECT_NE(text.find("0.2 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("1m"), std::string::npos) << text;
  EXPECT_NE(text.find("passive"), std::string::npos) << text;
}

TEST(MeshView, APictureHasEachLinkOnce) {
  const Json one = {
      {"node", "aa"}, {"name", "n1"}, {"role", "relay"}, {"links", {link("bb"), link("cc")}}};
  const Json two = {
      {"node", "bb"}, {"name", "n\"2"}, {"role", "leaf"}, {"links", Json::array({link("aa")})}};
  const std::string dot = mesh_dot({one, two});
  std::size_t links = 0;
  for (std::size_t at = 0; (at = dot.find(" -- ", at)) != std::string::npos; ++at) ++links;
  EXPECT_EQ(links, 2U) << dot;
  EXPECT_NE(dot.find("n\\\"2"), std::string::npos)
      << "what a node calls itself stays inside its quotes";
  EXPECT_NE(dot.find("dashed"), std::string::npos) << dot;
}

TEST(MeshView, ExplainsWhatItSees) {
  const Json session = {{"id", 7}, {"kex", "X25519MLKEM768"}, {"dropped", 0}};
  EXPECT_NE(explained(link("aa"), session).find("Nothing is wrong"), std::string::npos);
  Json slow = session;
  slow["dropped"] = 3;
  EXPECT_NE(explained(link("aa"), slow).find("Slow"), std::string::npos);
  EXPECT_NE(explained({{"node", "bb"}, {"state", "passive"}}, Json()).find("No link"),
            std::string::npos);
}

}  // namespace
}  // namespace ron::cli
