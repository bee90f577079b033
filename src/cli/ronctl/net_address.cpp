#include "net_address.hpp"

#include <netdb.h>
#include <unistd.h>

namespace ron::cli {

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<NetAddress, std::string> parse_net_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::unexpected("'" + text + "' is not HOST:PORT");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault = ::getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found);
  if (fault != 0)
    return std::unexpected("'" + text + "' is not HOST:PORT: " + ::gai_strerror(fault));
  NetAddress out;
  out.size = found->ai_addrlen;
  std::memcpy(&out.at, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return out;
}

}  // namespace ron::cli
