// Which sessions a publication had to reach, might reach, and could not, by what is known of the
// order of things.
//
// Each change of a subscription took effect at some time between its sending and its answer; each
// publication was matched at some time between its sending and its settling. So a publication can
// have met several states of a subscription: it MUST be delivered if all of them cover it, it MAY
// if one does. Matching is by a naive twin of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/history.hpp"

namespace ron::sim {

struct Cover {
  bool must = false;
  bool may = false;
};

class Coverage {
 public:
  explicit Coverage(const History& history);

  /// By the session's plain subscriptions, echo rule included.
  Cover plain(std::uint32_t session, const Publication& publication) const;
  /// By its subscriptions in a group.
  Cover grouped(std::uint32_t session, const std::string& group,
                const Publication& publication) const;
  /// By any group at all.
  Cover any_group(std::uint32_t session, const Publication& publication) const;

  bool has_plain(std::uint32_t session) const;

 private:
  struct Key {
    TenantId tenant;
    std::string group;
    std::string pattern;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  using Ops = std::vector<const SubOp*>;
  static Cover of(const Ops& ops, const Publication& publication, bool own);

  std::vector<std::map<Key, Ops>> by_session_;
};

/// Does a pattern match a topic? Recursion over segments.
bool naive_match(const std::string& pattern, const std::string& topic);

}  // namespace ron::sim
