#include "config/source.hpp"

namespace ron::config {
namespace {

constexpr std::size_t kMaxValueShown = 200;
constexpr std::size_t kMaxTextShown = 2000;

void append_safe(std::string& out, std::string_view text, std::size_t max = kMaxTextShown) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text.substr(0, max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  if (text.size() > max) out += "...";
}

}  // namespace

std::string problem_text(const Problem& problem) {
  std::string out;
  append_safe(out, problem.key);
  if (!problem.value.empty() || problem.key.empty() || !problem.source.empty()) {
    if (!problem.key.empty()) out += " = ";
    out += '"';
    append_safe(out, problem.value, kMaxValueShown);
    out += '"';
  }
  if (!problem.source.empty()) {
    out += " (";
    append_safe(out, problem.source);
    out += ')';
  }
  out += ": ";
  append_safe(out, problem.what);
  if (!problem.remedy.empty()) {
    out += "; ";
    append_safe(out, problem.remedy);
  }
  return out;
}

}  // namespace ron::config
