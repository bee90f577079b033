#include "crypto/tls_context.hpp"

#include <gmock/gmock.h>

#include "base/blake3.hpp"
#include "crypto/files.hpp"
#include "crypto/library.hpp"
#include "crypto/test_certificates.hpp"

namespace ron::crypto {
namespace {

using test::Authority;
using test::Directory;
using test::Paths;
using testing::HasSubstr;

struct Fixture : testing::Test {
  Directory directory;
  Authority ca{directory};

  ServerTls server(const Paths& paths) const {
    return {.cert_path = paths.cert, .key_path = paths.key, .client_ca_path = ca.cert()};
  }
  std::string error_of(const ServerTls& settings) const {
    const auto made = TlsContext::server(settings);
    EXPECT_FALSE(made.has_value());
    return made ? "" : made.error();
  }
};

using TlsContextTest = Fixture;

TEST_F(TlsContextTest, EveryKeyAlgorithmMakesAUsableContext) {
  for (const KeyAlgorithm algorithm :
       {KeyAlgorithm::kEd25519, KeyAlgorithm::kP256, KeyAlgorithm::kMlDsa65}) {
    const Authority own(directory, "own", algorithm);
    const auto made = TlsContext::server(server(own.node("n", algorithm)));
    ASSERT_TRUE(made.has_value()) << made.error();
    ASSERT_TRUE((*made)->certificate().has_value());
    const CertificateFacts& facts = *(*made)->certificate();
    EXPECT_THAT(facts.subject, HasSubstr("CN = n"));
    EXPECT_THAT(facts.issuer, HasSubstr("CN = own"));
    EXPECT_THAT(facts.names, testing::Contains("URI:ron:node:n"));
    EXPECT_THAT(facts.names, testing::Contains("IP:127.0.0.1"));
    EXPECT_NE(facts.node, NodeId{});
    const std::uint64_t days = (facts.not_after.seconds - wall_clock().seconds + 3600) / 86400;
    EXPECT_EQ(days, 30U);
  }
}

TEST_F(TlsContextTest, PermissionsOfFiles) {
  const Paths paths = ca.node();
  ::chmod(paths.key.c_str(), 0640);
  EXPECT_THAT(error_of(server(paths)), HasSubstr("chmod 600 " + paths.key));
  ::chmod(paths.key.c_str(), 0400);
  EXPECT_TRUE(TlsContext::server(server(paths)).has_value());
  ::chmod(paths.cert.c_str(), 0664);
  EXPECT_THAT(error_of(server(paths)), HasSubstr("chmod go-w " + paths.cert));
  ::chmod(paths.cert.c_str(), 0644);
  ::chmod(ca.cert().c_str(), 0646);
  EXPECT_THAT(error_of(server(paths)), HasSubstr("chmod go-w " + ca.cert()));
}

TEST_F(TlsContextTest, KeyOwnedBySomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  const Paths paths = ca.node();
  ASSERT_EQ(::chown(paths.key.c_str(), 65534, 65534), 0);
  EXPECT_THAT(error_of(server(paths)), HasSubstr("belongs to user 65534"));
}

TEST_F(TlsContextTest, FilesThatAreNotWhatTheyShouldBe) {
  const Paths paths = ca.node();
  const Paths other = ca.node("other");
  EXPECT_THAT(error_of(server({.cert = paths.cert, .key = other.key})),
              HasSubstr("is not the key of"));
  EXPECT_THAT(error_of(server({.cert = directory.at("none"), .key = paths.key})),
              HasSubstr("cannot open"));
  EXPECT_THAT(error_of(server({.cert = directory.at(""), .key = paths.key})),
              HasSubstr("not a regular file"));
  const std::string text = directory.write("text", "hello", 0600);
  EXPECT_THAT(error_of(server({.cert = text, .key = paths.key})),
              HasSubstr("holds no PEM certificate"));
  EXPECT_THAT(error_of(server({.cert = paths.cert, .key = text})),
              HasSubstr("no usable PEM private key"));
  const std::string empty = directory.write("empty", "", 0600);
  EXPECT_THAT(error_of(server({.cert = paths.cert, .key = empty})), HasSubstr("is empty"));
}

TEST_F(TlsContextTest, ExpiredCertificate) {
  const Paths paths = ca.issue(
      "old", {.common_name = "old", .names = {"DNS:localhost"}, .validity = std::chrono::days(-1)});
  EXPECT_THAT(error_of(server(paths)), HasSubstr("has expired"));
}

TEST_F(TlsContextTest, ChainOutOfOrder) {
  const Paths paths = ca.node();
  const Authority stranger(directory, "stranger");
  std::ifstream in(paths.cert);
  const std::string leaf{std::istreambuf_iterator<char>(in), {}};
  const std::string good = directory.write("good", leaf + ca.made().certificate_pem, 0644);
  EXPECT_TRUE(TlsContext::server(server({.cert = good, .key = paths.key})).has_value());
  const std::string bad = directory.write("bad", leaf + stranger.made().certificate_pem, 0644);
  EXPECT_THAT(error_of(server({.cert = bad, .key = paths.key})),
              HasSubstr("did not issue the one before it"));
}

TEST_F(TlsContextTest, ClientCertificatesNeedABundle) {
  ServerTls settings = server(ca.node());
  settings.client_ca_path.clear();
  settings.require_client_cert = true;
  EXPECT_THAT(error_of(settings), HasSubstr("need a CA bundle"));
  settings.require_client_cert = false;
  settings.client_names = {"URI:ron:client:*"};
  EXPECT_THAT(error_of(settings), HasSubstr("need a CA bundle"));
  settings.client_ca_path = ca.cert();
  EXPECT_TRUE(TlsContext::server(settings).has_value());
  settings.client_names = {"*"};
  EXPECT_THAT(error_of(settings), HasSubstr("name pattern '*'"));
}

TEST_F(TlsContextTest, Aes128OnlyWithoutHybrid) {
  ServerTls settings = server(ca.node());
  settings.policy.allow_aes128 = true;
  EXPECT_THAT(error_of(settings), HasSubstr("pq_mode=off"));
  settings.policy.pq = PqMode::kOff;
  EXPECT_TRUE(TlsContext::server(settings).has_value());
}

TEST_F(TlsContextTest, ClientSettings) {
  const Paths alice = ca.client();
  EXPECT_TRUE(TlsContext::client({.ca_path = ca.cert()}).has_value());
  EXPECT_TRUE(
      TlsContext::client({.ca_path = ca.cert(), .cert_path = alice.cert, .key_path = alice.key})
          .has_value());
  EXPECT_FALSE(TlsContext::client({}).has_value());
  EXPECT_FALSE(TlsContext::client({.ca_path = ca.cert(), .cert_path = alice.cert}).has_value());
}

TEST(Issue, RefusesNonsense) {
  const auto ca = make_ca({});
  ASSERT_TRUE(ca.has_value());
  const auto refused = [&](const LeafRequest& request) {
    return !make_leaf(request, ca->certificate_pem, ca->key_pem).has_value();
  };
  EXPECT_TRUE(refused({.common_name = "x"}));
  EXPECT_TRUE(refused({.common_name = "x", .names = {"localhost"}}));
  EXPECT_TRUE(refused({.common_name = "x", .names = {"DNS:a,DNS:b"}}));
  EXPECT_TRUE(refused({.common_name = "x", .names = {"IP:not"}}));
  EXPECT_TRUE(refused({.common_name = "x", .names = {"DNS:a"}, .server = false, .client = false}));
  EXPECT_FALSE(refused({.common_name = "x", .names = {"DNS:a"}}));
  const auto other = make_ca({});
  EXPECT_FALSE(
      make_leaf({.common_name = "x", .names = {"DNS:a"}}, ca->certificate_pem, other->key_pem)
          .has_value());
  EXPECT_FALSE(key_algorithm("rsa").has_value());
  EXPECT_EQ(*key_algorithm("ml-dsa-65"), KeyAlgorithm::kMlDsa65);
}

TEST(Library, HybridAndDigests) {
  EXPECT_TRUE(hybrid_available());
  EXPECT_THAT(library_version(), HasSubstr("OpenSSL 3."));
  // RFC 4231, test case 2.
  const Digest256 mac =
      crypto_fns().hmac(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"));
  EXPECT_EQ(mac[0], 0x5b);
  EXPECT_EQ(mac[1], 0xdc);
  EXPECT_EQ(mac[31], 0x43);
  EXPECT_EQ(crypto_fns().hash(as_bytes("x")), blake3(as_bytes("x")));
}

TEST(Library, SystemChoiceStaysInRange) {
  SystemChoice choice;
  std::array<unsigned, 3> seen{};
  for (int i = 0; i < 3000; ++i) ++seen.at(choice.index(3));
  for (const unsigned count : seen) EXPECT_GT(count, 800U);
  EXPECT_EQ(choice.index(1), 0U);
}

TEST(SecureBytes, HoldsAndGrows) {
  SecureBytes bytes;
  for (int i = 0; i < 1000; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(bytes.size(), 1000U);
  EXPECT_EQ(bytes[999], static_cast<std::uint8_t>(999));
}

}  // namespace
}  // namespace ron::crypto
