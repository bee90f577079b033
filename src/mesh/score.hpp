// How peers behave: points for what an honest node does not do, which fade with time.
//
// The sum of a peer's points decides: from `warn` an operator is told, from `shed` its
// announcements are refused (what it pushes still counts), from `disconnect` it gets a bye and is
// not admitted until it has faded below `shed`. Points belong to the node id, so that a new session
// washes nothing off.
//
// A node never acts against so many of its neighbours that fewer than `links_least` good ones are
// left: when all around seem bad, the fault may well be its own. In dry-run it only counts.
//
// docs/OAP-1.md section 9: OAP-9.74. A pure value, bounded by `nodes`; integers only, so that every
// compiler agrees.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace ron::mesh {

enum class Misdeed : std::uint8_t {
  kMalformed,      // a frame that breaks the protocol
  kUnsolicited,    // a message over a link that is not eager, which nobody asked for
  kBrokenPromise,  // announced by ihave, asked for by iwant, never sent
  kSlow,           // its relay lane had to be shed; counted once a second at most
  kVariant,        // other bytes under a known id, which nobody asked for, off the tree or too many
};
inline constexpr std::size_t kMisdeeds = 5;
std::string_view name(Misdeed misdeed);

enum class Standing : std::uint8_t { kGood, kWarned, kShed, kDisconnect };
std::string_view name(Standing standing);

struct ScoreConfig {
  bool dry_run = false;
  Duration half_life = std::chrono::seconds(60);  // of points
  unsigned warn = 20, shed = 50, disconnect = 100;
  unsigned links_least = 2;    // good neighbours that are left alone, whatever they did
  std::size_t nodes = 256;     // that have points; beyond them those with the fewest are forgotten
  unsigned kept_promises = 4;  // make up for a broken one, so that loss is no misdeed
  // Points for each misdeed. One malformed frame may be a bug, five a minute are not to be borne. A
  // message nobody asked for is a race now and then, a habit of them is not. A lane shed every
  // second comes to 86 points: refused, but not thrown out for being slow.
  std::array<unsigned, kMisdeeds> points = {20, 1, 1, 1, 5};
};

class Scores {
 public:
  explicit Scores(const ScoreConfig& config) : config_(config) {}

  void note(const NodeId& node, Misdeed misdeed, Instant now);
  /// A message that the peer had announced came when it was asked for.
  void kept_promise(const NodeId& node, Instant now);

  /// What a peer's points come to, and whether the node acts on it.
  struct Verdict {
    NodeId node{};
    Standing standing = Standing::kGood;
    bool acts = false;  // not in dry-run, nor when too few good neighbours would be left
    friend bool operator==(const Verdict&, const Verdict&) = default;
  };
  /// Judges the neighbours as they stand now, worst first. Returns those whose verdict is new, and
  /// all that are to get a bye. Asked for now and then; `refuses` holds until the next time.
  std::vector<Verdict> judge(std::span<const NodeId> neighbours, Instant now);

  /// Are announcements of this neighbour refused?
  bool refuses(const NodeId& node) const;
  /// May a node become a neighbour, of which there are `links`?
  bool admits(const NodeId& node, std::size_t links, Instant now) const;

  struct Reason {
    Misdeed misdeed = Misdeed::kMalformed;
    double points = 0;        // now
    std::uint64_t count = 0;  // since the node is remembered
  };
  struct Explanation {
    double points = 0;
    unsigned shed = 0, disconnect = 0;  // from so many points on (ScoreConfig)
    Verdict verdict;                    // the last
    std::array<Reason, kMisdeeds> reasons{};
  };
  /// For operators: why a peer stands as it does.
  Explanation explain(const NodeId& node, Instant now) const;

  std::size_t size() const { return entries_.size(); }

 private:
  using Points = std::uint64_t;  // millionths of a point

  struct Entry {
    std::array<Points, kMisdeeds> points{};
    std::array<std::uint64_t, kMisdeeds> count{};
    std::uint64_t step = 0;  // up to which the points have faded
    Instant slow_after;      // the next kSlow that counts
    Standing standing = Standing::kGood;
    bool acts = false;
  };

  std::uint64_t step_of(Instant now) const;
  void fade(Entry& entry, Instant now) const;
  Points total(const Entry& entry, Instant now) const;
  Standing standing_at(Points points) const;
  Entry& entry_of(const NodeId& node, Instant now);

  ScoreConfig config_;
  std::map<NodeId, Entry> entries_;
};

}  // namespace ron::mesh
