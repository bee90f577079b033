// Naive twin of topics and patterns, for tests: recursion over lists of segments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oap/cbor_model.hpp"

namespace ron::oap::model {

inline std::vector<std::string> segments(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

/// Does pattern[p..] match topic[t..]?
inline bool matches(const std::vector<std::string>& pattern, std::size_t p,
                    const std::vector<std::string>& topic, std::size_t t) {
  if (p == pattern.size()) return t == topic.size();
  if (t == topic.size()) return false;
  if (pattern[p] == "**") {
    return matches(pattern, p + 1, topic, t + 1) || matches(pattern, p, topic, t + 1);
  }
  if (pattern[p] != "*" && pattern[p] != topic[t]) return false;
  return matches(pattern, p + 1, topic, t + 1);
}

inline bool matches(const std::string& pattern, const std::string& topic) {
  return matches(segments(pattern), 0, segments(topic), 0);
}

inline bool has_control(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<std::uint8_t>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

inline bool is_name(const std::string& text, bool pattern) {
  if (text.empty() || text.size() > 255 || has_control(text)) return false;
  if (!is_utf8(Bytes(text.begin(), text.end()))) return false;
  const std::vector<std::string> parts = segments(text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) return false;
    if (!pattern && (parts[i] == "*" || parts[i] == "**")) return false;
    if (pattern && parts[i] == "**" && i + 1 < parts.size()) return false;
  }
  return true;
}

}  // namespace ron::oap::model
