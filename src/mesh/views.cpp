#include "mesh/views.hpp"

#include <algorithm>
#include <utility>

#include "base/bytes.hpp"

namespace ron::mesh {
namespace {

template <typename Wanted>
std::size_t count(const std::vector<Candidate>& list, Wanted wanted) {
  return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), wanted));
}

// One of those for which `wanted` holds, at random; nullptr when there is none.
template <typename Wanted>
Candidate* any(std::vector<Candidate>& list, Choice& choice, Wanted wanted) {
  const std::size_t those = count(list, wanted);
  if (those == 0) return nullptr;
  std::uint64_t skip = choice.index(those);
  for (Candidate& each : list) {
    if (wanted(each) && skip-- == 0) return &each;
  }
  return nullptr;
}

bool is_hearsay(const Candidate& candidate) {
  return candidate.source != kMet && candidate.source != kCalled;
}

void remove(std::vector<Candidate>& list, Candidate* at) {
  if (at != &list.back()) *at = std::move(list.back());
  list.pop_back();
}

}  // namespace

Source source_of(const NodeId& teller) {
  return load_be<std::uint32_t>(teller.data()) | 2U;  // neither kMet nor kCalled
}

std::string_view host_of(std::string_view addr) {
  const std::string_view host = addr.substr(0, addr.rfind(':'));
  const bool loopback =
      host.starts_with("127.") || host == "localhost" || host == "[::1]" || host == "::1";
  return loopback ? std::string_view() : host;
}

Views::Views(const NodeId& self, std::size_t most)
    : self_(self), most_(std::max<std::size_t>(most, 2)) {}

std::size_t Views::share(Source source) const {
  if (source == kMet) return most_;
  return source == kCalled ? most_ / 2 : most_ / 8 + 1;
}

Candidate* Views::find(std::vector<Candidate>& list, const NodeId& node) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [&](const Candidate& each) { return each.node == node; });
  return at == list.end() ? nullptr : &*at;
}

bool Views::learn(Candidate candidate, Choice& choice) {
  if (candidate.addr.empty() || candidate.node == self_) return false;
  if (Candidate* known = find(passive_, candidate.node)) {
    // Who met it knows its address better than who heard of it.
    if (candidate.source == kMet || (candidate.source == kCalled && is_hearsay(*known))) {
      known->addr = std::move(candidate.addr);
      known->source = candidate.source;
    }
    known->fresh = known->fresh || (candidate.fresh && !known->tried);
    return false;
  }
  if (Candidate* gone = find(lost_, candidate.node)) {
    if (is_hearsay(candidate)) return false;
    remove(lost_, gone);
  }
  Candidate* at = room_for(candidate, choice);
  if (at == nullptr) return false;
  *at = std::move(candidate);
  return true;
}

Candidate* Views::room_for(const Candidate& candidate, Choice& choice) {
  const auto alike = [&](const Candidate& each) { return each.source == candidate.source; };
  if (count(passive_, alike) >= share(candidate.source)) return any(passive_, choice, alike);
  if (const std::string_view host = host_of(candidate.addr); !host.empty()) {
    const auto there = [&](const Candidate& each) {
      return each.addr.size() > host.size() && each.addr[host.size()] == ':' &&
             each.addr.starts_with(host);
    };
    if (count(passive_, there) >= kHostMax) {
      return candidate.source == kMet ? any(passive_, choice, there) : nullptr;
    }
  }
  if (passive_.size() < most_) return &passive_.emplace_back();
  if (!is_hearsay(candidate)) {
    if (Candidate* at = any(passive_, choice, is_hearsay)) return at;
  }
  return &passive_[choice.index(passive_.size())];
}

void Views::lose(const NodeId& node, std::string_view addr, Choice& choice) {
  if (Candidate* at = find(passive_, node)) remove(passive_, at);
  if (addr.empty() || node == self_ || find(lost_, node) != nullptr) return;
  const bool full = lost_.size() >= kLostMax;
  Candidate& at = full ? lost_[choice.index(lost_.size())] : lost_.emplace_back();
  at = Candidate{.node = node, .addr = std::string(addr)};
}

bool Views::forget(const NodeId& node) {
  Candidate* candidate = find(passive_, node);
  if (candidate != nullptr) remove(passive_, candidate);
  Candidate* gone = find(lost_, node);
  if (gone != nullptr) remove(lost_, gone);
  return candidate != nullptr || gone != nullptr;
}

const Candidate* Views::pick(Choice& choice) {
  Candidate* at = any(passive_, choice, [](const Candidate& e) { return e.fresh && !e.tried; });
  if (at == nullptr) at = any(passive_, choice, [](const Candidate& e) { return !e.tried; });
  if (at == nullptr) return nullptr;
  at->tried = true;
  at->fresh = false;
  return at;
}

void Views::new_round() {
  for (Candidate& each : passive_) each.tried = false;
}

void Views::mark_tried(const NodeId& node) {
  if (Candidate* at = find(passive_, node)) at->tried = true;
}

void Views::mark_fresh(const NodeId& node) {
  if (Candidate* at = find(passive_, node); at != nullptr && !at->tried) at->fresh = true;
}

}  // namespace ron::mesh
