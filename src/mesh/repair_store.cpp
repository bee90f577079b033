#include "mesh/repair_store.hpp"

#include <utility>

namespace ron::mesh {

std::uint32_t RepairStore::add(Stored stored) {
  bytes_ += stored.frame.size();
  kept_.push_back(std::move(stored));
  const auto place = static_cast<std::uint32_t>(first_ + kept_.size() - 1);
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

void RepairStore::drop_front() {
  bytes_ -= kept_.front().frame.size();
  kept_.pop_front();
  ++first_;
}

}  // namespace ron::mesh
