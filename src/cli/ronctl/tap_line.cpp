#include "tap_line.hpp"

#include <array>
#include <cstdio>

#include "cli/common/tool.hpp"
#include "format.hpp"
#include "oap/cbor.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

std::string hex_number(std::uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

// The first bytes, not ending within a character.
std::string_view beginning(std::string_view data) {
  if (data.size() <= kTapPayloadMost) return data;
  std::size_t size = kTapPayloadMost;
  while (size > kTapPayloadMost - 4 && (static_cast<unsigned char>(data[size]) & 0xc0U) == 0x80U)
    --size;
  return data.substr(0, size);
}

std::string json_of(const sdk::Message& message, Moment when, bool payload) {
  nlohmann::ordered_json out{{"ts", timestamp_text(when)}};
  if (message.tenant != sdk::Tenant{}) out["tenant"] = tenant_text(message.tenant);
  out["topic"] = message.topic;
  out["bytes"] = message.data.size();
  if (message.correlation != 0) out["corr_id"] = hex_number(message.correlation);
  if (payload) {
    const std::string_view shown = beginning(message.data);
    if (oap::is_utf8(as_bytes(shown))) {
      out["payload"] = shown;
    } else {
      out["payload_hex"] = hex(as_bytes(shown).data(), shown.size());
    }
    if (shown.size() < message.data.size()) out["truncated"] = true;
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string tenant_text(sdk::Tenant tenant) {
  return hex_number(tenant.hi) + hex_number(tenant.lo);
}

std::string tap_line(const sdk::Message& message, Moment when, const TapOptions& options) {
  if (options.json) return json_of(message, when, options.payload);
  std::string out = clock_text(when);
  if (message.tenant != sdk::Tenant{}) out += "  tenant " + tenant_text(message.tenant);
  out +=
      "  " + escaped(message.topic) + "  " + bytes_text(static_cast<double>(message.data.size()));
  if (message.correlation != 0) out += "  corr " + hex_number(message.correlation);
  if (options.payload) {
    const std::string_view shown = beginning(message.data);
    out += "  " + escaped(shown) + (shown.size() < message.data.size() ? "\xe2\x80\xa6" : "");
  }
  return out + "\n";
}

}  // namespace ron::cli
