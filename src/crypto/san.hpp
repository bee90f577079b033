// Subject alternative names and the patterns that pin them.
//
// A pattern is `DNS:name` (exact, case ignored), `IP:address`, or `URI:text`; a URI may end in a
// segment `*` after ':' or '/', which stands for exactly one non-empty segment. There is no pattern
// for "anybody": a bundle whose every certificate is welcome is used without patterns.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace ron::crypto {

/// One name of a certificate, as the patterns spell it: "DNS:node1", "URI:ron:client:alice".
using San = std::string;

class SanPattern {
 public:
  /// The error says what is wrong with the text.
  static std::expected<SanPattern, std::string> parse(std::string_view text);

  bool matches(std::string_view san) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool dns_ = false;
  bool open_ = false;  // ends in a `*` segment, which text_ keeps
};

/// True when any name matches any pattern.
bool any_match(const std::vector<SanPattern>& patterns, const std::vector<San>& names);

}  // namespace ron::crypto
