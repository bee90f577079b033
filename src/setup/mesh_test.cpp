// The node key and the peers of a configuration, with real files.
#include "setup/mesh.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/hex.hpp"
#include "config/load.hpp"
#include "crypto/files.hpp"
#include "crypto/test_certificates.hpp"

namespace ron::setup {
namespace {

struct Mesh : ::testing::Test {
  void SetUp() override { ::unsetenv("STATE_DIRECTORY"); }
  void TearDown() override { ::unsetenv("STATE_DIRECTORY"); }

  NodeId id(MissingKey missing = MissingKey::kMake) const {
    const auto identity = identity_of(settings, missing);
    EXPECT_TRUE(identity.has_value()) << problem_text(identity.error());
    return identity ? (*identity)->node : NodeId{};
  }
  std::string fault() const {
    const auto identity = identity_of(settings, MissingKey::kMake);
    return identity ? "" : problem_text(identity.error());
  }

  crypto::test::Directory directory;
  config::Settings settings = config::defaults(config::Profile::kMacronode);
};

TEST_F(Mesh, AKeyIsMadeOnceAndStays) {
  settings.identity.key_file = directory.at("node.key");
  static_cast<void>(id(MissingKey::kJudge));
  EXPECT_FALSE(crypto::check_secret_file(settings.identity.key_file)) << "judging makes nothing";
  const NodeId first = id();
  EXPECT_TRUE(crypto::check_secret_file(settings.identity.key_file));
  EXPECT_EQ(id(), first);
  settings.identity.algorithm = config::NodeKey::kMlDsa65;
  EXPECT_EQ(id(), first) << "one that is there stays what it is";
}

TEST_F(Mesh, ABadKeyFileSaysWhatToDo) {
  settings.identity.key_file = directory.write("node.key", "nonsense", 0600);
  EXPECT_NE(fault().find("identity.key_file"), std::string::npos);
  EXPECT_NE(fault().find("PEM"), std::string::npos);
  ASSERT_EQ(::chmod(settings.identity.key_file.c_str(), 0644), 0);
  EXPECT_NE(fault().find("chmod 600"), std::string::npos);
  settings.identity.key_file = directory.at("none/node.key");
  EXPECT_NE(fault().find("cannot write"), std::string::npos);
}

TEST_F(Mesh, TheStateDirectoryIsUsedUnlessNothingMayBeWritten) {
  EXPECT_NE(id(), id()) << "in memory";
  ::setenv("STATE_DIRECTORY", (directory.at("") + ":/elsewhere").c_str(), 1);
  const NodeId first = id();
  EXPECT_EQ(id(), first);
  settings.overlay.amnesia = true;
  EXPECT_NE(id(), first);
}

TEST_F(Mesh, WithACaTheNodesCertificateIsItsIdentity) {
  const crypto::test::Authority ca(directory);
  const auto files = ca.node();
  settings.mesh.ca_path = ca.cert();
  settings.tls.enabled = true;
  settings.tls.cert_path = files.cert;
  settings.tls.key_path = files.key;
  const auto facts = crypto::certificate_facts(crypto::read_public_file(files.cert).value());
  EXPECT_EQ(id(), facts->node);
  const auto other = ca.node("other", crypto::KeyAlgorithm::kP256);
  settings.tls.cert_path = other.cert;
  settings.tls.key_path = other.key;
  EXPECT_NE(fault().find("Ed25519"), std::string::npos);
}

TEST_F(Mesh, PeersOfListAndFileAreLetIn) {
  const std::string one(64, '1'), two(64, '2'), three(64, '3');
  settings.peers = {one + "@a:1", "b:2"};
  settings.mesh.peers_file = directory.write("peers", "# more\n" + two + "@c:3\n", 0644);
  settings.mesh.allow = {three};
  const auto peers = peers_of(settings);
  ASSERT_TRUE(peers.has_value()) << problem_text(peers.error());
  ASSERT_EQ(peers->size(), 3U);
  EXPECT_EQ((*peers)[2].addr, "c:3");
  std::vector<std::string> admitted;
  for (const NodeId& node : peer_tls(settings, nullptr, *peers).admitted)
    admitted.push_back(hex(node));
  EXPECT_EQ(admitted, (std::vector{one, two, three}));
  settings.mesh.peers_file = directory.write("peers", "c\n", 0644);
  ASSERT_FALSE(peers_of(settings).has_value());
  settings.mesh.peers_file = directory.write("peers", "c:1\n", 0666);
  ASSERT_FALSE(peers_of(settings).has_value()) << "whoever may write it says who is trusted";
}

}  // namespace
}  // namespace ron::setup
