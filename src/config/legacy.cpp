#include "config/legacy.hpp"

#include <algorithm>
#include <array>

#include "config/quantity.hpp"

namespace ron::config {
namespace {

// clang-format off
constexpr std::array kEnvAliases = {
    Alias{.name = "RON_OVERLAY_HANDSHAKE_MS", .key = "overlay.handshake_timeout", .unit = "ms"},
    Alias{.name = "RON_OVERLAY_TX_WATERMARK", .key = "limits.answers_watermark", .unit = ""},
    Alias{.name = "OVERLAY_PQ_MODE", .key = "overlay.pq_mode", .unit = ""},
    Alias{.name = "OVERLAY_OAP_ADDR", .key = "overlay.listen", .unit = ""},
    Alias{.name = "OVERLAY_ADMIN_ADDR", .key = "observability.metrics_addr", .unit = ""},
    Alias{.name = "OVERLAY_BIND", .key = "overlay.listen", .unit = ""},
    Alias{.name = "OVERLAY_MAX_CONNS", .key = "transport.max_conns", .unit = ""},
    Alias{.name = "OVERLAY_HANDSHAKE_MS", .key = "overlay.handshake_timeout", .unit = "ms"},
    Alias{.name = "OVERLAY_READ_MS", .key = "timeouts.read", .unit = "ms"},
    Alias{.name = "OVERLAY_WRITE_MS", .key = "timeouts.write", .unit = "ms"},
    Alias{.name = "OVERLAY_IDLE_MS", .key = "timeouts.idle", .unit = "ms"},
    Alias{.name = "RON_OVERLAY_SOCK", .key = "uds.path", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRAN_READ_TIMEOUT", .key = "timeouts.read", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRAN_WRITE_TIMEOUT", .key = "timeouts.write", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRAN_IDLE_TIMEOUT", .key = "timeouts.idle", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRANSPORT__READ_TIMEOUT", .key = "timeouts.read", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRANSPORT__WRITE_TIMEOUT", .key = "timeouts.write", .unit = "", .deprecated = false},
    Alias{.name = "SVC_OVERLAY_TRANSPORT__IDLE_TIMEOUT", .key = "timeouts.idle", .unit = "", .deprecated = false},
};

constexpr std::array kFileAliases = {
    Alias{.name = "transport.read_timeout", .key = "timeouts.read", .unit = "", .deprecated = false},
    Alias{.name = "transport.write_timeout", .key = "timeouts.write", .unit = "", .deprecated = false},
    Alias{.name = "transport.idle_timeout", .key = "timeouts.idle", .unit = "", .deprecated = false},
    Alias{.name = "transport.addr", .key = "overlay.listen", .unit = ""},
    Alias{.name = "transport.read_timeout_ms", .key = "timeouts.read", .unit = "ms"},
    Alias{.name = "transport.write_timeout_ms", .key = "timeouts.write", .unit = "ms"},
    Alias{.name = "transport.idle_timeout_ms", .key = "timeouts.idle", .unit = "ms"},
    Alias{.name = "overlay.per_peer_inflight", .key = "overlay.peer.inflight_frames", .unit = ""},
    Alias{.name = "overlay.per_peer_rps", .key = "overlay.peer.max_rps", .unit = ""},
    Alias{.name = "overlay.read_timeout_ms", .key = "timeouts.read", .unit = "ms"},
    Alias{.name = "overlay.write_timeout_ms", .key = "timeouts.write", .unit = "ms"},
    Alias{.name = "overlay.idle_timeout_ms", .key = "timeouts.idle", .unit = "ms"},
    Alias{.name = "overlay.handshake_timeout_ms", .key = "overlay.handshake_timeout", .unit = "ms"},
    Alias{.name = "observability.metrics", .key = "observability.metrics_addr", .unit = ""},
    Alias{.name = "handshake_rps", .key = "transport.accept_rate", .unit = ""},
    Alias{.name = "key_rotation_days", .key = "tls.max_age", .unit = "days"},
    Alias{.name = "session_tickets", .key = "tls.session_tickets", .unit = ""},
    Alias{.name = "pq_sign_algo", .key = "overlay.pq_sign_algo", .unit = ""},
};

struct OldValue {
  std::string_view key, old, now;
};

constexpr std::array kOldValues = {
    OldValue{"overlay.pq_mode", "classical", "off"},
    OldValue{"overlay.pq_mode", "pq_only", "require"},
    OldValue{"overlay.pq_mode", "pq-only", "require"},
};
// clang-format on

constexpr std::string_view kHybrid = "pq_hybrid", kOnly = "pq_only";

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Problem deprecated(std::string_view name, const Assignment& given, std::string now) {
  return {.key = std::string(name),
          .value = given.text,
          .source = given.source,
          .what = "is deprecated",
          .remedy = "write " + std::move(now) + " instead"};
}

void rename(Assignment& given, const Alias& alias, Problems& warnings) {
  if (alias.deprecated) warnings.push_back(deprecated(alias.name, given, std::string(alias.key)));
  std::string value = aliased_value(alias, given.text);
  if (value != given.text && given.form == Form::kInteger) given.form = Form::kString;
  given.text = std::move(value);
  given.source += " " + given.key;
  given.key = alias.key;
}

// Two switches became one mode (C54): pq_only wins over pq_hybrid = true, as it did; a switch that
// asks for nothing is dropped.
void resolve_pq_switches(std::vector<Assignment>& all, Problems& warnings) {
  const auto is_on = [](const Assignment& given) {
    return parse_switch(given.text).value_or(false);
  };
  const bool only = std::any_of(all.begin(), all.end(), [&](const Assignment& given) {
    return given.key == kOnly && is_on(given);
  });
  std::erase_if(all, [&](Assignment& given) {
    const bool hybrid = given.key == kHybrid;
    if ((!hybrid && given.key != kOnly) || given.form == Form::kList) return false;
    if (!parse_switch(given.text)) return false;  // stays, as a key that does not exist
    const bool on = is_on(given);
    const std::string mode = hybrid ? (on ? "hybrid" : "off") : "require";
    warnings.push_back(
        deprecated(given.key, given,
                   "overlay.pq_mode = \"" + (hybrid || on ? mode : std::string("hybrid")) + "\""));
    if (hybrid ? on && only : !on) return true;
    given.source += " " + given.key;
    given.key = "overlay.pq_mode";
    given.text = mode;
    given.form = Form::kString;
    return false;
  });
}

}  // namespace

std::span<const Alias> env_aliases() { return kEnvAliases; }
std::span<const Alias> file_aliases() { return kFileAliases; }

std::string aliased_value(const Alias& alias, std::string text) {
  if (alias.unit.empty() || !all_digits(text)) return text;
  if (alias.unit != "days") return text + std::string(alias.unit);
  const auto days = parse_count(text);
  constexpr std::uint64_t kDaysMax = 1'000'000;  // beyond every bound, and far from overflow
  return std::to_string(24 * std::min(days.value_or(kDaysMax), kDaysMax)) + "h";
}

void resolve_legacy(std::vector<Assignment>& all, Problems& warnings) {
  resolve_pq_switches(all, warnings);
  for (Assignment& given : all) {
    const auto alias = std::find_if(kFileAliases.begin(), kFileAliases.end(),
                                    [&](const Alias& a) { return a.name == given.key; });
    if (alias != kFileAliases.end()) rename(given, *alias, warnings);
    for (const OldValue& old : kOldValues)
      if (given.key == old.key && given.text == old.old) {
        warnings.push_back(deprecated(given.key, given, "\"" + std::string(old.now) + "\""));
        given.text = old.now;
      }
  }
}

}  // namespace ron::config
