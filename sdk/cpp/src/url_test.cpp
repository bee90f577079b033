#include "url.hpp"

#include <gtest/gtest.h>

namespace ron::sdk::detail {
namespace {

TEST(Url, Forms) {
  const auto tcp = parse_url("ron://10.0.0.1:7000").value();
  EXPECT_EQ(tcp.kind, Target::Kind::kTcp);
  EXPECT_EQ(tcp.at.host, "10.0.0.1");
  EXPECT_EQ(tcp.at.port, 7000);
  EXPECT_FALSE(tcp.is_local());
  const auto tls = parse_url("rons://node.example/").value();
  EXPECT_EQ(tls.kind, Target::Kind::kTls);
  EXPECT_EQ(tls.at.port, kDefaultPort);
  const auto six = parse_url("ron://[::1]").value();
  EXPECT_EQ(six.at.host, "::1");
  EXPECT_EQ(six.at.port, kDefaultPort);
  EXPECT_TRUE(six.is_local());
  EXPECT_EQ(parse_url("ron://[::1]:80").value().at.port, 80);
  EXPECT_EQ(parse_url("unix:/run/ron.sock").value().path, "/run/ron.sock");
  EXPECT_EQ(parse_url("unix:///run/ron.sock").value().path, "/run/ron.sock");
}

TEST(Url, WhatMakesNoSenseIsUsage) {
  for (const char* url : {"", "localhost", "http://x", "ron://", "ron://h:0", "ron://h:99999",
                          "ron://h:x", "unix:relative", "unix:"}) {
    const auto target = parse_url(url);
    ASSERT_FALSE(target.has_value()) << url;
    EXPECT_EQ(target.error().code, ErrorCode::kUsage);
    EXPECT_FALSE(target.error().retryable);
  }
}

}  // namespace
}  // namespace ron::sdk::detail
