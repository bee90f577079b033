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

Json with_trees(unsigned in, unsigned out, bool shared_in, bool shared_out) {
  Json carries = link("aaaa");
  carries["trees"] = {
      {"in", in}, {"out", out}, {"shared_in", shared_in}, {"shared_out", shared_out}};
  return carries;
}

TEST(MeshView, LinksSayWhatTheyCarry) {
  const Json links = {with_trees(12, 345, true, true), with_trees(0, 0, false, true), link("old")};
  const std::string text = link_table(links);
  EXPECT_NE(text.find("trees in  trees out  shared tree"), std::string::npos) << text;
  EXPECT_NE(text.find("      12        345  in, out "), std::string::npos) << text;
  EXPECT_NE(text.find("       0          0  out "), std::string::npos) << text;
  EXPECT_NE(text.find("       -          -  - "), std::string::npos) << "not told: " << text;
  const std::string about = explained(with_trees(12, 345, true, false), Json());
  EXPECT_NE(about.find("12 come in over it, 345 go out; shared tree: in"), std::string::npos)
      << about;
  EXPECT_EQ(explained(link("old"), Json()).find("trees"), std::string::npos);
}

TEST(MeshView, NamedPeersSayWhyTheyAreNotLinked) {
  EXPECT_EQ(named_table(Json::array()), "");
  EXPECT_EQ(named_table(Json()), "") << "an older node does not tell";
  const std::string id(64, 'a');
  const Json named = {
      {{"addr", "wrong:1"}, {"id", id}, {"state", "waiting"}, {"failed", 2}, {"failure", "io: no"}},
      {{"addr", "silent:1"}, {"state", "dialing"}, {"failed", 1}},
      {{"addr", "new:1"}, {"state", "dialing"}, {"failed", 0}},
      {{"addr", "old:1"}, {"node", id}, {"state", "spare"}, {"failed", 0}},
      {{"addr", "here:1"}, {"state", "self"}, {"failed", 0}}};
  const std::string text = named_table(named);
  const std::string node = "  " + id.substr(0, 16) + "  ";
  for (const std::string& line :
       {"wrong:1   " + node + "not linked; 2 dials failed, the last known: io: no\n",
        std::string("not linked, being dialed; 1 dial failed, no answer\n"),
        std::string("not linked, being dialed\n"),
        "old:1     " + node + "not linked, dialed when a link is missing\n",
        std::string("this node itself answers there\n")})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(MeshView, TheMeshSaysHowLateCopiesAre) {
  Json mesh = {{"node", "aa"}, {"role", "relay"}, {"relay", {{"loss", 0.0125}}}};
  EXPECT_EQ(mesh_facts(mesh).find("lag"), std::string::npos) << "an older node does not tell";
  mesh["relay"]["lag_ms"] = {{"trees", 1.25}, {"shared", 0}};
  const std::string text = mesh_facts(mesh);
  EXPECT_NE(text.find("1.2 ms on trees of their own, - on the shared tree"), std::string::npos)
      << text;
  EXPECT_NE(text.find("1.2 % of pushed copies lost"), std::string::npos) << text;
}

TEST(MeshView, APictureSaysHowManyTreesComeInAtEachEnd) {
  const Json busy = {{"node", "bb"}, {"name", "n"}, {"links", {with_trees(3, 4, true, true)}}};
  EXPECT_NE(mesh_dot({busy}).find("taillabel=\"3\", headlabel=\"4\""), std::string::npos)
      << mesh_dot({busy});
  const Json idle = {{"node", "bb"}, {"name", "n"}, {"links", {with_trees(0, 0, true, true)}}};
  EXPECT_EQ(mesh_dot({idle}).find("taillabel"), std::string::npos);
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

Json scored(double points, const char* standing, bool acts, Json reasons) {
  Json peer = link("aa");
  peer["score"] = {
      {"points", points}, {"standing", standing}, {"acts", acts}, {"reasons", std::move(reasons)}};
  return peer;
}

bool says(const Json& peer, const std::string& text) {
  return explained(peer, Json()).find(text) != std::string::npos;
}

TEST(MeshView, ExplainsWhatItSees) {
  EXPECT_TRUE(says(scored(0, "good", false, Json::array()), "Nothing is held against it"));
  const Json slow = Json::array({{{"misdeed", "slow"}, {"points", 60.0}, {"count", 70}}});
  EXPECT_TRUE(says(scored(60, "shed", true, slow), "announcements are refused"));
  EXPECT_TRUE(says(scored(60, "shed", true, slow), "network between"));
  EXPECT_FALSE(says(scored(60, "shed", true, slow), "Not done"));
  EXPECT_TRUE(says(scored(60, "shed", false, slow), "Not done"));
  EXPECT_FALSE(says(scored(3, "good", false, slow), "Not done"));
  EXPECT_TRUE(says({{"node", "bb"}, {"state", "passive"}}, "No link"));
  EXPECT_TRUE(says({{"node", "bb"}, {"state", "self"}}, "the node itself that was asked"));
  Json limits = scored(60, "shed", true, slow);
  EXPECT_FALSE(says(limits, "let go from")) << "an older node does not tell";
  limits["score"]["shed_from"] = 50;
  limits["score"]["disconnect_from"] = 100;
  EXPECT_TRUE(says(limits, "refused from 50, it is let go from 100"));
}

}  // namespace
}  // namespace ron::cli
