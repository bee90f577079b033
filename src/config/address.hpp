// Socket addresses as an operator writes them: 127.0.0.1:9500, [::1]:9500, localhost:9500.
//
// Pure: no resolver. Listening addresses must be IP literals or "localhost", so that what is bound
// never depends on a name server and so that "loopback" (requirement C49) can be decided here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/quantity.hpp"

namespace ron::config {

struct Address {
  std::string host;  // without brackets; "localhost" stays as it is
  std::uint16_t port = 0;
  bool loopback = false;
  bool literal = false;  // an IP address, not a name
};

/// An address to listen on: IP literal or localhost, port 0 allowed (the system picks one).
Parsed<Address> parse_listen_address(std::string_view text);

/// An address told to others: a DNS name is allowed too, the port must not be 0.
Parsed<Address> parse_public_address(std::string_view text);

/// True for text that is an IPv4 or IPv6 literal (no brackets, no zone).
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

}  // namespace ron::config
