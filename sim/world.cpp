#include "sim/world.hpp"

#include <algorithm>

namespace ron::sim {

World::World(const Profile& the_profile, Choice& the_choice, const Options& options)
    : profile(the_profile),
      choice(the_choice),
      schedule(options.choose_ties ? &the_choice : nullptr),
      trace(options.trace != nullptr ? *options.trace : own_trace_),
      steps_most_(options.steps_most),
      shards_(the_profile.shards),
      rings_(std::size_t{the_profile.shards} * the_profile.shards) {
  for (unsigned i = 0; i < shards_; ++i) nodes_.push_back(std::make_unique<NodeDriver>(*this, i));
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

Conn& World::dial(std::uint32_t client) {
  const auto id = static_cast<unsigned>(conns_.size());
  const auto shard =
      profile.spread ? client % shards_ : static_cast<unsigned>(choice.index(shards_));
  conns_.push_back(std::make_unique<Conn>(schedule, choice, profile.pipe, id, shard));
  Conn& conn = *conns_.back();
  NodeDriver& node = *nodes_[shard];
  conn.up.on_readable = [&node, &conn] { node.conn_readable(conn); };
  conn.down.on_writable = [&node, &conn] { node.conn_writable(conn); };
  if (calm_) {
    conn.up.calm();
    conn.down.calm();
  }
  note("dial", client, id, shard);
  node.accept(conn);
  return conn;
}

bool World::mail_idle() const {
  return std::ranges::all_of(rings_, [](const MailRing& ring) { return ring.messages.empty(); }) &&
         std::ranges::none_of(nodes_, [](const auto& node) { return node->has_mail(); });
}

void World::turn_over() {
  if (shards_ > 1 && !mail_idle()) return;
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
  for (const auto& node : nodes_) node->readiness(ready);
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
