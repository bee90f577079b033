// Announcements, what is asked for, and what is answered from the repair window.
#include <algorithm>
#include <bit>
#include <utility>

#include "mesh/liveness.hpp"
#include "mesh/relay_inside.hpp"

namespace ron::mesh {
namespace {

constexpr Duration kPatienceUnknown = 50ms;
constexpr Duration kPatienceMost = 500ms;
constexpr Duration kAskAgainLeast = 30ms;
constexpr Duration kAskAgainUnknown = 300ms;
constexpr Duration kMuchNearer = 10ms;
constexpr Duration kBurst = 100ms;       // without a message, and a burst is over
constexpr Duration kMendEvery = 200ms;   // a tree, at most
constexpr Duration kBlameEvery = 100ms;  // a neighbour, for promises it broke
constexpr Duration kDistrust = 50ms;     // of way, for every promise broken
constexpr int kBrokenMost = 20;
constexpr Duration kDistrustFor = 10s;
constexpr Duration kCalmAfter = 2s;     // without a question or a change of links
constexpr Duration kCompareLater = 1s;  // a range that was announced before all of it came
constexpr Duration kLookAgain = 20ms;   // at what there was no room for
constexpr unsigned kAsksOfClaimed = 3;
constexpr std::uint64_t kRangeMost = 64;  // ids of an announcement that share one check
constexpr unsigned kChecksTried = 32;     // choices of variants, for one range
constexpr std::uint8_t kMissesForGraft = 2;
constexpr std::uint8_t kAsksForGraft = 4;  // messages in a row that the parent brought when asked

}  // namespace

// ---- announcing --------------------------------------------------------------------------------

// OAP-9.51
void RelayMachine::lazily(Neighbour& to, const OriginEpoch& key, std::uint64_t seq,
                          std::uint64_t hash, Duration wait) {
  to.lazy.push_back({key, seq, hash});
  if (to.lazy.size() >= oap::kIdsMax) wait = std::min(wait, config_.relay_times.lazy);
  lazy_due_ = std::min(lazy_due_, now_ + wait);
}

// Where the tree stands and nobody around misses anything, announcements are a reserve: those of
// many messages share a frame and wake a neighbour once. Over far links a wake-up is not saved so,
// and what is late there is late already.
Duration RelayMachine::lazy_wait(const Neighbour& to, const Origin& origin) const {
  const bool calm = origin.settled() && loss_ <= config_.relay.loss_for_redundancy &&
                    now_ >= stirred_ + kCalmAfter;
  return calm && to.near ? config_.relay_times.lazy_calm : config_.relay_times.lazy;
}

// Near neighbours announce at the same time, as they ping: each is woken once for all of them, and
// need not tell those that told it. Not before half of the wait is over: where messages follow each
// other closely they would go on telling each other of one at a time.
void RelayMachine::join_in(const Neighbour& from) {
  const bool waits = now_ + config_.relay_times.lazy < lazy_due_ && !lazy_due_.is_never();
  if (waits && lazy_due_ <= now_ + config_.relay_times.lazy_calm / 2 && from.near) {
    lazy_due_ = now_;
  }
}

// Something is missed, or a link came or went: what waits for company waits no longer.
void RelayMachine::stir() {
  stirred_ = now_;
  if (!lazy_due_.is_never()) lazy_due_ = std::min(lazy_due_, now_ + config_.relay_times.lazy);
}

void RelayMachine::flush_lazy() {
  for (const auto& [session, neighbour] : neighbours_) {
    if (std::exchange(neighbour->catches_up, false)) announce_kept(*neighbour);
  }
  lazy_due_ = Instant::never();
  // Most neighbours are told the same: one frame for them.
  std::vector<oap::IdRange> last, ranges;
  Slice frame;
  for (const auto& [session, neighbour] : neighbours_) {
    neighbour->near = is_near(ways_->round_trip(session), config_.times);
    take_lazy(*neighbour, ranges);
    for (std::size_t at = 0; at < ranges.size(); at += oap::kIdsMax) {
      const std::span part =
          std::span(ranges).subspan(at, std::min(oap::kIdsMax, ranges.size() - at));
      if (!std::ranges::equal(part, last)) {
        last.assign(part.begin(), part.end());
        frame = event(oap::write_ids(oap::IdsKind::kIhave, part));
      }
      ++stats_.ihave_sent;
      send(session, Lane::kLazy, frame);
    }
    if (config_.role == Role::kLeaf) tell_interest(*neighbour, false);
  }
}

// What a neighbour is told of, as ranges: without what it has told us of in the meantime.
void RelayMachine::take_lazy(Neighbour& to, std::vector<oap::IdRange>& ranges) {
  ranges.clear();
  const LinkMask mask = mask_of(to);
  Epoch* epoch = nullptr;
  for (const Lazy& id : to.lazy) {
    if (epoch == nullptr || OriginEpoch{epoch->origin->id, epoch->epoch} != id.from) {
      epoch = origins_.find(id.from);
    }
    const Entry* const entry = epoch == nullptr ? nullptr : epoch->find(id.seq);
    if (entry != nullptr && (entry->holders & mask) != 0 && entry->hash == id.hash) continue;
    if (!ranges.empty()) {
      oap::IdRange& range = ranges.back();
      if (range.origin == id.from.origin && range.epoch == id.from.epoch &&
          id.seq == range.last + 1 && id.seq - range.first < kRangeMost) {
        range.last = id.seq;
        range.check ^= id.hash;
        continue;
      }
    }
    ranges.push_back({id.from.origin, id.from.epoch, id.seq, id.seq, id.hash});
  }
  to.lazy = {};
}

// OAP-9.53
void RelayMachine::tell_idontwant(LinkMask to, const OriginEpoch& key, std::uint64_t seq,
                                  std::uint64_t hash) {
  if (to == 0) return;
  const oap::IdRange id{key.origin, key.epoch, seq, seq, hash};
  const Slice frame = event(oap::write_ids(oap::IdsKind::kIdontwant, std::span(&id, 1)));
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((to & bit(slot)) != 0) send(slots_[slot]->link.session, Lane::kControl, frame);
  }
}

