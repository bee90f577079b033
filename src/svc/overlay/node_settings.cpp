#include "svc/overlay/node_settings.hpp"

#include "crypto/files.hpp"
#include "crypto/library.hpp"
#include "runtime/cpus.hpp"
#include "transport/accept_limiter.hpp"
#include "version.hpp"

namespace ron::svc {
namespace {

static_assert(static_cast<int>(config::PqMode::kRequire) ==
              static_cast<int>(node::PqMode::kRequire));
static_assert(static_cast<int>(config::DropPolicy::kDisconnect) ==
              static_cast<int>(gossip::DropPolicy::kDisconnect));
static_assert(static_cast<int>(config::DropPolicy::kOldest) ==
              static_cast<int>(gossip::DropPolicy::kOldest));

static_assert(config::kUnixConns == transport::kUnixReserve);
static_assert(config::kDialedConns == transport::kDialedReserve);

std::uint32_t narrow(std::uint64_t value) {  // bounds are the key table's
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

node::SessionLimits session_limits(const config::Settings& s) {
  const auto& gossip = s.overlay.gossip;
  const auto& peer = s.overlay.peer;
  node::SessionLimits out;
  out.max_frame = narrow(gossip.max_frame_bytes);
  out.chunk_bytes = narrow(gossip.chunk_bytes);
  out.recv_window_bytes = peer.recv_window_frames * gossip.chunk_bytes;
  out.inflight = narrow(peer.inflight_frames);
  out.rps = peer.max_rps;
  out.fps = peer.max_fps;
  out.patterns = narrow(s.limits.subscriptions_per_session);
  out.lanes.gossip_frames = narrow(s.limits.peer_queue_frames);
  out.lanes.gossip_bytes = s.limits.peer_queue_bytes;
  out.lanes.answers_watermark = narrow(s.limits.answers_watermark);
  // What was let go must still be there for whoever asks for it.
  out.peer_lanes.deadline = std::min(s.mesh.lane_deadline, s.mesh.repair_window / 2);
  out.lanes.policy = static_cast<gossip::DropPolicy>(s.overlay.egress.drop_policy);
  return out;
}

node::NodeConfig node_config(const config::Settings& s, const NodeId& id) {
  node::NodeConfig out;
  out.node = id;
  out.agent = std::string("svc-overlay/") + kVersion;
  out.pq_mode = static_cast<node::PqMode>(s.overlay.pq_mode);
  out.auth_off = !(s.tls.enabled && s.tls.require_client_cert);
  out.times.handshake = s.overlay.handshake_timeout;
  out.times.read = s.timeouts.read;
  out.times.write = s.timeouts.write;
  out.times.idle = s.timeouts.idle;
  out.session = session_limits(s);
  out.max_sessions = narrow(s.transport.max_conns);
  const config::MemoryPlan memory = memory_plan(s);
  out.queue_bytes = memory.queue_bytes;
  out.subscription_bytes = memory.subscription_bytes;
  out.mail_bytes = memory.mail_bytes;
  return out;
}

transport::AcceptLimits accept_limits(const config::Settings& settings) {
  transport::AcceptLimits out;
  out.connections = narrow(settings.transport.max_conns);
  out.sustained = static_cast<double>(settings.transport.accept_rate);
  out.burst = static_cast<double>(settings.transport.accept_burst);
  return out;
}

// The host takes numeric addresses only.
std::string numeric(const std::string& address) {
  constexpr std::string_view kName = "localhost:";
  return address.starts_with(kName) ? "127.0.0.1:" + address.substr(kName.size()) : address;
}

}  // namespace

host::Settings host_settings(const config::Settings& settings, const NodeId& node) {
  host::Settings out;
  if (!settings.overlay.listen.empty()) out.listen = {numeric(settings.overlay.listen)};
  out.tls = server_tls(settings);
  out.uds_path = settings.uds.path;
  out.allow_uids = settings.uds.allow_uids;
  out.shards = static_cast<unsigned>(settings.overlay.shards);
  out.accept = accept_limits(settings);
  out.backlog = static_cast<int>(settings.transport.backlog);
  out.insecure_public = settings.overlay.insecure_plaintext;
  out.busy_poll = settings.overlay.busy_poll;
  out.node = node_config(settings, node);
  return out;
}

config::MemoryPlan memory_plan(const config::Settings& settings) {
  return config::plan_memory(settings, runtime::shards_for(settings.overlay.shards));
}

host::LiveSettings live_settings(const config::Settings& settings) {
  return {accept_limits(settings), node_config(settings, {}), settings.overlay.busy_poll};
}

std::string tls_text(const config::Settings& settings) {
  if (!server_tls(settings)) return "off";
  return settings.tls.require_client_cert ? "mutual" : "server";
}

std::string profile_text(const config::Settings& settings) {
  return settings.profile == config::Profile::kMacronode ? "macronode" : "micronode";
}

NodeId node_id(const config::Settings& settings) {
  if (settings.tls.enabled && !settings.tls.cert_path.empty()) {
    if (const auto pem = crypto::read_public_file(settings.tls.cert_path))
      if (const auto facts = crypto::certificate_facts(*pem)) return facts->node;
  }
  NodeId out{};
  crypto::SystemChoice choice;
  choice.fill(out);
  return out;
}

}  // namespace ron::svc
