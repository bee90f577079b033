// relay PORT|PATH frame|bytes [CERTIFICATE KEY]: see relay.hpp. With a certificate over TLS 1.3.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bit>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "relay.hpp"

namespace {

constexpr int kBacklog = 4096;

int listen_inet(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(fd, std::bit_cast<const sockaddr*>(&at), sizeof at) == 0 ? fd : -1;
}

int listen_unix(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  unlink(path.c_str());
  return bind(fd, std::bit_cast<const sockaddr*>(&at), sizeof at) == 0 ? fd : -1;
}

SSL_CTX* tls_context(const char* certificate, const char* key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 131072);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    std::exit(1);
  }
  return context;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) {
    std::fprintf(stderr, "usage: relay PORT|PATH frame|bytes [CERTIFICATE KEY]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::string address = argv[1];
  const auto mode =
      std::string(argv[2]) == "bytes" ? ron::peers::Mode::kBytes : ron::peers::Mode::kFrames;
  SSL_CTX* context = argc == 5 ? tls_context(argv[3], argv[4]) : nullptr;
  const int listener =
      address.starts_with('/') ? listen_unix(address) : listen_inet(std::atoi(address.c_str()));
  if (listener < 0 || listen(listener, kBacklog) != 0) {
    std::perror(address.c_str());
    return 1;
  }
  ron::peers::Relay(mode, context).serve(listener);
}