// ---- announced ---------------------------------------------------------------------------------

// `large`: idontwant, which says the same and comes sooner.
std::optional<oap::Fault> RelayMachine::on_ihave(Neighbour& from, const oap::Message& message,
                                                 bool large) {
  auto ids = oap::read_ids(message);
  if (!ids) return ids.error();
  if (!large) ++stats_.ihave_received;
  unsigned left = kIdsAtOnce;
  oap::IdRange range;
  while (ids->next(range)) {
    if (!look_at(from, range, left)) look_later(from, range);
  }
  if (!large) join_in(from);
  return std::nullopt;
}

// False when there is no room, or it has been enough for once; `range` is then what is left of it.
bool RelayMachine::look_at(Neighbour& from, oap::IdRange& range, unsigned& left) {
  const OriginEpoch key{range.origin, range.epoch};
  if (key == self_ || oap::is_best_effort(range.last)) return true;  // OAP-9.90
  Epoch* epoch = origins_.find(key);
  if (epoch == nullptr && distrusted(from)) return true;
  if (epoch == nullptr) epoch = &origins_.claim(key, from.slot, now_);
  // One range of what is not proven yet; more would push out what is asked for.
  const bool waits = !epoch->proven() && (epoch->sampled & mask_of(from)) != 0;
  for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
    const Entry* const known = epoch->find(seq);
    const bool seen = known != nullptr && known->state == Entry::State::kSeen;
    const bool claim = !epoch->proven() && (waits || !Origins::takes_claim(*epoch, seq));
    if (left == 0 || claim || (!seen && !missing_.has_room(from.slot))) {
      if (seq != range.first) range.check = 0;  // of the whole range
      range.first = seq;
      return false;
    }
    --left;
    announced(from, *epoch, seq, range.first == range.last ? range.check : 0);
  }
  if (range.first != range.last && range.check != 0) compare(from, *epoch, range, false);
  return true;
}

void RelayMachine::look_later(Neighbour& from, const oap::IdRange& range) {
  if (from.later.size() >= kLaterMost) {
    stats_.shed_missing += range.last - range.first + 1;
    return;
  }
  from.later.push_back(range);
  if (later_due_.is_never()) later_due_ = now_ + kLookAgain;
}

