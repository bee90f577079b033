// Nodes that are known but are no neighbours: the passive view, and those that were lost.
//
// The passive view holds candidates for links. What others tell is of low trust: what one of them
// told never fills more than a share of the view, those that came by themselves at most half of it,
// and one host only a few entries. So neither a neighbour nor a crowd of identities can crowd out
// the rest (eclipse). A candidate
// that does not answer moves to the lost ones, which only the slow probes dial: after a partition
// they are what leads back to the other side.
//
// Both lists are bounded; a full one replaces an entry at random.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/choice.hpp"
#include "base/ids.hpp"

namespace ron::mesh {

/// How a candidate became known: this node dialed it and it answered (kMet); it came by itself, so
/// that its address is only what it says (kCalled); or a neighbour told of it.
using Source = std::uint32_t;
inline constexpr Source kMet = 0, kCalled = 1;
Source source_of(const NodeId& teller);

struct Candidate {
  NodeId node{};
  std::string addr;
  Source source = kMet;
  bool fresh = false;  // told in answer to a need: tried before others
  bool tried = false;  // in this round of probing
};

/// The part of an address that many identities can share at no cost; empty for a loopback address,
/// where nodes of one machine find each other.
std::string_view host_of(std::string_view addr);

class Views {
 public:
  static constexpr std::size_t kLostMax = 32;
  static constexpr std::size_t kHostMax = 8;  // candidates of one host

  Views(const NodeId& self, std::size_t most);

  /// A node became known. True when it was not. A lost one stays lost where others only told of it:
  /// that may be older than the loss.
  bool learn(Candidate candidate, Choice& choice);
  /// It stopped answering.
  void lose(const NodeId& node, std::string_view addr, Choice& choice);
  /// Takes it out of both lists; true when it was in one.
  bool forget(const NodeId& node);

  /// A candidate not yet tried in this round, at random, fresh ones first; now it is tried. nullptr
  /// when there is none. Good until the next change.
  const Candidate* pick(Choice& choice);
  /// From now on all may be tried again.
  void new_round();
  void mark_tried(const NodeId& node);
  void mark_fresh(const NodeId& node);

  const std::vector<Candidate>& passive() const { return passive_; }
  const std::vector<Candidate>& lost() const { return lost_; }
  /// Candidates that one source may have in the passive view.
  std::size_t share(Source source) const;

 private:
  /// Where a new candidate goes, by replacing another where it must; nullptr: nowhere.
  Candidate* room_for(const Candidate& candidate, Choice& choice);
  Candidate* find(std::vector<Candidate>& list, const NodeId& node);

  NodeId self_;
  std::size_t most_;
  std::vector<Candidate> passive_, lost_;
};

}  // namespace ron::mesh
