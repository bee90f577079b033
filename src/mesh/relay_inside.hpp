// What the files of the relay machine share. Private to mesh/.
#pragma once

#include <deque>
#include <set>

#include "mesh/relay.hpp"

namespace ron::mesh {

/// What a leaf gets from another relay, by topic and origin; the oldest go.
class PrunedTopics {
 public:
  static constexpr std::size_t kMost = 4096;
  void add(std::uint64_t key);
  void remove(std::uint64_t key);
  void clear();
  bool has(std::uint64_t key) const { return keys_.contains(key); }

 private:
  std::set<std::uint64_t> keys_;
  std::deque<std::uint64_t> order_;
};

/// An id that a neighbour is going to be told of.
struct Lazy {
  OriginEpoch from;
  std::uint64_t seq = 0;
  std::uint64_t hash = 0;
};

/// A neighbour that a link leads to.
struct RelayMachine::Neighbour {
  bool is_leaf() const { return link.role == Role::kLeaf; }
  Link link;
  Instant since;            // when the link came up
  LinkSlot slot = kNoSlot;  // of this machine's masks; leaves have none
  int broken = 0;           // announcements it did not make good, lately
  Instant blamed_at;        // for the last of them that counted
  Instant announced_late;   // what was kept until then and waited too long was announced
  PrunedTopics pruned;      // of a leaf
  bool near = false;        // as of the last announcements
  bool catches_up = false;  // a new leaf: what is kept, and it wants, is to be announced
  // To be announced: at most what is kept, and what comes within a few milliseconds.
  std::vector<Lazy> lazy;
  // It announced them before all were seen: when to compare their checks. The oldest go.
  std::deque<std::pair<Instant, oap::IdRange>> unseen;
  std::deque<oap::IdRange> later;  // it announced, when there was no room for what is missing
};

/// A publication on its way through.
struct RelayMachine::Coming {
  OriginEpoch key;
  std::uint64_t seq = 0;
  std::uint64_t hash = 0;
  TenantId tenant;
  CorrId corr = 0;
  std::size_t size = 0;  // of the message: the tail of the frame
  Slice frame;
  bool asked = false;        // it comes because it was asked for
  bool old_news = false;     // it is announced, not pushed
  std::uint64_t fanout = 0;  // own publications: what the publisher wishes
  bool best_effort() const { return oap::is_best_effort(seq); }
  // Which of its kind it is among the publications of its origin.
  std::uint64_t ordinal() const { return best_effort() ? seq - oap::kBestEffortFrom + 1 : seq; }
  ByteView message() const { return frame.bytes().last(size); }
};

inline constexpr unsigned kIdsAtOnce = 4096;       // looked at of one ihave or iwant
inline constexpr std::size_t kLaterMost = 1024;    // ranges of a neighbour that wait for room
inline constexpr std::size_t kUnseenMost = 64;     // ranges of a neighbour that are compared later
inline constexpr std::size_t kVariantsMax = 1024;  // ids
inline constexpr std::size_t kVariantsOfId = 64;
inline constexpr unsigned kAsksMax = 8;  // of one missing message, in all
inline constexpr Duration kSignTick = std::chrono::microseconds(100);

}  // namespace ron::mesh
