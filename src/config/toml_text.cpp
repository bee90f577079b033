#include "config/toml_text.hpp"

#include <algorithm>
#include <string>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace ron::config {
namespace {

std::string place(std::string_view file, const toml::source_region& at) {
  return std::string(file) + ":" + std::to_string(at.begin.line);
}

std::string scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* real = node.as_floating_point()) return std::to_string(real->get());
  return "(a date or time)";
}

Form form_of(const toml::node& node) {
  if (node.is_string()) return Form::kString;
  if (node.is_integer()) return Form::kInteger;
  if (node.is_boolean()) return Form::kBoolean;
  if (node.is_array()) return Form::kList;
  return Form::kOther;
}

void fill_list(const toml::array& array, Assignment& out) {
  for (const toml::node& element : array) {
    if (element.is_array() || element.is_table()) {
      out.form = Form::kOther;
      continue;
    }
    out.items.push_back(scalar_text(element));
    out.text += (out.text.empty() ? "" : ",") + out.items.back();
  }
}

// The parser and the destructor of its tables recurse, so a name of half a million parts is refused
// before they see it: too many dots between two of the characters that end a name.
std::optional<std::size_t> line_of_overlong_name(std::string_view text) {
  constexpr std::string_view kEnds = "=,[]{}\n";
  constexpr std::size_t kMaxDots = 4 * kMaxNesting;
  std::size_t line = 1, dots = 0;
  char before = 0;
  for (const char c : text) {
    if (kEnds.find(c) != std::string_view::npos) dots = 0;
    if (c == '\n') ++line;
    if (c == '.' && before != '.' && ++dots > kMaxDots) return line;
    before = c;
  }
  return std::nullopt;
}

// The name of the first key that is too long or too deep ends the walk; false then.
bool flatten(const toml::table& table, const std::string& prefix, std::string_view file,
             std::size_t depth, std::vector<Assignment>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (name.size() > kMaxNameBytes || depth > kMaxNesting) {
      out.clear();
      out.push_back({.key = name.substr(0, kMaxNameBytes),
                     .text = {},
                     .items = {},
                     .source = place(file, key.source())});
      return false;
    }
    if (const toml::table* inner = node.as_table()) {
      if (!flatten(*inner, name + ".", file, depth + 1, out)) return false;
      continue;
    }
    Assignment given{.key = name,
                     .text = {},
                     .items = {},
                     .form = form_of(node),
                     .layer = Layer::kFile,
                     .source = place(file, key.source())};
    if (const toml::array* array = node.as_array())
      fill_list(*array, given);
    else
      given.text = scalar_text(node);
    out.push_back(std::move(given));
  }
  return true;
}

Problem unusable(std::string key, std::string source, std::string what) {
  return {.key = std::move(key),
          .value = {},
          .source = std::move(source),
          .what = std::move(what),
          .remedy = "no key is like that; docs/configuration.md lists every key"};
}

std::size_t line_of(const Assignment& given) {
  const std::size_t colon = given.source.rfind(':');
  std::size_t line = 0;
  for (const char c : std::string_view(given.source).substr(colon + 1))
    line = line * 10 + static_cast<std::size_t>(c - '0');
  return line;
}

}  // namespace

std::optional<Problem> too_large(std::string_view text, std::string_view file_name) {
  if (text.size() <= kMaxFileBytes) return std::nullopt;
  return Problem{.key = {},
                 .value = {},
                 .source = std::string(file_name),
                 .what = "the file is larger than 1MiB",
                 .remedy = "is this really a configuration file?"};
}

std::expected<std::vector<Assignment>, Problem> parse_toml(std::string_view text,
                                                           std::string_view file_name) {
  if (auto large = too_large(text, file_name)) return std::unexpected(std::move(*large));
  if (const auto line = line_of_overlong_name(text))
    return std::unexpected(unusable({}, std::string(file_name) + ":" + std::to_string(*line),
                                    "has a dotted name of too many parts"));
  const toml::parse_result parsed = toml::parse(text, file_name);
  if (!parsed) {
    const auto& at = parsed.error().source().begin;
    return std::unexpected(Problem{
        .key = {},
        .value = {},
        .source = std::string(file_name) + ":" + std::to_string(at.line) + ":" +
                  std::to_string(at.column),
        .what = "not valid TOML: " + std::string(parsed.error().description()),
        .remedy = "correct the line; strings need quotes, tables look like [overlay.peer]"});
  }
  std::vector<Assignment> out;
  if (!flatten(parsed.table(), {}, file_name, 1, out))
    return std::unexpected(
        unusable(out.front().key, out.front().source, "is too long or nested too deeply"));
  std::sort(out.begin(), out.end(), [](const Assignment& a, const Assignment& b) {
    const auto line_a = line_of(a), line_b = line_of(b);
    return line_a != line_b ? line_a < line_b : a.key < b.key;
  });
  return out;
}

}  // namespace ron::config
