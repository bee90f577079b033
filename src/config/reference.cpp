#include "config/reference.hpp"

#include "config/keys.hpp"

namespace ron::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Generated from the key table in src/config/keys.cpp; do not edit. A test compares the two;
     RON_UPDATE_GOLDEN=1 rewrites this file. -->

`svc-overlay` works without any configuration: the defaults make a micronode on loopback. What is
set comes from, in rising order of precedence: the defaults of the profile, a TOML file, the
environment, flags. Every value is judged wherever it is set, also one that is overridden; all
errors are reported at once, each with its place and a remedy, and the process exits with code 78
without having opened anything. An unknown key is an error. `svc-overlay --check` stops after the
judgement.

**File.** `--config PATH`, else the path in `RON_CONFIG` (for either, a missing file is an error),
else `./svc-overlay.toml`, else `/etc/ron/svc-overlay.toml`, else none. Dotted names below are TOML
tables: `overlay.peer.max_rps` is `max_rps` in `[overlay.peer]`. Examples: `deploy/examples/`.

**Environment.** `SVC_OVERLAY_` and the dotted name in capitals with `__` for each dot
(`SVC_OVERLAY_OVERLAY__PEER__MAX_RPS`), or the short form given below. Lists are separated by
commas. A variable with the prefix that names no key is an error.

**Flags.** Those below, and `--set KEY=VALUE` for any key.

**Values.** Durations need a unit: `250ms`, `3s`, `1m`, `1h`. Sizes: `512B`, `64KiB`, `4MiB`, `1GiB`, or a
bare number of bytes. Addresses: `127.0.0.1:9500`, `[::1]:9500`, `localhost:9500`; port 0 lets the
system pick one.

**Reload.** On SIGHUP keys marked *live* take effect without dropping a session; a change of the
others is reported and waits for a restart. An invalid configuration changes nothing.

**Rules between keys.** A listener beyond loopback needs `tls.enabled` and
`tls.require_client_cert` (or `overlay.insecure_plaintext`, which is logged and counted).
`overlay.pq_mode = "require"` needs TLS, or no TCP listener. `tls.aes_128` needs `overlay.pq_mode =
"off"`. `timeouts.idle` is at least `timeouts.read` and `timeouts.write`. `limits.peer_queue_bytes`
is at most `limits.total_queue_bytes`. `transport.accept_burst` is at least
`transport.accept_rate`. One of `overlay.listen` and `uds.path` is set. Certificates are not
writable by group or others; keys have no permission for group or others, and belong to the
service's user or root.
)";

std::string section_of(const KeyRow& row) {
  const std::size_t dot = row.name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(row.name.substr(0, dot));
}

std::string quoted(std::string_view text) {
  return text.empty() ? "empty" : "`" + std::string(text) + "`";
}

std::string default_text(const KeyRow& row) {
  if (row.micronode == row.macronode || row.name == "profile") return quoted(row.micronode);
  return quoted(row.micronode) + " micronode, " + quoted(row.macronode) + " macronode";
}

void append_row(std::string& out, const KeyRow& row) {
  out += "### `" + std::string(row.name) + "`\n\n" + std::string(row.doc) + "\n\n";
  out += "- Default: " + default_text(row) + "\n";
  out += "- Accepts: " + accepts_text(row) + "\n";
  out += "- Environment: `" + env_name(row) + "`";
  if (!row.env.empty()) out += ", `" + std::string(kEnvPrefix) + std::string(row.env) + "`";
  for (const Alias& alias : env_aliases())
    if (alias.key == row.name)
      out += ", `" + std::string(alias.name) + "` (deprecated" +
             (alias.unit.empty() ? "" : ", a number of " + std::string(alias.unit)) + ")";
  out += "\n";
  if (!row.flag.empty()) out += "- Flag: `" + std::string(row.flag) + "`\n";
  out += row.reload == Reload::kLive ? "- Reload: live\n\n" : "- Reload: needs a restart\n\n";
}

}  // namespace

std::string reference_markdown() {
  std::string out(kIntroduction);
  std::string section = "-";
  for (const KeyRow& row : keys()) {
    if (section_of(row) != section) {
      section = section_of(row);
      out += section.empty() ? "\n## General\n\n" : "## [" + section + "]\n\n";
    }
    append_row(out, row);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace ron::config