// As what was missing comes in, there is room for what was announced behind it.
void RelayMachine::look_again() {
  later_due_ = Instant::never();
  for (const auto& [session, neighbour] : neighbours_) {
    std::deque<oap::IdRange>& later = neighbour->later;
    if (distrusted(*neighbour)) {
      for (const oap::IdRange& range : later) stats_.shed_missing += range.last - range.first + 1;
      later.clear();
    }
    unsigned left = kIdsAtOnce;
    while (!later.empty() && look_at(*neighbour, later.front(), left)) later.pop_front();
    if (!later.empty()) later_due_ = now_ + kLookAgain;
  }
}

// A range whose check does not fit what is held here has a variant that is not: all of it is asked
// for. Only under forged ids; otherwise checks of known ids fit. // OAP-9.55
void RelayMachine::compare(Neighbour& from, Epoch& epoch, const oap::IdRange& range, bool late) {
  if (from.slot == kNoSlot) return;
  for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
    const Entry* const entry = epoch.find(seq);
    if (entry == nullptr) return;
    if (entry->state == Entry::State::kSeen) continue;
    if (late) return;
    if (from.unseen.size() >= kUnseenMost) from.unseen.pop_front();
    from.unseen.emplace_back(now_ + kCompareLater, range);
    return;
  }
  unsigned tries = kChecksTried;
  if (fits(epoch, range, range.first, range.check, tries)) return;
  for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
    epoch.find(seq)->asked |= bit(from.slot);
  }
  oap::IdRange all = range;
  all.check = 0;
  ++stats_.iwant_sent;
  send(from.link.session, Lane::kControl,
       event(oap::write_ids(oap::IdsKind::kIwant, std::span(&all, 1))));
}

// By now what was missing has come, or is given up. No deadline of its own: some tick comes soon.
void RelayMachine::compare_unseen(Neighbour& from) {
  while (!from.unseen.empty() && from.unseen.front().first <= now_) {
    const oap::IdRange range = from.unseen.front().second;
    from.unseen.pop_front();
    Epoch* const epoch = origins_.find(OriginEpoch{range.origin, range.epoch});
    if (epoch != nullptr) compare(from, *epoch, range, true);
  }
}

// Is there a choice of the variants held, one of each id from `seq` on, whose hashes make up
// `check`? Where there are too many to try, it is as if there were none.
bool RelayMachine::fits(Epoch& epoch, const oap::IdRange& range, std::uint64_t seq,
                        std::uint64_t check, unsigned& tries) const {
  for (; seq <= range.last; ++seq) {
    const Entry& entry = *epoch.find(seq);
    const auto known =
        entry.varied ? variants_.find({{range.origin, range.epoch}, seq}) : variants_.end();
    if (known != variants_.end()) {
      for (const Variant& each : known->second) {
        if (tries == 0) return false;
        --tries;
        if (fits(epoch, range, seq + 1, check ^ each.hash, tries)) return true;
      }
    }
    check ^= entry.hash;
  }
  return check == 0;
}

