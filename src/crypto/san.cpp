#include "crypto/san.hpp"

#include <algorithm>

namespace ron::crypto {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::expected<SanPattern, std::string> SanPattern::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return std::unexpected("name pattern '" + std::string(text) + "' " + why);
  };
  SanPattern pattern;
  pattern.text_ = text;
  pattern.dns_ = text.starts_with("DNS:");
  if (!pattern.dns_ && !text.starts_with("URI:") && !text.starts_with("IP:")) {
    return refuse("must begin with DNS:, URI: or IP:");
  }
  const std::string_view rest = text.substr(text.find(':') + 1);
  if (rest.empty()) return refuse("names nothing");
  const std::size_t star = rest.find('*');
  if (star == std::string_view::npos) return pattern;
  if (rest == "*") return refuse("would admit anybody; leave the list empty instead");
  const bool last_segment =
      star > 0 && star + 1 == rest.size() && (rest[star - 1] == ':' || rest[star - 1] == '/');
  if (!text.starts_with("URI:") || !last_segment) {
    return refuse("may hold * only as the last segment of a URI, as in URI:ron:client:*");
  }
  pattern.open_ = true;
  return pattern;
}

bool SanPattern::matches(std::string_view san) const {
  if (dns_) return equal_ignoring_case(text_, san);
  if (!open_) return text_ == san;
  const std::string_view prefix = std::string_view(text_).substr(0, text_.size() - 1);
  if (!san.starts_with(prefix) || san.size() == prefix.size()) return false;
  return san.find_first_of(":/", prefix.size()) == std::string_view::npos;
}

bool any_match(const std::vector<SanPattern>& patterns, const std::vector<San>& names) {
  return std::ranges::any_of(patterns, [&](const SanPattern& pattern) {
    return std::ranges::any_of(names, [&](const San& name) { return pattern.matches(name); });
  });
}

}  // namespace ron::crypto
