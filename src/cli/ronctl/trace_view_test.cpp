#include "trace_view.hpp"

#include <gtest/gtest.h>

namespace ron::cli {
namespace {

Json hop(const std::string& node, const std::string& from, int after_us) {
  return {{"node", node}, {"from", from}, {"after_us", after_us}};
}

Json traced(std::vector<Json> nodes) {
  return {{"node", "root"}, {"links", 1}, {"complete", true}, {"nodes", std::move(nodes)}};
}

TEST(TraceView, EachNodeStandsBelowTheOneThatBroughtIt) {
  const std::string text = trace_tree(traced(
      {hop("d", "b", 4000), hop("c", "root", 3000), hop("b", "root", 1000), hop("e", "b", 2000)}));
  EXPECT_EQ(text,
            "node       after\n"
            "root   published\n"
            "  b      1.00 ms\n"
            "    e    2.00 ms\n"
            "    d    4.00 ms\n"
            "  c      3.00 ms\n"
            "\n"
            "4 nodes had it; longest way: 2 links.\n");
}

TEST(TraceView, ANodeThatDidNotAnswerIsNamed) {
  const std::string text =
      trace_tree(traced({hop("b", "root", 1000), hop("d", "old", 4000), hop("e", "old", 5000)}));
  EXPECT_NE(text.find("old   no answer\n  d     4.00 ms\n  e     5.00 ms\n"), std::string::npos)
      << text;
}

TEST(TraceView, NodesThatNameEachOtherAreToldOnce) {
  const std::string text = trace_tree(traced({hop("b", "c", 1000), hop("c", "b", 2000)}));
  EXPECT_NE(text.find("b       1.00 ms\n  c     2.00 ms\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("no answer"), std::string::npos);
}

TEST(TraceView, NobodyAnswered) {
  EXPECT_NE(trace_tree(traced({})).find("0 nodes had it"), std::string::npos);
}

}  // namespace
}  // namespace ron::cli
