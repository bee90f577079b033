// The repair window: relay frames of the last while, to answer `iwant` with and to tell a new
// neighbour of. Bounded in time and in bytes; the oldest go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/slab.hpp"
#include "base/time.hpp"
#include "mesh/config.hpp"

namespace ron::mesh {

struct Stored {
  OriginEpoch from;
  std::uint64_t seq = 0;
  std::uint64_t hash = 0;
  Slice frame;  // the whole relay frame
  Instant at;
  bool repaired = false;  // it came because it was asked for: others hold it longer than we
};

class RepairStore {
 public:
  explicit RepairStore(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Keeps a frame; returns its place, which names nothing else until 2^32 frames later.
  std::uint32_t add(Stored stored);

  /// What stands at a place; nullptr when it has gone.
  const Stored* find(std::uint32_t place) const;

  /// The same by its id: for those whose place nobody remembers.
  const Stored* find(const OriginEpoch& from, std::uint64_t seq) const;

  /// Lets go of what came before `since`.
  void expire(Instant since);

  Instant oldest() const { return kept_.empty() ? Instant::never() : kept_.front().at; }
  std::size_t size() const { return kept_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t shed() const { return shed_; }

  /// In the order of arrival.
  const std::deque<Stored>& all() const { return kept_; }

 private:
  void drop_front();
  static std::uint64_t key_of(const OriginEpoch& from, std::uint64_t seq);

  std::size_t bytes_max_;
  std::deque<Stored> kept_;
  std::unordered_map<std::uint64_t, std::uint32_t> places_;  // by a hash of the id
  std::uint32_t first_ = 1;                                  // the place of the front
  std::size_t bytes_ = 0;
  std::uint64_t shed_ = 0;
};

}  // namespace ron::mesh
