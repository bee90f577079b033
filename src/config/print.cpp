#include "config/print.hpp"

#include <string_view>

#include "config/keys.hpp"

namespace ron::config {
namespace {

// Values hold no control characters (key_values.cpp), so that these two are all there is to escape.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string list_of_texts(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + quoted(item);
  return "[" + out + "]";
}

std::string spelled(const KeyRow& row, const Settings& settings) {
  const std::string text = value_text(row, settings);
  switch (row.type) {
    case Type::kSwitch:
    case Type::kCount: return text;
    case Type::kCountList: return "[" + text + "]";
    case Type::kTextList: {
      using Texts = std::vector<std::string>;
      const auto slot = std::get<Texts& (*)(Settings&)>(row.slot);
      return list_of_texts(slot(const_cast<Settings&>(settings)));
    }
    default: return quoted(text);
  }
}

}  // namespace

std::string settings_toml(const Settings& settings) {
  std::string out;
  for (const KeyRow& row : keys())
    if (row.effect != Effect::kReserved)
      out += std::string(row.name) + " = " + spelled(row, settings) + "\n";
  return out;
}

}  // namespace ron::config
