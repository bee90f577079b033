// Links, own publications, trees as neighbours shape them, and the timer.
#include "mesh/relay.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "mesh/relay_inside.hpp"

namespace ron::mesh {
namespace {

constexpr Duration kForgetEvery = 10s;
constexpr Duration kExpireEvery = 1s;  // what is kept, many at once
constexpr Duration kPruneAgain = 500ms;
constexpr Duration kRepairedIsNews = 5s;
constexpr unsigned kHeirs = 2;  // of a parent that is gone
constexpr Duration kWayUnknown = 200ms;
constexpr Duration kMendLeast = 1s;
constexpr Duration kMailMost = 100ms;  // from here to the lane of a session on another shard

// OAP-9.45 OAP-9.46
Slice relay_frame(const oap::Relay& relay, TenantId tenant, CorrId corr, SlabMeter* meter) {
  const ByteView message = relay.message;
  const std::vector<std::uint8_t> head = oap::write_relay_head(relay);
  oap::Header header;
  header.flags = oap::kEvent;
  header.tenant = tenant;
  header.corr = corr;
  header.len = oap::kLenMin + static_cast<std::uint32_t>(head.size() + message.size());
  Slice frame = Slice::allocate(header.wire_size(), meter);
  std::uint8_t* at = frame.mutable_bytes().data();
  oap::write_header(at, header);
  at += oap::kHeaderSize;
  std::memcpy(at, head.data(), head.size());
  if (!message.empty()) std::memcpy(at + head.size(), message.data(), message.size());
  return frame;
}

}  // namespace

OriginId origin_of(const NodeId& node) {  // OAP-9.16
  OriginId id{};
  std::copy_n(node.begin(), id.size(), id.begin());
  return id;
}

RelayMachine::RelayMachine(const MeshConfig& config, const CryptoFns& crypto, Choice& choice,
                           SlabMeter* meter, const Ways& ways)
    : config_(config),
      crypto_(crypto),
      choice_(&choice),
      meter_(meter),
      ways_(&ways),
      self_{origin_of(config.self), config.epoch},
      origins_(config.relay, choice.bits()),
      shared_(config.relay.shared_parents),
      missing_(config.relay.missing),
      store_(config.relay.repair_bytes),
      leaves_(crypto.hash, choice.bits(), {}),
      wanted_(crypto.hash, meter) {}

RelayMachine::~RelayMachine() = default;

RelayMachine::Neighbour* RelayMachine::find(SessionId session) const {
  const auto found = neighbours_.find(session);
  return found == neighbours_.end() ? nullptr : found->second.get();
}

LinkMask RelayMachine::mask_of(const Neighbour& neighbour) const {
  return neighbour.slot == kNoSlot ? 0 : bit(neighbour.slot);
}

std::uint32_t RelayMachine::sign_now() const {
  return static_cast<std::uint32_t>(now_.since_origin() / kSignTick) | 1U;  // 0 = none
}

Duration RelayMachine::since_sign(const Entry& entry) const {
  return entry.first_at == 0 ? Duration{0} : (sign_now() - entry.first_at) * kSignTick;
}

// ---- links -------------------------------------------------------------------------------------

void RelayMachine::link_changed(const LinkChange& change, Instant now, Orders& out) {
  now_ = now;
  out_ = &out;
  if (change.up) {
    link_up(change.link);
  } else {
    link_down(change.link.session);
  }
}

void RelayMachine::link_up(const Link& link) {
  if (find(link.session) != nullptr) return;
  auto neighbour = std::make_unique<Neighbour>();
  neighbour->link = link;
  neighbour->since = now_;
  if (link.role == Role::kRelay) {
    const auto free = static_cast<LinkSlot>(std::countr_one(links_));
    if (free >= kMaxLinks) return;  // membership holds fewer than that
    neighbour->slot = free;
    links_ |= bit(free);
    slots_[free] = neighbour.get();
    stir();
    origins_.begin_link(free);
    if (config_.role == Role::kRelay && shared_.link_up(free))
      tree_change(link.session, false, nullptr);
  }
  Neighbour& added = *neighbour;
  neighbours_.emplace(link.session, std::move(neighbour));
  if (config_.role == Role::kLeaf) {
    tell_interest(added, true);
  } else if (link.role == Role::kLeaf) {
    leaves_.up(link.node, link.epoch,
               link.session);  // and told of what is kept once it has said what it wants
    return;
  }
  announce_kept(added);
}

void RelayMachine::link_down(SessionId session) {
  const auto found = neighbours_.find(session);
  if (found == neighbours_.end()) return;
  const LinkSlot slot = found->second->slot;
  if (found->second->is_leaf()) leaves_.down(session);
  neighbours_.erase(found);
  if (slot == kNoSlot) return;
  stir();
  links_ &= ~bit(slot);
  slots_[slot] = nullptr;
  shared_.link_down(slot);
  replace_parent(slot);
  origins_.forget_link(slot);
  if (config_.role == Role::kRelay) {
    improve_shared();
    return;
  }
  // What it would have brought, the others shall push.
  for (const auto& [other, neighbour] : neighbours_) tree_change(other, true, nullptr);
}

// The trees that came over this link: who had the last message early pushes from now on. Where
// nobody is known to be above us in the tree two are asked, for one may be below us; whichever
// comes second is pruned again.
void RelayMachine::replace_parent(LinkSlot slot) {
  origins_.each([&](Origin& origin) {
    if (!origin.hot || origin.parent != slot) return;
    const LinkMask left = links_ & ~bit(slot);
    const LinkMask second = origin.second == kNoSlot ? 0 : bit(origin.second) & left;
    // One that wants no copies of us is not our child.
    LinkMask heirs = second != 0 ? second : nearest(origin.heirs & origin.pruned & left);
    if (heirs == 0) heirs = at_most(origin.pruned & left, kHeirs);
    origin.parent = kNoSlot;
    for (LinkSlot heir = 0; heir < kMaxLinks; ++heir) {
      if ((heirs & bit(heir)) == 0) continue;
      if (heir != origin.second) graft(*slots_[heir], origin);
      if (origin.parent == kNoSlot) origin.parent = heir;
    }
    if (origin.second == origin.parent) origin.second = kNoSlot;
  });
}

LinkMask RelayMachine::nearest(LinkMask links) const {
  LinkMask best = 0;
  Duration best_way{};
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((links & bit(slot)) == 0) continue;
    const Duration way = ways_->round_trip(slots_[slot]->link.session).rto(kWayUnknown);
    if (best != 0 && way >= best_way) continue;
    best = bit(slot);
    best_way = way;
  }
  return best;
}

