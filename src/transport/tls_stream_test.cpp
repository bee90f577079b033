#include "transport/tls_stream.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include "crypto/openssl.hpp"
#include "crypto/test_certificates.hpp"

namespace ron::transport {
namespace {

using crypto::ClientTls;
using crypto::PqMode;
using crypto::ServerTls;
using crypto::TlsContext;
using crypto::test::Authority;
using crypto::test::Directory;
using crypto::test::Paths;
using testing::HasSubstr;

/// Two ends over a socket pair, driven in turn on one thread.
struct Ends {
  std::unique_ptr<TlsStream> server, client;
  HandshakeStatus server_status = HandshakeStatus::kWantRead;
  HandshakeStatus client_status = HandshakeStatus::kWantRead;

  bool done() const {
    return server_status == HandshakeStatus::kDone && client_status == HandshakeStatus::kDone;
  }
  static bool goes_on(HandshakeStatus status) {
    return status != HandshakeStatus::kDone && status != HandshakeStatus::kFailed;
  }
  void shake() {
    for (int i = 0; i < 50; ++i) {
      if (goes_on(client_status)) client_status = client->handshake();
      if (goes_on(server_status)) server_status = server->handshake();
    }
  }
};

std::pair<Socket, Socket> sockets() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  return {Socket(fds[0]), Socket(fds[1])};
}

struct TlsStreamTest : testing::Test {
  Directory directory;
  Authority ca{directory};
  Paths node = ca.node();
  Paths alice = ca.client();
  TlsBuffers buffers;
  ServerTls server_tls{.cert_path = node.cert,
                       .key_path = node.key,
                       .client_ca_path = ca.cert(),
                       .require_client_cert = true,
                       .client_names = {"URI:ron:client:*"}};
  ClientTls client_tls{.ca_path = ca.cert(), .cert_path = alice.cert, .key_path = alice.key};
  std::string host = "localhost";

