// Interest of leaves: what a leaf wants, and what a relay knows of it (docs/OAP-1.md section 9.7).
//
// A leaf tells its relays a set of (tenant, pattern): the whole set once, changes from then on,
// each with a sequence number and the digest of the set after it. Whoever misses one sees it at the
// next and asks for everything. Relays tell nothing: their links carry whatever there is.
//
// Pure values without a clock: when changes are told is the caller's choice, and whatever came
// together since the last time goes in one message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/crypto_fns.hpp"
#include "base/ids.hpp"
#include "base/slab.hpp"
#include "gossip/topic_index.hpp"
#include "oap/peer_kinds.hpp"

namespace ron::mesh {

using InterestDigest = std::array<std::uint8_t, 16>;
using HashFn = Digest256 (*)(ByteView bytes);  // CryptoFns::hash

/// What one (tenant, pattern) puts into the digest of a set, by XOR.
InterestDigest interest_digest(HashFn hash, TenantId tenant, std::string_view pattern);

/// Some (tenant, pattern); compares with views, so that looking one up copies nothing.
struct InterestOrder {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return std::pair(a.first, std::string_view(a.second)) <
           std::pair(b.first, std::string_view(b.second));
  }
};
using InterestKey = std::pair<TenantId, std::string>;
using InterestKeys = std::set<InterestKey, InterestOrder>;

/// What this node wants. Changes are kept in a bounded log, so that a neighbour which is behind is
/// told only what it misses, be it after a batch or after a link that broke.
class InterestOwn {
 public:
  /// Frames are charged to `meter` (may be null).
  explicit InterestOwn(HashFn hash, SlabMeter* meter = nullptr) : hash_(hash), meter_(meter) {}

  /// The first subscription to a pattern (oap::is_pattern holds), the end of the last one. False,
  /// and nothing changes, if it was wanted already, or was not.
  bool add(TenantId tenant, std::string_view pattern);
  bool remove(TenantId tenant, std::string_view pattern);

  /// How far one neighbour has been told. Kept for a link, or longer: for the same epoch of a
  /// neighbour it is valid on its next link too.
  struct Told {
    std::uint64_t change = 0;
    std::uint64_t seq = 0;  // of the last message; 0 = none
  };

  /// Are there changes that the neighbour has not been told?
  bool behind(const Told& told) const { return told.seq == 0 || told.change != changes_; }

  /// Appends the `interest` frames that bring a neighbour up to date.
  void update(Told& told, std::vector<Slice>& frames) const;  // none when it is
  void greet(Told& told, std::vector<Slice>& frames) const;   // on a new link: one at least
  void repeat(Told& told, std::vector<Slice>& frames) const;  // it sent interest_all

  const InterestDigest& digest() const { return digest_; }
  std::size_t size() const { return wanted_.size(); }

 private:
  struct Change {
    InterestKey key;
    InterestDigest after{};  // the digest of the whole set
    bool add = false;
  };

  void note(InterestKey key, bool add);
  void tell_whole(Told& told, std::vector<Slice>& frames) const;
  void tell_changes(Told& told, std::vector<Slice>& frames) const;
  void tell(oap::InterestOut message, Told& told, std::vector<Slice>& frames) const;

  HashFn hash_;
  SlabMeter* meter_;
  InterestKeys wanted_;
  InterestDigest digest_{};
  std::deque<Change> log_;  // the last ones of `changes_`
  std::uint64_t changes_ = 0;
};

struct InterestLimits {
  std::size_t patterns = 4096;
  std::size_t bytes = 2U << 20U;  // of memory, by a safe estimate
};

/// What one leaf wants, as targets in an index that all leaves of a relay share.
class InterestOf {
 public:
  /// Everything of this leaf stands under `target` in `index`, which outlives it.
  InterestOf(gossip::TopicIndex& index, gossip::Target target, HashFn hash,
             const InterestLimits& limits)
      : index_(index), target_(target), hash_(hash), limits_(limits) {}
  ~InterestOf() { clear(); }
  InterestOf(const InterestOf&) = delete;
  InterestOf& operator=(const InterestOf&) = delete;

  enum class Applied : std::uint8_t {
    kTaken,
    kAskAll,   // something is missing: send interest_all
    kIgnored,  // interest_all is under way
    kBroken,   // asking has not helped: the leaf does not keep to the protocol
  };
  Applied apply(const oap::Interest& interest);

  /// The leaf is back over another session: it may go on where it was.
  void resumed();

  const InterestKeys& held() const { return held_; }
  std::size_t size() const { return held_.size(); }
  std::size_t bytes() const { return bytes_; }
  /// Wanted, but beyond the limits: the leaf does not get what only these match.
  std::size_t shed() const { return shed_; }

 private:
  void clear();
  void add(TenantId tenant, std::string_view pattern);
  void remove(TenantId tenant, std::string_view pattern);
  template <typename Each>
  void each(oap::InterestSets sets, Each take);
  Applied ask();

  gossip::TopicIndex& index_;
  gossip::Target target_;
  HashFn hash_;
  InterestLimits limits_;
  InterestKeys held_;
  InterestDigest digest_{};  // of everything wanted, shed or not
  std::uint64_t next_ = 1;
  std::size_t bytes_ = 0;
  std::size_t shed_ = 0, shed_bytes_ = 0;
  unsigned asks_ = 0;
  bool asked_ = false;
};

}  // namespace ron::mesh
