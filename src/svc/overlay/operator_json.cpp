#include "svc/overlay/operator_json.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>

#include "config/keys.hpp"
#include "svc/overlay/metrics_map.hpp"
#include "svc/overlay/node_settings.hpp"

namespace ron::svc {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

constexpr std::array<std::string_view, 6> kOrders = {"queued",    "dropped", "published",
                                                     "delivered", "age",     "id"};

std::string_view channel_of(node::ChannelKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"tcp", "tls", "uds", "mem"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view state_of(const node::SessionView& view) {
  if (view.closing) return "closing";
  return view.paused ? "paused" : "active";
}

std::string hex_of(TenantId tenant) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t half : {tenant.hi, tenant.lo}) {
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(half >> shift) & 15U];
  }
  return out;
}

Json counted(std::uint64_t frames, std::uint64_t bytes) {
  return {{"frames", frames}, {"bytes", bytes}};
}

double seconds(Duration time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) /
         1000;
}

Json json_of(const host::SessionInfo& info) {
  const node::SessionView& view = info.view;
  Json out = {{"id", view.id.value}, {"channel", channel_of(view.channel)}};
  if (!info.peer.empty()) out["peer"] = info.peer;
  if (view.channel == node::ChannelKind::kUnix) out["uid"] = info.uid;
  if (!info.peer_name.empty()) out["name"] = info.peer_name;
  if (!info.group.empty()) out["kex"] = info.group;
  if (info.node) {
    out["node"] = hex(*info.node);
    out["dialed"] = info.dialed;
  }
  out.update({{"agent", view.agent},
              {"state", state_of(view)},
              {"tap", view.tap},
              {"age_s", seconds(view.age)},
              {"quiet_s", seconds(view.quiet)},
              {"subscriptions", view.subscriptions},
              {"open_requests", view.open_requests},
              {"queued", counted(view.lane_frames, view.lane_bytes)},
              {"answers", view.answers},
              {"input_bytes", view.input_bytes},
              {"published", counted(view.published, view.published_bytes)},
              {"delivered", counted(view.delivered, view.delivered_bytes)},
              {"dropped", view.dropped},
              {"refused", view.refused}});
  return out;
}

std::uint64_t rank(const node::SessionView& view, SessionOrder order) {
  switch (order) {
    case SessionOrder::kQueued: return view.lane_bytes;
    case SessionOrder::kDropped: return view.dropped;
    case SessionOrder::kPublished: return view.published;
    case SessionOrder::kDelivered: return view.delivered;
    case SessionOrder::kAge: return static_cast<std::uint64_t>(view.age.count());
    case SessionOrder::kId: break;
  }
  return ~view.id.value;
}

Json first_sessions(std::vector<host::SessionInfo>& sessions, SessionOrder order,
                    std::size_t limit) {
  const std::size_t count = std::min(limit, sessions.size());
  const auto before = [order](const host::SessionInfo& a, const host::SessionInfo& b) {
    const std::uint64_t left = rank(a.view, order);
    const std::uint64_t right = rank(b.view, order);
    return left != right ? left > right : a.view.id.value < b.view.id.value;
  };
  const auto end = sessions.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(sessions.begin(), end, sessions.end(), before);
  Json out = Json::array();
  for (std::size_t i = 0; i < count; ++i) out.push_back(json_of(sessions[i]));
  return out;
}

// The largest first, by name where equal.
template <typename View, typename Order, typename Of>
Json first_views(std::vector<View>& views, std::size_t limit, const Order& order, const Of& of) {
  std::ranges::sort(views, {}, order);
  Json out = Json::array();
  for (std::size_t i = 0; i < std::min(limit, views.size()); ++i) out.push_back(of(views[i]));
  return out;
}

}  // namespace

bool parse_order(std::string_view order, SessionOrder& into) {
  const auto* at = std::ranges::find(kOrders, order);
  if (at == kOrders.end()) return false;
  into = static_cast<SessionOrder>(at - kOrders.begin());
  return true;
}

