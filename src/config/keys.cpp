// The key table itself: data. Judging a value against a row is in key_values.cpp.
#include "config/keys.hpp"

#include <algorithm>
#include <vector>

namespace ron::config {
namespace {

constexpr std::uint64_t kKiB = 1U << 10U;
constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kGiB = 1U << 30U;
constexpr std::uint64_t kHourMs = 3'600'000;

// clang-format off
// `type` and `member` are no expressions. NOLINTBEGIN(bugprone-macro-parentheses)
#define RON_SLOT(type, member) [](Settings& s) -> type& { return s.member; }
#define RON_ENUM_SLOT(member) [](Settings& s) -> std::uint8_t& { return reinterpret_cast<std::uint8_t&>(s.member); }
#define RON_U64(member) RON_SLOT(std::uint64_t, member)
#define RON_MS(member) RON_SLOT(Millis, member)
#define RON_BOOL(member) RON_SLOT(bool, member)
#define RON_TEXT(member) RON_SLOT(std::string, member)
// NOLINTEND(bugprone-macro-parentheses)

constexpr KeyRow kRows[] = {
    {.name = "profile", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(profile),
     .micronode = "micronode", .macronode = "macronode", .choices = "micronode|macronode",
     .flag = "--profile",
     .doc = "Which set of defaults applies: micronode (edge, loopback, memory only) or macronode (a public server)."},
    {.name = "drain_deadline", .type = Type::kDuration, .slot = +RON_MS(drain_deadline),
     .micronode = "3s", .macronode = "3s", .low = 100, .high = 15'000, .reload = Reload::kLive,
     .doc = "How long sessions may finish after SIGTERM before they are cut off. Up to 5s is meant for production; service managers should allow 15s."},
    {.name = "peers", .type = Type::kTextList, .slot = +RON_SLOT(std::vector<std::string>, peers),
     .micronode = "", .macronode = "", .low = 0, .high = 256,
     .reload = Reload::kLive, .privacy = Privacy::kIdentity,
     .doc = "Nodes to form a mesh with, dialed at start and whenever they do not answer: HOST:PORT, or ID@HOST:PORT where whoever answers there must be that node. In a file also as tables: `[[peers]]` with `addr` and, if known, `id`. An id named here may dial this node, too. With peers, mesh.peers_file, mesh.allow or mesh.ca_path this node is a member of a mesh; turning that on or off needs a restart."},

    {.name = "overlay.listen", .type = Type::kListenAddress, .slot = +RON_TEXT(overlay.listen),
     .micronode = "127.0.0.1:9500", .macronode = "127.0.0.1:9500",
     .env = "BIND_ADDR", .flag = "--bind",
     .doc = "Where OAP/1 sessions are accepted. Port 0 lets the system pick one (the ready event and /version name it). Anything but loopback needs TLS and required client certificates. Empty: no TCP listener, the Unix socket only."},
    {.name = "overlay.advertise_addr", .type = Type::kPublicAddress, .slot = +RON_TEXT(overlay.advertise_addr),
     .micronode = "", .macronode = "",
     .env = "ADVERTISE_ADDR", .flag = "--advertise",
     .doc = "The address others should dial, where it differs from overlay.listen (behind a load balancer or NAT). Told in the ready event and /version, and by the nodes of a mesh to each other."},
    {.name = "overlay.shards", .type = Type::kCount, .slot = +RON_U64(overlay.shards),
     .micronode = "0", .macronode = "0", .low = 0, .high = 64,
     .env = "SHARDS", .flag = "--shards",
     .doc = "Event-loop threads. 0: one for each CPU of the affinity mask and the cgroup quota."},
    {.name = "overlay.pq_mode", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(overlay.pq_mode),
     .micronode = "hybrid", .macronode = "hybrid", .choices = "off|hybrid|require",
     .env = "PQ_MODE", .flag = "--pq",
     .doc = "Quantum-safe key exchange. hybrid prefers X25519MLKEM768 and never downgrades a peer that offers it; require refuses every other channel (Unix sockets excepted); off uses X25519 only."},
    {.name = "overlay.pq_sign_algo", .type = Type::kChoice, .slot = {},
     .micronode = "off", .macronode = "off", .choices = "off|ml-dsa|slh-dsa",
     .env = "PQ_SIGN_ALGO", .effect = Effect::kReserved,
     .doc = "Quantum-safe signatures of envelopes. (Certificates may be ML-DSA-65 already: `ronctl tls init --algo mldsa65`.)"},
    {.name = "overlay.handshake_timeout", .type = Type::kDuration, .slot = +RON_MS(overlay.handshake_timeout),
     .micronode = "3s", .macronode = "3s", .low = 100, .high = 30'000,
     .env = "HANDSHAKE_TIMEOUT", .reload = Reload::kLive,
     .doc = "From accept to the end of hello, TLS included."},
    {.name = "overlay.insecure_plaintext", .type = Type::kSwitch, .slot = +RON_BOOL(overlay.insecure_plaintext),
     .micronode = "false", .macronode = "false",
     .env = "INSECURE_PLAINTEXT", .flag = "--insecure-plaintext",
     .doc = "Allow a listener beyond loopback without TLS and client certificates. For isolated test networks only: logged at start and shown by overlay_insecure_plaintext."},
    {.name = "overlay.amnesia", .type = Type::kSwitch, .slot = +RON_BOOL(overlay.amnesia),
     .micronode = "true", .macronode = "false",
     .env = "AMNESIA", .flag = "--amnesia",
     .doc = "Keep everything in memory: nothing of a peer or a message reaches a disk. The one file a node would write, its own key at the first start (identity.key_file), is then not made; core dumps are always forbidden; true is shown by overlay_amnesia; set explicitly, it warns of a key this process could overwrite."},

    {.name = "overlay.peer.inflight_frames", .type = Type::kCount, .slot = +RON_U64(overlay.peer.inflight_frames),
     .micronode = "32", .macronode = "128", .low = 1, .high = 65'536,
     .env = "PEER_INFLIGHT", .reload = Reload::kLive,
     .doc = "Unanswered requests and acknowledged publications a session; more is answered QuotaExceeded."},
    {.name = "overlay.peer.max_rps", .type = Type::kCount, .slot = +RON_U64(overlay.peer.max_rps),
     .micronode = "200", .macronode = "500", .low = 1, .high = 10'000'000,
     .env = "PEER_MAX_RPS", .reload = Reload::kLive,
     .doc = "Requests and acknowledged publications a second and session."},
    {.name = "overlay.peer.max_fps", .type = Type::kCount, .slot = +RON_U64(overlay.peer.max_fps),
     .micronode = "100000", .macronode = "100000", .low = 1, .high = 100'000'000,
     .env = "PEER_MAX_FPS", .reload = Reload::kLive,
     .doc = "Plain publications a second and session; more is dropped, counted and told by `refused`."},
    {.name = "overlay.peer.send_window_frames", .type = Type::kCount, .slot = +RON_U64(overlay.peer.send_window_frames),
     .micronode = "16", .macronode = "32", .low = 1, .high = 65'536,
     .env = "SEND_WINDOW", .reload = Reload::kLive, .effect = Effect::kLater,
     .doc = "Credit window towards a peer this node dials, in chunks of overlay.gossip.chunk_bytes. In this version each peer gives the other overlay.peer.recv_window_frames."},
    {.name = "overlay.peer.recv_window_frames", .type = Type::kCount, .slot = +RON_U64(overlay.peer.recv_window_frames),
     .micronode = "16", .macronode = "32", .low = 1, .high = 65'536,
     .env = "RECV_WINDOW", .reload = Reload::kLive,
     .doc = "Credit window a session gets, in chunks of overlay.gossip.chunk_bytes (16 x 64KiB = 1MiB)."},

    {.name = "overlay.gossip.max_frame_bytes", .type = Type::kSize, .slot = +RON_U64(overlay.gossip.max_frame_bytes),
     .micronode = "1MiB", .macronode = "1MiB", .low = kMiB, .high = kMiB,
     .env = "MAX_FRAME_BYTES",
     .doc = "Largest payload of a frame. Fixed by OAP/1; the key exists so that a configuration that expects another value is refused."},
    {.name = "overlay.gossip.chunk_bytes", .type = Type::kSize, .slot = +RON_U64(overlay.gossip.chunk_bytes),
     .micronode = "64KiB", .macronode = "64KiB", .low = 4 * kKiB, .high = kMiB,
     .env = "CHUNK_BYTES", .flag = "--chunk-bytes",
     .doc = "Size of bulk-data frames."},
    {.name = "overlay.gossip.relay_fanout", .type = Type::kCount, .slot = +RON_U64(overlay.gossip.relay_fanout),
     .micronode = "8", .macronode = "16", .low = 1, .high = 256,
     .env = "FANOUT", .flag = "--fanout",
     .doc = "Peers that a publication is pushed to at most; the others hear of it and ask for it."},
    {.name = "overlay.gossip.burst_budget_frames", .type = Type::kCount, .slot = +RON_U64(overlay.gossip.burst_budget_frames),
     .micronode = "8", .macronode = "16", .low = 1, .high = 65'536,
     .env = "BURST_BUDGET", .flag = "--burst", .reload = Reload::kLive, .effect = Effect::kLater,
     .doc = "Eager pushes to a peer in one turn. In this version the queue and the credit of a peer bound them."},
    {.name = "overlay.egress.drop_policy", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(overlay.egress.drop_policy),
     .micronode = "newest", .macronode = "newest", .choices = "newest|oldest|disconnect",
     .env = "DROP_POLICY", .reload = Reload::kLive,
     .doc = "What a full lane sheds: the newest message, the oldest, or the subscriber."},

    {.name = "timeouts.read", .type = Type::kDuration, .slot = +RON_MS(timeouts.read),
     .micronode = "5s", .macronode = "5s", .low = 100, .high = kHourMs,
     .env = "READ_TIMEOUT", .flag = "--read-timeout", .reload = Reload::kLive,
     .doc = "For a whole frame from its first byte, plus 1s for each 64KiB of its length."},
    {.name = "timeouts.write", .type = Type::kDuration, .slot = +RON_MS(timeouts.write),
     .micronode = "5s", .macronode = "5s", .low = 100, .high = kHourMs,
     .env = "WRITE_TIMEOUT", .flag = "--write-timeout", .reload = Reload::kLive,
     .doc = "Without progress of a write."},
    {.name = "timeouts.idle", .type = Type::kDuration, .slot = +RON_MS(timeouts.idle),
     .micronode = "15s", .macronode = "30s", .low = 100, .high = 24 * kHourMs,
     .env = "IDLE_TIMEOUT", .flag = "--idle-timeout", .reload = Reload::kLive,
     .doc = "Without a frame from the other side; at least timeouts.read and timeouts.write. Keepalives go out every third of it."},

    {.name = "limits.max_body_bytes", .type = Type::kSize, .slot = +RON_U64(limits.max_body_bytes),
     .micronode = "1MiB", .macronode = "1MiB", .low = kKiB, .high = 64 * kMiB,
     .env = "MAX_BODY_BYTES", .reload = Reload::kLive, .effect = Effect::kLater,
     .doc = "Largest body of a request over HTTP or a local RPC. Has an effect once an endpoint takes bodies: those of the admin listener take none and answer 413 to any."},
    {.name = "limits.decompress_ratio_cap", .type = Type::kCount, .slot = +RON_U64(limits.decompress_ratio_cap),
     .micronode = "10", .macronode = "10", .low = 10, .high = 10,
     .env = "DECOMPRESS_RATIO_CAP",
     .doc = "Decompressed to compressed size at most. Fixed by OAP/1; the key exists so that a configuration that expects another value is refused."},
    {.name = "limits.peer_queue_bytes", .type = Type::kSize, .slot = +RON_U64(limits.peer_queue_bytes),
     .micronode = "4MiB", .macronode = "4MiB", .low = 64 * kKiB, .high = kGiB,
     .env = "PEER_QUEUE_BYTES", .reload = Reload::kLive,
     .doc = "Bytes queued for one session, all lanes together."},
    {.name = "limits.peer_queue_frames", .type = Type::kCount, .slot = +RON_U64(limits.peer_queue_frames),
     .micronode = "65536", .macronode = "65536", .low = 16, .high = 16'777'216,
     .env = "PEER_QUEUE_FRAMES", .reload = Reload::kLive,
     .doc = "Frames queued for one session, all lanes together."},
    {.name = "limits.total_queue_bytes", .type = Type::kSize, .slot = +RON_U64(limits.total_queue_bytes),
     .micronode = "256MiB", .macronode = "256MiB", .low = kMiB, .high = 1024 * kGiB,
     .env = "TOTAL_QUEUE_BYTES", .reload = Reload::kLive,
     .doc = "Bytes queued for all sessions of the process."},
    {.name = "limits.answers_watermark", .type = Type::kCount, .slot = +RON_U64(limits.answers_watermark),
     .micronode = "96", .macronode = "96", .low = 1, .high = 127,
     .env = "ANSWERS_WATERMARK", .reload = Reload::kLive,
     .doc = "Unsent answers of a session (of 128) at which its input waits until some are sent."},
    {.name = "limits.subscriptions_per_session", .type = Type::kCount, .slot = +RON_U64(limits.subscriptions_per_session),
     .micronode = "1024", .macronode = "1024", .low = 1, .high = 1024,
     .env = "SUBSCRIPTIONS_PER_SESSION", .reload = Reload::kLive,
     .doc = "Patterns a session may hold; OAP/1 allows no more than 1024."},
    {.name = "limits.memory_budget", .type = Type::kSize, .slot = +RON_U64(limits.memory_budget),
     .micronode = "0B", .macronode = "0B", .low = 0, .high = 1024 * kGiB,
     .env = "MEMORY_BUDGET", .flag = "--memory-budget", .reload = Reload::kLive,
     .doc = "A ceiling for the memory of the process (the kernel's socket buffers apart). What messages, mail between shards and subscriptions may take is lowered until the formula of docs/performance.md stays below it; publications are then shed and subscriptions refused earlier. A budget that this many connections and shards cannot keep is refused. 0: none."},

    {.name = "observability.metrics_addr", .type = Type::kListenAddress, .slot = +RON_TEXT(observability.metrics_addr),
     .micronode = "127.0.0.1:9600", .macronode = "127.0.0.1:9600",
     .env = "METRICS_ADDR", .flag = "--metrics",
     .doc = "Where /healthz, /readyz, /metrics, /version and /configz are served. Port 0 lets the system pick one. Empty: no admin listener."},
    {.name = "observability.allow_public", .type = Type::kSwitch, .slot = +RON_BOOL(observability.allow_public),
     .micronode = "false", .macronode = "false",
     .env = "METRICS_ALLOW_PUBLIC",
     .doc = "Allow observability.metrics_addr beyond loopback. The endpoints are read-only and carry no secrets, but are not authenticated."},

    {.name = "log.level", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(log.level),
     .micronode = "info", .macronode = "info", .choices = "trace|debug|info|warn|error",
     .env = "LOG_LEVEL", .flag = "--log-level", .reload = Reload::kLive,
     .doc = "Events below this level are not written."},
    {.name = "log.format", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(log.format),
     .micronode = "auto", .macronode = "auto", .choices = "auto|json|text",
     .env = "LOG_FORMAT", .flag = "--log-format", .reload = Reload::kLive,
     .doc = "json: one object a line; text: for people; auto: text on a terminal, else json."},

    {.name = "tls.enabled", .type = Type::kSwitch, .slot = +RON_BOOL(tls.enabled),
     .micronode = "false", .macronode = "false",
     .env = "TLS_ENABLED", .flag = "--tls",
     .doc = "TLS 1.3 with ALPN ron/oap1 on overlay.listen."},
    {.name = "tls.cert_path", .type = Type::kPath, .slot = +RON_TEXT(tls.cert_path),
     .micronode = "", .macronode = "",
     .env = "TLS_CERT_PATH", .flag = "--tls-cert", .reload = Reload::kLive, .privacy = Privacy::kPath,
     .doc = "Certificate chain, PEM, the node's own first. Not writable by group or others. Read again on SIGHUP."},
    {.name = "tls.key_path", .type = Type::kPath, .slot = +RON_TEXT(tls.key_path),
     .micronode = "", .macronode = "",
     .env = "TLS_KEY_PATH", .flag = "--tls-key", .reload = Reload::kLive, .privacy = Privacy::kPath,
     .doc = "Private key, PEM. Mode 0600 or stricter, owned by the service's user or root. Read again on SIGHUP."},
    {.name = "tls.client_ca_path", .type = Type::kPath, .slot = +RON_TEXT(tls.client_ca_path),
     .micronode = "", .macronode = "",
     .env = "TLS_CLIENT_CA_PATH", .flag = "--tls-client-ca", .reload = Reload::kLive, .privacy = Privacy::kPath,
     .doc = "CA bundle, PEM, that client certificates must chain to. Never the system's store. Read again on SIGHUP."},
    {.name = "tls.require_client_cert", .type = Type::kSwitch, .slot = +RON_BOOL(tls.require_client_cert),
     .micronode = "false", .macronode = "false",
     .env = "TLS_REQUIRE_CLIENT_CERT", .flag = "--tls-require-client-cert",
     .doc = "Refuse clients without a certificate from tls.client_ca_path."},
    {.name = "tls.allowed_sans", .type = Type::kTextList, .slot = +RON_SLOT(std::vector<std::string>, tls.allowed_sans),
     .micronode = "", .macronode = "", .low = 0, .high = 256,
     .env = "TLS_ALLOWED_SANS", .privacy = Privacy::kIdentity,
     .doc = "Subject alternative names of which a client certificate must carry one: DNS:name or URI:uri, exact or with one * for a whole label. Empty: any certificate of the CA bundle."},
    {.name = "tls.aes_128", .type = Type::kSwitch, .slot = +RON_BOOL(tls.aes_128),
     .micronode = "false", .macronode = "false",
     .env = "TLS_AES_128",
     .doc = "Also offer TLS_AES_128_GCM_SHA256. Refused while overlay.pq_mode is not off: 128-bit ciphers are not quantum-safe."},
    {.name = "tls.max_age", .type = Type::kDuration, .slot = +RON_MS(tls.max_age),
     .micronode = "720h", .macronode = "720h", .low = kHourMs, .high = 9600 * kHourMs,
     .env = "TLS_MAX_AGE", .reload = Reload::kLive,
     .doc = "Certificates older than this are warned about (720h = 30 days)."},
    {.name = "tls.session_tickets", .type = Type::kChoice, .slot = {},
     .micronode = "off", .macronode = "off", .choices = "off|on",
     .env = "TLS_SESSION_TICKETS", .effect = Effect::kReserved,
     .doc = "Resumption of TLS sessions. Off: a recorded ticket is worth nothing."},

    {.name = "identity.key_file", .type = Type::kPath, .slot = +RON_TEXT(identity.key_file),
     .micronode = "", .macronode = "",
     .env = "IDENTITY_KEY_FILE", .privacy = Privacy::kPath,
     .doc = "Private key that makes this node a member of a mesh, PEM, mode 0600; made at the first start if it is not there (not with overlay.amnesia). Empty: the key of tls.cert_path where mesh.ca_path is set, else node.key in the state directory that the service manager gives ($STATE_DIRECTORY), else, and always with overlay.amnesia, a new key in memory at each start, which no other node can know beforehand. Not looked at without a mesh."},
    {.name = "identity.algorithm", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(identity.algorithm),
     .micronode = "ed25519", .macronode = "ed25519", .choices = "ed25519|ml-dsa-65",
     .env = "IDENTITY_ALGORITHM",
     .doc = "What a key that is made is; one that is there stays what it is. ml-dsa-65 signs quantum-safe, with larger handshakes."},

    {.name = "mesh.role", .type = Type::kChoice, .slot = +RON_ENUM_SLOT(mesh.role),
     .micronode = "relay", .macronode = "relay", .choices = "relay|leaf",
     .env = "MESH_ROLE",
     .doc = "relay carries the traffic of the mesh; leaf keeps at least two links to relays, gets only what its own clients asked for, and needs no listener."},
    {.name = "mesh.peers_file", .type = Type::kPath, .slot = +RON_TEXT(mesh.peers_file),
     .micronode = "", .macronode = "",
     .env = "MESH_PEERS_FILE", .reload = Reload::kLive, .privacy = Privacy::kPath,
     .doc = "More peers, one a line as in `peers`; # begins a comment. Not writable by group or others. Read at start and on reload, never written."},
    {.name = "mesh.allow", .type = Type::kTextList, .slot = +RON_SLOT(std::vector<std::string>, mesh.allow),
     .micronode = "", .macronode = "", .low = 0, .high = 4096,
     .env = "MESH_ALLOW", .reload = Reload::kLive, .privacy = Privacy::kIdentity,
     .doc = "Ids of nodes that may be peers, besides those of `peers` and mesh.peers_file: 64 lowercase hex digits each (`ronctl identity`, `ronctl status`). Nobody else is let in, but for nodes of mesh.ca_path. One that is taken away on reload is hung up on."},
    {.name = "mesh.ca_path", .type = Type::kPath, .slot = +RON_TEXT(mesh.ca_path),
     .micronode = "", .macronode = "",
     .env = "MESH_CA_PATH", .reload = Reload::kLive, .privacy = Privacy::kPath,
     .doc = "CA bundle, PEM, whose nodes may be peers: their certificate must chain to it and carry a name URI:ron:node:NAME, which no client's does. Read again on SIGHUP."},
    {.name = "mesh.active_view", .type = Type::kCount, .slot = +RON_U64(mesh.active_view),
     .micronode = "8", .macronode = "8", .low = 1, .high = 24,
     .env = "MESH_ACTIVE_VIEW",
     .doc = "Links to relays that a relay strives for; it accepts a quarter more."},
    {.name = "mesh.passive_view", .type = Type::kCount, .slot = +RON_U64(mesh.passive_view),
     .micronode = "120", .macronode = "120", .low = 8, .high = 4096,
     .env = "MESH_PASSIVE_VIEW",
     .doc = "Nodes that are remembered, to take the place of a link that is lost."},
    {.name = "mesh.repair_window", .type = Type::kDuration, .slot = +RON_MS(mesh.repair_window),
     .micronode = "30s", .macronode = "30s", .low = 1000, .high = kHourMs,
     .env = "MESH_REPAIR_WINDOW",
     .doc = "How long a message is kept for peers that missed it."},
    {.name = "mesh.repair_bytes", .type = Type::kSize, .slot = +RON_U64(mesh.repair_bytes),
     .micronode = "16MiB", .macronode = "64MiB", .low = kMiB, .high = 64 * kGiB,
     .env = "MESH_REPAIR_BYTES",
     .doc = "Bytes of such messages at most; the oldest go first."},
    {.name = "mesh.dedup_horizon", .type = Type::kDuration, .slot = +RON_MS(mesh.dedup_horizon),
     .micronode = "2m", .macronode = "2m", .low = 10'000, .high = kHourMs,
     .env = "MESH_DEDUP_HORIZON",
     .doc = "How long the id of a message is remembered, so that a copy is known as one."},

    {.name = "auth.mode", .type = Type::kChoice, .slot = {},
     .micronode = "off", .macronode = "off", .choices = "off|optional|required",
     .env = "AUTH_MODE", .effect = Effect::kReserved,
     .doc = "Capability tokens in hello. Until then client certificates authenticate (tls.require_client_cert)."},
    {.name = "auth.macaroon_path", .type = Type::kPath, .slot = {},
     .micronode = "", .macronode = "",
     .env = "MACAROON_PATH", .privacy = Privacy::kSecret, .effect = Effect::kReserved,
     .doc = "File of the token this node presents when it dials another node."},
    {.name = "auth.verify_keys_path", .type = Type::kPath, .slot = {},
     .micronode = "", .macronode = "",
     .env = "VERIFY_KEYS_PATH", .privacy = Privacy::kSecret, .effect = Effect::kReserved,
     .doc = "File of the keys that tokens of others are verified with."},

    {.name = "uds.path", .type = Type::kPath, .slot = +RON_TEXT(uds.path),
     .micronode = "", .macronode = "", .low = 0, .high = 107,
     .env = "UDS_PATH", .flag = "--uds", .privacy = Privacy::kPath,
     .doc = "Unix socket for local clients and operators, for example /run/ron/svc-overlay.sock. Its directory must be 0700, the socket is made 0600. Empty: none."},
    {.name = "uds.allow_uids", .type = Type::kCountList, .slot = +RON_SLOT(std::vector<std::uint32_t>, uds.allow_uids),
     .micronode = "", .macronode = "", .low = 0, .high = 256,
     .env = "UDS_ALLOW_UIDS", .privacy = Privacy::kIdentity,
     .doc = "User ids that may connect to the Unix socket; the kernel says who connects. Empty: only the service's own user and root. Not empty: others may pass through its directory (0711) and reach the socket (0666)."},

    {.name = "transport.name", .type = Type::kText, .slot = +RON_TEXT(transport.name),
     .micronode = "overlay", .macronode = "overlay", .low = 1, .high = 64,
     .env = "TRANSPORT_NAME",
     .doc = "A label for this node, told in the ready event and /version."},
    {.name = "transport.max_conns", .type = Type::kCount, .slot = +RON_U64(transport.max_conns),
     .micronode = "1024", .macronode = "5000", .low = 1, .high = 1'000'000,
     .env = "MAX_CONNS", .flag = "--max-conns", .reload = Reload::kLive,
     .doc = "Connections at a time. More are closed at accept and counted. Start warns where the limit of open files is too low for it."},
    {.name = "transport.accept_rate", .type = Type::kCount, .slot = +RON_U64(transport.accept_rate),
     .micronode = "100", .macronode = "100", .low = 1, .high = 1'000'000,
     .env = "ACCEPT_RATE", .reload = Reload::kLive,
     .doc = "New connections a second from one source (an IPv4 address or an IPv6 /64), before any TLS work."},
    {.name = "transport.accept_burst", .type = Type::kCount, .slot = +RON_U64(transport.accept_burst),
     .micronode = "200", .macronode = "500", .low = 1, .high = 1'000'000,
     .env = "ACCEPT_BURST", .reload = Reload::kLive,
     .doc = "How many of them may come at once."},
    {.name = "transport.backlog", .type = Type::kCount, .slot = +RON_U64(transport.backlog),
     .micronode = "1024", .macronode = "1024", .low = 1, .high = 65'535,
     .env = "BACKLOG",
     .doc = "The listen queue of the kernel (it may cap it, see net.core.somaxconn)."},
    {.name = "transport.tor.enabled", .type = Type::kSwitch, .slot = {},
     .micronode = "false", .macronode = "false",
     .env = "TOR_ENABLED", .flag = "--tor", .effect = Effect::kReserved,
     .doc = "Sessions over Tor."},
    {.name = "transport.tor.socks", .type = Type::kPublicAddress, .slot = {},
     .micronode = "", .macronode = "",
     .env = "TOR_SOCKS", .effect = Effect::kReserved,
     .doc = "SOCKS address of an external Tor."},
    {.name = "transport.quic.enabled", .type = Type::kSwitch, .slot = {},
     .micronode = "false", .macronode = "false",
     .env = "QUIC_ENABLED", .flag = "--quic", .effect = Effect::kReserved,
     .doc = "Sessions over QUIC."},

    {.name = "readiness.queue_window", .type = Type::kDuration, .slot = +RON_MS(readiness.queue_window),
     .micronode = "30s", .macronode = "30s", .low = 50, .high = kHourMs,
     .env = "QUEUE_WINDOW", .reload = Reload::kLive,
     .doc = "How long queues must stay at 90% before /readyz turns red."},
    {.name = "readiness.require", .type = Type::kTextList, .slot = {},
     .micronode = "", .macronode = "", .low = 0, .high = 64,
     .env = "READINESS_REQUIRE", .effect = Effect::kReserved,
     .doc = "Services without which /readyz is red."},

    {.name = "governance.policy_endpoints", .type = Type::kTextList, .slot = {},
     .micronode = "", .macronode = "", .low = 0, .high = 16,
     .env = "POLICY_ENDPOINTS", .effect = Effect::kReserved,
     .doc = "Where signed policy bundles are fetched."},
    {.name = "governance.policy_root_key_id", .type = Type::kText, .slot = {},
     .micronode = "", .macronode = "", .low = 0, .high = 128,
     .env = "POLICY_ROOT_KEY_ID", .effect = Effect::kReserved,
     .doc = "The key that policy bundles chain to."},

    {.name = "economics.zk_proof_mode", .type = Type::kChoice, .slot = {},
     .micronode = "off", .macronode = "off", .choices = "off|phase1",
     .env = "ZK_PROOF_MODE", .effect = Effect::kReserved,
     .doc = "Zero-knowledge proofs of value-bearing messages."},
};

#undef RON_SLOT
#undef RON_ENUM_SLOT
#undef RON_U64
#undef RON_MS
#undef RON_BOOL
#undef RON_TEXT

// clang-format on

}  // namespace

std::span<const KeyRow> keys() { return kRows; }

const KeyRow* find_key(std::string_view name) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const KeyRow& r) { return r.name == name; });
  return row == std::end(kRows) ? nullptr : row;
}

std::string env_name(const KeyRow& row) {
  std::string out(kEnvPrefix);
  for (const char c : row.name) {
    if (c == '.')
      out += "__";
    else
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace ron::config
