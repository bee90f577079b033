#include "sim/mesh/hostile_node.hpp"

#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "oap/envelope.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::meshsim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kEvery = 100ms;
constexpr Duration kFirst = 5s;       // it looks harmless until it has links
constexpr unsigned kFlood = 2;        // publications at a time: 20 a second, from each that floods
constexpr unsigned kFloodsOneIn = 5;  // of those that would; a few fill the links of everybody
constexpr unsigned kForgesOneIn = 4;  // of the messages that it sees
constexpr std::uint64_t kUsual = 200, kHuge = 60'000, kHugeOneIn = 100;  // ids of a false range
constexpr std::size_t kOrigins = 64;                                     // that it remembers
constexpr std::uint64_t kMadeUp = 1ULL << 40U;  // correlation ids that no message of the world has

}  // namespace

Manners Manners::draw(std::uint64_t seed) {
  SeedChoice choice(mix(seed, 77));
  Manners manners;
  bool* const all[] = {&manners.withhold, &manners.false_ihave, &manners.flood,
                       &manners.forge,    &manners.preempt,     &manners.odd_origins};
  *all[choice.index(std::size(all))] = true;
  *all[choice.index(std::size(all))] = true;
  manners.flood = manners.flood && choice.chance(1, kFloodsOneIn);
  return manners;
}

HostileNode::HostileNode(Port& port, MeshNodeOptions options, std::uint64_t seed)
    : port_(port),
      choice_(mix(seed, 78)),
      manners_(Manners::draw(seed)),
      node_(*this, std::move(options)) {}

void HostileNode::start(Instant now) {
  node_.start(now);
  next_ = now + kFirst;
}

void HostileNode::session_up(const SessionUp& up, Instant now) {
  sessions_.push_back(up.session);
  node_.session_up(up, now);
}

void HostileNode::session_down(SessionId session, Instant now) {
  std::erase(sessions_, session);
  node_.session_down(session, now);
}

void HostileNode::send(SessionId session, Lane lane, Slice frame, Duration hold) {
  if (manners_.withhold && lane == Lane::kRelay) return;
  port_.send(session, lane, std::move(frame), hold);
}

void HostileNode::frames(SessionId session, std::span<const Slice> frames, Instant now) {
  for (const Slice& frame : frames) saw(session, frame);
  node_.frames(session, frames, now);
}

Slice HostileNode::event(const std::vector<std::uint8_t>& payload) {
  return oap::make_frame(oap::kEvent, {}, 0, payload);
}

Slice HostileNode::relay_frame(const oap::Relay& relay, std::uint64_t corr) {
  std::vector<std::uint8_t> payload = oap::write_relay_head(relay);
  payload.insert(payload.end(), relay.message.begin(), relay.message.end());
  return oap::make_frame(oap::kEvent, {}, corr, payload);
}

void HostileNode::to_all(Lane lane, const Slice& frame) {
  for (const SessionId session : sessions_) port_.send(session, lane, frame, {});
}

// Of a message that comes by: the same id over other bytes, and the id that follows.
void HostileNode::saw(SessionId, const Slice& frame) {
  if (!manners_.forge && !manners_.preempt) return;
  const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
  if (!message || message->kind != "relay") return;
  const auto relay = oap::read_relay(*message);
  if (!relay) return;
  if (last_.size() >= kOrigins) last_.clear();
  auto& last = last_[relay->origin];
  if (std::pair(relay->epoch, relay->seq) <= last) return;
  last = {relay->epoch, relay->seq};
  if (!choice_.chance(1, kForgesOneIn)) return;
  oap::GossipOut out{.topic = "forged"};
  const std::vector<std::uint8_t> bytes = oap::write_gossip(out);
  oap::Relay forged = *relay;
  forged.message = bytes;
  if (manners_.forge) to_all(Lane::kRelay, relay_frame(forged, kMadeUp));
  ++forged.seq;
  if (manners_.preempt) to_all(Lane::kRelay, relay_frame(forged, kMadeUp));
}

void HostileNode::misbehave() {
  oap::OriginId nobody{};
  choice_.fill(nobody);
  const std::vector<std::uint8_t> bytes = oap::write_gossip({.topic = "odd"});
  if (manners_.false_ihave || manners_.withhold) {
    std::vector<oap::IdRange> ids;
    for (const auto& [origin, last] : last_) {
      ids.push_back({origin, last.first, last.second + 1, last.second + 1000, 0});
    }
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint64_t most = choice_.chance(1, kHugeOneIn) ? kHuge : kUsual;
      ids.push_back({nobody, 1 + choice_.index(1000), 1, 1 + choice_.index(most), 0});
    }
    to_all(Lane::kLazy, event(oap::write_ids(oap::IdsKind::kIhave, ids)));
  }
  if (manners_.odd_origins) {
    const oap::Relay odd{nobody, choice_.index(1000), 1 + choice_.index(1000), bytes};
    to_all(Lane::kRelay, relay_frame(odd, kMadeUp));
    const std::vector<std::uint8_t> key = sim_key(choice_.bits());
    const std::array<std::uint8_t, 32> signature{};
    to_all(Lane::kRelay, event(oap::write_origin({key, signature, 1})));
  }
  for (unsigned i = 0; manners_.flood && i < kFlood; ++i) {
    const oap::Relay own{mesh::origin_of(who().node), who().epoch, ++own_seq_, bytes};
    to_all(Lane::kRelay, relay_frame(own, kMadeUp));
  }
}

void HostileNode::tick(Instant now) {
  if (next_ <= now) {
    misbehave();
    next_ = now + kEvery;
  }
  if (node_.next_deadline() <= now) node_.tick(now);
}

Instant HostileNode::next_deadline() const { return std::min(next_, node_.next_deadline()); }

}  // namespace ron::meshsim
