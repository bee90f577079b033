#include "config/rules.hpp"

#include <algorithm>

#include "config/address.hpp"
#include "config/memory.hpp"
#include "config/peer.hpp"

namespace ron::config {
namespace {

// A rule's errors carry the key an operator most likely wants to change.
class Report {
 public:
  Report(const Loaded& loaded, Problems& into) : loaded_(loaded), into_(into) {}

  /// True when the value is not the profile's.
  bool is_given(std::string_view key) const { return !origin(key).starts_with("default"); }

  void operator()(std::string_view key, std::string what, std::string remedy) {
    into_.push_back({.key = std::string(key),
                     .value = value_text(*find_key(key), loaded_.settings),
                     .source = origin(key),
                     .what = std::move(what),
                     .remedy = std::move(remedy)});
  }

 private:
  const std::string& origin(std::string_view key) const {
    return loaded_.origins[static_cast<std::size_t>(find_key(key) - keys().data())];
  }

  const Loaded& loaded_;
  Problems& into_;
};

bool is_public(const std::string& address) {
  const auto parsed = parse_listen_address(address);
  return !address.empty() && parsed && !parsed->loopback;
}

void check_exposure(const Settings& s, Report& error, Report& warn) {
  const bool authenticated = s.tls.enabled && s.tls.require_client_cert;
  if (is_public(s.overlay.listen) && !authenticated) {
    if (s.overlay.insecure_plaintext)
      warn("overlay.insecure_plaintext",
           "a listener beyond loopback runs without TLS and client certificates: anybody who "
           "reaches "
           "it may read and publish everything",
           "use it in isolated test networks only");
    else
      error("overlay.listen",
            "is reachable from other machines, but TLS with required client certificates is not on",
            "set tls.enabled = true, tls.cert_path, tls.key_path, tls.client_ca_path and "
            "tls.require_client_cert = true (`ronctl tls init` makes development certificates), or "
            "listen on 127.0.0.1, or, in an isolated test network, pass --insecure-plaintext");
  }
  if (!is_public(s.observability.metrics_addr)) return;
  if (s.observability.allow_public)
    warn("observability.metrics_addr", "the admin endpoints are reachable from other machines",
         "make sure a firewall guards them");
  else
    error("observability.metrics_addr",
          "is reachable from other machines, and the admin endpoints are not authenticated",
          "use 127.0.0.1:9600, or set observability.allow_public = true behind a firewall");
}

void check_tls(const Settings& s, Report& error, Report& warn) {
  const auto& tls = s.tls;
  if (tls.enabled && tls.cert_path.empty())
    error("tls.cert_path", "is empty while tls.enabled is true",
          "name the certificate chain (PEM); `ronctl tls init` makes one");
  if (tls.enabled && tls.key_path.empty())
    error("tls.key_path", "is empty while tls.enabled is true",
          "name the private key (PEM, mode 0600); `ronctl tls init` makes one");
  if (tls.require_client_cert && tls.client_ca_path.empty())
    error("tls.client_ca_path", "is empty while tls.require_client_cert is true",
          "name the CA bundle that client certificates must chain to");
  if (tls.require_client_cert && !tls.enabled)
    error("tls.require_client_cert", "has no effect while tls.enabled is false",
          "set tls.enabled = true");
  if (!tls.allowed_sans.empty() && !tls.require_client_cert)
    error("tls.allowed_sans", "has no effect while tls.require_client_cert is false",
          "set tls.require_client_cert = true");
  for (const auto& san : tls.allowed_sans)
    if (!(san.starts_with("DNS:") || san.starts_with("URI:")) || san.size() == 4)
      error("tls.allowed_sans", "has the element \"" + san + "\"",
            "write DNS:name or URI:uri, for example URI:ron:client:alice");
  if (tls.aes_128 && s.overlay.pq_mode != PqMode::kOff)
    error("tls.aes_128",
          "is true while overlay.pq_mode is not off: 128-bit ciphers are not quantum-safe",
          "set tls.aes_128 = false, or overlay.pq_mode = \"off\"");
  if (!tls.enabled && !tls.cert_path.empty())
    warn("tls.cert_path", "is set but tls.enabled is false, so it is not used",
         "set tls.enabled = true");
}

void check_relations(const Settings& s, Report& error) {
  if (s.overlay.listen.empty() && s.uds.path.empty())
    error("overlay.listen", "is empty and so is uds.path: nobody could connect",
          "set one of them, for example overlay.listen = \"127.0.0.1:9500\"");
  if (s.overlay.pq_mode == PqMode::kRequire && !s.tls.enabled && !s.overlay.listen.empty())
    error("overlay.pq_mode", "is require, but plain TCP has no key exchange",
          "set tls.enabled = true, or overlay.listen = \"\" to serve the Unix socket only");
  if (s.timeouts.idle < s.timeouts.read)
    error("timeouts.idle", "is shorter than timeouts.read (" + duration_text(s.timeouts.read) + ")",
          "make it at least as long");
  if (s.timeouts.idle < s.timeouts.write)
    error("timeouts.idle",
          "is shorter than timeouts.write (" + duration_text(s.timeouts.write) + ")",
          "make it at least as long");
  if (s.limits.peer_queue_bytes > s.limits.total_queue_bytes)
    error("limits.peer_queue_bytes",
          "is more than limits.total_queue_bytes (" + size_text(s.limits.total_queue_bytes) + ")",
          "make it smaller, or the total larger");
  if (s.transport.accept_burst < s.transport.accept_rate)
    error("transport.accept_burst",
          "is less than transport.accept_rate (" + std::to_string(s.transport.accept_rate) + ")",
          "make it at least as large");
  if (!s.uds.path.empty() && !s.uds.path.starts_with('/'))
    error("uds.path", "is not an absolute path",
          "write it from the root, for example /run/ron/svc-overlay.sock");
  if (!s.uds.allow_uids.empty() && s.uds.path.empty())
    error("uds.allow_uids", "has no effect while uds.path is empty", "set uds.path");
  const bool same = !s.overlay.listen.empty() && s.overlay.listen == s.observability.metrics_addr &&
                    !s.overlay.listen.ends_with(":0");
  if (same)
    error("observability.metrics_addr", "is the address of overlay.listen too",
          "give the admin listener its own port, for example 127.0.0.1:9600");
}

// As docs/OAP-1.md section 4.1 has it, but for characters.
bool is_pattern(std::string_view text) {
  if (text.empty() || text.size() > 255 || text.ends_with('/')) return false;
  while (!text.empty()) {
    const std::string_view segment = text.substr(0, text.find('/'));
    if (segment.empty() || (segment == "**" && segment.size() < text.size())) return false;
    text.remove_prefix(std::min(segment.size() + 1, text.size()));
  }
  return true;
}

// True when one of them at least names a node.
bool check_peers(const Settings& s, Report& error) {
  bool named = !s.mesh.allow.empty();
  for (const auto& text : s.peers) {
    const auto peer = parse_peer(text);
    if (!peer)
      error("peers", "has the element \"" + text + "\", which " + peer.error(),
            "write HOST:PORT, or ID@HOST:PORT with the 64 hex digits of the node's id");
    named = named || !peer || peer->node.has_value();
  }
  for (const auto& text : s.mesh.allow)
    if (const auto id = parse_node_id(text); !id)
      error("mesh.allow", "has the element \"" + text + "\", which " + id.error(),
            "`ronctl identity FILE` shows the id of a key, `ronctl status` that of a node");
  return named;
}

void check_mesh(const Settings& s, Report& error, Report& warn) {
  const bool named = check_peers(s, error);
  for (const auto& text : s.mesh.best_effort)
    if (!is_pattern(text))
      error("mesh.best_effort", "has the element \"" + text + "\", which is no pattern of topics",
            "write segments between slashes; '*' is any one, '**' at the end the rest");
  if (!mesh_enabled(s)) return;
  const bool listens = !s.overlay.listen.empty();
  if (!named && s.mesh.peers_file.empty() && s.mesh.ca_path.empty())
    error("peers",
          "names no node's id, and mesh.allow and mesh.ca_path are empty: no peer could be "
          "told from a stranger",
          "write ID@HOST:PORT, or set mesh.ca_path to the CA of your nodes");
  if (listens && !s.tls.enabled)
    error("tls.enabled", "is false, and the nodes of a mesh prove with TLS who they are",
          "set tls.enabled = true, tls.cert_path and tls.key_path (`ronctl tls init` makes them), "
          "or remove peers and what is set of mesh");
  if (!listens && s.mesh.role == MeshRole::kRelay)
    error("mesh.role", "is relay, but overlay.listen is empty: no node could reach this one",
          "set overlay.listen, or mesh.role = \"leaf\"");
  if (s.mesh.score_disconnect <= s.mesh.score_shed)
    error("mesh.score_disconnect", "is not more than mesh.score_shed",
          "a node is let go for more than what its announcements are refused for");
  if (s.mesh.lane_deadline > s.mesh.repair_window / 2)  // node_settings.cpp
    warn("mesh.lane_deadline",
         "is more than half of mesh.repair_window, which would let go of a message before whoever "
         "it is announced to can ask for it: " +
             duration_text(s.mesh.repair_window / 2) + " is used",
         "lower it, or raise mesh.repair_window");
  const auto at = parse_listen_address(s.overlay.listen);
  const bool everywhere = at && (at->host == "0.0.0.0" || at->host == "::");
  if (listens && everywhere && s.overlay.advertise_addr.empty())
    warn("overlay.advertise_addr",
         "is empty, and overlay.listen is no address that others could "
         "dial: other nodes learn of this one from their own configuration only",
         "set it to HOST:PORT as other nodes reach it");
}

void check_memory(const Settings& s, std::uint64_t shards, Report& error) {
  const std::uint64_t budget = s.limits.memory_budget;
  if (budget == 0) return;
  const MemoryPlan plan = plan_memory(s, shards);
  if (budget >= plan.at_least) return;
  error("limits.memory_budget",
        "is too small for " + std::to_string(s.transport.max_conns) + " connections and " +
            std::to_string(shards) + (shards == 1 ? " shard" : " shards") +
            ", which need at least " + mib_text(plan.at_least),
        "raise it, or lower transport.max_conns, overlay.shards, overlay.peer.inflight_frames or "
        "limits.peer_queue_frames");
}

void check_secret(const HostFacts& host, std::string_view key, const FileFacts& facts,
                  Report& error) {
  if ((facts.mode & (facts.credential ? 037U : 077U)) != 0)
    error(key, "is open to group or others", "chmod 600 the file");
  if (facts.owner != host.euid && facts.owner != 0)
    error(key, "belongs to user id " + std::to_string(facts.owner),
          "chown it to the service's user (id " + std::to_string(host.euid) + ") or to root");
}

// What the file should be, said to whoever named none.
struct FileForm {
  const char *missing, *other;
};
constexpr FileForm kPem{"check the path; `ronctl tls init` makes files", "name a PEM file"};
constexpr FileForm kPeerList{
    "check the path, or write the file: one HOST:PORT or ID@HOST:PORT a line",
    "name a text file with one HOST:PORT or ID@HOST:PORT a line"};

void check_file(const HostFacts& host, std::string_view key, const std::string& path, bool secret,
                Report& error, const FileForm& form = kPem) {
  if (path.empty()) return;
  const FileFacts facts = host.file(path);
  if (!facts.exists) return error(key, "names a file that does not exist", form.missing);
  if (!facts.regular) return error(key, "is not a regular file", form.other);
  if (!facts.readable)
    return error(key, "cannot be read by user id " + std::to_string(host.euid),
                 "change its owner or mode");
  if (secret) return check_secret(host, key, facts, error);
  if ((facts.mode & 022U) != 0) error(key, "is writable by group or others", "chmod 644 the file");
}

// Amnesia means that this process leaves no trace on a disk; a secret it may overwrite is a place
// where it could. Not an error, since C51 allows mode 0600, and only told to those who asked for
// amnesia: it is the default of a micronode.
void check_amnesia(const HostFacts& host, const Settings& s, Report& warn) {
  if (!s.overlay.amnesia || !warn.is_given("overlay.amnesia")) return;
  if (!s.tls.enabled || s.tls.key_path.empty()) return;
  const FileFacts facts = host.file(s.tls.key_path);
  if ((facts.mode & 0200U) != 0 && facts.owner == host.euid)
    warn("overlay.amnesia", "is true, and the file of tls.key_path is writable by this process",
         "chmod 400 the key");
}

// A key that is not there yet is made at start, which amnesia forbids.
void check_identity(const HostFacts& host, const Settings& s, Report& error) {
  if (!mesh_enabled(s)) return;
  check_file(host, "mesh.ca_path", s.mesh.ca_path, false, error);
  check_file(host, "mesh.peers_file", s.mesh.peers_file, false, error, kPeerList);
  const std::string& key = s.identity.key_file;
  if (key.empty()) return;
  if (host.file(key).exists) return check_file(host, "identity.key_file", key, true, error);
  if (s.overlay.amnesia)
    error("identity.key_file", "does not exist, and overlay.amnesia lets nothing be written",
          "make it with `ronctl identity FILE --new`, or set overlay.amnesia = false");
}

// The socket itself is made with mode 0600; a directory that is missing is made with 0700.
void check_uds(const HostFacts& host, const Settings& s, Report& error) {
  const std::size_t slash = s.uds.path.rfind('/');
  if (s.uds.path.empty() || slash == std::string::npos) return;
  if (slash == 0)
    return error("uds.path", "is in the root directory",
                 "give the socket a directory of its own, as in /run/ron/svc-overlay.sock");
  const FileFacts facts = host.file(s.uds.path.substr(0, slash));
  if (!facts.exists) return;
  if (!facts.directory)
    return error("uds.path", "is below something that is not a directory", "choose another path");
  // With uds.allow_uids others have to pass through it; nobody else may ever write there.
  const bool shared = !s.uds.allow_uids.empty();
  if ((facts.mode & (shared ? 022U : 077U)) != 0)
    error("uds.path", "is in a directory that is open to group or others",
          std::string("chmod ") + (shared ? "711" : "700") +
              " the directory, or give the socket one of its own");
  if (facts.owner != host.euid && facts.owner != 0)
    error("uds.path", "is in a directory of user id " + std::to_string(facts.owner),
          "chown it to the service's user (id " + std::to_string(host.euid) + ")");
}

void check_port(const HostFacts& host, std::string_view key, const std::string& address,
                Report& error) {
  const auto parsed = parse_listen_address(address);
  if (!parsed || parsed->port == 0 || parsed->port >= 1024 || host.low_ports_allowed) return;
  error(key, "is a port below 1024, which this user may not bind",
        "use a higher port, or grant CAP_NET_BIND_SERVICE");
}

}  // namespace

void check_rules(Loaded& loaded, Problems& errors) {
  Report error(loaded, errors);
  Report warn(loaded, loaded.warnings);
  check_exposure(loaded.settings, error, warn);
  check_tls(loaded.settings, error, warn);
  check_relations(loaded.settings, error);
  check_mesh(loaded.settings, error, warn);
  const std::uint64_t shards = loaded.settings.overlay.shards;
  if (shards > 0) check_memory(loaded.settings, shards, error);
}

Problems check_host(Loaded& loaded, const HostFacts& host) {
  Problems out;
  Report error(loaded, out);
  Report warn(loaded, loaded.warnings);
  const Settings& s = loaded.settings;
  if (s.tls.enabled) {
    check_file(host, "tls.cert_path", s.tls.cert_path, false, error);
    check_file(host, "tls.key_path", s.tls.key_path, true, error);
    check_file(host, "tls.client_ca_path", s.tls.client_ca_path, false, error);
    if (s.overlay.pq_mode != PqMode::kOff && !host.hybrid_available)
      error("overlay.pq_mode", "needs X25519MLKEM768, which the linked OpenSSL does not have",
            "build with OpenSSL 3.5 or later, or set overlay.pq_mode = \"off\"");
  }
  if (s.overlay.shards == 0) check_memory(s, host.shards, error);
  check_identity(host, s, error);
  check_uds(host, s, error);
  check_amnesia(host, s, warn);
  check_port(host, "overlay.listen", s.overlay.listen, error);
  check_port(host, "observability.metrics_addr", s.observability.metrics_addr, error);
  return out;
}

}  // namespace ron::config
