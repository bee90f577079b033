// Leaves: what a relay sends them, and what a leaf tells its relays.
//
// A relay sends a leaf what the leaf asked for, and nothing else. A leaf has several relays and
// wants one copy: it prunes by topic and origin at the one that is later, which then announces.
#include <algorithm>

#include "base/hash.hpp"
#include "mesh/relay_inside.hpp"

namespace ron::mesh {
namespace {

constexpr Duration kLeafCatchesUp = 5s;  // after its link came up, on what is kept
constexpr std::size_t kToldMax = 16;     // relays a leaf remembers what it told
constexpr std::uint8_t kMissesForGraft = 2;

std::uint64_t prune_key(TenantId tenant, std::string_view topic, const OriginId& origin) {
  const auto* const at = reinterpret_cast<const std::uint8_t*>(topic.data());
  const std::uint64_t hashed = keyed_hash(ByteView(at, topic.size()), tenant.hi ^ 1);
  return mix(mix(hashed, tenant.lo), load_be<std::uint64_t>(origin.data()));
}

}  // namespace

void PrunedTopics::add(std::uint64_t key) {
  if (!keys_.insert(key).second) return;
  order_.push_back(key);
  if (order_.size() <= kMost) return;
  keys_.erase(order_.front());
  order_.pop_front();
}

void PrunedTopics::remove(std::uint64_t key) {
  if (keys_.erase(key) > 0) std::erase(order_, key);
}

void PrunedTopics::clear() {
  keys_.clear();
  order_.clear();
}

// The topic of a gossip message; empty for anything else.
std::string_view RelayMachine::topic_of(ByteView message) {
  if (const auto usual = oap::read_usual_gossip(message)) return usual->topic;
  const auto whole = oap::read_message(message);
  if (!whole || whole->kind != "gossip") return {};
  const auto gossip = oap::read_gossip(*whole);
  return gossip ? gossip->topic : std::string_view();
}

// ---- a relay -----------------------------------------------------------------------------------

std::optional<oap::Fault> RelayMachine::on_interest(Neighbour& from, const oap::Message& message) {
  const auto interest = oap::read_interest(message);
  if (!interest) return interest.error();
  const auto applied = leaves_.apply(from.link.session, *interest);
  if (!applied) {  // between relays it means nothing
    ++stats_.unsolicited;
    return std::nullopt;
  }
  switch (*applied) {
    case InterestOf::Applied::kTaken:
      // What it begins to want later on starts with what is published from then on.
      if (now_ < from.since + kLeafCatchesUp) {
        from.catches_up = true;
        lazy_due_ = std::min(lazy_due_, now_ + config_.relay_times.lazy);
      }
      return std::nullopt;
    case InterestOf::Applied::kAskAll:
      send(from.link.session, Lane::kControl, event(oap::write_interest_all()));
      return std::nullopt;
    case InterestOf::Applied::kIgnored: return std::nullopt;
    case InterestOf::Applied::kBroken: return "interest that does not add up";
  }
  return std::nullopt;
}

// OAP-9.50
void RelayMachine::leaf_tree_change(Neighbour& leaf, const oap::TreeChange& change) {
  if (!change.origin || !change.topic) {
    if (change.graft) leaf.pruned.clear();  // it has lost another relay
    return;                                 // leaves prune by topic
  }
  const std::uint64_t key =
      prune_key(change.tenant.value_or(TenantId{}), *change.topic, *change.origin);
  if (change.graft) {
    leaf.pruned.remove(key);
  } else {
    leaf.pruned.add(key);
  }
}

unsigned RelayMachine::to_leaves(Neighbour* from, Epoch& epoch, const Coming& coming) {
  if (leaves_.patterns() == 0) return 0;
  const std::string_view topic = topic_of(coming.message());
  if (topic.empty()) return 0;
  matched_.clear();
  leaves_.match(coming.tenant, topic, matched_);
  unsigned sent = 0;
  for (const SessionId session : matched_) {
    Neighbour* const to = find(session);
    if (to == nullptr || to == from || origin_of(to->link.node) == epoch.origin->id) continue;
    if (to->pruned.has(prune_key(coming.tenant, topic, epoch.origin->id))) {
      if (!coming.best_effort()) {
        lazily(*to, coming.key, coming.seq, coming.hash, lazy_wait(*to, *epoch.origin));
      }
    } else {
      push(*to, epoch, from == nullptr ? Lane::kOwn : Lane::kRelay, coming.frame);
      ++sent;
    }
  }
  return sent;
}

bool RelayMachine::leaf_wants(SessionId leaf, const Stored& kept) {
  const oap::Header header = oap::read_header(kept.frame.data());
  const auto message = oap::read_message(kept.frame.bytes().subspan(oap::kHeaderSize));
  if (!message) return false;
  const auto relay = oap::read_relay(*message);
  if (!relay) return false;
  const std::string_view topic = topic_of(relay->message);
  return !topic.empty() && leaves_.wants(leaf, header.tenant, topic);
}

// ---- a leaf ------------------------------------------------------------------------------------

void RelayMachine::interest(TenantId tenant, std::string_view pattern, bool add, Instant now) {
  now_ = now;
  if (config_.role != Role::kLeaf) return;
  const bool changed = add ? wanted_.add(tenant, pattern) : wanted_.remove(tenant, pattern);
  if (changed) lazy_due_ = std::min(lazy_due_, now_ + config_.relay_times.lazy);
}

void RelayMachine::tell_interest(Neighbour& to, bool greet) {
  auto known = std::ranges::find(told_, to.link.node, &Told::node);
  if (known == told_.end()) {
    if (told_.size() >= kToldMax) told_.erase(told_.begin());
    known = told_.insert(told_.end(), {to.link.node, to.link.epoch, {}});
  }
  Told& told = *known;
  if (told.epoch != to.link.epoch) told = {to.link.node, to.link.epoch, {}};
  std::vector<Slice> frames;
  if (greet) {
    wanted_.greet(told.told, frames);
  } else {
    wanted_.update(told.told, frames);
  }
  for (Slice& frame : frames) send(to.link.session, Lane::kControl, std::move(frame));
}

void RelayMachine::repeat_interest(Neighbour& to) {
  const auto known = std::ranges::find(told_, to.link.node, &Told::node);
  if (known == told_.end()) return;
  std::vector<Slice> frames;
  wanted_.repeat(known->told, frames);
  for (Slice& frame : frames) send(to.link.session, Lane::kControl, std::move(frame));
}

void RelayMachine::leaf_tree(Neighbour& to, bool graft, const Coming& coming) {
  oap::TreeChange change;
  change.graft = graft;
  change.origin = coming.key.origin;
  change.topic = topic_of(coming.message());
  if (change.topic->empty()) return;
  change.tenant = coming.tenant;
  ++(graft ? stats_.grafts_sent : stats_.prunes_sent);
  send(to.link.session, Lane::kControl, event(oap::write_tree_change(change)));
}

// It came only when it was asked for: whoever had it shall push the topic from now on.
void RelayMachine::mend_leaf(Neighbour& from, Origin& origin, const Coming& coming) {
  if (!coming.asked) {
    origin.misses = 0;
    return;
  }
  if (++origin.misses < kMissesForGraft) return;
  origin.misses = 0;
  leaf_tree(from, true, coming);
}

}  // namespace ron::mesh