// A healed partition converges: both sides tell what they hold. // OAP-9.56
void RelayMachine::announce_kept(Neighbour& to) {
  store_.expire(now_ + -config_.relay_times.repair);
  for (const Stored& kept : store_.all()) {
    // Else a message would live for ever, from newcomer to newcomer, longer than ids are
    // remembered.
    if (kept.repaired && now_ > kept.at + kRepairedIsNews) continue;
    if (!to.is_leaf() || leaf_wants(to.link.session, kept)) {
      lazily(to, kept.from, kept.seq, kept.hash, config_.relay_times.lazy);
    }
  }
}

// ---- frames ------------------------------------------------------------------------------------

std::optional<oap::Fault> RelayMachine::received(SessionId session, const oap::Header& header,
                                                 const oap::Message& message, const Slice& frame,
                                                 Instant now, Orders& out) {
  now_ = now;
  out_ = &out;
  Neighbour* const from = find(session);
  if (from == nullptr) {  // the link may just have ended
    ++stats_.unsolicited;
    if (message.kind == "relay") note(session, Misdeed::kUnsolicited);
    return std::nullopt;
  }
  if (message.kind == "relay") return on_relay(*from, header, message, frame);
  if (message.kind == "ihave") return on_ihave(*from, message, false);
  if (message.kind == "iwant") return on_iwant(*from, message);
  if (message.kind == "idontwant") return on_ihave(*from, message, true);
  if (message.kind == "graft" || message.kind == "prune") return on_tree_change(*from, message);
  if (message.kind == "origin") return on_origin(*from, message, frame);
  if (message.kind == "traced") return on_traced(*from, message);
  if (message.kind == "interest") return on_interest(*from, message);
  if (message.kind == "interest_all") repeat_interest(*from);
  return std::nullopt;
}

std::optional<oap::Fault> RelayMachine::on_origin(Neighbour& from, const oap::Message& message,
                                                  const Slice& frame) {
  const auto statement = oap::read_origin(message);
  if (!statement) return statement.error();
  const NodeId node = crypto_.hash(statement->key);
  const OriginEpoch key{origin_of(node), statement->epoch};
  Epoch* epoch = origins_.find(key);
  if (epoch == nullptr || !epoch->proven()) {
    const std::vector<std::uint8_t> said = oap::origin_signed_bytes(node, statement->epoch);
    if (!crypto_.verify(statement->key, said, statement->sig)) {
      ++stats_.origins_refused;
      return "the origin's statement does not verify";
    }
    epoch = &origins_.touch(key, now_);
    origins_.prove(*epoch, Slice::copy_of(frame.bytes(), meter_));
    ask_for_claimed(*epoch);
  }
  epoch->told |= mask_of(from);
  return std::nullopt;
}

