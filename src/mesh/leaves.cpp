#include "mesh/leaves.hpp"

#include <algorithm>

namespace ron::mesh {

// Where a node's leaf stands, or else the first free place.
std::size_t Leaves::place_of(const NodeId& node) const {
  std::size_t free = leaves_.size();
  for (std::size_t i = leaves_.size(); i-- > 0;) {
    if (!leaves_[i]) {
      free = i;
    } else if (leaves_[i]->node == node) {
      return i;
    }
  }
  return free;
}

Leaves::Leaf* Leaves::find(SessionId session) {
  const auto found = std::ranges::find_if(
      leaves_, [session](const auto& leaf) { return leaf && leaf->session == session; });
  return found == leaves_.end() ? nullptr : found->get();
}

void Leaves::up(const NodeId& node, std::uint64_t epoch, SessionId session) {
  const std::size_t place = place_of(node);
  if (place == leaves_.size()) leaves_.emplace_back();
  std::unique_ptr<Leaf>& leaf = leaves_[place];
  if (leaf && leaf->epoch == epoch) {
    leaf->interest.resumed();
  } else {
    leaf.reset();  // before its successor, which stands under the same target
    leaf = std::make_unique<Leaf>(index_, gossip::Target{.id = place}, hash_, limits_.interest);
    leaf->node = node;
    leaf->epoch = epoch;
  }
  leaf->session = session;
}

void Leaves::down(SessionId session) {
  Leaf* leaf = find(session);
  if (leaf == nullptr) return;
  leaf->session.reset();
  leaf->went = ++leavings_;
  forget_oldest();
}

void Leaves::forget_oldest() {
  const auto absent = [](const auto& leaf) { return leaf && !leaf->session; };
  if (std::ranges::count_if(leaves_, absent) <= limits_.absent) return;
  std::unique_ptr<Leaf>* oldest = nullptr;
  for (auto& leaf : leaves_) {
    if (absent(leaf) && (oldest == nullptr || leaf->went < (*oldest)->went)) oldest = &leaf;
  }
  oldest->reset();
}

std::optional<InterestOf::Applied> Leaves::apply(SessionId session, const oap::Interest& interest) {
  Leaf* leaf = find(session);
  if (leaf == nullptr) return std::nullopt;
  return leaf->interest.apply(interest);
}

// OAP-9.14
void Leaves::match(TenantId tenant, std::string_view topic, std::vector<SessionId>& out) {
  found_.clear();
  index_.match(tenant, topic, found_);
  ++matches_;
  for (const gossip::Target target : found_) {
    Leaf& leaf = *leaves_[target.id];
    if (!leaf.session || leaf.listed == matches_) continue;
    leaf.listed = matches_;
    out.push_back(*leaf.session);
  }
}

bool Leaves::wants(SessionId session, TenantId tenant, std::string_view topic) {
  found_.clear();
  index_.match(tenant, topic, found_);
  return std::ranges::any_of(found_, [this, session](const gossip::Target target) {
    return leaves_[target.id]->session == session;
  });
}

const InterestKeys* Leaves::interest(const NodeId& node) const {
  const std::size_t place = place_of(node);
  const bool linked = place < leaves_.size() && leaves_[place] && leaves_[place]->session;
  return linked ? &leaves_[place]->interest.held() : nullptr;
}

std::size_t Leaves::shed() const {
  std::size_t shed = 0;
  for (const auto& leaf : leaves_) shed += leaf ? leaf->interest.shed() : 0;
  return shed;
}

}  // namespace ron::mesh
