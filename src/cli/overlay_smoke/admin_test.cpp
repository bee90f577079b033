#include "admin.hpp"

#include <gtest/gtest.h>

namespace ron::smoke {
namespace {

TEST(Admin, Addresses) {
  EXPECT_EQ(parse_admin("http://127.0.0.1:9600")->host, "127.0.0.1");
  EXPECT_EQ(parse_admin("http://127.0.0.1:9600/")->port, "9600");
  EXPECT_EQ(parse_admin("[::1]:1")->host, "::1");
  for (const char* text : {"", "localhost", ":9600", "a:b", "a:70000", "a:"})
    EXPECT_FALSE(parse_admin(text)) << text;
}

TEST(Admin, Answers) {
  const Answer answer = parse_answer("HTTP/1.1 503 x\r\nA: b\r\n\r\n{\"missing\":[\"a\",\"b\"]}");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(cause_of(answer), "a,b");
  EXPECT_EQ(parse_answer("SSH-2.0").status, 0);
  EXPECT_EQ(parse_answer("HTTP/1.1 200 OK\r\n").status, 0);
  EXPECT_EQ(cause_of({500, "oops"}), "status 500: oops");
}

TEST(Admin, MetricsAreSummedOverTheirLabels) {
  constexpr std::string_view kPage =
      "# HELP a_total Text.\n# TYPE a_total counter\na_total{x=\"1\"} 2\na_total{x=\"2\"} 3\n"
      "a_total_more 7\nb 1.5e3\n";
  EXPECT_EQ(metric(kPage, "a_total"), 5);
  EXPECT_EQ(metric(kPage, "b"), 1500);
  EXPECT_EQ(metric(kPage, "c"), 0);
}

}  // namespace
}  // namespace ron::smoke