void RelayMachine::announced(Neighbour& from, Epoch& epoch, std::uint64_t seq,
                             std::uint64_t check) {
  Origin& origin = *epoch.origin;
  const Window* const passed = epoch.passed(seq);
  if (passed != nullptr && passed->passed_seen(seq)) return;
  note_passed(epoch, seq);
  if (distrusted(from) && epoch.find(seq) == nullptr) return;  // it would not be asked
  Entry& entry = origins_.touch(epoch, seq);
  const OriginEpoch key{origin.id, epoch.epoch};
  const LinkMask mask = mask_of(from);
  if (entry.first_at == 0) {
    entry.first_at = sign_now();
    entry.first = from.slot;
  }
  if (mask != 0 && (entry.holders & mask) == 0) shared_.sign(from.slot, since_sign(entry));
  entry.holders |= mask;
  if (entry.state != Entry::State::kSeen) {
    entry.state = Entry::State::kAnnounced;
    // Of an origin that nobody has proven a neighbour is asked for one message; with the statement
    // that comes with it, for the others.
    if (!epoch.proven() && (mask == 0 || (epoch.sampled & mask) != 0)) return;
    if (!epoch.proven()) epoch.sampled |= mask;
    if (mask == 0 || !ask_nearer({key, seq}, from, entry)) {
      miss({key, seq}, from.slot, origin.hot && origin.parent == kNoSlot);
    }
    note_check({key, seq}, from, check);
    return;
  }
  if (check != 0 && check != entry.hash) {
    const auto known = variants_.find({key, seq});
    if (known == variants_.end() || std::ranges::count(known->second, check, &Variant::hash) == 0) {
      miss({key, seq, check}, from.slot, false);
    }
    return;
  }
  // What passes over us comes back later than half of the way there and back.
  if (seq == origin.parent_seq &&
      now_ - origin.parent_at < ways_->round_trip(from.link.session).srtt() / 2) {
    origin.heirs |= mask;
  }
  // Where messages are lost, whoever announces next after the parent becomes a second one.
  if (mask != 0 && origin.hot && origin.second == kNoSlot && origin.parent != kNoSlot &&
      origin.parent != from.slot && wants_second(origin)) {
    origin.second = from.slot;
    graft(from, origin);
  }
}

// Whatever comes may be another variant than the one that was announced. // OAP-9.55
void RelayMachine::note_check(const MissingId& id, const Neighbour& from, std::uint64_t check) {
  Missing* const missing = missing_.find(id);
  if (missing == nullptr || check == 0 || missing->check == check) return;
  if (missing->check == 0) {
    missing->check = check;
  } else {
    miss({id.from, id.seq, check}, from.slot, false);
  }
}

// What was announced of an epoch before it was proven.
void RelayMachine::ask_for_claimed(Epoch& epoch) {
  const OriginEpoch key{epoch.origin->id, epoch.epoch};
  for (Window& window : epoch.windows) {
    for (std::uint64_t seq = window.low(); seq < window.high(); ++seq) {
      const Entry& entry = *window.find(seq);
      if (entry.state == Entry::State::kAnnounced) miss({key, seq}, entry.first, false);
    }
  }
}

void RelayMachine::miss(const MissingId& id, LinkSlot by, bool soon) {
  const Origin* const origin = origins_.find(id.from.origin);
  const Duration wait =
      soon || origin == nullptr ? config_.relay_times.graft_least : patience(*origin);
  if (missing_.add(id, now_ + wait, by)) return;
  ++stats_.shed_missing;
  // Perhaps somebody announces it again.
  if (id.check == 0) {
    gaps_.passed_over(origins_, id.from, id.seq, id.seq, now_, now_ + config_.relay_times.repair);
  }
}

// How long an eager copy may be behind the first announcement before it counts as lost.
Duration RelayMachine::patience(const Origin& origin) const {
  const RoundTrip& lag = origin.hot ? lag_hot_ : lag_cold_;
  return std::clamp(lag.rto(kPatienceUnknown), config_.relay_times.graft_least, kPatienceMost);
}

// ---- asking ------------------------------------------------------------------------------------

void RelayMachine::ask_for_missing() {
  std::map<SessionId, std::vector<oap::IdRange>> asks;
  while (const MissingId* const due = missing_.due(now_)) ask(MissingId(*due), asks);
  if (!asks.empty()) stir();
  for (const auto& [session, ids] : asks) {
    for (std::size_t at = 0; at < ids.size(); at += oap::kIdsMax) {
      const std::span part = std::span(ids).subspan(at, std::min(oap::kIdsMax, ids.size() - at));
      ++stats_.iwant_sent;
      send(session, Lane::kControl, event(oap::write_ids(oap::IdsKind::kIwant, part)));
    }
  }
}

