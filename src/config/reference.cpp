#include "config/reference.hpp"

#include "config/keys.hpp"
#include "config/legacy.hpp"

namespace ron::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Generated from the key table in src/config/keys.cpp; do not edit. A test compares the two;
     RON_UPDATE_GOLDEN=1 rewrites this file. -->

`svc-overlay` works without any configuration: the defaults make a micronode on loopback. What is
set comes from, in rising order of precedence: the defaults of the profile, a file, the
environment, flags. Every value is judged wherever it is set, also one that is overridden; all
errors are reported at once, each with its place and a remedy, and the process exits with code 78
without having opened anything. An unknown key is an error. `svc-overlay --check` stops after the
judgement. `ronctl config` does the same without the daemon: `check` a file, `show` what would hold
and where each value comes from, `diff` two files, print the `schema`.

**File.** `--config PATH`, else the path in `RON_CONFIG` (for either, a missing file is an error),
else `./svc-overlay.toml`, else `/etc/ron/svc-overlay.toml`, else none. Dotted names below are TOML
tables: `overlay.peer.max_rps` is `max_rps` in `[overlay.peer]`. A file whose name ends in `.json`,
or that begins with `{`, is JSON with the same names. At most 1MiB. Examples: `deploy/examples/`;
for editors: [svc-overlay.schema.json](svc-overlay.schema.json), a JSON Schema of the same table.

**Environment.** `SVC_OVERLAY_` and the dotted name in capitals with `__` for each dot
(`SVC_OVERLAY_OVERLAY__PEER__MAX_RPS`), or the short form given below. Lists are separated by
commas. A variable with the prefix that names no key is an error. `RON_OVERLAY_SOCK` sets
`uds.path`, as for the clients of the socket.

**Flags.** Those below, and `--set KEY=VALUE` for any key.

**Values.** Durations need a unit: `250ms`, `3s`, `1m`, `1h`. Sizes: `512B`, `64KiB`, `4MiB`, `1GiB`, or a
bare number of bytes. Addresses: `127.0.0.1:9500`, `[::1]:9500`, `localhost:9500`; port 0 lets the
system pick one.

**Reload.** On SIGHUP keys marked *live* take effect without dropping a session; a change of the
others is reported and waits for a restart. Sessions that are open keep what their hello_ack told
them (window, requests in flight, rates); every other limit holds for them, too. It is all or nothing: an invalid configuration, or live
keys that break a rule without those that wait, change nothing. Every change is logged, with
directories of paths and identities left out.

**Not supported yet.** Keys marked so belong to parts this version does not have. Their defaults are
accepted, so that a complete file stays portable; anything else is an error. Keys marked as without
effect are judged, but drive nothing yet; their text says what they wait for.

**Rules between keys.** A listener beyond loopback needs `tls.enabled` and
`tls.require_client_cert` (or `overlay.insecure_plaintext`, which is logged and counted).
`overlay.pq_mode = "require"` needs TLS, or no TCP listener. `tls.aes_128` needs `overlay.pq_mode =
"off"`. `timeouts.idle` is at least `timeouts.read` and `timeouts.write`. `limits.peer_queue_bytes`
is at most `limits.total_queue_bytes`. `transport.accept_burst` is at least
`transport.accept_rate`. `limits.memory_budget` is none, or what connections and shards need at
least (`svc-overlay --check` tells). One of `overlay.listen` and `uds.path` is set. Certificates are not
writable by group or others; keys have no permission for group or others, and belong to the
service's user or root. So does the directory of `uds.path`, if it is there. `overlay.pq_mode` other
than off needs a TLS library with X25519MLKEM768. A mesh (`peers`, `mesh.peers_file`, `mesh.allow`
or `mesh.ca_path` is set) needs `tls.enabled` where there is a TCP listener, a listener where
`mesh.role` is relay, and an id or a CA by which a peer can be told from a stranger. Two names of one key must agree.
)";

constexpr std::string_view kMatrix = R"(## Test matrix

Twelve scenarios are a gate (src/svc/overlay/config_matrix_test.cpp), each from a start of the process on:

| no | scenario | outcome |
|---|---|---|
| 1 | no file anywhere | starts with the defaults |
| 2 | `overlay.listen` is no address | refused |
| 3 | `overlay.gossip.max_frame_bytes` is not 1MiB | refused |
| 4 | `overlay.gossip.chunk_bytes` over `max_frame_bytes` | refused |
| 5 | TLS on, certificate or key missing | refused |
| 6 | key open to group or others, certificate writable by them | refused, with the mode to set |
| 7 | `auth.macaroon_path` set | refused: not supported by this version |
| 8 | a body to the admin listener | 413 |
| 9 | a compressed frame beyond ratio 10 | `RatioCap`; another `decompress_ratio_cap` is refused |
| 10 | SIGHUP | live keys change, others wait, an invalid file changes nothing |
| 11 | `overlay.pq_mode` on without support in the library | refused |
| 12 | the directory of `uds.path` open to others | refused |
)";

std::string section_of(const KeyRow& row) {
  const std::size_t dot = row.name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(row.name.substr(0, dot));
}

std::string as_code(std::string_view text) {
  return text.empty() ? "empty" : "`" + std::string(text) + "`";
}

std::string default_text(const KeyRow& row) {
  if (row.micronode == row.macronode || row.name == "profile") return as_code(row.micronode);
  return as_code(row.micronode) + " micronode, " + as_code(row.macronode) + " macronode";
}

void append_aliases(std::string& out, std::span<const Alias> aliases, const KeyRow& row) {
  for (const Alias& alias : aliases) {
    if (alias.key != row.name) continue;
    out += ", `" + std::string(alias.name) + "`";
    if (!alias.deprecated) continue;
    out += alias.unit.empty() ? " (deprecated)"
                              : " (deprecated, a number of " + std::string(alias.unit) + ")";
  }
}

void append_row(std::string& out, const KeyRow& row) {
  out += "### `" + std::string(row.name) + "`\n\n" + std::string(row.doc) + "\n\n";
  out += "- Default: " + default_text(row) + "\n";
  out += "- Accepts: " + accepts_text(row) + "\n";
  out += "- Environment: `" + env_name(row) + "`";
  if (!row.env.empty()) out += ", `" + std::string(kEnvPrefix) + std::string(row.env) + "`";
  append_aliases(out, env_aliases(), row);
  out += "\n";
  std::string others;
  append_aliases(others, file_aliases(), row);
  if (!others.empty()) out += "- Other names:" + others.substr(1) + "\n";
  if (!row.flag.empty()) out += "- Flag: `" + std::string(row.flag) + "`\n";
  if (row.effect == Effect::kReserved) {
    out += "- **Not supported by this version**\n\n";
    return;
  }
  if (row.effect == Effect::kLater) out += "- **No effect yet**\n";
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
  return out + std::string(kMatrix);
}

}  // namespace ron::config
