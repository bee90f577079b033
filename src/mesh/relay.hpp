// Relaying: which neighbour gets a message, which only hears of it, and what is asked for again.
//
//   eager   the whole message, along the tree of its origin, or the shared tree while it is cold
//   lazy    `ihave` on every other link, batched for a few milliseconds, longer while all is calm
//   repair  what was announced and does not come is asked for by `iwant`; `graft` where a tree
//   broke
//
// Trees shape themselves. The first publication of an origin takes the shared tree; the second one
// floods, every copy that comes second is answered by `prune`, and what remains is the tree of the
// fastest ways from that origin. It mends itself by `graft` when the parent is gone or late.
//
//   relay.cpp           links, own publications, the timer
//   relay_receive.cpp   relay frames: dedup, trees, forwarding
//   relay_repair.cpp    ihave, iwant, idontwant, the repair window
//   relay_leaves.cpp    what leaves get
//   relay_trace.cpp     who had a probe, and from whom
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/choice.hpp"
#include "base/crypto_fns.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/gaps.hpp"
#include "mesh/interest.hpp"
#include "mesh/leaves.hpp"
#include "mesh/link.hpp"
#include "mesh/missing.hpp"
#include "mesh/orders.hpp"
#include "mesh/origins.hpp"
#include "mesh/relay_stats.hpp"
#include "mesh/repair_store.hpp"
#include "mesh/score.hpp"
#include "mesh/shared_tree.hpp"
#include "mesh/traces.hpp"
#include "oap/envelope.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

/// What the relay needs to know of a way that changes all the time.
class Ways {
 public:
  virtual ~Ways() = default;
  /// The round-trip time of a session's link; unknown() before it was measured.
  virtual RoundTrip round_trip(SessionId session) const = 0;
};

/// What a neighbour did, for its score: a misdeed, or nothing for a promise it kept.
struct Conduct {
  SessionId session;
  std::optional<Misdeed> misdeed;
};

/// How a publication of this node shall go.
struct Wishes {
  std::uint64_t fanout = 0;  // links at most, 0 = no limit
  bool best_effort = false;
  bool trace = false;  // whoever gets it says so
};

class RelayMachine {
 public:
  RelayMachine(const MeshConfig& config, const CryptoFns& crypto, Choice& choice, SlabMeter* meter,
               const Ways& ways);
  ~RelayMachine();

  void link_changed(const LinkChange& change, Instant now, Orders& out);

  /// A frame of section 9 that is no business of membership, from a session with a link. A fault is
  /// BadFrame. Frames of sessions without a link are counted and left.
  std::optional<oap::Fault> received(SessionId session, const oap::Header& header,
                                     const oap::Message& message, const Slice& frame, Instant now,
                                     Orders& out);

  /// Returns the links it went to.
  unsigned publish(TenantId tenant, CorrId corr, ByteView message, const Wishes& wishes,
                   Instant now, Orders& out);

  /// A lane of a session shed frames: what was pushed there is announced again.
  void shed(SessionId session, const Shed& shed, Instant now);

  /// This node begins or ceases to want a pattern; leaves tell it to their relays.
  void interest(TenantId tenant, std::string_view pattern, bool add, Instant now);

  void tick(Instant now, Orders& out);
  Instant next_deadline() const;
  const RelayStats& stats();
  /// What each link between relays carries. Looks at every tree: for an operator who asks.
  std::map<SessionId, LinkTrees> trees();
  /// The last probes of this node: what was published with `trace`.
  const std::deque<Trace>& traces() const { return traces_.own(); }

  const Leaves& leaves() const { return leaves_; }

  /// What neighbours did since the last call; the caller clears it.
  std::vector<Conduct>& conduct() { return conduct_; }

 private:
  struct Neighbour;
  struct Variant {
    std::uint64_t hash = 0;
    LinkSlot by = kNoSlot;  // who pushed it; kNoSlot: it was asked for
    std::uint32_t stored = 0;
  };
  struct Coming;  // a relay frame on its way through
  struct Told {   // how far a relay knows what this leaf wants
    NodeId node{};
    std::uint64_t epoch = 0;
    InterestOwn::Told told;
  };

