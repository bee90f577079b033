// Messages that a neighbour has announced and that have not come: when to ask for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "base/time.hpp"
#include "mesh/config.hpp"
#include "mesh/link.hpp"

namespace ron::mesh {

struct MissingId {
  OriginEpoch from;
  std::uint64_t seq = 0;
  std::uint64_t check = 0;  // the variant that is wanted, 0 = any
  friend auto operator<=>(const MissingId&, const MissingId&) = default;
};

struct Missing {
  Instant due;
  Instant expected;         // once asked for: when it should come
  LinkMask asked = 0;       // whom we asked in this round
  LinkMask blamed = 0;      // who was asked and did not send it in time
  LinkSlot by = kNoSlot;    // who announced it first
  std::uint8_t asks = 0;    // in all
  std::uint64_t check = 0;  // of the variant that was announced first, 0 = nobody told
};

class MissingTable {
 public:
  explicit MissingTable(std::size_t most) : most_(most) {}

  /// Notes that an id is missing, unless it is noted already. False when the table is full, or the
  /// share of it that one neighbour's announcements may take.
  bool add(const MissingId& id, Instant due, LinkSlot by);

  /// Would add() take one more that this neighbour announced?
  bool has_room(LinkSlot by) const {
    return ids_.size() < most_ && taken_[share_of(by)] < most_ / kShares;
  }

  Missing* find(const MissingId& id);
  void postpone(const MissingId& id, Instant due);
  /// True when it was noted.
  bool remove(const MissingId& id);

  /// The id that is due first; nullptr when none is due.
  const MissingId* due(Instant now) const;
  Instant next() const { return order_.empty() ? Instant::never() : order_.begin()->first; }
  std::size_t size() const { return ids_.size(); }

 private:
  static constexpr std::size_t kShares = 4;  // a neighbour may take one of them

  std::size_t most_;
  std::array<std::size_t, kMaxLinks + 1> taken_{};  // by neighbour, the last for those without slot
  static std::size_t share_of(LinkSlot by) { return by < kMaxLinks ? by : kMaxLinks; }
  std::map<MissingId, Missing> ids_;
  std::set<std::pair<Instant, MissingId>> order_;
};

}  // namespace ron::mesh
