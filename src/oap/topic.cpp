#include "oap/topic.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"
#include "oap/cbor.hpp"

namespace ron::oap {
namespace {

bool is_wild(std::string_view segment) { return segment == "*" || segment == "**"; }

// Takes the first segment off `rest`; false when nothing follows it.
bool take_segment(std::string_view& rest, std::string_view& segment) {
  const std::size_t slash = rest.find('/');
  segment = rest.substr(0, slash);
  if (slash == std::string_view::npos) return false;
  rest.remove_prefix(slash + 1);
  return true;
}

enum class Grammar { kTopic, kPattern };

bool segments_fit(std::string_view rest, Grammar grammar) {
  for (bool more = true; more;) {
    std::string_view segment;
    more = take_segment(rest, segment);
    if (segment.empty()) return false;                                 // OAP-4.1
    if (grammar == Grammar::kTopic && is_wild(segment)) return false;  // OAP-4.3
    if (segment == "**" && more) return false;                         // OAP-4.5
  }
  return true;
}

constexpr std::uint64_t bytes_of(std::uint8_t value) { return value * 0x0101010101010101ULL; }

// Has this word of a topic something beyond the short way: not ASCII, a control character, a star,
// two slashes in a row? Then the top bit of some byte of the result is set: where a term carries or
// borrows from one byte into the next, that byte is a find itself. // OAP-4.1 OAP-4.2
std::uint64_t special(std::uint64_t word) {
  const std::uint64_t slash = word ^ bytes_of('/');
  const std::uint64_t pair = slash | slash >> 8U | 1ULL << 56U;  // a zero byte: two slashes
  return word | (word - bytes_of(0x20)) | (word + bytes_of(1)) |
         ((word ^ bytes_of('*')) - bytes_of(1)) | (pair - bytes_of(1));
}

// The `size` (under eight) bytes at `at` with letters behind them.
std::uint64_t short_word(const std::uint8_t* at, std::size_t size) {
  std::uint64_t word = bytes_of('x');
  for (std::size_t i = 0; i < size; ++i) word = (word << 8U) | at[i];
  return word;
}

// The short way, in words that overlap by a byte so that each sees its own pairs of slashes: true
// for topics of plain ASCII without stars, that is for nearly all; false says nothing.
bool is_plain_topic(std::string_view text) {
  constexpr std::size_t kStep = sizeof(std::uint64_t) - 1;
  if (text.empty() || text.size() > kTopicMax || text.front() == '/' || text.back() == '/') {
    return false;
  }
  const std::uint8_t* const at = as_bytes(text).data();
  std::uint64_t found = 0;
  if (text.size() <= kStep) {
    found = special(short_word(at, text.size()));
  } else {
    const std::size_t last = text.size() - sizeof(std::uint64_t);
    for (std::size_t i = 0; i < last; i += kStep) found |= special(word_at(at + i));
    found |= special(word_at(at + last));
  }
  return (found & bytes_of(0x80)) == 0;
}

bool fits(std::string_view text, Grammar grammar) {
  if (text.empty() || text.size() > kTopicMax) return false;  // OAP-4.1 OAP-4.4
  return !has_control(text) && segments_fit(text, grammar) && is_utf8(as_bytes(text));
}

}  // namespace

// OAP-4.2: U+0000-001F and U+007F, and U+0080-009F, which UTF-8 writes as C2 80 .. C2 9F.
bool has_control(std::string_view text) {
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (before == 0xc2 && byte < 0xa0) return true;
    before = byte;
  }
  return false;
}

bool is_topic(std::string_view text) { return is_plain_topic(text) || fits(text, Grammar::kTopic); }

bool is_pattern(std::string_view text) { return fits(text, Grammar::kPattern); }

// OAP-4.6: only a segment that is exactly `*` or `**` is wild.
bool has_wildcard(std::string_view pattern) {
  for (bool more = true; more;) {
    std::string_view segment;
    more = take_segment(pattern, segment);
    if (is_wild(segment)) return true;
  }
  return false;
}

// OAP-4.4 OAP-4.5 OAP-4.8: bytes are compared, `*` stands for one segment, `**` for one or more.
bool matches(std::string_view pattern, std::string_view topic) {
  for (;;) {
    std::string_view want;
    std::string_view have;
    const bool more_pattern = take_segment(pattern, want);
    if (want == "**") return true;  // the last segment; the topic has at least one left
    const bool more_topic = take_segment(topic, have);
    if (want != "*" && want != have) return false;
    if (more_pattern != more_topic) return false;
    if (!more_pattern) return true;
  }
}

}  // namespace ron::oap
