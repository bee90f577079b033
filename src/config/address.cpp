#include "config/address.hpp"

#include <algorithm>

namespace ron::config {
namespace {

constexpr std::size_t kMaxHost = 253;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxHost || text.front() == '-' || text.front() == '.')
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
  });
}

// ::1 and its long forms: only zeros and colons before a last group that is 1.
bool is_ipv6_loopback(std::string_view text) {
  if (text.starts_with("::ffff:127.") || text.starts_with("::FFFF:127.")) return true;
  if (text.empty() || text.back() != '1') return false;
  return text.find_first_not_of("0:") == text.size() - 1;
}

struct Parts {
  std::string_view host;
  std::string_view port;
  bool bracketed = false;
};

Parsed<Parts> split(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find("]:");
    if (close == std::string_view::npos) return std::unexpected(std::string("is not [IPv6]:PORT"));
    return Parts{text.substr(1, close - 1), text.substr(close + 2), true};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::unexpected(std::string("has no port"));
  if (text.find(':') != colon)
    return std::unexpected(std::string("is an IPv6 address without brackets"));
  return Parts{text.substr(0, colon), text.substr(colon + 1), false};
}

Parsed<Address> parse_any(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::unexpected(parts.error());
  const auto port = parse_count(parts->port);
  if (!port || parts->port.find_first_not_of("0123456789") != std::string_view::npos ||
      parts->port.size() > 5 || *port > 65535)
    return std::unexpected(std::string("has a port that is not a number from 0 to 65535"));
  Address out;
  out.host = parts->host;
  out.port = static_cast<std::uint16_t>(*port);
  if (parts->bracketed) {
    if (!is_ipv6(parts->host)) return std::unexpected(std::string("is not an IPv6 address"));
    out.literal = true;
    out.loopback = is_ipv6_loopback(parts->host);
    return out;
  }
  out.literal = is_ipv4(parts->host);
  out.loopback = out.literal ? parts->host.starts_with("127.") : parts->host == "localhost";
  if (!out.literal && !is_name(parts->host))
    return std::unexpected(std::string("has a host that is neither an IP address nor a name"));
  return out;
}

}  // namespace

bool is_ipv4(std::string_view text) {
  int groups = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    const auto number = parse_count(part);
    if (!number || *number > 255 || part.size() > 3 || part.find('_') != part.npos) return false;
    if (part.front() == ' ' || part.back() == ' ') return false;
    if (part.size() > 1 && part.front() == '0') return false;  // some would read it as octal
    ++groups;
    if (dot == std::string_view::npos) return groups == 4;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return false;
  const std::size_t gap = text.find("::");
  if (gap != std::string_view::npos && text.find("::", gap + 1) != std::string_view::npos)
    return false;
  if (text.front() == ':' && gap != 0) return false;
  if (text.back() == ':' && gap != text.size() - 2) return false;
  std::size_t groups = 0;
  while (!text.empty()) {
    if (text.starts_with("::")) {
      text.remove_prefix(2);
      continue;
    }
    if (text.front() == ':') text.remove_prefix(1);
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (group.find('.') != std::string_view::npos) {  // an IPv4 tail, only at the end
      if (end != text.size() || !is_ipv4(group)) return false;
      groups += 2;
    } else {
      if (group.empty() || group.size() > 4) return false;
      if (!std::all_of(group.begin(), group.end(), is_hex)) return false;
      ++groups;
    }
    text.remove_prefix(end);
  }
  return gap == std::string_view::npos ? groups == 8 : groups < 8;
}

Parsed<Address> parse_listen_address(std::string_view text) {
  auto address = parse_any(text);
  if (address && !address->literal && address->host != "localhost")
    return std::unexpected(
        std::string("names a host; a listener needs an IP address or localhost"));
  return address;
}

Parsed<Address> parse_public_address(std::string_view text) {
  auto address = parse_any(text);
  if (address && address->port == 0)
    return std::unexpected(std::string("has port 0, which nobody can dial"));
  return address;
}

}  // namespace ron::config