  Ends ends() {
    const auto client_context = TlsContext::client(client_tls);
    EXPECT_TRUE(client_context.has_value()) << client_context.error();
    return ends(*client_context);
  }
  Ends ends(const std::shared_ptr<const TlsContext>& client_context) {
    const auto server_context = TlsContext::server(server_tls);
    EXPECT_TRUE(server_context.has_value()) << server_context.error();
    auto [a, b] = sockets();
    Ends made;
    made.server = std::make_unique<TlsStream>(
        std::move(a), StreamFacts{}, TlsStreamOptions{.context = *server_context}, buffers);
    made.client = std::make_unique<TlsStream>(
        std::move(b), StreamFacts{},
        TlsStreamOptions{.context = client_context, .server_name = host}, buffers);
    made.shake();
    return made;
  }
};

std::string read_all(Stream& stream) {
  std::string all;
  std::vector<std::uint8_t> into(10'000);
  for (;;) {
    const IoResult got = stream.read_into(into);
    if (got.status != IoStatus::kOk) return all;
    all += as_text(ByteView(into).first(got.bytes));
  }
}

TEST_F(TlsStreamTest, HybridByDefaultWithMutualNames) {
  Ends two = ends();
  ASSERT_TRUE(two.done()) << two.server->failure().text << two.client->failure().text;
  for (const auto* end : {two.server.get(), two.client.get()}) {
    EXPECT_TRUE(end->facts().hybrid);
    EXPECT_EQ(end->facts().group, "X25519MLKEM768");
    EXPECT_EQ(end->facts().cipher, "TLS_AES_256_GCM_SHA384");
    EXPECT_TRUE(end->facts().peer_authenticated);
  }
  EXPECT_THAT(two.server->facts().peer->names, testing::ElementsAre("URI:ron:client:alice"));
  const auto facts = TlsContext::server(server_tls).value()->certificate();
  EXPECT_EQ(two.client->facts().peer->node, facts->node);
}

TEST_F(TlsStreamTest, NoSilentDowngrade) {
  // A client that prefers X25519 and sends only its share still ends up with the hybrid.
  const auto context = TlsContext::client(client_tls).value();
  ASSERT_EQ(SSL_CTX_set1_groups_list(context->native(), "*X25519:X25519MLKEM768"), 1);
  const Ends two = ends(context);
  ASSERT_TRUE(two.done());
  EXPECT_TRUE(two.server->facts().hybrid);
}

TEST_F(TlsStreamTest, ClassicalPeerIsServedUnlessHybridIsRequired) {
  client_tls.policy.pq = PqMode::kOff;
  Ends two = ends();
  ASSERT_TRUE(two.done());
  EXPECT_FALSE(two.server->facts().hybrid);
  EXPECT_EQ(two.server->facts().group, "x25519");

  server_tls.policy.pq = PqMode::kRequire;
  Ends refused = ends();
  EXPECT_EQ(refused.server_status, HandshakeStatus::kFailed);
  EXPECT_EQ(refused.server->failure().kind, FailureClass::kGroup);
  EXPECT_EQ(refused.server->failure().alert, 40);
  EXPECT_EQ(refused.client->failure().kind, FailureClass::kCipher);
}

TEST_F(TlsStreamTest, AlpnIsRequired) {  // OAP-1.3
  client_tls.policy.alpn = "http/1.1";
  Ends wrong = ends();
  EXPECT_EQ(wrong.server->failure().kind, FailureClass::kAlpn);
  EXPECT_EQ(wrong.server->failure().alert, 120);
  EXPECT_EQ(wrong.client->failure().kind, FailureClass::kAlpn);
  EXPECT_EQ(wrong.client->failure().alert, 120);

  const auto context = TlsContext::client(client_tls).value();
  ASSERT_EQ(SSL_CTX_set_alpn_protos(context->native(), nullptr, 0), 0);
  const Ends none = ends(context);
  EXPECT_EQ(none.server->failure().kind, FailureClass::kAlpn);
  EXPECT_EQ(none.client->failure().alert, 120);
}

TEST_F(TlsStreamTest, OlderProtocolIsRefused) {
  const auto context = TlsContext::client(client_tls).value();
  SSL_CTX_set_min_proto_version(context->native(), TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context->native(), TLS1_2_VERSION);
  const Ends two = ends(context);
  EXPECT_EQ(two.server->failure().kind, FailureClass::kVersion);
  EXPECT_EQ(two.client->failure().alert, 70);
}

TEST_F(TlsStreamTest, ClientCertificates) {
  // The client believes it is through; the refusal comes with its first read.
  const auto refused = [&] {
    Ends two = ends();
    EXPECT_EQ(two.server_status, HandshakeStatus::kFailed);
    EXPECT_EQ(two.server->failure().kind, FailureClass::kCert) << two.server->failure().text;
    EXPECT_EQ(two.client_status, HandshakeStatus::kDone);
    std::array<std::uint8_t, 16> into{};
    EXPECT_EQ(two.client->read_into(into).status, IoStatus::kError);
    return std::pair(two.client->failure().alert, two.server->failure().text);
  };
  client_tls.cert_path = client_tls.key_path = "";
  EXPECT_EQ(refused().first, 116);

  const Authority stranger(directory, "stranger");
  const Paths mallory = stranger.client("mallory");
  client_tls.cert_path = mallory.cert;
  client_tls.key_path = mallory.key;
  EXPECT_EQ(refused().first, 48);

  const Paths bob =
      ca.issue("bob", {.common_name = "bob", .names = {"URI:ron:robot:bob"}, .server = false});
  client_tls.cert_path = bob.cert;
  client_tls.key_path = bob.key;
  EXPECT_THAT(refused().second, HasSubstr("verification"));

  const Paths server_only =
      ca.issue("so", {.common_name = "so", .names = {"URI:ron:client:so"}, .client = false});
  client_tls.cert_path = server_only.cert;
  client_tls.key_path = server_only.key;
  EXPECT_THAT(refused().second, HasSubstr("purpose"));

  const Paths old = ca.issue("old", {.common_name = "old",
                                     .names = {"URI:ron:client:old"},
                                     .server = false,
                                     .validity = std::chrono::days(-1)});
  // An expired certificate cannot even be loaded by our client, so load it by hand.
  client_tls.cert_path = alice.cert;
  client_tls.key_path = alice.key;
  const auto context = TlsContext::client(client_tls).value();
  ASSERT_EQ(SSL_CTX_use_certificate_file(context->native(), old.cert.c_str(), SSL_FILETYPE_PEM), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey_file(context->native(), old.key.c_str(), SSL_FILETYPE_PEM), 1);
  const Ends two = ends(context);
  EXPECT_EQ(two.server->failure().kind, FailureClass::kCert);
  EXPECT_THAT(two.server->failure().text, HasSubstr("expired"));
}

TEST_F(TlsStreamTest, OptionalClientCertificate) {
  server_tls.require_client_cert = false;
  EXPECT_TRUE(ends().server->facts().peer_authenticated);
  client_tls.cert_path = client_tls.key_path = "";
  Ends two = ends();
  ASSERT_TRUE(two.done());
  EXPECT_FALSE(two.server->facts().peer_authenticated);
  EXPECT_TRUE(two.client->facts().peer_authenticated);
}

TEST_F(TlsStreamTest, ClientVerifiesTheServer) {
  for (const char* good : {"localhost", "127.0.0.1"}) {
    host = good;
    EXPECT_TRUE(ends().done()) << good;
  }
  for (const char* bad : {"example.org", "127.0.0.2", "::1", ""}) {
    host = bad;
    Ends two = ends();
    EXPECT_EQ(two.client->failure().kind, FailureClass::kCert) << bad;
    EXPECT_EQ(two.server->failure().kind, FailureClass::kCert) << bad;
  }
  client_tls.server_names = {"URI:ron:node:*"};  // pinned instead of the host name
  EXPECT_TRUE(ends().done());
  client_tls.server_names = {"URI:ron:node:other"};
  EXPECT_EQ(ends().client->failure().kind, FailureClass::kCert);
}

TEST_F(TlsStreamTest, GarbageInsteadOfTls) {
  for (const char* garbage :
       {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x80\x01\x03\x01"}) {
    auto [a, b] = sockets();
    TlsStream server(std::move(a), StreamFacts{},
                     TlsStreamOptions{.context = TlsContext::server(server_tls).value()}, buffers);
    const IoPiece piece{garbage, std::strlen(garbage)};
    ASSERT_EQ(b.send({&piece, 1}).status, IoStatus::kOk);
    static_cast<void>(server.handshake());
    b.finish();
    EXPECT_EQ(server.handshake(), HandshakeStatus::kFailed);
    EXPECT_NE(server.failure().kind, FailureClass::kNone);
    EXPECT_FALSE(server.failure().text.empty());
  }
}

TEST_F(TlsStreamTest, ManyBytesBothWaysInOrderAndNothingLeftBehind) {
  Ends two = ends();
  ASSERT_TRUE(two.done());
  std::string sent;
  for (int i = 0; sent.size() < 3'000'000; ++i) sent += std::to_string(i) + ",";
  for (TlsStream* from : {two.client.get(), two.server.get()}) {
    TlsStream& to = from == two.client.get() ? *two.server : *two.client;
    std::string received;
    std::size_t written = 0;
    std::size_t blocked = 0;
    while (written < sent.size()) {
      // Pieces of uneven sizes: empty, tiny, larger than a record.
      std::vector<IoPiece> pieces;
      std::size_t at = written;
      for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{40'000},
                                     std::size_t{1}, std::size_t{16'384}, std::size_t{200'000}}) {
        const std::size_t take = std::min(size, sent.size() - at);
        pieces.push_back({sent.data() + at, take});
        at += take;
      }
      const IoResult wrote = from->write(pieces);
      ASSERT_NE(wrote.status, IoStatus::kError);
      written += wrote.bytes;
      EXPECT_LE(from->held_bytes(), 2 * kSealBatch + 4096);
      if (wrote.status == IoStatus::kWouldBlock) {
        ++blocked;
        received += read_all(to);
      }
    }
    received += read_all(to);
    ASSERT_EQ(received.size(), sent.size());
    EXPECT_TRUE(received == sent);
    EXPECT_GT(blocked, 0U);
    EXPECT_EQ(from->held_bytes(), 0U);
    EXPECT_EQ(to.held_bytes(), 0U);
  }
}

TEST_F(TlsStreamTest, PlaintextCountsAsWrittenOnlyWhenItLeft) {
  Ends two = ends();
  ASSERT_TRUE(two.done());
  const std::string block(1'000'000, 'x');
  const IoPiece piece{block.data(), block.size()};
  const IoResult first = two.client->write({&piece, 1});
  ASSERT_EQ(first.status, IoStatus::kWouldBlock);
  const std::size_t arrived_at_most = read_all(*two.server).size();
  EXPECT_LE(first.bytes, arrived_at_most);
}

TEST_F(TlsStreamTest, OrderlyEndIsHalfClose) {  // OAP-1.34
  Ends two = ends();
  ASSERT_TRUE(two.done());
  EXPECT_EQ(two.client->shutdown_write().status, IoStatus::kOk);
  std::array<std::uint8_t, 100> into{};
  EXPECT_EQ(two.server->read_into(into).status, IoStatus::kEof);
  const IoPiece late{"answer", 6};
  EXPECT_EQ(two.server->write({&late, 1}).status, IoStatus::kOk);
  EXPECT_EQ(read_all(*two.client), "answer");
  EXPECT_EQ(two.server->shutdown_write().status, IoStatus::kOk);
  EXPECT_EQ(two.client->read_into(into).status, IoStatus::kEof);
  EXPECT_EQ(two.client->write({&late, 1}).status, IoStatus::kError);
}

TEST_F(TlsStreamTest, BareFinStillLetsTheAnswerOut) {
  Ends two = ends();
  ASSERT_TRUE(two.done());
  ::shutdown(two.client->fd(), SHUT_WR);  // no close_notify
  std::array<std::uint8_t, 100> into{};
  EXPECT_EQ(two.server->read_into(into).status, IoStatus::kEof);
  const IoPiece late{"answer", 6};
  EXPECT_EQ(two.server->write({&late, 1}).status, IoStatus::kOk);
  EXPECT_EQ(read_all(*two.client), "answer");
}

TEST_F(TlsStreamTest, NoTicketsAndNoSessions) {
  Ends two = ends();
  ASSERT_TRUE(two.done());
  pollfd wait{.fd = two.client->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&wait, 1, 0), 0) << "the server sends nothing by itself after the handshake";
}

TEST_F(TlsStreamTest, BytesThatComeOneByOne) {
  const auto server_context = TlsContext::server(server_tls).value();
  const auto client_context = TlsContext::client(client_tls).value();
  auto [a, a_far] = sockets();
  auto [b, b_far] = sockets();
  TlsStream server(std::move(a), StreamFacts{}, {.context = server_context}, buffers);
  TlsStream client(std::move(b), StreamFacts{}, {.context = client_context, .server_name = host},
                   buffers);
  const auto carry = [](Socket& from, Socket& to) {
    std::array<std::uint8_t, 1> byte{};
    if (from.receive(byte).status != IoStatus::kOk) return false;
    const IoPiece piece{byte.data(), 1};
    return to.send({&piece, 1}).status == IoStatus::kOk;
  };
  HandshakeStatus server_status{}, client_status{};
  std::array<std::uint8_t, 64> into{};
  const IoPiece early{"hello", 5};
  bool said = false;
  IoResult heard{.status = IoStatus::kWouldBlock};
  for (int i = 0; i < 20'000 && heard.status != IoStatus::kOk; ++i) {
    client_status = client.handshake();
    server_status = server.handshake();
    if (client_status == HandshakeStatus::kDone && !std::exchange(said, true)) {
      ASSERT_EQ(client.write({&early, 1}).status, IoStatus::kOk);
    }
    if (server_status == HandshakeStatus::kDone) heard = server.read_into(into);
    carry(a_far, b_far);
    carry(b_far, a_far);
  }
  ASSERT_EQ(heard.status, IoStatus::kOk);
  EXPECT_EQ(ron::as_text(ByteView(into).first(heard.bytes)), "hello");
}

// A peer that asks for key updates and reads no answers must not make us hoard them.
TEST_F(TlsStreamTest, FloodOfKeyUpdatesIsBounded) {
  const auto client_context = TlsContext::client(client_tls).value();
  auto [a, b] = sockets();
  TlsStream server(std::move(a), StreamFacts{}, {.context = TlsContext::server(server_tls).value()},
                   buffers);
  const crypto::SslPtr raw(SSL_new(client_context->native()));
  SSL_set_fd(raw.get(), b.fd());
  SSL_set1_host(raw.get(), "localhost");
  SSL_set_connect_state(raw.get());
  for (int i = 0; i < 20; ++i) {
    SSL_do_handshake(raw.get());
    static_cast<void>(server.handshake());
  }
  ASSERT_EQ(server.handshake(), HandshakeStatus::kDone);
  ASSERT_TRUE(SSL_is_init_finished(raw.get()));
  std::array<std::uint8_t, 1024> into{};
  std::size_t held_most = 0;
  int asked = 0;
  for (int i = 0; i < 30'000; ++i) {
    if (SSL_key_update(raw.get(), SSL_KEY_UPDATE_REQUESTED) == 1 &&
        SSL_write(raw.get(), "x", 1) == 1) {
      ++asked;
    }
    const IoResult got = server.read_into(into);
    if (got.status == IoStatus::kError) break;
    held_most = std::max(held_most, server.held_bytes());
  }
  ERR_clear_error();
  const IoResult waits = server.read_into(into);
  EXPECT_EQ(waits.status, IoStatus::kWouldBlock);
  EXPECT_TRUE(waits.more && server.wants_write()) << "waits to be writable, not readable";
  EXPECT_GT(asked, 1000);
  EXPECT_LE(held_most, 512U * 1024);
}

TEST_F(TlsStreamTest, AlteredRecordEndsTheStream) {
  Ends two = ends();
  ASSERT_TRUE(two.done());
  const IoPiece piece{"hello", 5};
  ASSERT_EQ(two.client->write({&piece, 1}).status, IoStatus::kOk);
  // A forged record behind the honest one.
  const std::string forged(
      "\x17\x03\x03\x00\x18"
      "0123456789abcdefghijklmn",
      29);
  ASSERT_EQ(::send(two.client->fd(), forged.data(), forged.size(), MSG_NOSIGNAL), 29);
  std::array<std::uint8_t, 100> into{};
  const IoResult honest = two.server->read_into(into);
  EXPECT_EQ(honest.bytes, 5U);
  EXPECT_TRUE(honest.more);
  EXPECT_EQ(two.server->read_into(into).status, IoStatus::kError);
}

}  // namespace
}  // namespace ron::transport
