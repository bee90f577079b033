#include "transport/dialer.hpp"

#include <gmock/gmock.h>

#include "crypto/test_certificates.hpp"
#include "transport/listener.hpp"

namespace ron::transport {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Resolve, NumericAndLocalhostNeedNoResolver) {
  EXPECT_EQ(resolve({.host = "10.1.2.3", .port = 5}, 0ns)->at(0).text(), "10.1.2.3:5");
  EXPECT_EQ(resolve({.host = "::1", .port = 5}, 0ns)->at(0).text(), "[::1]:5");
  const auto local = resolve({.host = "localhost", .port = 5}, 0ns);
  ASSERT_EQ(local->size(), 2U);
  EXPECT_TRUE(local->at(0).is_loopback() && local->at(1).is_loopback());
}

TEST(Resolve, UnknownNameIsAnErrorWithinTheLimit) {
  const auto start = std::chrono::steady_clock::now();
  const auto none = resolve({.host = "no-such-host.invalid", .port = 5}, 2s);
  EXPECT_FALSE(none.has_value());
  EXPECT_THAT(none.error(), HasSubstr("no-such-host.invalid"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Dial, TriesEveryAddress) {
  const auto listener = Listener::tcp(*Address::parse("[::1]:0"), {});
  if (!listener) GTEST_SKIP() << "IPv6 is not installed";
  TlsBuffers buffers;
  const auto stream =
      dial({.at = {.host = "localhost", .port = listener->bound().port()}}, buffers, 5s);
  ASSERT_TRUE(stream.has_value()) << stream.error().text;
  EXPECT_EQ((*stream)->facts().kind, StreamKind::kTcp);
}

TEST(Dial, RefusedAndSilent) {
  TlsBuffers buffers;
  auto listener = Listener::tcp(*Address::parse("127.0.0.1:0"), {});
  ASSERT_TRUE(listener.has_value());
  const HostPort at{.host = "127.0.0.1", .port = listener->bound().port()};

  const crypto::test::Directory directory;
  const crypto::test::Authority ca(directory);
  const auto context = crypto::TlsContext::client({.ca_path = ca.cert()});
  ASSERT_TRUE(context.has_value()) << context.error();
  const auto silent = dial({.at = at, .tls = *context}, buffers, 50ms);
  ASSERT_FALSE(silent.has_value());
  EXPECT_THAT(silent.error().text, HasSubstr("no answer in time"));
  EXPECT_EQ(silent.error().kind, FailureClass::kIo);

  listener->close();
  const auto refused = dial({.at = at}, buffers, 5s);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text, HasSubstr("refused"));
  const auto missing = dial({.unix_path = directory.at("none.sock")}, buffers, 5s);
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().text, HasSubstr("none.sock"));
}

}  // namespace
}  // namespace ron::transport
