// "HOST:PORT" with a numeric host as what the kernel takes.
#pragma once

#include <sys/socket.h>

#include <cstring>
#include <expected>
#include <string>

namespace ron::cli {

struct NetAddress {
  sockaddr_storage at{};
  socklen_t size = 0;
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&at); }
};

std::expected<NetAddress, std::string> parse_net_address(const std::string& text);

/// A descriptor that closes with its owner.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd();
  int value() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace ron::cli