void RelayMachine::tree_change(SessionId to, bool graft, const OriginId* origin) {
  oap::TreeChange change;
  change.graft = graft;
  if (origin != nullptr) change.origin = *origin;
  ++(graft ? stats_.grafts_sent : stats_.prunes_sent);
  send(to, Lane::kControl, event(oap::write_tree_change(change)));
}

void RelayMachine::graft(const Neighbour& from, Origin& origin) {
  origin.declined &= ~mask_of(from);
  tree_change(from.link.session, true, &origin.id);
}

// Once: what comes until the other side has heard of it is no reason to say it again and again.
void RelayMachine::prune(const Neighbour& from, Origin& origin) {
  const LinkMask mask = mask_of(from);
  if ((origin.declined & mask) != 0 && mask != 0 && now_ < origin.pruned_at + kPruneAgain) return;
  origin.pruned_at = now_;
  origin.declined |= mask;
  tree_change(from.link.session, false, &origin.id);
}

std::optional<oap::Fault> RelayMachine::on_tree_change(Neighbour& from,
                                                       const oap::Message& message) {
  const auto change = oap::read_tree_change(message);
  if (!change) return change.error();
  ++(change->graft ? stats_.grafts_received : stats_.prunes_received);
  const LinkMask mask = mask_of(from);
  if (from.is_leaf()) {
    leaf_tree_change(from, *change);
    return std::nullopt;
  }
  if (!change->origin) {
    if (change->graft) {  // OAP-9.49
      shared_.out |= mask;
    } else {
      shared_.out &= ~mask;
    }
    return std::nullopt;
  }
  Origin* const origin = origins_.find(*change->origin);
  if (origin == nullptr) return std::nullopt;  // forgotten here: it takes the shared tree
  if (change->graft) {
    origin->pruned &= ~mask;
    origin->grafted |= mask;
  } else {
    origin->pruned |= mask;
    origin->grafted &= ~mask;
  }
  return std::nullopt;
}

void RelayMachine::improve_shared() {
  const auto way = [&](LinkSlot slot) {
    return ways_->round_trip(slots_[slot]->link.session).rto(kWayUnknown);
  };
  while (const auto change = shared_.improve(links_, way)) {
    tree_change(slots_[change->graft]->link.session, true, nullptr);
    if (change->prune != kNoSlot) {
      tree_change(slots_[change->prune]->link.session, false, nullptr);
      break;  // one exchange at a time: the next signs may judge otherwise
    }
  }
}

// ---- own publications --------------------------------------------------------------------------

unsigned RelayMachine::publish(TenantId tenant, CorrId corr, ByteView message, const Wishes& wishes,
                               Instant now, Orders& out) {
  now_ = now;
  out_ = &out;
  Epoch& epoch = origins_.touch(self_, now);
  if (!epoch.proven()) {
    epoch.statement = event(
        oap::write_origin({.key = config_.key, .sig = config_.statement, .epoch = config_.epoch}));
  }
  Coming coming;
  coming.key = self_;
  // A tree that is broken is mended by what is missed and asked for: now and then there must be
  // one.
  const bool best_effort = wishes.best_effort && now < mend_due_;
  if (!best_effort) mend_due_ = now + kMendLeast;
  if (best_effort) ++stats_.best_effort;
  // OAP-9.15 OAP-9.17
  coming.seq = best_effort ? oap::kBestEffortFrom + best_effort_++ : ++seq_;
  coming.hash = hash_of(tenant, message);
  coming.tenant = tenant;
  coming.corr = corr;
  coming.size = message.size();
  coming.frame = relay_frame({.origin = self_.origin,
                              .epoch = self_.epoch,
                              .seq = coming.seq,
                              .message = message,
                              .trace = wishes.trace},
                             tenant, corr, meter_);
  coming.fanout = wishes.fanout;
  ++stats_.published;
  Entry& entry = origins_.touch(epoch, coming.seq);
  entry.state = Entry::State::kSeen;
  entry.hash = coming.hash;
  entry.first_at = sign_now();
  if (!best_effort) {
    entry.stored = store_.add({self_, coming.seq, coming.hash, coming.frame, now_, false});
  }
  ++epoch.origin->publications;
  heat(*epoch.origin, coming.ordinal());
  const unsigned links = forward(nullptr, epoch, entry.holders, coming);
  if (wishes.trace) {
    traces_.begin({.corr = corr, .seq = coming.seq, .at = now, .links = links, .hops = {}});
  }
  return links;
}

