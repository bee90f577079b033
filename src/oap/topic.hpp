// Grammar of topics and patterns (docs/OAP-1.md section 4).
#pragma once

#include <cstddef>
#include <string_view>

namespace ron::oap {

inline constexpr std::size_t kTopicMax = 255;      // bytes
inline constexpr std::size_t kGroupMax = 64;       // bytes
inline constexpr std::size_t kPatternsMax = 1024;  // a session

/// 1..255 bytes of UTF-8, segments separated by `/`, none empty, no control character, none
/// exactly `*` or `**`.
bool is_topic(std::string_view text);

/// As a topic, but a segment may be `*`, and the last may be `**`.
bool is_pattern(std::string_view text);

/// Does UTF-8 text contain a control character: U+0000-001F or U+007F-009F?
bool has_control(std::string_view text);

/// Does a valid pattern contain a wildcard segment?
bool has_wildcard(std::string_view pattern);

/// Does a valid pattern match a valid topic? One pattern against one topic, O(length); the
/// subscription index (gossip/) answers for many.
bool matches(std::string_view pattern, std::string_view topic);

}  // namespace ron::oap