void RelayMachine::ask(const MissingId& id, std::map<SessionId, std::vector<oap::IdRange>>& asks) {
  Missing& missing = *missing_.find(id);
  Epoch* const epoch = origins_.find(id.from);
  Entry* const entry = epoch == nullptr ? nullptr : epoch->find(id.seq);
  if (epoch != nullptr && still_coming(*epoch->origin, missing, id.seq)) {
    missing_.postpone(id, now_ + patience(*epoch->origin));
    return;
  }
  Neighbour* by = entry == nullptr ? nullptr : whom_to_ask(*entry, missing.asked);
  // Holders of an id may hold other variants of it: who announced this one is asked first.
  if (id.check != 0 && missing.asks == 0 && by != nullptr && missing.by != kNoSlot &&
      slots_[missing.by] != nullptr) {
    by = slots_[missing.by];
  }
  if (by == nullptr && entry != nullptr && missing.asked != 0) {
    missing.asked = 0;  // another round
    by = whom_to_ask(*entry, 0);
  }
  // Nobody has proven that there is such an origin: asked for once, not again and again.
  const bool claimed = epoch != nullptr && !epoch->proven() && missing.asks >= kAsksOfClaimed;
  if (by == nullptr || claimed || missing.asks >= kAsksMax) {
    // Whoever announces it next is asked again.
    ++stats_.given_up;
    if (entry != nullptr) blame(missing, *entry);
    if (entry != nullptr) epoch->sampled &= ~entry->holders;
    if (entry != nullptr && entry->state == Entry::State::kAnnounced) {
      *entry = Entry{.lost = entry->lost};
      if (epoch->proven()) gaps_.given_up(id.from, *entry, id.seq, now_);
    }
    missing_.remove(id);
    return;
  }
  missing.asked |= bit(by->slot);
  ++missing.asks;
  if (id.check == 0) entry->asked |= bit(by->slot);
  std::vector<oap::IdRange>& ids = asks[by->link.session];
  if (id.check == 0 && !ids.empty() && ids.back().origin == id.from.origin &&
      ids.back().epoch == id.from.epoch && ids.back().last + 1 == id.seq && ids.back().check == 0) {
    ids.back().last = id.seq;
  } else {
    ids.push_back({id.from.origin, id.from.epoch, id.seq, id.seq, id.check});
  }
  const Duration again = ways_->round_trip(by->link.session).rto(kAskAgainUnknown);
  missing.expected = now_ + again;
  missing_.postpone(id,
                    now_ + std::max(again, kAskAgainLeast) * std::min<unsigned>(missing.asks, 3));
}

// The parent is in the middle of a burst of this origin, and what it sends comes in order: the
// message is behind others, not lost. Once a later one has come it is lost indeed.
bool RelayMachine::still_coming(const Origin& origin, const Missing& missing,
                                std::uint64_t seq) const {
  return origin.hot && origin.parent != kNoSlot && missing.asks == 0 && origin.parent_seq < seq &&
         now_ < origin.parent_at + kBurst;
}

// Whoever announced it, was asked and never sent it. So many a second count, whatever the burst.
void RelayMachine::blame(Missing& missing, const Entry& entry) {
  const LinkMask late = entry.asked & links_ & ~missing.blamed;
  missing.blamed |= late;
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((late & bit(slot)) == 0) continue;
    Neighbour& liar = *slots_[slot];
    liar.broken = std::min(liar.broken + 1, kBrokenMost);
    if (now_ < liar.blamed_at + kBlameEvery) continue;
    liar.blamed_at = now_;
    note(liar.link.session, Misdeed::kBrokenPromise);
  }
}

// It was asked for already, of somebody so far away that this neighbour would bring it sooner.
bool RelayMachine::ask_nearer(const MissingId& id, Neighbour& by, Entry& entry) {
  Missing* const missing = missing_.find(id);
  if (missing == nullptr || missing->asks == 0) return false;
  const RoundTrip way = ways_->round_trip(by.link.session);
  // Unless whoever was asked has let its time pass: then this is the next to be asked.
  const bool nearer = way.known() && now_ + way.srtt() + kMuchNearer < missing->expected;
  if (!nearer && now_ < missing->expected) return true;
  if (distrusted(by)) return true;
  missing->asked |= bit(by.slot);
  missing->expected = now_ + (way.known() ? way.srtt() : kAskAgainUnknown);
  entry.asked |= bit(by.slot);
  const oap::IdRange range{id.from.origin, id.from.epoch, id.seq, id.seq, id.check};
  ++stats_.iwant_sent;
  send(by.link.session, Lane::kControl,
       event(oap::write_ids(oap::IdsKind::kIwant, std::span(&range, 1))));
  return true;
}

