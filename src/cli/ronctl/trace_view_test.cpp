#include "trace_view.hpp"

#include <gtest/gtest.h>

namespace ron::cli {
namespace {

TracedNode node(const std::string& id, std::optional<int> ms, const std::vector<std::string>& to) {
  TracedNode out;
  out.node = id;
  if (ms) out.after = std::chrono::milliseconds(*ms);
  Json links = Json::array();
  for (const std::string& each : to) links.push_back({{"node", each}});
  out.mesh = {{"name", "n-" + id}, {"role", "relay"}, {"links", links}};
  return out;
}

// a published; b and c have links to a, d to c only, and e was never reached.
std::vector<TracedNode> traced() {
  std::vector<TracedNode> nodes = {node("a", 2, {"b", "c"}), node("e", std::nullopt, {"a"}),
                                   node("d", 7, {"c"}), node("c", 3, {"a", "d"}),
                                   node("b", 1, {"a"})};
  order_by_arrival(nodes);
  return nodes;
}

TEST(TraceView, NodesStandInTheOrderOfArrival) {
  std::string order;
  for (const TracedNode& each : traced()) order += each.node;
  EXPECT_EQ(order, "abcde") << "who published is first, whatever the clock says; the lost are last";
}

TEST(TraceView, ItCameFromANeighbourThatHadItBefore) {
  const auto nodes = traced();
  EXPECT_EQ(earlier_neighbours(nodes, 1), (std::vector<std::size_t>{0}));
  EXPECT_EQ(earlier_neighbours(nodes, 3), (std::vector<std::size_t>{2}));
  EXPECT_TRUE(earlier_neighbours(nodes, 4).empty()) << "it never came";
}

TEST(TraceView, OneEndOfALinkIsEnough) {
  auto nodes = traced();
  nodes[1].mesh = Json();  // a node that is only subscribed to tells no links
  EXPECT_EQ(earlier_neighbours(nodes, 1), (std::vector<std::size_t>{0}));
}

TEST(TraceView, PeopleAndProgramsAreToldTheSame) {
  const auto nodes = traced();
  const std::string table = trace_table(nodes);
  EXPECT_NE(table.find("published here"), std::string::npos) << table;
  EXPECT_NE(table.find("never"), std::string::npos) << table;
  const Json json = trace_json(nodes);
  EXPECT_EQ(json[3]["after_us"], 7000);
  EXPECT_EQ(json[3]["from"], Json::array({"c"}));
  EXPECT_TRUE(json[4]["after_us"].is_null());
}

TEST(TraceView, ANodeWithoutAKnownWayIsNotExplained) {
  auto nodes = traced();
  nodes[3].mesh["links"] = Json::array();
  nodes[2].mesh["links"] = Json::array();
  EXPECT_NE(trace_table(nodes).find("unclear"), std::string::npos);
}

}  // namespace
}  // namespace ron::cli
