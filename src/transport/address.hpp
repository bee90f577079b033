// Socket addresses as values, numeric only: names are resolved in resolver.hpp.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ron::transport {

/// What the accept limiter counts by: the /32 of IPv4, the /64 of IPv6 (C87).
using SourceKey = std::array<std::uint8_t, 9>;

class Address {
 public:
  Address() = default;
  Address(const sockaddr* at, socklen_t size);

  /// "127.0.0.1:9500", "[::1]:0". The error says what is wrong.
  static std::expected<Address, std::string> parse(std::string_view text);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  bool is_loopback() const;
  /// 0.0.0.0 or [::]: every address of this machine, and none that others could dial.
  bool is_any() const;
  SourceKey source() const;
  std::string text() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// "host:port" in two parts; an IPv6 host stands in brackets, which are taken off.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::expected<HostPort, std::string> split_host_port(std::string_view text);

}  // namespace ron::transport
