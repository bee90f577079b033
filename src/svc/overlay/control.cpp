#include "svc/overlay/control.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "config/peer.hpp"
#include "config/quantity.hpp"
#include "crypto/library.hpp"
#include "oap/topic.hpp"

namespace ron::svc {
namespace {

using Args = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kLimitDefault = 100;
constexpr std::size_t kLimitMost = 2000;  // keeps an answer below max_frame

std::unexpected<ControlError> bad(std::string text) {
  return std::unexpected(ControlError{oap::Code::kBadFrame, std::move(text)});
}

const std::string* find(const Args& args, std::string_view name) {
  const auto at = std::ranges::find(args, name, &Args::value_type::first);
  return at == args.end() ? nullptr : &at->second;
}

std::optional<ControlError> only(const Args& args, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : args) {
    if (std::ranges::find(known, name) == known.end())
      return ControlError{oap::Code::kBadFrame, "unknown argument '" + name + "'"};
  }
  return std::nullopt;
}

std::expected<std::size_t, ControlError> limit_of(const Args& args) {
  const std::string* text = find(args, "limit");
  if (text == nullptr) return kLimitDefault;
  std::size_t limit = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (fault != std::errc() || end != text->data() + text->size() || limit < 1 ||
      limit > kLimitMost) {
    return bad("limit is not a number from 1 to " + std::to_string(kLimitMost));
  }
  return limit;
}

// As correlation ids are logged.
std::string probe_name(CorrId corr) {
  std::array<std::uint8_t, sizeof corr> bytes{};
  store_be(bytes.data(), corr);
  return hex(bytes);
}

}  // namespace

Control::Control(Health& health, ops::Log& log, MainThread main)
    : health_(health), log_(log), main_(std::move(main)) {}

void Control::handle(const node::ControlRequest& request, std::uint32_t uid,
                     std::function<void(ControlResult)> reply) {
  const bool changes = request.op == "drain" || request.op == "reload" || request.op == "dial" ||
                       request.op == "hangup" || request.op == "trace" ||
                       (request.op == "log-level" && !request.args.empty());
  if (changes)
    log_.write(ops::Event::kControl, {{ops::Field::kOp, request.op}, {ops::Field::kUid, uid}});
  if (request.op == "reload") {
    if (auto fault = only(request.args, {})) return reply(std::unexpected(std::move(*fault)));
    return main_.reload(std::move(reply));
  }
  reply(answer(request.op, request.args));
}

ControlResult Control::answer(std::string_view op, const Args& args) {
  if (op == "drain") return drain(args);
  if (op == "log-level") return log_level(args);
  if (op == "status" || op == "config") {
    if (auto fault = only(args, {})) return std::unexpected(std::move(*fault));
    return op == "status" ? health_.status_text() : health_.config_text();
  }
  if (op == "dial" || op == "hangup" || op == "mesh" || op == "peers" || op == "trace" ||
      op == "traced")
    return mesh(op, args);
  if (op != "sessions" && op != "topics" && op != "queues") {
    return std::unexpected(ControlError{oap::Code::kNotFound, "no such operation"});
  }
  const bool sorts = op == "sessions";
  auto fault = sorts ? only(args, {"limit", "order"}) : only(args, {"limit"});
  if (fault) return std::unexpected(std::move(*fault));
  const auto limit = limit_of(args);
  if (!limit) return std::unexpected(limit.error());
  if (op == "topics") return health_.topics_text(*limit);
  if (op == "queues") return health_.queues_text(*limit);
  SessionOrder order = SessionOrder::kQueued;
  const std::string* name = find(args, "order");
  if (name != nullptr && !parse_order(*name, order))
    return bad("order is not one of queued, dropped, published, delivered, age, id");
  return health_.sessions_text(order, *limit);
}

ControlResult Control::mesh(std::string_view op, const Args& args) {
  if (op == "mesh") {
    if (auto fault = only(args, {})) return std::unexpected(std::move(*fault));
    return health_.mesh_text();
  }
  if (!health_.in_mesh() || health_.host() == nullptr)
    return std::unexpected(ControlError{
        oap::Code::kNotFound, "this node is in no mesh: set peers, mesh.allow or mesh.ca_path"});
  if (op == "dial") return dial(args);
  if (op == "hangup") return hang_up(args);
  if (op == "trace") return trace(args);
  if (op == "traced") return traced(args);
  if (auto fault = only(args, {"limit"})) return std::unexpected(std::move(*fault));
  const auto limit = limit_of(args);
  if (!limit) return std::unexpected(limit.error());
  return health_.peers_text(*limit);
}

