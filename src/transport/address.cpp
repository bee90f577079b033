#include "transport/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ron::transport {
namespace {

const sockaddr_in& as_v4(const sockaddr* at) { return *reinterpret_cast<const sockaddr_in*>(at); }
const sockaddr_in6& as_v6(const sockaddr* at) { return *reinterpret_cast<const sockaddr_in6*>(at); }

}  // namespace

Address::Address(const sockaddr* at, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, at, size_);
}

std::expected<HostPort, std::string> split_host_port(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return std::unexpected("address '" + std::string(text) + "' " + why);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("has no port: write host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("has an IPv6 host: write it in brackets, as in [::1]:9500");
  }
  if (host.empty()) return refuse("has no host");
  HostPort parts{.host = std::string(host)};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parts.port);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) {
    return refuse("has no port between 0 and 65535");
  }
  return parts;
}

std::expected<Address, std::string> Address::parse(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts) return std::unexpected(parts.error());
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, parts->host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(parts->port);
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (::inet_pton(AF_INET6, parts->host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(parts->port);
    return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return std::unexpected("address '" + std::string(text) +
                         "' must be numeric, as in 127.0.0.1:9500 or [::1]:9500");
}

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(as_v4(data()).sin_port);
  if (family() == AF_INET6) return ntohs(as_v6(data()).sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(&storage_)->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(&storage_)->sin6_port = htons(port);
}

bool Address::is_any() const {
  if (family() == AF_INET) return as_v4(data()).sin_addr.s_addr == htonl(INADDR_ANY);
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&as_v6(data()).sin6_addr) != 0;
}

bool Address::is_loopback() const {
  if (family() == AF_UNIX) return true;
  if (family() == AF_INET) return (ntohl(as_v4(data()).sin_addr.s_addr) >> 24U) == 127;
  if (family() != AF_INET6) return false;
  const in6_addr& at = as_v6(data()).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&at) != 0 ||
         (IN6_IS_ADDR_V4MAPPED(&at) != 0 && at.s6_addr[12] == 127);
}

SourceKey Address::source() const {
  SourceKey key{};
  if (family() == AF_INET) {
    key[0] = 4;
    std::memcpy(key.data() + 1, &as_v4(data()).sin_addr, 4);
  } else if (family() == AF_INET6) {
    const in6_addr& at = as_v6(data()).sin6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&at) != 0;
    key[0] = mapped ? 4 : 6;
    std::memcpy(key.data() + 1, mapped ? at.s6_addr + 12 : at.s6_addr, mapped ? 4 : 8);
  }
  return key;
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &as_v4(data()).sin_addr, host.data(), host.size());
    return std::string(host.data()) + ":" + std::to_string(port());
  }
  if (family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &as_v6(data()).sin6_addr, host.data(), host.size());
    return "[" + std::string(host.data()) + "]:" + std::to_string(port());
  }
  return family() == AF_UNIX ? "unix" : "none";
}

}  // namespace ron::transport
