#include "redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ron::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kRedacted = "[redacted]";

// Paths are no secrets, what they lead to is: "tls.key_path" stays.
bool names_secret(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower.ends_with("_path") || lower.ends_with("path")) return false;
  constexpr std::array<std::string_view, 7> kWords = {
      "token", "secret", "password", "passwd", "credential", "private_key", "macaroon"};
  return std::ranges::any_of(kWords,
                             [&lower](auto word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

std::string Redactor::text(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  std::string out;
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    out += kRedacted;
    const std::size_t end = text.find(kEnd, begin);
    const std::size_t dashes =
        end == std::string_view::npos ? end : text.find("-----", end + kEnd.size());
    if (dashes == std::string_view::npos) return out;  // what is cut off stays hidden
    text.remove_prefix(dashes + 5);
  }
}

std::string Redactor::mask(const std::string& who) {
  const auto [at, fresh] = masks_.try_emplace(who, "peer-" + std::to_string(masks_.size() + 1));
  return at->second;
}

OrderedJson Redactor::json(const OrderedJson& value) {
  if (value.is_string()) return text(value.get<std::string>());
  if (value.is_array()) {
    OrderedJson out = OrderedJson::array();
    for (const OrderedJson& item : value) out.push_back(json(item));
    return out;
  }
  if (!value.is_object()) return value;
  const bool session = value.contains("channel");
  const bool peer = value.contains("addr");
  OrderedJson out = OrderedJson::object();
  for (const auto& [name, member] : value.items()) {
    if (names_secret(name)) {
      out[name] = kRedacted;
    } else if (!with_peers_ && member.is_string() &&
               ((session && (name == "peer" || name == "name" || name == "node")) ||
                (peer && (name == "addr" || name == "node")))) {
      out[name] = mask(member.get<std::string>());
    } else {
      out[name] = json(member);
    }
  }
  return out;
}

}  // namespace ron::cli