  // relay.cpp
  Neighbour* find(SessionId session) const;
  void link_up(const Link& link);
  void link_down(SessionId session);
  void replace_parent(LinkSlot slot);
  LinkMask nearest(LinkMask links) const;
  void announce_kept(Neighbour& to);
  void announce_again(Neighbour& to, const Stored& kept);
  void announce_late(Neighbour& to, const Shed& shed);
  std::optional<oap::Fault> on_origin(Neighbour& from, const oap::Message& message,
                                      const Slice& frame);
  void tree_change(SessionId to, bool graft, const OriginId* origin);
  void graft(const Neighbour& from, Origin& origin);
  void prune(const Neighbour& from, Origin& origin);
  std::optional<oap::Fault> on_tree_change(Neighbour& from, const oap::Message& message);
  void improve_shared();
  void send(SessionId to, Lane lane, Slice frame) {
    out_->sends.push_back({to, lane, std::move(frame)});
  }
  Slice event(ByteView payload) const {
    return oap::make_frame(oap::kEvent, {}, 0, payload, meter_);
  }
  void note(SessionId session, std::optional<Misdeed> misdeed) {
    if (conduct_.size() < kConductMost) conduct_.push_back({session, misdeed});
  }
  std::uint32_t sign_now() const;
  Duration since_sign(const Entry& entry) const;
  LinkMask mask_of(const Neighbour& neighbour) const;

  // relay_receive.cpp
  std::optional<oap::Fault> on_relay(Neighbour& from, const oap::Header& header,
                                     const oap::Message& message, const Slice& frame);
  std::uint64_t hash_of(TenantId tenant, ByteView message);
  void duplicate(Neighbour& from, Epoch& epoch, Entry& entry, const Coming& coming);
  bool may_push(const Neighbour& from, const Origin& origin) const;
  bool take_variant(const Neighbour& from, const Coming& coming, Entry& entry);
  void heat(Origin& origin, std::uint64_t seq);
  bool of_old(const Neighbour& from, const Entry& entry) const;
  void accept(Neighbour* from, Epoch& epoch, Entry& entry, Coming& coming);
  void note_way(Neighbour& from, Epoch& epoch, Entry& entry, const Coming& coming);
  void judge_parents(Neighbour& from, Origin& origin, const Entry& entry);
  void note_passed(const Epoch& epoch, std::uint64_t seq);
  void note_gap(Neighbour& from, Epoch& epoch, const Coming& coming);
  unsigned forward(Neighbour* from, Epoch& epoch, LinkMask& holders, const Coming& coming);
  LinkMask eager_of(const Origin& origin, LinkMask targets, bool own) const;
  bool crowded(const Coming& coming) const;
  LinkMask at_most(LinkMask mask, unsigned most);
  static LinkMask within(const Origin& origin, LinkMask eager, unsigned most);
  void push(Neighbour& to, Epoch& epoch, Lane lane, const Slice& frame);
  bool wants_second(const Origin& origin) const;
  static bool skipped_one(const Neighbour& from, Epoch& epoch, std::uint64_t seq);
  void note_loss(bool lost);

