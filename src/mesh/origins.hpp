// What a relay knows of origins: the windows of their epochs, and the tree of each.
//
// Bounded: the least recently used origin goes when there are too many, and so do the epochs of one
// origin. An origin that was forgotten is a cold one again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "base/slab.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/link.hpp"
#include "mesh/window.hpp"

namespace ron::mesh {

struct Origin;

/// One start of an origin.
struct Epoch {
  /// The window that has slid past an id, if one has.
  Window* passed(std::uint64_t seq) {
    for (Window& window : windows) {
      if (window.passed(seq)) return &window;
    }
    return nullptr;
  }

  std::uint64_t epoch = 0;
  Origin* origin = nullptr;
  Slice statement;    // the `origin` frame; empty: not proven yet
  LinkMask told = 0;  // neighbours the statement went to
  Instant used;
  LinkMask sampled = 0;         // not proven: neighbours of whose announcements one is asked for
  std::vector<Window> windows;  // at most kWindows
  static constexpr std::size_t kWindows = 4;

  bool proven() const { return !statement.empty(); }
  Entry* find(std::uint64_t seq) {
    for (Window& window : windows) {
      if (Entry* const entry = window.find(seq)) return entry;
    }
    return nullptr;
  }
};

/// An origin, and the tree its publications take.
struct Origin {
  OriginId id{};
  std::vector<std::unique_ptr<Epoch>> epochs;
  std::list<OriginId>::iterator place;  // in the order of use
  bool proven = false;                  // one of its epochs is, or was
  LinkSlot claimed_by = kNoSlot;        // who spoke of it first

  // The tree (docs/mesh.md). A bit in `pruned`: that neighbour wants no eager copies; in `grafted`:
  // it asked for them, though the origin is cold here.
  LinkMask pruned = 0, grafted = 0;
  LinkMask declined = 0;           // neighbours that were told not to push to us
  LinkSlot parent = kNoSlot;       // from whom the last eager copy came first
  LinkMask heirs = 0;              // who had the last message too early to have it from us
  LinkSlot second = kNoSlot;       // a redundant parent, kept where messages are lost
  std::uint32_t publications = 0;  // seen here
  std::uint64_t parent_seq = 0;    // the last message that the parent pushed
  Instant pruned_at;               // when a neighbour was last told so
  Instant parent_at, mended_at;    // when it came; when the tree was last mended
  std::uint8_t misses = 0;         // messages in a row that the parent did not bring
  std::uint8_t asked_parent = 0;   // and that it brought only when it was asked
  bool hot = false;
  /// Its tree has had time to find the fast ways.
  bool settled() const { return hot && publications >= 16; }
};

/// Origins that were only spoken of are cheap to make up: so many are remembered of each neighbour,
/// and so many ids in a row of each of them.
inline constexpr std::size_t kClaimsMost = 128;
inline constexpr std::size_t kClaimedIdsMost = 64;

class Origins {
 public:
  Origins(const RelayLimits& limits, std::uint64_t hash_key);

  Origin* find(const OriginId& id);
  Epoch* find(const OriginEpoch& key);

  /// The epoch, made where it is new; the least recently used one goes where there are too many.
  /// One that nobody has proven yet takes no place of those that are.
  Epoch& touch(const OriginEpoch& key, Instant now);
  /// The same for one that a neighbour spoke of, which takes the place of its own claims only.
  Epoch& claim(const OriginEpoch& key, LinkSlot by, Instant now);

  /// The origin of an epoch that was touched has shown its statement.
  void prove(Epoch& epoch, Slice statement);

  /// The entry of an id, made where it is new.
  Entry& touch(Epoch& epoch, std::uint64_t seq);
  /// May an id of an epoch that nobody has proven be noted? So many in a row are.
  static bool takes_claim(Epoch& epoch, std::uint64_t seq);

  /// Windows of epochs that were not used since `before` go; the trees stay.
  void forget_ids(Instant before);

  /// A link is gone, or its slot has a new one: no tree knows it.
  void forget_link(LinkSlot slot);
  /// A link came up in a slot: hot trees do not use it until somebody asks.
  void begin_link(LinkSlot slot);

  std::size_t size() const { return origins_.size(); }
  std::size_t hot() const { return hot_; }
  void heat(Origin& origin) {
    if (!origin.hot) ++hot_;
    origin.hot = true;
  }
  /// Entries held, and how many origins and windows went because of a bound.
  std::size_t entries() const { return entries_; }
  std::uint64_t shed_origins() const { return shed_origins_; }
  std::uint64_t shed_windows() const { return shed_windows_; }

  /// Calls `visit(Origin&)` for all, in the order of their last use.
  template <typename Visit>
  void each(Visit visit) {
    for (const OriginId& id : order_) visit(*origins_.at(id));  // those that were proven
  }

  struct Hash {
    std::uint64_t key;
    std::size_t operator()(const OriginId& id) const {
      return keyed_hash(ByteView(id.data(), id.size()), key);
    }
  };

 private:
  Origin& make(const OriginId& id, LinkSlot by);
  std::list<OriginId>& order_of(const Origin& origin);
  void drop(Origin& origin);
  void drop(Epoch& epoch);
  static std::size_t entries_of(const Epoch& epoch);

  RelayLimits limits_;
  std::unordered_map<OriginId, std::unique_ptr<Origin>, Hash> origins_;
  std::list<OriginId> order_;                               // least recently used first
  std::array<std::list<OriginId>, kMaxLinks + 1> claimed_;  // not proven, by who spoke of it first
  std::size_t entries_ = 0, hot_ = 0;
  std::uint64_t shed_origins_ = 0, shed_windows_ = 0;
};

}  // namespace ron::mesh