std::string sessions_json(host::Inspection inspection, SessionOrder order, std::size_t limit) {
  const std::size_t total = inspection.sessions.size();
  return dump({{"total", total},
               {"complete", inspection.complete},
               {"order", kOrders[static_cast<std::size_t>(order)]},
               {"sessions", first_sessions(inspection.sessions, order, limit)}});
}

std::string topics_json(host::Inspection inspection, std::size_t limit) {
  const auto pattern = [](const node::PatternView& view) {
    Json out = {{"tenant", hex_of(view.tenant)}, {"pattern", view.pattern}};
    if (!view.group.empty()) out["group"] = view.group;
    out["sessions"] = view.sessions;
    return out;
  };
  const auto topic = [](const node::TopicView& view) {
    return Json{{"tenant", hex_of(view.tenant)},
                {"topic", view.topic},
                {"published", counted(view.published, view.bytes)},
                {"receivers", view.receivers}};
  };
  const auto by_sessions = [](const node::PatternView& view) {
    return std::tuple(-std::int64_t{view.sessions}, std::string_view(view.pattern));
  };
  const auto by_publications = [](const node::TopicView& view) {
    return std::tuple(-static_cast<std::int64_t>(view.published), std::string_view(view.topic));
  };
  const std::size_t patterns = inspection.patterns.size();
  const std::size_t topics = inspection.topics.size();
  return dump({{"complete", inspection.complete},
               {"total_patterns", patterns},
               {"patterns", first_views(inspection.patterns, limit, by_sessions, pattern)},
               {"recent_topics", topics},
               {"topics", first_views(inspection.topics, limit, by_publications, topic)}});
}

std::string queues_json(const host::Snapshot& snapshot, const config::Settings& settings,
                        host::Inspection inspection, std::size_t limit) {
  std::uint64_t lane_frames = 0, lane_bytes = 0, input = 0, mail = 0, slabs = 0;
  for (const host::ShardSnapshot& shard : snapshot.shards) {
    lane_frames += shard.node.lane_frames;
    lane_bytes += shard.node.lane_bytes;
    input += shard.node.input_held_bytes;
    mail += shard.node.mail_waiting;
    slabs += shard.node.slab_bytes;
  }
  const std::uint64_t capacity = memory_plan(settings).queue_bytes;
  const NodeTotals totals = totals_of(snapshot, capacity);
  return dump(
      {{"memory", {{"bytes", slabs}, {"capacity", capacity}, {"percent", totals.queue_percent}}},
       {"egress", counted(lane_frames, lane_bytes)},
       {"ingress", {{"bytes", input}}},
       {"between_shards", {{"messages", mail}}},
       {"complete", inspection.complete},
       {"sessions", first_sessions(inspection.sessions, SessionOrder::kQueued, limit)}});
}

namespace {

double millis(Duration time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) /
         1000;
}

// What is held against a peer; nothing where nothing is.
Json json_of(const mesh::Scores::Explanation& score) {
  Json reasons = Json::array();
  for (const mesh::Scores::Reason& reason : score.reasons) {
    if (reason.count == 0) continue;
    reasons.push_back({{"misdeed", mesh::name(reason.misdeed)},
                       {"points", reason.points},
                       {"count", reason.count}});
  }
  return {{"points", score.points},
          {"standing", mesh::name(score.verdict.standing)},
          {"acts", score.verdict.acts},
          {"shed_from", score.shed},
          {"disconnect_from", score.disconnect},
          {"reasons", reasons}};
}

Json json_of(const host::PeerInfo& info) {
  const mesh::PeerView& peer = info.view;
  Json out = {
      {"node", hex(peer.node)}, {"addr", peer.addr}, {"state", peer.active ? "active" : "passive"}};
  if (peer.active) {
    out.update({{"role", peer.role == mesh::Role::kLeaf ? "leaf" : "relay"},
                {"rtt_ms", millis(peer.srtt)},
                {"since_s", seconds(peer.since)},
                {"session", peer.session.value}});
  }
  if (peer.trees) {
    out["trees"] = {{"in", peer.trees->in},
                    {"out", peer.trees->out},
                    {"shared_in", peer.trees->shared_in},
                    {"shared_out", peer.trees->shared_out}};
  }
  out["score"] = json_of(info.score);
  return out;
}

