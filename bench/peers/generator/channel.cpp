#include "channel.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "common.hpp"

namespace ron::peers {
namespace {

constexpr std::size_t kSealMax = 262144;  // bytes sealed for one send

int connect_inet(int fd, const std::string& host, int port) {
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, host.c_str(), &to.sin_addr);
  if ((ntohl(to.sin_addr.s_addr) >> 24U) != 127) die("loopback only");
  return ::connect(fd, std::bit_cast<const sockaddr*>(&to), sizeof to);
}

int connect_unix(int fd, const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  return ::connect(fd, std::bit_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace

SSL_CTX* tls_context(const std::string& groups) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set1_groups_list(context, groups.c_str()) != 1) die("groups: " + groups);
  return context;
}

void Channel::connect(const Options& options, int port) {
  const bool inet = options.uds.empty();
  fd_ = socket(inet ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) die("socket");
  const int failed = inet ? connect_inet(fd_, options.host, port) : connect_unix(fd_, options.uds);
  if (failed != 0 && errno != EINPROGRESS) die("connect");
}

void Channel::start_tls(SSL_CTX* context, std::string_view alpn, bool large_reads) {
  ssl_ = SSL_new(context);
  SSL_set_connect_state(ssl_);
  sealed_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_, BIO_new_socket(fd_, BIO_NOCLOSE), sealed_);
  if (!alpn.empty()) {
    std::array<unsigned char, 32> wire{};
    wire[0] = static_cast<unsigned char>(alpn.size());
    std::copy(alpn.begin(), alpn.end(), wire.begin() + 1);
    SSL_set_alpn_protos(ssl_, wire.data(), static_cast<unsigned>(alpn.size() + 1));
  }
  if (large_reads) SSL_set_default_read_buffer_len(ssl_, kSealMax);
}

bool Channel::handshake() {
  if (ssl_ == nullptr || SSL_is_init_finished(ssl_) != 0) return true;
  const int done = SSL_do_handshake(ssl_);
  flush();
  if (done == 1) return true;
  if (SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ) return false;
  ERR_print_errors_fp(stderr);
  die("TLS handshake");
}

bool Channel::flush() {
  if (ssl_ == nullptr) return true;
  for (;;) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(sealed_, &bytes);
    if (size <= 0) return true;
    const ssize_t sent = send(fd_, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    ++calls.writes;
    if (sent < 0) {
      if (errno != EAGAIN) die("send");
      writable = false;
      return false;
    }
    if (sent == size) {
      BIO_reset(sealed_);
      return true;
    }
    static std::array<char, 65536> consumed;
    for (std::size_t left = static_cast<std::size_t>(sent); left > 0;) {
      const int taken =
          BIO_read(sealed_, consumed.data(), static_cast<int>(std::min(left, consumed.size())));
      if (taken <= 0) die("BIO");
      left -= static_cast<std::size_t>(taken);
    }
  }
}

void Channel::wait_writable() {
  pollfd room{fd_, POLLOUT, 0};
  poll(&room, 1, 1);
  writable = true;
}

std::size_t Channel::read(char* into, std::size_t size) {
  if (ssl_ != nullptr) {
    const int got = SSL_read(ssl_, into, static_cast<int>(size));
    if (got > 0) return static_cast<std::size_t>(got);
    const int why = SSL_get_error(ssl_, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
    die("TLS connection lost");
  }
  ++calls.reads;
  const ssize_t got = recv(fd_, into, size, 0);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && errno == EAGAIN) return 0;
  die("connection lost");
}

std::size_t Channel::discard(std::size_t size) const {
  ++calls.reads;
  const ssize_t got = recv(fd_, nullptr, size, MSG_TRUNC);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got < 0 && errno == EAGAIN) return 0;
  die("connection lost");
}

std::size_t Channel::write(const char* from, std::size_t size) {
  if (ssl_ != nullptr) {
    if (size == 0 || !flush()) return 0;
    const int took = SSL_write(ssl_, from, static_cast<int>(std::min(size, kSealMax)));
    if (took <= 0 && SSL_get_error(ssl_, took) != SSL_ERROR_WANT_READ) die("TLS write");
    flush();
    return took > 0 ? static_cast<std::size_t>(took) : 0;
  }
  ++calls.writes;
  const ssize_t took = send(fd_, from, size, MSG_NOSIGNAL);
  if (took >= 0) return static_cast<std::size_t>(took);
  if (errno != EAGAIN) die("send");
  writable = false;
  return 0;
}

}  // namespace ron::peers
