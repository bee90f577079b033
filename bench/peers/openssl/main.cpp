// openssl_idle PORT CERTIFICATE KEY: the floor of what a TLS session costs. One thread on raw epoll
// that accepts, shakes hands and keeps a descriptor and the library's object, nothing else;
// version, groups, cipher and modes are the node's.
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "bench/peers/listen.hpp"

namespace {

SSL_CTX* tls_context(const char* certificate, const char* key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
  SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519");
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    std::exit(1);
  }
  return context;
}

void watch(int epoll, int fd, void* what) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = what;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void accept_all(int epoll, int listener, SSL_CTX* context) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL* session = SSL_new(context);
    SSL_set_fd(session, fd);
    SSL_set_accept_state(session);
    watch(epoll, fd, session);
  }
}

// The handshake, then input that is thrown away, until the other side leaves.
void serve(SSL* session) {
  std::array<char, 1024> input{};
  int got = 0;
  do {
    got = SSL_is_init_finished(session) != 0
              ? SSL_read(session, input.data(), static_cast<int>(input.size()))
              : SSL_do_handshake(session);
  } while (got > 0);
  if (SSL_get_error(session, got) == SSL_ERROR_WANT_READ) return;
  ERR_clear_error();
  const int fd = SSL_get_fd(session);
  SSL_free(session);
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: openssl_idle PORT CERTIFICATE KEY\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = tls_context(argv[2], argv[3]);
  const int listener = ron::peers::listen_inet(std::atoi(argv[1]));
  if (listener < 0) {
    std::perror("listen");
    return 1;
  }
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, listener, nullptr);
  std::array<epoll_event, 512> events{};
  for (;;) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      void* session = events[static_cast<std::size_t>(i)].data.ptr;
      if (session == nullptr) {
        accept_all(epoll, listener, context);
      } else {
        serve(static_cast<SSL*>(session));
      }
    }
  }
}