ControlResult Control::dial(const Args& args) {
  if (auto fault = only(args, {"addr", "id"})) return std::unexpected(std::move(*fault));
  const std::string* addr = find(args, "addr");
  const std::string* id = find(args, "id");
  if (addr == nullptr) return bad("addr is missing: the HOST:PORT to dial");
  const auto peer = config::parse_peer(id == nullptr ? *addr : *id + "@" + *addr);
  if (!peer) return bad((id == nullptr ? "addr " : "the peer ") + peer.error());
  health_.host()->dial_peer(peer->addr, peer->node);
  return nlohmann::ordered_json({{"dialing", true}, {"addr", peer->addr}}).dump() + "\n";
}

ControlResult Control::hang_up(const Args& args) {
  if (auto fault = only(args, {"id", "addr"})) return std::unexpected(std::move(*fault));
  const std::string* text = find(args, "id");
  if (const std::string* addr = find(args, "addr")) {
    if (text != nullptr) return bad("id and addr exclude each other");
    return withdraw(*addr);
  }
  const auto id = config::parse_node_id(text == nullptr ? "" : *text);
  if (!id) return bad("id " + id.error());
  const host::Inspection known = health_.host()->inspect(host::Inspect::kPeers);
  const auto node_of = [](const host::PeerInfo& peer) { return peer.view.node; };
  if (std::ranges::find(known.peers, *id, node_of) == known.peers.end())
    return std::unexpected(ControlError{oap::Code::kNotFound, "no such node is known"});
  health_.host()->hang_up(*id);
  return nlohmann::ordered_json({{"hung_up", true}, {"id", *text}}).dump() + "\n";
}

ControlResult Control::withdraw(const std::string& addr) {
  const host::Inspection known = health_.host()->inspect(host::Inspect::kPeers);
  const auto is_named = [&](const mesh::NamedView& peer) { return peer.addr == addr; };
  const auto is_there = [&](const host::PeerInfo& peer) { return peer.view.addr == addr; };
  if (std::ranges::none_of(known.named, is_named) && std::ranges::none_of(known.peers, is_there))
    return std::unexpected(
        ControlError{oap::Code::kNotFound, "no peer is named or known by that address"});
  health_.host()->withdraw_peer(addr);
  return nlohmann::ordered_json({{"hung_up", true}, {"addr", addr}}).dump() + "\n";
}

ControlResult Control::trace(const Args& args) {
  if (auto fault = only(args, {"topic"})) return std::unexpected(std::move(*fault));
  const std::string* topic = find(args, "topic");
  if (topic == nullptr || !oap::is_topic(*topic)) return bad("topic is missing, or no valid topic");
  const CorrId probe = crypto::SystemChoice().bits();
  health_.host()->probe(*topic, probe);
  return nlohmann::ordered_json({{"probe", probe_name(probe)}, {"topic", *topic}}).dump() + "\n";
}

ControlResult Control::traced(const Args& args) {
  if (auto fault = only(args, {"probe"})) return std::unexpected(std::move(*fault));
  const std::string* probe = find(args, "probe");
  const host::Inspection known = health_.host()->inspect(host::Inspect::kTraces);
  for (const mesh::Trace& trace : known.traces)
    if (probe != nullptr && probe_name(trace.corr) == *probe) return health_.trace_text(trace);
  return std::unexpected(ControlError{oap::Code::kNotFound, "no such probe, or too long ago"});
}

ControlResult Control::log_level(const Args& args) {
  if (auto fault = only(args, {"level"})) return std::unexpected(std::move(*fault));
  if (const std::string* level = find(args, "level")) {
    const std::optional<ops::LogLevel> named = ops::level_of(*level);
    if (!named) return bad("level is not one of trace, debug, info, warn, error");
    log_.set_level(*named);
  }
  return R"({"level":")" + std::string(ops::name_of(log_.level())) + "\"}\n";
}

ControlResult Control::drain(const Args& args) {
  if (auto fault = only(args, {"deadline"})) return std::unexpected(std::move(*fault));
  std::chrono::milliseconds within = health_.drain_deadline();
  if (const std::string* text = find(args, "deadline")) {
    const auto parsed = config::parse_duration(*text);
    if (!parsed || *parsed < std::chrono::milliseconds(100) || *parsed > std::chrono::seconds(300))
      return bad("deadline is not a duration from 100ms to 5m");
    within = *parsed;
  }
  main_.drain(within);
  return R"({"draining":true,"deadline_ms":)" + std::to_string(within.count()) + "}\n";
}

}  // namespace ron::svc
