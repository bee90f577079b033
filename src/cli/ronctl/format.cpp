#include "format.hpp"

#include <nlohmann/json.hpp>

#include "common.hpp"
#include "oap/cbor.hpp"

namespace ron::cli {
namespace {

bool is_text(std::string_view data) { return oap::is_utf8(as_bytes(data)); }

std::string json_of(const sdk::Message& message) {
  nlohmann::ordered_json out;
  out["topic"] = message.topic;
  if (is_text(message.data)) {
    out["data"] = message.data;
  } else {
    out["data_hex"] = hex(as_bytes(message.data).data(), message.data.size());
  }
  out["ts"] = message.seconds;
  if (!message.reply.empty()) out["reply"] = message.reply;
  if (message.correlation != 0) out["corr"] = message.correlation;
  if (!message.headers.empty()) {
    auto& headers = out["headers"];
    for (const auto& [key, value] : message.headers) headers[key] = value;
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string hex_of(std::string_view data) {
  std::string text;
  for (const char c : data) {
    if (!text.empty()) text += ' ';
    const auto byte = static_cast<std::uint8_t>(c);
    text += hex(&byte, 1);
  }
  return text;
}

// Length of the UTF-8 sequence that begins here, by its first byte; 0 for none.
std::size_t sequence_size(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xf0 && first < 0xf5) return 4;
  return 0;
}

}  // namespace

std::expected<Format, std::string> parse_format(const std::string& name) {
  if (name == "text") return Format::kText;
  if (name == "raw") return Format::kRaw;
  if (name == "json") return Format::kJson;
  if (name == "hex") return Format::kHex;
  return std::unexpected("--format: '" + name + "' is none of text, raw, json, hex");
}

std::string escaped(std::string_view data) {
  std::string out;
  out.reserve(data.size());
  for (std::size_t at = 0; at < data.size();) {
    const auto first = static_cast<unsigned char>(data[at]);
    const std::size_t size = sequence_size(first);
    const std::string_view sequence = data.substr(at, size);
    // C1 controls are two bytes: c2 80 .. c2 9f.
    const bool c1 =
        first == 0xc2 && sequence.size() == 2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
    const bool whole = size > 0 && sequence.size() == size && is_text(sequence);
    if (whole && first >= 0x20 && first != 0x7f && !c1) {
      out += sequence;
      at += size;
      continue;
    }
    if (first == '\n') {
      out += "\\n";
    } else if (first == '\t') {
      out += '\t';
    } else if (first == '\r') {
      out += "\\r";
    } else {
      out += "\\x" + hex(&first, 1);
    }
    ++at;
  }
  return out;
}

std::string format_message(const sdk::Message& message, const FormatOptions& options) {
  const auto topic = [&] {
    if (!options.color) return message.topic + ": ";
    return "\x1b[36m" + message.topic + "\x1b[0m: ";
  };
  switch (options.format) {
    case Format::kRaw: return options.newline ? message.data + "\n" : message.data;
    case Format::kJson: return json_of(message);
    case Format::kHex: return topic() + hex_of(message.data) + "\n";
    case Format::kText: break;
  }
  return topic() + escaped(message.data) + "\n";
}

}  // namespace ron::cli