void RelayMachine::shed(SessionId session, const Shed& shed, Instant now) {
  now_ = now;
  Neighbour* const to = find(session);
  if (to == nullptr) return;
  note(session, Misdeed::kSlow);
  if (shed.oldest > Duration{0}) return announce_late(*to, shed);
  // Which ones is not known: the last ones, more or less. What it has it will not ask for.
  const std::size_t last = std::min<std::size_t>(std::size_t{shed.frames} * 2, store_.size());
  for (std::size_t i = store_.size() - last; i < store_.size(); ++i) {
    announce_again(*to, store_.all()[i]);
  }
}

// It was taken for one that has the message, as the message was on its way; not so whoever had it
// before this node.
void RelayMachine::announce_again(Neighbour& to, const Stored& kept) {
  if (to.is_leaf() && !leaf_wants(to.link.session, kept)) return;
  Epoch* const epoch = origins_.find(kept.from);
  Entry* const entry = epoch == nullptr ? nullptr : epoch->find(kept.seq);
  if (entry != nullptr && entry->from != to.slot && entry->first != to.slot) {
    entry->holders &= ~mask_of(to);
  }
  lazily(to, kept.from, kept.seq, kept.hash, config_.relay_times.lazy);
}

// What was pushed while these waited; each message once, however many of the lane go one by one.
void RelayMachine::announce_late(Neighbour& to, const Shed& shed) {
  const Instant from = std::max(now_ + -(shed.oldest + kMailMost), to.announced_late);
  to.announced_late = now_ + -shed.newest;
  const auto& all = store_.all();
  auto kept = std::ranges::upper_bound(all, from, {}, &Stored::at);
  for (; kept != all.end() && kept->at <= to.announced_late; ++kept) {
    announce_again(to, *kept);
  }
}

// ---- time --------------------------------------------------------------------------------------

void RelayMachine::tick(Instant now, Orders& out) {
  now_ = now;
  out_ = &out;
  if (lazy_due_ <= now) flush_lazy();
  if (later_due_ <= now) look_again();
  for (const auto& [session, neighbour] : neighbours_) compare_unseen(*neighbour);
  ask_for_missing();
  gaps_.tick(origins_, now, out.gaps);
  if (now_ >= forgot_ + kForgetEvery) {
    forgot_ = now_;
    // Later than promised: among newcomers a message may live on for a while.
    const Duration idle = 4 * config_.relay_times.dedup;
    if (now_.since_origin() > idle) origins_.forget_ids(now_ + -idle);
  }
  if (store_.oldest() + config_.relay_times.repair + kExpireEvery <= now) {
    store_.expire(now + -config_.relay_times.repair + 1ns);
  }
}

Instant RelayMachine::next_deadline() const {
  return std::min({lazy_due_, later_due_, missing_.next(),
                   store_.oldest() + config_.relay_times.repair + kExpireEvery});
}

const RelayStats& RelayMachine::stats() {
  stats_.origins = origins_.size();
  stats_.hot_origins = origins_.hot();
  stats_.seen = origins_.entries() + variants_.size();
  stats_.shed_origins = origins_.shed_origins();
  stats_.shed_seen = origins_.shed_windows() + forgotten_variants_;
  stats_.missing = missing_.size();
  stats_.repair_messages = store_.size();
  stats_.repair_bytes = store_.bytes();
  stats_.shed_repair = store_.shed();
  stats_.lost = gaps_.lost();
  stats_.lag_hot = lag_hot_.srtt();
  stats_.lag_cold = lag_cold_.srtt();
  stats_.loss = loss_;
  return stats_;
}

std::map<SessionId, LinkTrees> RelayMachine::trees() {
  std::array<LinkTrees, kMaxLinks> by_slot{};
  const auto count = [&](const Origin& origin, bool own) {
    if (!origin.hot) return;
    LinkMask out = config_.role == Role::kLeaf && !own ? 0 : eager_of(origin, links_, own);
    if (origin.parent != kNoSlot) {
      ++by_slot[origin.parent].in;
      out &= ~bit(origin.parent);  // nobody gets back what it pushed
    }
    for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
      if ((out & bit(slot)) != 0) ++by_slot[slot].out;
    }
  };
  const Origin* const self = origins_.find(self_.origin);  // nobody proves itself to itself
  if (self != nullptr) count(*self, true);
  origins_.each([&](const Origin& origin) {
    if (&origin != self) count(origin, false);
  });
  std::map<SessionId, LinkTrees> trees;
  for (const auto& [session, neighbour] : neighbours_) {
    if (neighbour->slot == kNoSlot) continue;
    LinkTrees& of = trees[session];
    of = by_slot[neighbour->slot];
    of.shared_in = (shared_.in() & mask_of(*neighbour)) != 0;
    of.shared_out = (shared_.out & mask_of(*neighbour)) != 0;
  }
  return trees;
}

}  // namespace ron::mesh
