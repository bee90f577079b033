#include "transport/listener.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/test_certificates.hpp"
#include "transport/dialer.hpp"

namespace ron::transport {
namespace {

using crypto::test::Directory;
using testing::HasSubstr;
using namespace std::chrono_literals;

Address loopback() { return *Address::parse("127.0.0.1:0"); }

std::expected<Accepted, AcceptProblem> accept_soon(Listener& listener) {
  pollfd wait{.fd = listener.fd(), .events = POLLIN, .revents = 0};
  ::poll(&wait, 1, 5000);
  return listener.accept();
}

TEST(TcpListener, AcceptsAndTellsItsPort) {
  auto listener = Listener::tcp(loopback(), {});
  ASSERT_TRUE(listener.has_value()) << listener.error();
  EXPECT_NE(listener->bound().port(), 0);
  EXPECT_EQ(listener->accept().error(), AcceptProblem::kNone);
  TlsBuffers buffers;
  const auto client = dial({.at = {"127.0.0.1", listener->bound().port()}}, buffers, 5s);
  ASSERT_TRUE(client.has_value()) << client.error().text;
  const auto accepted = accept_soon(*listener);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_TRUE(accepted->peer.is_loopback());
}

TEST(TcpListener, ShardsShareAPortButNodesDoNot) {
  const auto first = Listener::tcp(loopback(), {});
  ASSERT_TRUE(first.has_value());
  const auto second = Listener::tcp(first->bound(), {.first = false});
  EXPECT_TRUE(second.has_value()) << second.error();
  const auto other_node = Listener::tcp(first->bound(), {});
  ASSERT_FALSE(other_node.has_value());
  EXPECT_THAT(other_node.error(), HasSubstr("is another node running"));
}

TEST(TcpListener, OutOfDescriptors) {
  auto listener = Listener::tcp(loopback(), {});
  ASSERT_TRUE(listener.has_value());
  TlsBuffers buffers;
  const auto client = dial({.at = {"127.0.0.1", listener->bound().port()}}, buffers, 5s);
  ASSERT_TRUE(client.has_value());
  pollfd wait{.fd = listener->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 5000), 1);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto refused = listener->accept();
  const auto after = listener->accept();
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), AcceptProblem::kNoFiles);
  ASSERT_FALSE(after.has_value());
  // The spare let it be taken and closed (where the limit allows the spare's number again).
  EXPECT_TRUE(after.error() == AcceptProblem::kNone || after.error() == AcceptProblem::kNoFiles);
}

TEST(UnixListener, PrivateByPermissions) {
  const Directory directory;
  const std::string path = directory.at("run/node.sock");
  auto listener = Listener::unix_socket(path, {});
  ASSERT_TRUE(listener.has_value()) << listener.error();
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(directory.at("run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);

  const auto client = Socket::connect_unix(path);
  ASSERT_TRUE(client.has_value());
  const auto accepted = accept_soon(*listener);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->uid, ::geteuid());

  listener->close();
  EXPECT_NE(::stat(path.c_str(), &info), 0) << "the socket file goes with the listener";
}

TEST(UnixListener, WithAllowedUsersOthersCanReachIt) {
  const Directory directory;
  const std::string path = directory.at("run/node.sock");
  auto listener = Listener::unix_socket(path, {4711});
  ASSERT_TRUE(listener.has_value()) << listener.error();
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0666U);
  ASSERT_EQ(::stat(directory.at("run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0711U);
  listener->close();
  ::chmod(directory.at("run").c_str(), 0733);
  EXPECT_FALSE(Listener::unix_socket(path, {4711}).has_value()) << "others could put theirs there";
}

TEST(UnixListener, KnowsWhenItsFileIsGone) {
  const Directory directory;
  const std::string path = directory.at("run/node.sock");
  auto listener = Listener::unix_socket(path, {});
  ASSERT_TRUE(listener.has_value()) << listener.error();
  EXPECT_TRUE(listener->intact());
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_FALSE(listener->intact());
  auto other = Listener::unix_socket(path, {});
  ASSERT_TRUE(other.has_value()) << other.error();
  EXPECT_FALSE(listener->intact()) << "that is another's";
  listener->close();
  EXPECT_TRUE(other->intact()) << "and is left alone";
}

TEST(UnixListener, DirectoryOpenToOthersIsRefused) {
  const Directory directory;
  ASSERT_EQ(::mkdir(directory.at("open").c_str(), 0755), 0);
  const auto listener = Listener::unix_socket(directory.at("open/node.sock"), {});
  ASSERT_FALSE(listener.has_value());
  EXPECT_THAT(listener.error(), HasSubstr("chmod 700"));
}

TEST(UnixListener, StaleFileIsReplacedALivingOneNot) {
  const Directory directory;
  const std::string path = directory.at("node.sock");
  {
    // What a killed process leaves: a bound socket file nobody listens on.
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), at.sun_path);
    const Socket dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  const auto first = Listener::unix_socket(path, {});
  ASSERT_TRUE(first.has_value()) << first.error();
  const auto second = Listener::unix_socket(path, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error(), HasSubstr("another process listens"));

  const std::string file = directory.write("file.sock", "precious", 0600);
  const auto third = Listener::unix_socket(file, {});
  ASSERT_FALSE(third.has_value());
  EXPECT_THAT(third.error(), HasSubstr("not a socket"));
}

TEST(UnixListener, ForeignUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  const Directory directory;
  const std::string path = directory.at("run/node.sock");
  for (const bool allowed : {false, true}) {
    auto listener = Listener::unix_socket(
        path, allowed ? std::vector<std::uint32_t>{65534} : std::vector<std::uint32_t>{});
    ASSERT_TRUE(listener.has_value()) << listener.error();
    // Connect first, so that permissions are not what stops the other user.
    const pid_t child = ::fork();
    if (child == 0) {
      ::chmod(directory.at("").c_str(), 0755);
      ::chmod(directory.at("run").c_str(), 0755);
      ::chmod(path.c_str(), 0666);
      if (::setuid(65534) != 0) ::_exit(2);
      const auto client = Socket::connect_unix(path);
      ::_exit(client ? 0 : 1);
    }
    const auto accepted = accept_soon(*listener);
    ASSERT_EQ(accepted.has_value(), allowed);
    if (allowed) EXPECT_EQ(accepted->uid, 65534U);
    if (!allowed) EXPECT_EQ(accepted.error(), AcceptProblem::kRefused);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    ::chmod(directory.at("run").c_str(), 0700);
  }
}

}  // namespace
}  // namespace ron::transport
