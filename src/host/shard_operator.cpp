// A shard's side of what an operator sees and asks.
#include <algorithm>
#include <map>
#include <tuple>

#include "host/doors.hpp"

namespace ron::host {
namespace {

std::string_view group_of(const node::PatternView& view) { return view.group; }
std::string_view group_of(const node::TopicView&) { return {}; }
std::string_view name_of(const node::PatternView& view) { return view.pattern; }
std::string_view name_of(const node::TopicView& view) { return view.topic; }
void add(node::PatternView& into, const node::PatternView& more) { into.sessions += more.sessions; }
void add(node::TopicView& into, const node::TopicView& more) {
  into.published += more.published;
  into.bytes += more.bytes;
  into.receivers = std::max(into.receivers, more.receivers);
}

// Equal names of different shards become one.
template <typename View>
void unite(std::vector<View>& views) {
  const auto key = [](const View& view) {
    return std::tuple(view.tenant, name_of(view), group_of(view));
  };
  std::ranges::sort(views, [&](const View& a, const View& b) { return key(a) < key(b); });
  std::vector<View> out;
  for (View& view : views) {
    if (!out.empty() && key(out.back()) == key(view)) {
      add(out.back(), view);
    } else {
      out.push_back(std::move(view));
    }
  }
  views = std::move(out);
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Inspection merge(std::vector<Inspection>& parts) {
  Inspection out;
  for (Inspection& part : parts) {
    append(out.sessions, part.sessions);
    append(out.patterns, part.patterns);
    append(out.topics, part.topics);
    append(out.peers, part.peers);
    append(out.named, part.named);
    append(out.traces, part.traces);
  }
  unite(out.patterns);
  unite(out.topics);
  return out;
}

node::LiveConfig shard_share(const LiveSettings& live, std::size_t shards) {
  node::LiveConfig out;
  out.times = live.node.times;
  out.session = live.node.session;
  out.max_sessions = live.accept.connections + transport::kUnixReserve + transport::kDialedReserve;
  out.queue_bytes = std::max<std::size_t>(live.node.queue_bytes / shards, 1);
  out.input_bytes = out.queue_bytes / 4;
  out.subscription_bytes = std::max<std::size_t>(live.node.subscription_bytes / shards, 1);
  out.mail_bytes = live.node.mail_bytes;
  return out;
}

void ShardHost::reconfigure(const LiveSettings& live) {
  const auto share = shard_share(live, shared_.shards.size());
  loop_.post([this, share, busy_poll = live.busy_poll] {
    shard_.reconfigure(share, runtime::monotonic_now());
    loop_.set_busy_poll(busy_poll);
  });
}

SessionInfo ShardHost::info_of(const node::SessionView& view) {
  SessionInfo info{.view = view,
                   .peer = {},
                   .uid = 0,
                   .peer_name = {},
                   .group = {},
                   .dialed = false,
                   .node = {}};
  if (const Link* link = find(view.id)) {
    const transport::StreamFacts& facts = link->stream->facts();
    info.peer = link->peer;
    info.uid = facts.peer_uid;
    info.group = facts.group;
    info.peer_name = facts.peer_name();
    info.dialed = link->dialed;
    if (facts.is_node) info.node = facts.peer->node;
  }
  return info;
}

void ShardHost::inspect(Inspect what, Parts into, std::shared_ptr<runtime::Gate> gate) {
  loop_.post([this, what, into = std::move(into), gate = std::move(gate)] {
    Inspection part;
    if (what == Inspect::kSessions) {
      for (const node::SessionView& view : shard_.sessions(runtime::monotonic_now())) {
        part.sessions.push_back(info_of(view));
      }
    } else if (what == Inspect::kPeers) {
      const Instant now = runtime::monotonic_now();
      for (mesh::PeerView& view : shard_.peers(now)) {
        auto score = shard_.explain(view.node, now);
        part.peers.push_back({.view = std::move(view), .score = score});
      }
      part.named = shard_.named_peers();
    } else if (what == Inspect::kTraces) {
      part.traces = shard_.traces();
    } else {
      part.patterns = shard_.patterns();
      part.topics = shard_.topics();
    }
    into->with([&](std::vector<Inspection>& all) { all.push_back(std::move(part)); });
    gate->done();
  });
}

void ShardHost::tell_expelled() {
  while (const auto expelled = shard_.take_expelled()) {
    shared_.tell({.kind = EventKind::kPeerExpelled,
                  .shard = self_,
                  .peer_node = expelled->verdict.node,
                  .score = &*expelled});
  }
}

void ShardHost::dial_peer(std::string addr, std::optional<NodeId> node) {
  loop_.post([this, addr = std::move(addr), node] {
    shard_.handle(node::PeerDial{.addr = addr, .node = node}, runtime::monotonic_now(), actions_);
  });
}

void ShardHost::hang_up(const NodeId& node) {
  loop_.post(
      [this, node] { shard_.handle(node::PeerHangup{node}, runtime::monotonic_now(), actions_); });
}

void ShardHost::withdraw_peer(std::string addr) {
  loop_.post([this, addr = std::move(addr)] {
    shard_.handle(node::PeerWithdraw{addr}, runtime::monotonic_now(), actions_);
  });
}

void ShardHost::probe(std::string topic, CorrId corr) {
  loop_.post([this, topic = std::move(topic), corr] {
    shard_.handle(node::MeshProbe{topic, corr}, runtime::monotonic_now(), actions_);
  });
}

void ShardHost::hand_out_control() {
  while (auto request = shard_.take_control()) {
    if (shared_.settings.on_control) {
      const Link* link = find(request->session);
      const std::uint32_t uid = link == nullptr ? 0 : link->stream->facts().peer_uid;
      shared_.settings.on_control(std::move(*request), uid);
      continue;
    }
    shard_.handle(
        node::ControlDone{request->session,
                          request->corr,
                          request->tenant,
                          {},
                          oap::WireError{oap::Code::kNotFound, "no such operation", false, 0}},
        now_, actions_);
  }
}

void ShardHost::answer(ControlAnswer answer) {
  loop_.post([this, answer = std::move(answer)] {
    node::ControlDone done{answer.session, answer.corr, answer.tenant, answer.body, {}};
    if (!answer.ok) done.error = oap::WireError{answer.code, answer.body, false, 0};
    shard_.handle(done, runtime::monotonic_now(), actions_);
  });
}

}  // namespace ron::host
