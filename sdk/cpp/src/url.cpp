#include "url.hpp"

namespace ron::sdk::detail {
namespace {

Error usage(std::string_view url, std::string_view why) {
  return {ErrorCode::kUsage,
          "cannot use the address '" + std::string(url) + "': " + std::string(why) +
              " (ron://host:port, rons://host:port for TLS, or unix:/path)",
          false,
          {}};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

bool Target::is_local() const {
  return kind == Kind::kUnix || at.host == "localhost" || at.host == "::1" ||
         at.host.starts_with("127.");
}

Result<Target> parse_url(std::string_view url) {
  std::string_view rest = url;
  Target target;
  if (take_prefix(rest, "unix:")) {
    if (rest.starts_with("//")) rest.remove_prefix(2);
    if (!rest.starts_with('/')) return std::unexpected(usage(url, "the path is not absolute"));
    target.kind = Target::Kind::kUnix;
    target.path = rest;
    return target;
  }
  if (take_prefix(rest, "rons://") || take_prefix(rest, "tls://")) {
    target.kind = Target::Kind::kTls;
  } else if (!take_prefix(rest, "ron://") && !take_prefix(rest, "tcp://")) {
    return std::unexpected(usage(url, "unknown kind of address"));
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) return std::unexpected(usage(url, "the host is missing"));
  const std::size_t bracket = rest.rfind(']');
  const bool has_port = bracket != std::string_view::npos
                            ? rest.find(':', bracket) != std::string_view::npos
                            : rest.find(':') != std::string_view::npos;
  std::string text(rest);
  if (!has_port) text += ":" + std::to_string(kDefaultPort);
  auto at = transport::split_host_port(text);
  if (!at) return std::unexpected(usage(url, at.error()));
  if (at->port == 0) return std::unexpected(usage(url, "port 0 cannot be dialled"));
  target.at = std::move(*at);
  return target;
}

}  // namespace ron::sdk::detail
