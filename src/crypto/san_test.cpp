#include "crypto/san.hpp"

#include <gtest/gtest.h>

namespace ron::crypto {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  const auto parsed = SanPattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern;
  return parsed && parsed->matches(name);
}

TEST(SanPattern, ExactNames) {
  EXPECT_TRUE(matches("URI:ron:client:alice", "URI:ron:client:alice"));
  EXPECT_FALSE(matches("URI:ron:client:alice", "URI:ron:client:Alice"));
  EXPECT_FALSE(matches("URI:ron:client:alice", "URI:ron:client:alice2"));
  EXPECT_FALSE(matches("DNS:node", "URI:node"));
  EXPECT_TRUE(matches("DNS:Node.Example", "DNS:node.example"));
  EXPECT_TRUE(matches("IP:127.0.0.1", "IP:127.0.0.1"));
}

TEST(SanPattern, LastSegment) {
  EXPECT_TRUE(matches("URI:ron:client:*", "URI:ron:client:alice"));
  EXPECT_FALSE(matches("URI:ron:client:*", "URI:ron:client:"));
  EXPECT_FALSE(matches("URI:ron:client:*", "URI:ron:client:alice:x"));
  EXPECT_FALSE(matches("URI:ron:client:*", "URI:ron:client:alice/x"));
  EXPECT_FALSE(matches("URI:ron:client:*", "URI:ron:clients:alice"));
  EXPECT_TRUE(matches("URI:spiffe://mesh/ns/*", "URI:spiffe://mesh/ns/a"));
}

TEST(SanPattern, RefusesWhatWouldAdmitAnybody) {
  for (const char* text : {"*", "", "URI:", "URI:*", "DNS:*", "DNS:*.example", "URI:ron*", "alice",
                           "URI:ron:*:x", "URI:*:x", "IP:10.0.0.*", "EMAIL:a@b"}) {
    EXPECT_FALSE(SanPattern::parse(text).has_value()) << text;
  }
}

TEST(SanPattern, AnyOfMany) {
  const std::vector<SanPattern> patterns = {*SanPattern::parse("DNS:a"),
                                            *SanPattern::parse("URI:ron:node:*")};
  EXPECT_TRUE(any_match(patterns, {"DNS:b", "URI:ron:node:one"}));
  EXPECT_FALSE(any_match(patterns, {"DNS:b", "URI:ron:client:one"}));
  EXPECT_FALSE(any_match(patterns, {}));
  EXPECT_FALSE(any_match({}, {"DNS:a"}));
}

}  // namespace
}  // namespace ron::crypto
