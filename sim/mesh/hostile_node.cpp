#include "sim/mesh/hostile_node.hpp"

#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "oap/envelope.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::meshsim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kEvery = 20ms;
constexpr Duration kFirst = 5s;     // it looks harmless until it has links
constexpr unsigned kLiesOneIn = 5;  // of its turns
constexpr std::uint64_t kUsual = 5000, kHuge = ~std::uint64_t{0} / 2;  // ids of a false range
constexpr std::size_t kMadeUpOrigins = 32;                             // in a false announcement
constexpr std::size_t kOrigins = 64;                                   // that it remembers
constexpr std::uint64_t kBurst = 16;                                   // seconds
constexpr std::uint64_t kMadeUp = 1ULL << 40U;  // correlation ids that no message of the world has

}  // namespace

Manners Manners::draw(std::uint64_t seed) {
  SeedChoice choice(mix(seed, 77));
  Manners manners;
  bool* const all[] = {&manners.withhold, &manners.false_ihave, &manners.flood,
                       &manners.forge,    &manners.preempt,     &manners.odd_origins};
  *all[choice.index(std::size(all))] = true;
  *all[choice.index(std::size(all))] = true;
  return manners;
}

HostileNode::HostileNode(Port& port, MeshNodeOptions options, const Manners& manners,
                         std::uint64_t uplink)
    : port_(port),
      choice_(mix(options.seed, 78)),
      manners_(manners),
      key_(sim_key(options.key)),
      node_(*this, std::move(options)),
      uplink_(uplink),
      flood_bytes_(std::size_t{128} << (2 * choice_.index(3))) {}

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

// They work together: what one of them made up the others leave alone.
void HostileNode::frames(SessionId session, std::span<const Slice> frames, Instant now) {
  std::vector<Slice> honest;
  for (const Slice& frame : frames) {
    if (oap::read_header(frame.data()).corr == kMadeUp) continue;
    saw(frame);
    honest.push_back(frame);
  }
  node_.frames(session, honest, now);
}

Slice HostileNode::event(const std::vector<std::uint8_t>& payload) {
  return oap::make_frame(oap::kEvent, {}, kMadeUp, payload);
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
void HostileNode::saw(const Slice& frame) {
  const auto message = oap::read_message(frame.bytes().subspan(oap::kHeaderSize));
  if (!message || message->kind != "relay") return;
  const auto relay = oap::read_relay(*message);
  if (!relay) return;
  if (last_.size() >= kOrigins) last_.clear();
  auto& last = last_[relay->origin];
  if (std::pair(relay->epoch, relay->seq) <= last) return;
  last = {relay->epoch, relay->seq};
  if (!manners_.forge && !manners_.preempt) return;
  std::array<std::uint8_t, 8> data{};  // each forgery is another variant
  choice_.fill(data);
  const std::vector<std::uint8_t> bytes = oap::write_gossip({.topic = "forged", .data = data});
  oap::Relay forged = *relay;
  forged.message = bytes;
  if (manners_.forge) spend(relay_frame(forged, kMadeUp));
  ++forged.seq;
  if (manners_.preempt) spend(relay_frame(forged, kMadeUp));
}

// Ids that follow those of honest origins, of which the first will soon exist, and ids of origins
// that do not exist.
void HostileNode::announce_lies() {
  std::vector<oap::IdRange> ids;
  for (const auto& [origin, last] : last_) {
    ids.push_back({origin, last.first, last.second + 1, last.second + kUsual, 0});
  }
  for (std::size_t i = 0; i < kMadeUpOrigins; ++i) {
    oap::OriginId nobody{};
    choice_.fill(nobody);
    ids.push_back({nobody, 1, 1, i == 0 ? kHuge : kUsual, 0});
  }
  to_all(Lane::kLazy, event(oap::write_ids(oap::IdsKind::kIhave, ids)));
}

void HostileNode::make_up_origins() {
  oap::OriginId nobody{};
  choice_.fill(nobody);
  const std::vector<std::uint8_t> bytes = oap::write_gossip({.topic = "odd"});
  const oap::Relay odd{nobody, choice_.index(1000), 1 + choice_.index(1000), bytes};
  to_all(Lane::kRelay, relay_frame(odd, kMadeUp));
  const std::vector<std::uint8_t> key = sim_key(choice_.bits());
  const std::array<std::uint8_t, 32> signature{};
  to_all(Lane::kRelay, event(oap::write_origin({key, signature, 1})));
}

// All that its uplink takes, to all its neighbours: legal publications of its own.
void HostileNode::flood() {
  const std::vector<std::uint8_t> data(flood_bytes_);
  const std::vector<std::uint8_t> bytes = oap::write_gossip({.topic = "flood", .data = data});
  const std::vector<std::uint8_t> said = sim_statement(key_, who().node, who().epoch);
  to_all(Lane::kControl, event(oap::write_origin({key_, said, who().epoch})));
  while (true) {
    const oap::Relay own{mesh::origin_of(who().node), who().epoch, own_seq_ + 1, bytes};
    if (!spend(relay_frame(own, kMadeUp))) return;
    ++own_seq_;
  }
}

// Pushes a frame to all, if its uplink has room for it.
bool HostileNode::spend(const Slice& frame) {
  const std::uint64_t bits = frame.size() * 8 * std::max<std::size_t>(sessions_.size(), 1);
  if (bits > unsent_) return false;
  unsent_ -= bits;
  to_all(Lane::kRelay, frame);
  return true;
}

void HostileNode::misbehave() {
  // What it saves is for a burst: where many share the rate, a second of it is less than one frame
  // for all.
  unsent_ = std::min(kBurst * uplink_, unsent_ + uplink_ / static_cast<std::uint64_t>(1s / kEvery));
  if (manners_.flood) flood();
  if (turn_++ % kLiesOneIn != 0) return;
  if (manners_.false_ihave || manners_.withhold) announce_lies();
  if (manners_.odd_origins) make_up_origins();
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
