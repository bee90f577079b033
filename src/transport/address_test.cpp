#include "transport/address.hpp"

#include <gtest/gtest.h>

namespace ron::transport {
namespace {

TEST(Address, ParsesAndPrints) {
  for (const char* text : {"127.0.0.1:9500", "[::1]:0", "0.0.0.0:1", "[2001:db8::5]:65535"}) {
    const auto at = Address::parse(text);
    ASSERT_TRUE(at.has_value()) << text;
    EXPECT_EQ(at->text(), text);
  }
}

TEST(Address, RefusesWithAReason) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:9x", ":80",
                           "::1:80", "localhost:80", "[::1]", "1.2.3:4"}) {
    const auto at = Address::parse(text);
    ASSERT_FALSE(at.has_value()) << text;
    EXPECT_NE(at.error().find(text), std::string::npos);
  }
}

TEST(Address, Loopback) {
  EXPECT_TRUE(Address::parse("127.8.9.1:1")->is_loopback());
  EXPECT_TRUE(Address::parse("[::1]:1")->is_loopback());
  EXPECT_TRUE(Address::parse("[::ffff:127.0.0.1]:1")->is_loopback());
  EXPECT_FALSE(Address::parse("0.0.0.0:1")->is_loopback());
  EXPECT_FALSE(Address::parse("[::]:1")->is_loopback());
  EXPECT_FALSE(Address::parse("10.0.0.1:1")->is_loopback());
}

TEST(Address, SourceIsTheHostOrItsNetwork) {
  const auto source = [](const char* text) { return Address::parse(text)->source(); };
  EXPECT_EQ(source("10.0.0.1:1"), source("10.0.0.1:2"));
  EXPECT_NE(source("10.0.0.1:1"), source("10.0.0.2:1"));
  EXPECT_EQ(source("[2001:db8::1]:1"), source("[2001:db8::2]:1"));
  EXPECT_NE(source("[2001:db8::1]:1"), source("[2001:db8:0:1::1]:1"));
  EXPECT_EQ(source("[::ffff:10.0.0.1]:1"), source("10.0.0.1:1"));
}

TEST(Address, PortCanBeSet) {
  auto at = *Address::parse("[::1]:0");
  at.set_port(99);
  EXPECT_EQ(at.port(), 99);
  EXPECT_EQ(at.text(), "[::1]:99");
}

}  // namespace
}  // namespace ron::transport