  // relay_repair.cpp
  std::optional<oap::Fault> on_ihave(Neighbour& from, const oap::Message& message, bool large);
  bool look_at(Neighbour& from, oap::IdRange& range, unsigned& left);
  void look_later(Neighbour& from, const oap::IdRange& range);
  void look_again();
  void announced(Neighbour& from, Epoch& epoch, std::uint64_t seq, std::uint64_t check);
  void compare(Neighbour& from, Epoch& epoch, const oap::IdRange& range, bool late);
  void compare_unseen(Neighbour& from);
  void note_check(const MissingId& id, const Neighbour& from, std::uint64_t check);
  bool fits(Epoch& epoch, const oap::IdRange& range, std::uint64_t seq, std::uint64_t check,
            unsigned& tries) const;
  std::optional<oap::Fault> on_iwant(Neighbour& from, const oap::Message& message);
  void answer_iwant(Neighbour& from, Epoch& epoch, const oap::IdRange& range, std::uint64_t seq);
  void lazily(Neighbour& to, const OriginEpoch& key, std::uint64_t seq, std::uint64_t hash,
              Duration wait);
  Duration lazy_wait(const Neighbour& to, const Origin& origin) const;
  void join_in(const Neighbour& from);
  void stir();
  void flush_lazy();
  void take_lazy(Neighbour& to, std::vector<oap::IdRange>& ranges);
  void ask_for_missing();
  void ask(const MissingId& id, std::map<SessionId, std::vector<oap::IdRange>>& asks);
  bool ask_nearer(const MissingId& id, Neighbour& by, Entry& entry);
  void blame(Missing& missing, const Entry& entry);
  bool distrusted(const Neighbour& neighbour) const;
  Neighbour* whom_to_ask(const Entry& entry, LinkMask asked) const;
  void mend_tree(Origin& origin, const Neighbour& by, std::uint64_t seq);
  bool still_coming(const Origin& origin, const Missing& missing, std::uint64_t seq) const;
  void ask_for_claimed(Epoch& epoch);
  void miss(const MissingId& id, LinkSlot by, bool soon);
  Duration patience(const Origin& origin) const;
  void tell_idontwant(LinkMask to, const OriginEpoch& key, std::uint64_t seq, std::uint64_t hash);

  // relay_leaves.cpp
  static std::string_view topic_of(ByteView message);
  std::optional<oap::Fault> on_interest(Neighbour& from, const oap::Message& message);
  static void leaf_tree_change(Neighbour& leaf, const oap::TreeChange& change);
  unsigned to_leaves(Neighbour* from, Epoch& epoch, const Coming& coming);
  bool leaf_wants(SessionId leaf, const Stored& kept);
  void tell_interest(Neighbour& to, bool greet);
  void repeat_interest(Neighbour& to);
  void leaf_tree(Neighbour& to, bool graft, const Coming& coming);
  void mend_leaf(Neighbour& from, Origin& origin, const Coming& coming);

  // relay_trace.cpp
  void tell_traced(const Neighbour& from, const OriginEpoch& key, std::uint64_t seq);
  std::optional<oap::Fault> on_traced(const Neighbour& from, const oap::Message& message);

  MeshConfig config_;
  CryptoFns crypto_;
  Choice* choice_;
  SlabMeter* meter_;
  const Ways* ways_;
  OriginEpoch self_;
  Origins origins_;
  SharedTree shared_;
  MissingTable missing_;
  RepairStore store_;
  Gaps gaps_;
  std::map<MissingId, std::vector<Variant>> variants_;  // beside the first, by id
  std::deque<MissingId> varied_;                        // those ids, the oldest first
  std::uint64_t forgotten_variants_ = 0;                // ids
  std::map<SessionId, std::unique_ptr<Neighbour>> neighbours_;
  std::array<Neighbour*, kMaxLinks> slots_{};
  LinkMask links_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t best_effort_ = 0;  // publications
  Instant mend_due_;               // when the next publication goes with repair, whatever it is
  Leaves leaves_;
  std::vector<SessionId> matched_;  // work space
  InterestOwn wanted_;              // of this node, if it is a leaf
  std::vector<Told> told_;
  Traces traces_;
  RoundTrip lag_hot_, lag_cold_;  // from the first announcement to the eager copy
  double loss_ = 0;               // of eager copies, smoothed
  Instant lazy_due_ = Instant::never();
  Instant stirred_;  // when something was asked for, or a link came or went
  Instant later_due_ = Instant::never();
  Instant forgot_;  // when old ids were last forgotten
  std::vector<std::uint8_t> scratch_;
  RelayStats stats_;
  static constexpr std::size_t kConductMost = 1024;
  std::vector<Conduct> conduct_;
  Instant now_;
  Orders* out_ = nullptr;
};

}  // namespace ron::mesh
