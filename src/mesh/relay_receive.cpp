// Relay frames: what is new, what is a duplicate, whom it goes on to.
#include <algorithm>
#include <bit>

#include "mesh/relay_inside.hpp"

namespace ron::mesh {
namespace {

constexpr unsigned kGapMost = 64;  // ids behind a message that are taken for missing
// An announcement this long before the eager copy shows a better parent: while a tree is young, and
// once it has settled. Then most of what is late is so because something has changed further up.
constexpr Duration kMuchEarlier = 8ms, kEarlierSettled = 30ms;
constexpr unsigned kChildrenForSecond = 2;
constexpr Duration kPruneHeeded = 2s;      // until then what was on its way may come
constexpr Duration kGreeting = 500ms;      // in which a new neighbour tells what it keeps
constexpr double kLossWeight = 1.0 / 256;  // of the last message

}  // namespace

// OAP-9.18
std::uint64_t RelayMachine::hash_of(TenantId tenant, ByteView message) {
  scratch_.resize(16 + message.size());
  store_be(scratch_.data(), tenant.hi);
  store_be(scratch_.data() + 8, tenant.lo);
  std::ranges::copy(message, scratch_.begin() + 16);
  const Digest256 digest = crypto_.hash(scratch_);
  if (scratch_.capacity() > 64U * 1024) scratch_ = {};  // one large message must not stay
  return load_be<std::uint64_t>(digest.data());
}

std::optional<oap::Fault> RelayMachine::on_relay(Neighbour& from, const oap::Header& header,
                                                 const oap::Message& message, const Slice& frame) {
  const auto usual = oap::read_usual_relay(frame.bytes().subspan(oap::kHeaderSize));
  const auto relay = usual ? oap::Decoded<oap::Relay>(*usual) : oap::read_relay(message);
  if (!relay) return relay.error();
  // Its message ends where the frame does: it is the last of its map, behind which a payload has
  // nothing (OAP-2.18), and peers do not compress.
  ++stats_.received;
  Coming coming;
  coming.key = {relay->origin, relay->epoch};
  coming.seq = relay->seq;
  coming.tenant = header.tenant;
  coming.corr = header.corr;
  coming.size = relay->message.size();
  Epoch* const epoch = origins_.find(coming.key);
  if (epoch == nullptr || !epoch->proven()) {  // OAP-9.23
    ++stats_.origins_refused;
    note(from.link.session, Misdeed::kUnsolicited);
    return std::nullopt;
  }
  if (coming.key == self_) {  // our own, come back
    ++stats_.duplicates;
    tree_change(from.link.session, false, &self_.origin);
    return std::nullopt;
  }
  coming.hash = hash_of(header.tenant, relay->message);
  origins_.touch(coming.key, now_);
  if (Window* const window = epoch->passed(coming.seq)) {
    // Long behind: of what was seen only a bit is left, of what was not it is late, but new.
    if (window->passed_seen(coming.seq)) {
      ++stats_.duplicates;
      return std::nullopt;
    }
    window->see_passed(coming.seq);
  }
  note_passed(*epoch, coming.seq);
  note_gap(from, *epoch, coming);
  Entry& entry = origins_.touch(*epoch, coming.seq);
  const Missing* const variant = missing_.find({coming.key, coming.seq, coming.hash});
  coming.asked = ((entry.asked | (variant == nullptr ? 0 : variant->asked)) & mask_of(from)) != 0;
  entry.asked &= ~mask_of(from);
  if (entry.state == Entry::State::kSeen && entry.hash == coming.hash) {  // OAP-9.22
    coming.frame = frame;
    duplicate(from, *epoch, entry, coming);
    return std::nullopt;
  }
  if (!coming.asked && !coming.best_effort() && !may_push(from, *epoch->origin)) {
    ++stats_.unsolicited;
    if (entry.state == Entry::State::kSeen) note(from.link.session, Misdeed::kVariant);
    prune(from, *epoch->origin);  // perhaps it has forgotten
    announced(from, *epoch, coming.seq, coming.hash);
    return std::nullopt;
  }
  if (entry.state == Entry::State::kSeen) {
    if (!take_variant(from, coming, entry)) return std::nullopt;
  }
  // Kept in a block of its own where it would pin a much larger one.
  coming.frame =
      frame.size() * 2 < frame.slab_size() ? Slice::copy_of(frame.bytes(), meter_) : frame;
  const bool first = entry.state != Entry::State::kSeen;
  accept(&from, *epoch, entry, coming);
  if (relay->trace && first) tell_traced(from, coming.key, coming.seq);
  return std::nullopt;
}

// A neighbour that was told not to push counts as one that announces: else whoever forges the next
// ids of an origin would fill the places of their variants before the honest message comes.
bool RelayMachine::may_push(const Neighbour& from, const Origin& origin) const {
  return !origin.hot || (origin.declined & mask_of(from)) == 0 || from.slot == origin.parent ||
         from.slot == origin.second || now_ < origin.pruned_at + kPruneHeeded;
}

// Another message under a known id: one of the two is forged, and nobody here can tell which. Both
// go on. Each neighbour may push so many, so that forgeries take no place of the honest message; of
// whom more are asked for, more are taken. True when it is new. // OAP-9.20
bool RelayMachine::take_variant(const Neighbour& from, const Coming& coming, Entry& entry) {
  const MissingId id{coming.key, coming.seq};
  const auto found = variants_.find(id);
  const std::span<const Variant> known =
      found == variants_.end() ? std::span<const Variant>() : found->second;
  if (std::ranges::count(known, coming.hash, &Variant::hash) > 0) {
    ++stats_.duplicates;
    return false;
  }
  const auto pushed = static_cast<std::size_t>(std::ranges::count(known, from.slot, &Variant::by)) +
                      (entry.from == from.slot ? 1 : 0);
  if (known.size() >= kVariantsOfId || (!coming.asked && pushed >= config_.relay.variants)) {
    ++stats_.variants_refused;
    if (!coming.asked) note(from.link.session, Misdeed::kVariant);
    return false;
  }
  if (known.empty()) {
    // The oldest goes, so that whoever fills the table with forgeries suppresses nothing later.
    if (variants_.size() >= kVariantsMax) {
      variants_.erase(varied_.front());
      varied_.pop_front();
      ++forgotten_variants_;
    }
    varied_.push_back(id);
  }
  variants_[id].push_back({coming.hash, coming.asked ? kNoSlot : from.slot});
  entry.varied = true;
  return true;
}

void RelayMachine::duplicate(Neighbour& from, Epoch& epoch, Entry& entry, const Coming& coming) {
  ++stats_.duplicates;
  Origin& origin = *epoch.origin;
  const bool held = (entry.holders & mask_of(from)) != 0;
  entry.holders |= mask_of(from);
  if (from.slot != kNoSlot && !held) shared_.sign(from.slot, since_sign(entry));
  if (config_.role == Role::kLeaf) {
    if (!coming.asked) leaf_tree(from, false, coming);
    return;
  }
  if (coming.asked) return;  // and the eager copy, or another neighbour's, came first
  // It was late, not lost: impatience must not look like loss.
  if (from.slot == origin.parent) entry.repaired = false;
  if (from.slot != kNoSlot && origin.hot) {
    if (origin.second == from.slot && loss_ > config_.relay.loss_for_redundancy / 2) return;
    if (origin.second == kNoSlot && wants_second(origin)) {
      origin.second = from.slot;
      return;
    }
    if (origin.second == from.slot) origin.second = kNoSlot;
  }
  if (from.slot == kNoSlot) return prune(from, origin);
  if (origin.hot) return judge_parents(from, origin, entry);
  // In the shared tree a relay has several parents on purpose, and the origin tells everybody.
  const bool wanted = (mask_of(from) & (shared_.in() | origin.grafted)) != 0;
  if (!wanted && origin_of(from.link.node) != origin.id) {
    tree_change(from.link.session, false, nullptr);
  }
}

// A second copy: who pushed the first one is the better parent, unless it is on its way out. Never
// so that nobody is left: in a burst the copies of two neighbours overtake each other all the time.
void RelayMachine::judge_parents(Neighbour& from, Origin& origin, const Entry& entry) {
  const bool better = entry.from != kNoSlot && (origin.declined & bit(entry.from)) == 0;
  if (entry.repaired || (from.slot == origin.parent && !better)) {
    origin.parent = from.slot;
    return;
  }
  if (from.slot == origin.parent) {
    origin.parent = entry.from;
    if (entry.from == origin.second) {  // they change places
      origin.second = from.slot;
      return;
    }
  }
  prune(from, origin);
}

// Who comes late finds the tree in shape: it has children when they ask for it.
void RelayMachine::heat(Origin& origin, std::uint64_t seq) {
  if (origin.hot || origin.publications < config_.relay.hot_after) return;
  origins_.heat(origin);
  if (seq > std::uint64_t{2} * config_.relay.hot_after) origin.pruned |= links_ & ~origin.grafted;
}

// Was it told of by a link that had just come up? What a newcomer catches up with most others have:
// who misses it too asks for it.
bool RelayMachine::of_old(const Neighbour& from, const Entry& entry) const {
  return now_ + -since_sign(entry) < from.since + kGreeting;
}

void RelayMachine::accept(Neighbour* from, Epoch& epoch, Entry& entry, Coming& coming) {
  const Missing* const missing = missing_.find({coming.key, coming.seq});
  const MissingId announced{coming.key, coming.seq, missing == nullptr ? 0 : missing->check};
  const LinkSlot by = missing == nullptr ? kNoSlot : missing->by;
  missing_.remove({coming.key, coming.seq});
  missing_.remove({coming.key, coming.seq, coming.hash});
  if (announced.check != 0 && announced.check != coming.hash) miss(announced, by, false);
  if (coming.asked) {
    ++stats_.repaired;
    note(from->link.session, std::nullopt);
    if (from->broken > 0) --from->broken;
    mend_tree(*epoch.origin, *from, coming.seq);
  }
  ++stats_.delivered;
  const bool first = entry.state != Entry::State::kSeen;
  const std::uint32_t place =
      coming.best_effort()
          ? 0
          : store_.add({coming.key, coming.seq, coming.hash, coming.frame, now_, coming.asked});
  if (!first) variants_.at({coming.key, coming.seq}).back().stored = place;
  if (first) {
    ++epoch.origin->publications;
    note_way(*from, epoch, entry, coming);
    entry.state = Entry::State::kSeen;
    entry.hash = coming.hash;
    entry.stored = place;
    heat(*epoch.origin, coming.ordinal());
  }
  // Who has another variant under this id need not have this one.
  LinkMask variant = mask_of(*from);
  entry.holders |= variant;
  out_->deliveries.push_back(
      {coming.tenant, coming.corr, coming.frame, coming.frame.size() - coming.size});
  if (config_.role == Role::kLeaf) mend_leaf(*from, *epoch.origin, coming);
  coming.old_news = coming.asked && (epoch.origin->parent == kNoSlot || of_old(*from, entry));
  forward(from, epoch, first ? entry.holders : variant, coming);
  if (first) entry.repaired = coming.asked;
  if (shared_.due()) improve_shared();
}

// What this message says about the ways: who is a parent, how late eager copies are, what is lost.
void RelayMachine::note_way(Neighbour& from, Epoch& epoch, Entry& entry, const Coming& coming) {
  Origin& origin = *epoch.origin;
  shared_.message();
  if (entry.first_at == 0) {
    entry.first_at = sign_now();
    entry.first = from.slot;
  }
  (coming.asked ? stats_.repaired_after : stats_.pushed_after).add(since_sign(entry));
  if (from.slot == kNoSlot) return;
  if ((entry.holders & bit(from.slot)) == 0) shared_.sign(from.slot, since_sign(entry));
  if (coming.asked) return;
  // While a tree takes shape, late says nothing about lost.
  if (origin.hot && origin.publications > config_.relay.hot_after + 1 && !coming.best_effort()) {
    note_loss(skipped_one(from, epoch, coming.seq));
  }
  const Duration lag = since_sign(entry);
  (origin.hot ? lag_hot_ : lag_cold_).sample(std::max<Duration>(lag, 1us));
  origin.misses = origin.asked_parent = 0;
  entry.from = from.slot;
  // One that was told to stop pushes what was on its way; it is no parent any more.
  if (origin.parent == kNoSlot || slots_[origin.parent] == nullptr) origin.parent = from.slot;
  if (!coming.best_effort()) {  // of which nobody says that it has them
    origin.parent_seq = coming.seq;
    origin.heirs = entry.holders & ~bit(from.slot);
  }
  origin.parent_at = now_;
  // Somebody had it long before: with an eager copy from there we would have had it too. A large
  // message is late merely because it is large.
  const Duration much = origin.settled() ? kEarlierSettled : kMuchEarlier;
  const bool late = origin.hot && coming.size < config_.relay.idontwant_from && lag >= much &&
                    entry.first != kNoSlot && entry.first != from.slot &&
                    slots_[entry.first] != nullptr;
  if (late) graft(*slots_[entry.first], origin);
}

// Did this neighbour push the message before the last, and this one, but not the last? One that
// has ended or has just become a parent loses nothing on its way to us.
bool RelayMachine::skipped_one(const Neighbour& from, Epoch& epoch, std::uint64_t seq) {
  const Entry* const last = epoch.find(seq - 1);
  const Entry* const before = epoch.find(seq - 2);
  return last != nullptr && last->repaired && before != nullptr && before->from == from.slot;
}

void RelayMachine::note_loss(bool lost) { loss_ += kLossWeight * ((lost ? 1.0 : 0.0) - loss_); }

// Numbers that this message or announcement passes over should come within the repair window. A
// leaf gets only what it asked for: numbers tell it nothing.
void RelayMachine::note_passed(const Epoch& epoch, std::uint64_t seq) {
  if (config_.role == Role::kLeaf || !epoch.proven() || oap::is_best_effort(seq)) return;
  // One behind the last below it that was seen or announced: a forged number far ahead hides none.
  std::uint64_t known = 0;
  for (const Window& window : epoch.windows) {
    if (window.low() <= seq && seq < window.high()) return;
    if (window.high() <= seq) known = std::max(known, window.high());
  }
  if (known == 0 || seq == known) return;
  gaps_.passed_over(origins_, {epoch.origin->id, epoch.epoch}, known, seq - 1, now_,
                    now_ + config_.relay_times.repair);
}

// A number that was passed over is missing, at the latest now.
void RelayMachine::note_gap(Neighbour& from, Epoch& epoch, const Coming& coming) {
  if (config_.role == Role::kLeaf || from.slot == kNoSlot || coming.best_effort()) return;
  for (const Window& window : epoch.windows) {
    if (window.empty() || coming.seq <= window.high() || coming.seq - window.high() > kGapMost) {
      continue;
    }
    const std::uint64_t begin = window.high();  // touching moves it
    for (std::uint64_t seq = begin; seq < coming.seq; ++seq) announced(from, epoch, seq, 0);
    return;
  }
}

bool RelayMachine::wants_second(const Origin& origin) const {
  if (loss_ <= config_.relay.loss_for_redundancy) return false;
  // A relay with few children loses for itself and them alone, and asks.
  LinkMask children = links_ & ~origin.pruned;
  if (origin.parent != kNoSlot) children &= ~bit(origin.parent);
  return static_cast<unsigned>(std::popcount(children)) >= kChildrenForSecond;
}

LinkMask RelayMachine::eager_of(const Origin& origin, LinkMask targets, bool own) const {
  if (origin.hot || own) return targets & ~origin.pruned;
  return targets & (shared_.out | origin.grafted) & ~origin.pruned;
}

// More variants of this id are known than a neighbour may push.
bool RelayMachine::crowded(const Coming& coming) const {
  if (variants_.empty()) return false;
  const auto found = variants_.find({coming.key, coming.seq});
  return found != variants_.end() && found->second.size() >= config_.relay.variants;
}

LinkMask RelayMachine::at_most(LinkMask mask, unsigned most) {
  while (most > 0 && static_cast<unsigned>(std::popcount(mask)) > most) {
    LinkMask rest = mask;
    for (std::uint64_t skip = choice_->index(static_cast<unsigned>(std::popcount(mask))); skip > 0;
         --skip) {
      rest &= rest - 1;
    }
    mask &= ~(rest & (~rest + 1));
  }
  return mask;
}

// Who asked for the pushes of this origin gets them, else it would ask for each message. Of the
// others always the same go without, so that they find another way.
LinkMask RelayMachine::within(const Origin& origin, LinkMask eager, unsigned most) {
  if (most == 0) return eager;
  LinkMask rest = eager & ~origin.grafted;
  while (rest != 0 && static_cast<unsigned>(std::popcount(eager)) > most) {
    const LinkMask last = std::bit_floor(rest);
    rest &= ~last;
    eager &= ~last;
  }
  return eager;
}

unsigned RelayMachine::forward(Neighbour* from, Epoch& epoch, LinkMask& holders,
                               const Coming& coming) {
  const Origin& origin = *epoch.origin;
  const bool own = from == nullptr;
  // OAP-9.11 OAP-9.13 OAP-9.47
  LinkMask targets = config_.role == Role::kLeaf && !own ? 0 : links_ & ~holders;
  if (!own) targets &= ~mask_of(*from);
  unsigned most = config_.relay.fanout;
  if (coming.fanout > 0 && (most == 0 || coming.fanout < most)) {
    most = static_cast<unsigned>(coming.fanout);
  }
  // Nor is one variant of many pushed: who has told others apart so far asks for it by its check.
  const LinkMask eager =
      coming.old_news || crowded(coming) ? 0 : within(origin, eager_of(origin, targets, own), most);
  const bool shaping = !origin.hot || origin.publications <= config_.relay.hot_after;
  if (!own && shaping && !coming.best_effort() && coming.size >= config_.relay.idontwant_from) {
    tell_idontwant(targets & ~eager, coming.key, coming.seq, coming.hash);
  }
  for (LinkSlot slot = 0; slot < kMaxLinks; ++slot) {
    if ((targets & bit(slot)) == 0) continue;
    if ((eager & bit(slot)) != 0) {  // OAP-9.48
      push(*slots_[slot], epoch, own ? Lane::kOwn : Lane::kRelay, coming.frame);
    } else if (!coming.best_effort()) {
      lazily(*slots_[slot], coming.key, coming.seq, coming.hash, lazy_wait(*slots_[slot], origin));
    }
  }
  holders |= eager;
  return static_cast<unsigned>(std::popcount(eager)) + to_leaves(from, epoch, coming);
}

void RelayMachine::push(Neighbour& to, Epoch& epoch, Lane lane, const Slice& frame) {
  // The statement goes ahead in the most urgent lane, so that it is never behind the message.
  const LinkMask mask = mask_of(to);
  if (mask == 0 || (epoch.told & mask) == 0) {
    send(to.link.session, Lane::kControl, epoch.statement);
    epoch.told |= mask;
  }
  ++stats_.forwarded;
  send(to.link.session, lane, frame);
}

}  // namespace ron::mesh
