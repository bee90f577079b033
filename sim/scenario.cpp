#include "sim/scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/checkers/checkers.hpp"
#include "sim/listener.hpp"
#include "sim/machine_client.hpp"
#include "sim/raw_client.hpp"

namespace ron::sim {
namespace {

using namespace std::chrono_literals;

bool at_rest(World& world) {
  if (!world.mail_idle()) return false;
  for (unsigned i = 0; i < world.shards(); ++i) {
    if (!world.node(i).resting() || world.node(i).stats().lane_frames > 0) return false;
  }
  for (const auto& conn : world.conns()) {
    if (conn->session && world.node(conn->shard).pending(*conn)) return false;
  }
  return std::ranges::all_of(world.actors, [](const auto& actor) { return actor->resting(); });
}

std::string unrest(World& world) {
  std::string text = "no rest: mail " + std::string(world.mail_idle() ? "idle" : "busy");
  for (unsigned i = 0; i < world.shards(); ++i) {
    text += ", shard " + std::to_string(i) + (world.node(i).resting() ? " rests" : " turns") +
            " with " + std::to_string(world.node(i).stats().lane_frames) + " frames in lanes";
  }
  for (std::size_t i = 0; i < world.actors.size(); ++i) {
    if (!world.actors[i]->resting()) text += ", client " + std::to_string(i) + " waits";
  }
  return text;
}

void play(World& world) {
  Choice& choice = world.choice;
  const auto most = static_cast<std::uint64_t>(world.profile.step_max.count());
  const unsigned drain_at = world.profile.drain_in_the_middle ? world.profile.steps / 2 : ~0U;
  for (unsigned step = 0; step < world.profile.steps && !world.failed(); ++step) {
    world.pass(Duration(static_cast<std::int64_t>(choice.index(9) * (most / 8))));
    world.actors[choice.index(world.actors.size())]->act();
    if (step == drain_at) world.begin_drain();
    if (world.profile.nodes > 1 && choice.index(20) == 19) world.disturb_peers();
    const std::uint32_t one_in = world.profile.unready_one_in;
    if (one_in > 0 && choice.index(one_in) == one_in - 1) world.set_ready(!world.ready());
  }
}

void check_empty(World& world, unsigned shard) {
  const node::ShardStats& stats = world.node(shard).stats();
  const auto must_be_zero = [&](const char* what, std::uint64_t value) {
    if (value == 0) return;
    world.fail("shard " + std::to_string(shard) + " keeps " + std::to_string(value) + " " + what +
               " after all sessions are gone");
  };
  must_be_zero("sessions", stats.sessions);
  must_be_zero("active sessions", stats.sessions_active);
  must_be_zero("lane bytes", stats.lane_bytes);
  must_be_zero("lane frames", stats.lane_frames);
  must_be_zero("held input bytes", stats.input_held_bytes);
  must_be_zero("subscriptions", stats.subscriptions);
  must_be_zero("index entries", stats.index_entries);
  if (world.profile.nodes == 1)
    must_be_zero("block bytes", stats.slab_bytes);  // the mesh keeps some
  must_be_zero("waiting mail", stats.mail_waiting);
}

}  // namespace

void come_to_rest(World& world) {
  world.calm_links();
  if (!world.ready()) world.set_ready(true);
  for (const auto& actor : world.actors) actor->calm();
  for (int i = 0; i < 600 && !world.failed(); ++i) {
    world.pass(100ms);
    if (!at_rest(world)) continue;
    world.pass(13s);  // refused is told once a second, by code
    if (at_rest(world)) {
      world.history.facts.at_rest = true;
      return;
    }
  }
  world.fail(unrest(world));
}

void judge(World& world) {
  for (const auto& actor : world.actors) actor->conclude();
  std::uint64_t refused = 0;
  for (unsigned i = 0; i < world.shards(); ++i) {
    for (const std::uint64_t count : world.node(i).stats().events_refused) refused += count;
  }
  world.history.facts.refused_by_node = refused;
  if (auto verdict = check_all(world.history)) world.fail(*verdict);
}

void drain_all(World& world) {
  if (!world.draining()) world.begin_drain();
  world.pass(world.profile.drain_within + 1ms);
  for (unsigned i = 0; i < world.shards() && !world.failed(); ++i) {
    if (!world.node(i).drained()) {
      world.fail("shard " + std::to_string(i) + " did not drain in time");
    }
  }
  world.pass(1s);  // shards still tell each other
  for (unsigned i = 0; i < world.shards() && !world.failed(); ++i) check_empty(world, i);
}

std::string describe(const History& history, const std::string& failure) {
  const auto number_after = [&](const char* word) -> std::optional<std::uint32_t> {
    const std::size_t at = failure.find(word);
    if (at == std::string::npos) return std::nullopt;
    return static_cast<std::uint32_t>(
        std::strtoul(failure.c_str() + at + std::strlen(word), nullptr, 10));
  };
  const auto stamp = [](Stamp at) { return at == kNever ? std::string("-") : std::to_string(at); };
  std::string text;
  const auto p = number_after("publication ");
  if (p && *p < history.publications.size()) {
    const Publication& one = history.publications[*p];
    text += "  publication " + std::to_string(*p) + " by session " + std::to_string(one.publisher) +
            " topic " + one.topic + " tenant " + std::to_string(one.tenant.lo) + " sent " +
            stamp(one.sent) + " settled " + stamp(one.settled) + " fate " +
            std::to_string(static_cast<int>(one.fate)) + " corr " + std::to_string(one.corr) + "\n";
  }
  const auto s = number_after("session ");
  for (const SubOp& op : history.sub_ops) {
    if (!s || op.session != *s) continue;
    text += "  session " + std::to_string(*s) + (op.add ? " sub " : " unsub ") + op.pattern +
            " tenant " + std::to_string(op.tenant.lo) + " group '" + op.group + "'" +
            (op.echo ? " echo" : "") + " sent " + stamp(op.sent) + " answered " +
            stamp(op.answered) + (op.refused ? " refused" : "") + "\n";
  }
  return text;
}

Outcome run_world(const Profile& profile, Choice& choice, const World::Options& options) {
  World world(profile, choice, options);
  for (unsigned i = 0; i < profile.raw_clients; ++i) {
    world.actors.push_back(std::make_unique<RawClient>(world, i));
  }
  for (unsigned i = 0; i < profile.machine_clients; ++i) {
    world.actors.push_back(std::make_unique<MachineClient>(world, profile.raw_clients + i));
  }
  std::vector<const Listener*> listeners;
  for (unsigned node = 1; node < profile.nodes; ++node) {
    auto listener = std::make_unique<Listener>(world, node);
    listeners.push_back(listener.get());
    world.actors.push_back(std::move(listener));
  }
  play(world);
  if (!world.failed()) come_to_rest(world);
  if (!world.failed()) judge(world);
  if (!world.failed()) drain_all(world);
  Outcome outcome;
  outcome.failure = world.failure;
  if (world.failed()) {
    outcome.details = describe(world.history, world.failure) + world.trace.last();
  }
  outcome.hash = world.trace.hash();
  for (const Listener* listener : listeners) outcome.relayed += listener->heard();
  for (const Spoken& one : world.spoken) outcome.spoken += one.accepted ? 1 : 0;
  outcome.publications = world.history.publications.size();
  for (const Arrival& arrival : world.history.arrivals) {
    ++(arrival.lagged > 0 ? outcome.lagged : outcome.arrivals);
  }
  for (const SessionRecord& session : world.history.sessions) {
    if (session.established && session.comeback) ++outcome.comebacks;
    if (session.hello_refused == "NotReady") ++outcome.not_ready;
  }
  return outcome;
}

}  // namespace ron::sim
