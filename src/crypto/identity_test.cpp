#include "crypto/identity.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/blake3.hpp"
#include "crypto/certificate.hpp"
#include "crypto/files.hpp"
#include "crypto/library.hpp"
#include "crypto/test_certificates.hpp"

namespace ron::crypto {
namespace {

NodeIdentity made(KeyAlgorithm algorithm) {
  auto key = make_node_key(algorithm);
  EXPECT_TRUE(key) << key.error();
  auto identity = node_identity(std::move(*key));
  EXPECT_TRUE(identity) << identity.error();
  return std::move(*identity);
}

class OfAlgorithm : public ::testing::TestWithParam<KeyAlgorithm> {};

TEST_P(OfAlgorithm, TheIdIsThatOfTheKeyAndOfItsCertificate) {
  const NodeIdentity identity = made(GetParam());
  EXPECT_EQ(identity.node, blake3(identity.key));
  const auto facts = certificate_facts(identity.certificate_pem);
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_EQ(facts->node, identity.node);
  EXPECT_NE(facts->node, made(GetParam()).node);
}

TEST_P(OfAlgorithm, ASignatureHoldsForItsBytesOnly) {
  const NodeIdentity identity = made(GetParam());
  const auto signature = sign(identity, as_bytes("origin"));
  ASSERT_TRUE(signature) << signature.error();
  const CryptoFns fns = crypto_fns();
  EXPECT_TRUE(fns.verify(identity.key, as_bytes("origin"), *signature));
  EXPECT_FALSE(fns.verify(identity.key, as_bytes("another"), *signature));
  EXPECT_FALSE(fns.verify(made(GetParam()).key, as_bytes("origin"), *signature));
}

INSTANTIATE_TEST_SUITE_P(Node, OfAlgorithm,
                         ::testing::Values(KeyAlgorithm::kEd25519, KeyAlgorithm::kMlDsa65));

TEST(Identity, OtherKeysAndGarbageAreRefused) {
  EXPECT_FALSE(make_node_key(KeyAlgorithm::kP256));
  const std::string text = "no key at all";
  EXPECT_FALSE(node_identity(SecureBytes(text.begin(), text.end())));
  const auto ca = make_ca({.algorithm = KeyAlgorithm::kP256});
  ASSERT_TRUE(ca);
  const auto refused = node_identity(ca->key_pem);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("Ed25519"), std::string::npos);
}

TEST(Identity, AKeyFileIsPrivateAndNeverReplaced) {
  const test::Directory directory;
  const std::string path = directory.at("node.key");
  const auto key = make_node_key(KeyAlgorithm::kEd25519);
  ASSERT_TRUE(write_new_secret(path, *key));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto read = read_secret_file(path);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(as_text(*read), as_text(*key));
  const auto again = write_new_secret(path, *make_node_key(KeyAlgorithm::kEd25519));
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().find(path), std::string::npos);
  EXPECT_EQ(as_text(*read_secret_file(path)), as_text(*key));
  EXPECT_NE(::stat((path + ".new").c_str(), &info), 0) << "the draft is gone";
}

}  // namespace
}  // namespace ron::crypto
