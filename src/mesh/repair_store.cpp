#include "mesh/repair_store.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace ron::mesh {

std::uint32_t RepairStore::add(Stored stored) {
  bytes_ += stored.frame.size();
  const std::uint64_t key = key_of(stored.from, stored.seq);
  kept_.push_back(std::move(stored));
  const auto place = static_cast<std::uint32_t>(first_ + kept_.size() - 1);
  places_[key] = place;
  while (bytes_ > bytes_max_ && !kept_.empty()) {
    drop_front();
    ++shed_;
  }
  return place;
}

const Stored* RepairStore::find(std::uint32_t place) const {
  const std::uint32_t offset = place - first_;  // wraps as places do
  return place != 0 && offset < kept_.size() ? &kept_[offset] : nullptr;
}

void RepairStore::expire(Instant since) {
  while (!kept_.empty() && kept_.front().at < since) drop_front();
}

// Two ids may share a hash; then only the later one is found, which is checked.
std::uint64_t RepairStore::key_of(const OriginEpoch& from, std::uint64_t seq) {
  return mix(mix(load_be<std::uint64_t>(from.origin.data()), from.epoch), seq);
}

const Stored* RepairStore::find(const OriginEpoch& from, std::uint64_t seq) const {
  const auto found = places_.find(key_of(from, seq));
  const Stored* const kept = found == places_.end() ? nullptr : find(found->second);
  return kept != nullptr && kept->from == from && kept->seq == seq ? kept : nullptr;
}

void RepairStore::drop_front() {
  const auto found = places_.find(key_of(kept_.front().from, kept_.front().seq));
  if (found != places_.end() && found->second == first_) places_.erase(found);
  bytes_ -= kept_.front().frame.size();
  kept_.pop_front();
  ++first_;
}

}  // namespace ron::mesh
