#include "config/quantity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/address.hpp"

namespace ron::config {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, durations_need_a_unit) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("3s").value(), 3s);
  EXPECT_EQ(parse_duration(" 2 m ").value(), 2min);
  EXPECT_EQ(parse_duration("720h").value(), 720h);
  EXPECT_EQ(parse_duration("0s").value(), 0ms);
  EXPECT_EQ(parse_duration("3").error(), "has no unit, and needs one of ms, s, m, h");
  for (const char* bad :
       {"", "s", "-3s", "1.5s", "3 sec", "3S", "99999999999999999999s", "9223372036854775807h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Quantity, sizes_default_to_bytes) {
  EXPECT_EQ(parse_size("512").value(), 512U);
  EXPECT_EQ(parse_size("512B").value(), 512U);
  EXPECT_EQ(parse_size("64KiB").value(), 65536U);
  EXPECT_EQ(parse_size("4MiB").value(), 4U << 20U);
  EXPECT_EQ(parse_size("1GiB").value(), 1ULL << 30U);
  for (const char* bad : {"", "KiB", "1kb", "1KB", "1 TiB", "-1", "1e3", "0x10"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Quantity, counts_are_plain_digits) {
  EXPECT_EQ(parse_count("10_000").value(), 10'000U);
  EXPECT_EQ(parse_count("9223372036854775807").value(), 9223372036854775807ULL);
  for (const char* bad : {"", "_1", "1_", "1__0", "+1", "1 0", "9223372036854775808",
                          "111111111111111111111111111111"})
    EXPECT_FALSE(parse_count(bad)) << bad;
}

TEST(Quantity, switches_have_words) {
  for (const char* yes : {"true", "yes", "on", "1"}) EXPECT_TRUE(parse_switch(yes).value());
  for (const char* no : {"false", "no", "off", "0"}) EXPECT_FALSE(parse_switch(no).value());
  EXPECT_FALSE(parse_switch("True!"));
  EXPECT_FALSE(parse_switch(""));
}

RC_GTEST_PROP(Quantity, duration_text_reads_back, ()) {
  const auto ms = std::chrono::milliseconds(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000));
  RC_ASSERT(parse_duration(duration_text(ms)).value() == ms);
}

RC_GTEST_PROP(Quantity, size_text_reads_back, ()) {
  const auto bytes = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U);
  RC_ASSERT(parse_size(size_text(bytes)).value() == bytes);
}

RC_GTEST_PROP(Quantity, any_text_is_judged, (const std::string& text)) {
  (void)parse_duration(text);
  (void)parse_size(text);
  (void)parse_count(text);
  (void)parse_listen_address(text);
  (void)is_ipv6(text);
}

TEST(Address, loopback_is_recognised) {
  for (const char* text : {"127.0.0.1:9500", "127.9.9.9:0", "localhost:1", "[::1]:9500",
                           "[0:0:0:0:0:0:0:1]:9500", "[::ffff:127.0.0.1]:1"})
    EXPECT_TRUE(parse_listen_address(text).value().loopback) << text;
  for (const char* text : {"0.0.0.0:9500", "[::]:9500", "10.0.0.1:1", "[2001:db8::1]:1", "[::11]:1",
                           "128.0.0.1:1", "[1::]:1"})
    EXPECT_FALSE(parse_listen_address(text).value().loopback) << text;
}

TEST(Address, bad_ones_say_why) {
  EXPECT_EQ(parse_listen_address("127.0.0.1").error(), "has no port");
  EXPECT_EQ(parse_listen_address("::1:9500").error(), "is an IPv6 address without brackets");
  EXPECT_EQ(parse_listen_address("127.0.0.1:65536").error(),
            "has a port that is not a number from 0 to 65535");
  for (const char* bad :
       {"", ":", ":9500", "127.0.0.1:", "[::1]", "[::1]9500", "[1.2.3.4]:1", "a b:1",
        "node.example:1", "127.0.0.1: 9500", "127.0.0.1:1_0", "999.1.1.1:1"})
    EXPECT_FALSE(parse_listen_address(bad)) << bad;
}

TEST(Address, literals) {
  for (const char* good : {"::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"})
    EXPECT_TRUE(is_ipv6(good)) << good;
  for (const char* bad : {"", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "12345::", "::1::", ":1::2",
                          "1::2:", "::1.2.3", "::1.2.3.4:5", "g::", "1:2:3:4:5:6:7:8::"})
    EXPECT_FALSE(is_ipv6(bad)) << bad;
  EXPECT_TRUE(is_ipv4("1.2.3.4"));
  for (const char* bad : {"1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1..2.3", " 1.2.3.4"})
    EXPECT_FALSE(is_ipv4(bad)) << bad;
}

TEST(Address, a_public_address_may_be_a_name_but_needs_a_port) {
  EXPECT_TRUE(parse_public_address("node-1.example.org:9500"));
  EXPECT_FALSE(parse_public_address("node-1.example.org:0"));
  EXPECT_FALSE(parse_public_address("-bad:1"));
}

}  // namespace
}  // namespace ron::config