Json json_of(const mesh::NamedView& peer, const std::string& failure) {
  constexpr std::array<std::string_view, 4> kStates = {"dialing", "waiting", "spare", "self"};
  Json out = {{"addr", peer.addr}};
  if (peer.expected) out["id"] = hex(*peer.expected);
  if (peer.found) out["node"] = hex(*peer.found);
  out["state"] = kStates[static_cast<std::size_t>(peer.state)];
  out["failed"] = peer.failed;
  if (peer.failed > 0 && !failure.empty()) out["failure"] = failure;
  return out;
}

Json first_peers(std::vector<host::PeerInfo>& peers, std::size_t limit) {
  return first_views(
      peers, limit,
      [](const host::PeerInfo& peer) { return std::tuple(!peer.view.active, peer.view.node); },
      [](const host::PeerInfo& peer) { return json_of(peer); });
}

Json json_of(const mesh::MembershipStats& m) {
  return {{"active", m.active},
          {"leaves", m.leaves},
          {"passive", m.passive},
          {"sessions", m.sessions},
          {"dialing", m.dialing},
          {"links_up", m.links_up},
          {"links_lost", m.links_lost},
          {"links_dropped", m.links_dropped},
          {"links_refused", m.links_refused},
          {"dials", m.dials},
          {"dials_failed", m.dials_failed}};
}

Json json_of(const mesh::RelayStats& r, double redundancy) {
  return {{"redundancy", redundancy},
          {"published", r.published},
          {"received", r.received},
          {"delivered", r.delivered},
          {"duplicates", r.duplicates},
          {"forwarded", r.forwarded},
          {"grafts", {{"rx", r.grafts_received}, {"tx", r.grafts_sent}}},
          {"prunes", {{"rx", r.prunes_received}, {"tx", r.prunes_sent}}},
          {"ihave", {{"rx", r.ihave_received}, {"tx", r.ihave_sent}}},
          {"iwant", {{"rx", r.iwant_received}, {"tx", r.iwant_sent}}},
          {"repaired", r.repaired},
          {"repair_misses", r.repair_misses},
          {"given_up", r.given_up},
          {"trees", {{"origins", r.origins}, {"hot", r.hot_origins}}},
          {"lag_ms", {{"trees", millis(r.lag_hot)}, {"shared", millis(r.lag_cold)}}},
          {"loss", r.loss},
          {"missing", r.missing},
          {"repair", {{"messages", r.repair_messages}, {"bytes", r.repair_bytes}}}};
}

}  // namespace

std::string peers_json(host::Inspection inspection, const DialFailures& failures,
                       std::size_t limit) {
  const std::size_t total = inspection.peers.size();
  Json named = Json::array();
  for (const mesh::NamedView& peer : inspection.named) {
    if (peer.state == mesh::NamedView::State::kLinked) continue;  // it is among the peers
    named.push_back(json_of(peer, failures.of(peer.addr)));
  }
  return dump({{"total", total},
               {"complete", inspection.complete},
               {"peers", first_peers(inspection.peers, limit)},
               {"named", named}});
}

std::string trace_json(const mesh::Trace& trace, const std::string& node) {
  Json nodes = Json::array();
  for (const mesh::TraceHop& hop : trace.hops) {
    const auto after = std::chrono::duration_cast<std::chrono::microseconds>(hop.after);
    nodes.push_back(
        {{"node", hex(hop.node)}, {"from", hex(hop.from)}, {"after_us", after.count()}});
  }
  return dump({{"node", node},
               {"links", trace.links},
               {"complete", trace.left_out == 0},
               {"nodes", std::move(nodes)}});
}

std::string mesh_json(MeshView view) {
  Json out = {{"enabled", view.enabled},
              {"node", view.node},
              {"name", view.name},
              {"role", view.role},
              {"complete", view.inspection.complete}};
  std::erase_if(view.inspection.peers,
                [](const host::PeerInfo& peer) { return !peer.view.active; });
  out["links"] = first_peers(view.inspection.peers, view.inspection.peers.size());
  if (const host::MeshStats* mesh = view.snapshot.mesh()) {
    out["views"] = json_of(mesh->membership);
    out["relay"] = json_of(mesh->relay, view.redundancy);
  }
  return dump(out);
}

