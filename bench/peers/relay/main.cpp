// relay PORT|PATH frame|bytes [CERTIFICATE KEY]: see relay.hpp. With a certificate over TLS 1.3.
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bit>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/peers/listen.hpp"
#include "relay.hpp"

namespace {

int listen_unix(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  unlink(path.c_str());
  const bool bound = bind(fd, std::bit_cast<const sockaddr*>(&at), sizeof at) == 0;
  return bound && listen(fd, ron::peers::kBacklog) == 0 ? fd : -1;
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
  const int listener = address.starts_with('/')
                           ? listen_unix(address)
                           : ron::peers::listen_inet(std::atoi(address.c_str()));
  if (listener < 0) {
    std::perror(address.c_str());
    return 1;
  }
  ron::peers::Relay(mode, context).serve(listener);
}
