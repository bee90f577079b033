// What the servers of the yardstick listen on.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cstdint>

namespace ron::peers {

inline constexpr int kBacklog = 4096;

/// A listening socket on a port of 127.0.0.1, non-blocking; -1 and errno.
inline int listen_inet(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(fd, std::bit_cast<const sockaddr*>(&at), sizeof at) == 0;
  return bound && listen(fd, kBacklog) == 0 ? fd : -1;
}

}  // namespace ron::peers