namespace {

// Absolute, because whoever asks has another working directory.
std::string whole_path(const std::string& path) {
  std::error_code failed;
  const std::string absolute = std::filesystem::absolute(path, failed).string();
  return failed ? path : absolute;
}

std::string value_for(Audience audience, const config::KeyRow& row, const config::Settings& from) {
  if (audience == Audience::kOperator && row.privacy == config::Privacy::kPath) {
    const std::string path = config::value_text(row, from);
    return path.empty() ? path : whole_path(path);
  }
  return config::shown_value(row, from);
}

}  // namespace

std::string configuration_json(const setup::Configuration& configuration, Audience audience) {
  Json keys = Json::object();
  std::size_t index = 0;
  for (const config::KeyRow& row : config::keys()) {
    keys[std::string(row.name)] = {
        {"value", value_for(audience, row, configuration.loaded.settings)},
        {"source", configuration.loaded.origins[index++]},
        {"live", row.reload == config::Reload::kLive}};
  }
  return dump({{"file", configuration.file}, {"keys", keys}});
}

std::string status_json(const Status& s) {
  node::ShardStats sum;
  std::uint64_t dropped = 0, refused = 0, connections = 0;
  for (const host::ShardSnapshot& shard : s.snapshot.shards) {
    const node::ShardStats& one = shard.node;
    sum.sessions_active += one.sessions_active;
    sum.sessions_opened += one.sessions_opened;
    sum.subscriptions += one.subscriptions;
    sum.published += one.published;
    sum.delivered += one.delivered;
    sum.lagged_told += one.lagged_told;
    sum.bytes_rx += one.bytes_rx;
    sum.bytes_tx += one.bytes_tx;
    sum.slab_bytes += one.slab_bytes;
    sum.lane_frames += one.lane_frames;
    for (const std::uint64_t count : one.shed) dropped += count;
    for (const std::uint64_t count : one.events_refused) refused += count;
    connections += shard.transport.accepted;
  }
  const double uptime = static_cast<double>(s.now_unix) - s.process.start_unix_seconds;
  Json out = {{"version", s.version.version},
              {"git", s.version.git},
              {"node", s.version.node},
              {"profile", s.profile},
              {"uptime_s", std::max(0.0, uptime)},
              {"ready", s.readiness.ready},
              {"degraded", s.readiness.degraded},
              {"missing", s.readiness.missing},
              {"draining", s.draining},
              {"listen", s.version.listen},
              {"admin", s.admin},
              {"uds", s.uds},
              {"tls", s.tls},
              {"pq_mode", s.pq_mode},
              {"log_level", s.log_level},
              {"config_file", s.config_file},
              {"shards", s.snapshot.shards.size()},
              {"reloads", s.reloads},
              {"reload_failures", s.reload_failures}};
  if (s.snapshot.certificate_not_after != 0)
    out["certificate_not_after"] = s.snapshot.certificate_not_after;
  out["totals"] = {{"connections", connections},
                   {"sessions", sum.sessions_active},
                   {"sessions_opened", sum.sessions_opened},
                   {"subscriptions", sum.subscriptions},
                   {"published", sum.published},
                   {"delivered", sum.delivered},
                   {"dropped", dropped},
                   {"lagged_told", sum.lagged_told},
                   {"refused", refused},
                   {"bytes_rx", sum.bytes_rx},
                   {"bytes_tx", sum.bytes_tx},
                   {"queued_frames", sum.lane_frames},
                   {"queue_bytes", sum.slab_bytes},
                   {"queue_capacity", s.memory.queue_bytes}};
  out["memory"] = {{"accounted_bytes", totals_of(s.snapshot, s.memory.queue_bytes).held_bytes},
                   {"worst_case_bytes", s.memory.worst_case()},
                   {"budget_bytes", s.memory_budget}};
  out["process"] = {{"open_fds", s.process.open_fds},
                    {"max_fds", s.process.max_fds},
                    {"memory_bytes", s.process.resident_bytes},
                    {"cpu_seconds", s.process.cpu_seconds}};
  return dump(out);
}

}  // namespace ron::svc
