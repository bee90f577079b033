#include "mesh/origins.hpp"

#include <algorithm>

namespace ron::mesh {

Origins::Origins(const RelayLimits& limits, std::uint64_t hash_key)
    : limits_(limits), origins_(16, Hash{hash_key}) {}

Origin* Origins::find(const OriginId& id) {
  const auto found = origins_.find(id);
  return found == origins_.end() ? nullptr : found->second.get();
}

Epoch* Origins::find(const OriginEpoch& key) {
  Origin* const origin = find(key.origin);
  if (origin == nullptr) return nullptr;
  for (const auto& epoch : origin->epochs) {
    if (epoch->epoch == key.epoch) return epoch.get();
  }
  return nullptr;
}

std::list<OriginId>& Origins::order_of(const Origin& origin) {
  return origin.proven ? order_ : claimed_[std::min<std::size_t>(origin.claimed_by, kMaxLinks)];
}

Origin& Origins::make(const OriginId& id, LinkSlot by) {
  auto origin = std::make_unique<Origin>();
  origin->id = id;
  origin->claimed_by = by;
  std::list<OriginId>& order = order_of(*origin);
  origin->place = order.insert(order.end(), id);
  return *origins_.emplace(id, std::move(origin)).first->second;
}

Epoch& Origins::claim(const OriginEpoch& key, LinkSlot by, Instant now) {
  if (find(key.origin) == nullptr) {
    const std::list<OriginId>& theirs = order_of(make(key.origin, by));
    if (theirs.size() > kClaimsMost) drop(*origins_.at(theirs.front()));
  }
  return touch(key, now);
}

void Origins::prove(Epoch& epoch, Slice statement) {
  epoch.statement = std::move(statement);
  Origin& origin = *epoch.origin;
  if (!origin.proven) order_.splice(order_.end(), order_of(origin), origin.place);
  origin.proven = true;
  while (order_.size() > 1 && (order_.size() > limits_.origins || entries_ > limits_.seen)) {
    drop(*origins_.at(order_.front()));
  }
}

Epoch& Origins::touch(const OriginEpoch& key, Instant now) {
  Origin* origin = find(key.origin);
  if (origin == nullptr) origin = &make(key.origin, kNoSlot);
  std::list<OriginId>& order = order_of(*origin);
  order.splice(order.end(), order, origin->place);
  for (const auto& epoch : origin->epochs) {
    if (epoch->epoch == key.epoch) {
      epoch->used = now;
      return *epoch;
    }
  }
  if (origin->epochs.size() >= limits_.epochs) {  // OAP-9.21
    // One that was not proven goes before those that were: it may be nothing but a claim.
    const auto worst = std::ranges::min_element(origin->epochs, [](const auto& a, const auto& b) {
      return std::pair(a->proven(), a->used) < std::pair(b->proven(), b->used);
    });
    drop(**worst);
  }
  origin->epochs.push_back(std::make_unique<Epoch>());
  Epoch& epoch = *origin->epochs.back();
  epoch.epoch = key.epoch;
  epoch.origin = origin;
  epoch.used = now;
  return epoch;
}

Entry& Origins::touch(Epoch& epoch, std::uint64_t seq) {
  if (Entry* const entry = epoch.find(seq)) return *entry;
  const std::size_t limit = epoch.proven() ? limits_.window : kClaimedIdsMost;
  Window* window = nullptr;
  for (Window& each : epoch.windows) {
    if (each.reaches(seq, limit)) window = &each;
  }
  if (window == nullptr && epoch.windows.size() < Epoch::kWindows) {
    window = &epoch.windows.emplace_back();
  } else if (window == nullptr) {
    // The smallest goes: strays are cheap to make, the true window is not.
    window = &*std::ranges::min_element(
        epoch.windows, {}, [](const Window& each) { return each.high() - each.low(); });
    entries_ -= window->capacity();
    *window = Window();
    ++shed_windows_;
  }
  const std::size_t before = window->capacity();
  Entry& entry = window->touch(seq, limit);
  entries_ += window->capacity() - before;
  return entry;
}

bool Origins::takes_claim(Epoch& epoch, std::uint64_t seq) {
  return epoch.find(seq) != nullptr || std::ranges::none_of(epoch.windows, [&](const Window& each) {
           const std::uint64_t low = std::min(each.low(), seq),
                               high = std::max(each.high(), seq + 1);
           return each.reaches(seq, kClaimedIdsMost) && high - low > kClaimedIdsMost;
         });
}

std::size_t Origins::entries_of(const Epoch& epoch) {
  std::size_t entries = 0;
  for (const Window& window : epoch.windows) entries += window.capacity();
  return entries;
}

void Origins::drop(Epoch& epoch) {
  entries_ -= entries_of(epoch);
  ++shed_windows_;
  Origin& origin = *epoch.origin;
  std::erase_if(origin.epochs, [&](const auto& each) { return each.get() == &epoch; });
}

void Origins::drop(Origin& origin) {
  for (const auto& epoch : origin.epochs) entries_ -= entries_of(*epoch);
  if (origin.hot) --hot_;
  ++shed_origins_;
  const OriginId id = origin.id;
  order_of(origin).erase(origin.place);
  origins_.erase(id);
}

void Origins::forget_ids(Instant before) {
  for (const OriginId& id : order_) {
    bool idle = true;
    for (const auto& epoch : origins_.at(id)->epochs) {
      idle = idle && epoch->used < before;
      if (epoch->used >= before) continue;
      entries_ -= entries_of(*epoch);
      epoch->windows.clear();
    }
    if (!idle) return;  // those behind it were used later
  }
}

void Origins::forget_link(LinkSlot slot) {
  for (const auto& [id, origin] : origins_) {
    origin->pruned &= ~bit(slot);
    origin->grafted &= ~bit(slot);
    origin->declined &= ~bit(slot);
    if (origin->parent == slot) origin->parent = kNoSlot;
    if (origin->second == slot) origin->second = kNoSlot;
    origin->heirs &= ~bit(slot);
    for (const auto& epoch : origin->epochs) {
      epoch->told &= ~bit(slot);
      epoch->sampled &= ~bit(slot);
      for (Window& window : epoch->windows) window.forget_link(slot);
    }
  }
}

void Origins::begin_link(LinkSlot slot) {
  for (const auto& [id, origin] : origins_) {
    if (origin->hot) origin->pruned |= bit(slot);
  }
}

}  // namespace ron::mesh