// One that broke many promises is not asked for a while; then it may show that it has changed.
bool RelayMachine::distrusted(const Neighbour& neighbour) const {
  return neighbour.broken >= kBrokenMost && now_ < neighbour.blamed_at + kDistrustFor;
}

RelayMachine::Neighbour* RelayMachine::whom_to_ask(const Entry& entry, LinkMask asked) const {
  Neighbour* best = nullptr;
  Duration best_way{};
  const LinkMask holders = entry.holders & links_ & ~asked;
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((holders & bit(slot)) == 0 || distrusted(*slots_[slot])) continue;
    const Duration way = ways_->round_trip(slots_[slot]->link.session).rto(kAskAgainUnknown) +
                         slots_[slot]->broken * kDistrust;
    if (best == nullptr || way < best_way) {
      best = slots_[slot];
      best_way = way;
    }
  }
  return best;
}

// A message that the tree did not bring, and `by` did when it was asked: one may be lost, two in a
// row mean that the tree is broken. Only what came counts: announcements alone prove nothing.
void RelayMachine::mend_tree(Origin& origin, const Neighbour& by, std::uint64_t seq) {
  if (!origin.hot || by.slot == kNoSlot) return;
  if (origin.parent == by.slot) {
    // Asked again and again: it does not know that it is the parent.
    if (++origin.asked_parent < kAsksForGraft) return;
    origin.asked_parent = 0;
    graft(by, origin);
    return;
  }
  // The parent has brought a later one: it lives, and the tree holds.
  if (origin.parent != kNoSlot && origin.parent_seq > seq) return;
  if (now_ < origin.mended_at + kMendEvery) return;
  if (origin.misses < UINT8_MAX) ++origin.misses;
  if (origin.parent != kNoSlot && origin.misses < kMissesForGraft) return;
  origin.misses = 0;
  origin.mended_at = now_;
  origin.parent = by.slot;
  graft(by, origin);
}

// ---- answering ---------------------------------------------------------------------------------

std::optional<oap::Fault> RelayMachine::on_iwant(Neighbour& from, const oap::Message& message) {
  auto ids = oap::read_ids(message);
  if (!ids) return ids.error();
  ++stats_.iwant_received;
  stir();
  unsigned left = kIdsAtOnce;
  oap::IdRange range;
  while (ids->next(range)) {
    Epoch* const epoch = origins_.find(OriginEpoch{range.origin, range.epoch});
    if (epoch == nullptr || !epoch->proven()) {
      ++stats_.repair_misses;
      continue;
    }
    epoch->told &= ~mask_of(from);  // it may have lost the statement too
    for (std::uint64_t seq = range.first; seq <= range.last; ++seq) {
      if (left-- == 0) return std::nullopt;
      answer_iwant(from, *epoch, range, seq);
    }
  }
  return std::nullopt;
}

// OAP-9.52
void RelayMachine::answer_iwant(Neighbour& from, Epoch& epoch, const oap::IdRange& range,
                                std::uint64_t seq) {
  Entry* const entry = epoch.find(seq);
  const Stored* kept = entry == nullptr ? nullptr : store_.find(entry->stored);
  if (kept == nullptr) kept = store_.find({epoch.origin->id, epoch.epoch}, seq);
  if (kept != nullptr && range.check != 0 && range.check != kept->hash) {
    kept = nullptr;
    const auto known = variants_.find({{epoch.origin->id, epoch.epoch}, seq});
    for (const Variant& each :
         known == variants_.end() ? std::span<const Variant>() : known->second) {
      if (each.hash == range.check) kept = store_.find(each.stored);
    }
  }
  if (kept == nullptr) {
    ++stats_.repair_misses;
    return;
  }
  if (entry != nullptr) entry->holders |= mask_of(from);
  push(from, epoch, Lane::kRelay, kept->frame);
}

}  // namespace ron::mesh
