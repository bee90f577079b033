#include "sim/world.hpp"

#include <algorithm>

#include "base/blake3.hpp"

namespace ron::sim {

World::World(const Profile& the_profile, Choice& the_choice, const Options& options)
    : profile(the_profile),
      choice(the_choice),
      schedule(options.choose_ties ? &the_choice : nullptr),
      trace(options.trace != nullptr ? *options.trace : own_trace_),
      steps_most_(options.steps_most),
      shards_(the_profile.shards) {
  for (unsigned node = 0; node < profile.nodes; ++node) {
    keys_.push_back("the key of node " + std::to_string(node));
  }
  first_ = {0};
  for (unsigned node = 0; node < profile.nodes; ++node) {
    first_.push_back(first_.back() + shards_of(node));
  }
  for (unsigned node = 0; node < profile.nodes; ++node) {
    for (unsigned shard = 0; shard < shards_of(node); ++shard) {
      nodes_.push_back(std::make_unique<NodeDriver>(*this, node, shard));
    }
  }
  WorldFacts& facts = history.facts;
  facts.shards = shards_;
  facts.policy = profile.config.session.lanes.policy;
  facts.recv_window = profile.config.session.recv_window_bytes;
  facts.rates_known = profile.config.session.fps == 0;
  if (profile.roomy) facts.room_bytes = profile.config.session.lanes.gossip_bytes / 2;
}

World::~World() {
  actors.clear();  // before what they hold slices of
}

// Each node knows those before it; nobody is told of the later ones but by them.
node::NodeConfig World::config_of(unsigned node) const {
  node::NodeConfig config = profile.config;
  if (profile.nodes == 1) return config;
  const ByteView key = as_bytes(keys_[node]);
  config.node = blake3(key);
  config.crypto = {
      .hash = blake3, .hmac = nullptr, .verify = [](ByteView, ByteView, ByteView) { return true; }};
  mesh::MeshConfig& mesh = config.mesh.emplace();
  mesh.self = config.node;
  mesh.epoch = node + 1;
  mesh.advertise = std::to_string(node);
  for (unsigned other = 0; other < node; ++other) {
    mesh.peers.push_back({std::to_string(other), blake3(as_bytes(keys_[other]))});
  }
  mesh.key = mesh.statement = key;
  mesh.relay.repair_bytes = std::min(mesh.relay.repair_bytes, config.queue_bytes / 8);
  return config;
}

Conn& World::join(unsigned node, const std::string& addr) {
  const auto to = static_cast<unsigned>(std::stoul(addr));
  Conn& there = open(first_[to] + static_cast<unsigned>(choice.index(shards_of(to))));
  conns_.push_back(std::make_unique<Conn>(schedule, choice, there,
                                          static_cast<unsigned>(conns_.size()), first_[node]));
  Conn& here = *conns_.back();
  NodeDriver& driver = *nodes_[here.shard];
  there.down.on_readable = [&driver, &here] { driver.conn_readable(here); };
  there.up.on_writable = [&driver, &here] { driver.conn_writable(here); };
  here.certificate = blake3(as_bytes(keys_[to]));
  there.certificate = blake3(as_bytes(keys_[node]));
  note("join", node, to, there.id);
  nodes_[there.shard]->accept(there);
  return here;
}

void World::disturb_peers() {
  if (conns_.empty()) return;
  Conn& conn = *conns_[choice.index(conns_.size())];
  if (!conn.certificate) return;
  note("disturb", conn.id);
  if (choice.chance(1, 2)) {
    conn.in->stall(now() + std::chrono::milliseconds(choice.index(1500)));
  } else {
    conn.in->reset();
    conn.out->reset();
  }
}

Conn& World::dial(std::uint32_t client, unsigned node) {
  const auto shard = profile.spread ? client % shards_of(node)
                                    : static_cast<unsigned>(choice.index(shards_of(node)));
  Conn& conn = open(first_[node] + shard);
  note("dial", client, conn.id, shard);
  nodes_[conn.shard]->accept(conn);
  return conn;
}

Conn& World::open(unsigned shard) {
  const auto id = static_cast<unsigned>(conns_.size());
  conns_.push_back(std::make_unique<Conn>(schedule, choice, profile.pipe, id, shard));
  Conn& conn = *conns_.back();
  NodeDriver& node = *nodes_[shard];
  conn.up.on_readable = [&node, &conn] { node.conn_readable(conn); };
  conn.down.on_writable = [&node, &conn] { node.conn_writable(conn); };
  if (calm_) {
    conn.up.calm();
    conn.down.calm();
  }
  return conn;
}

bool World::mail_idle() const {
  return std::ranges::all_of(rings_,
                             [](const auto& ring) { return ring.second.messages.empty(); }) &&
         std::ranges::none_of(nodes_, [](const auto& node) { return node->has_mail(); });
}

void World::turn_over() {
  if (shards() > 1 && !mail_idle()) return;
  const Stamp at = stamp();
  for (const auto& conn : conns_) {
    while (!conn->unsettled.empty() && conn->unsettled.front().end <= conn->processed) {
      const Conn::Sent& sent = conn->unsettled.front();
      Publication& publication = history.publications[sent.publication];
      publication.settled = at;
      publication.settled_at = now();
      const bool sure = sent.valid && !conn->discarding && !draining_ && history.facts.rates_known;
      if (sure && !publication.wants_answer) publication.fate = Fate::kAccepted;
      conn->unsettled.pop_front();
    }
  }
}

void World::pass(Duration time) {
  schedule.run_until(now() + time, [this] { return !step(); });
}

bool World::step() {
  if (++steps_ > steps_most_) {
    fail("the world does not end: more than " + std::to_string(steps_most_) + " steps");
  }
  return !failed();
}

void World::set_ready(bool ready) {
  note("ready", ready ? 1 : 0);
  history.readiness.push_back({stamp(), ready});
  for (unsigned shard = 0; shard < shards_; ++shard) nodes_[shard]->readiness(ready);
}

void World::begin_drain() {
  draining_ = true;
  history.facts.drain_began = stamp();
  for (const auto& node : nodes_) node->drain(profile.drain_within);
}

void World::calm_links() {
  calm_ = true;
  for (const auto& conn : conns_) {
    conn->up.calm();
    conn->down.calm();
  }
}

}  // namespace ron::sim
