#include "gossip/topic_index.hpp"

#include <array>
#include <utility>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "oap/topic.hpp"

namespace ron::gossip {
namespace {

constexpr std::string_view kStar = "*";
constexpr std::string_view kRest = "**";
constexpr std::size_t kSegmentsMax = (oap::kTopicMax + 1) / 2;

// Cuts the first segment off.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return segment;
}

std::string_view bytes_of(const TenantId& tenant) {
  static_assert(sizeof tenant == 16, "no padding may be hashed or compared");
  return {reinterpret_cast<const char*>(&tenant), sizeof tenant};
}

std::size_t heap_bytes(const std::string& text) {
  return text.capacity() <= std::string().capacity() ? 0 : text.capacity() + 1;
}

// A topic's segments and their hashes, worked out only as deep as the trie reaches.
class Segments {
 public:
  struct Segment {
    const char* data;
    std::size_t size;
    std::uint64_t hash;
    std::string_view text() const { return {data, size}; }
  };

  Segments(std::string_view topic, std::uint64_t key) : rest_(topic), key_(key) {}

  // Null beyond the last one. The topic has at most kTopicMax bytes, so at most kSegmentsMax.
  const Segment* at(std::size_t depth) {
    while (count_ <= depth) {
      if (rest_.empty() || count_ == kSegmentsMax) return nullptr;
      const std::string_view text = take_segment(rest_);
      items_[count_++] = {text.data(), text.size(), keyed_hash(as_bytes(text), key_)};
    }
    return &items_[depth];
  }

 private:
  std::array<Segment, kSegmentsMax> items_;  // the first count_; the rest is not even cleared
  std::size_t count_ = 0;
  std::string_view rest_;
  std::uint64_t key_;
};

}  // namespace

// ---- changes ----

bool TopicIndex::add(TenantId tenant, std::string_view pattern, Target target) {
  RON_DCHECK(oap::is_pattern(pattern));
  const Place place = make_place(tenant, pattern);
  const std::size_t bytes_before = place.targets->memory_bytes();
  if (!place.targets->add(target, key_)) return false;
  entry_bytes_ += place.targets->memory_bytes() - bytes_before;
  if (place.targets->size() == 1) ++pattern_count_;
  ++target_count_;
  ++generation_;
  return true;
}

bool TopicIndex::remove(TenantId tenant, std::string_view pattern, Target target) {
  const Place place = find_place(tenant, pattern);
  if (place.targets == nullptr) return false;
  const std::size_t bytes_before = place.targets->memory_bytes();
  if (!place.targets->remove(target, key_)) return false;
  entry_bytes_ -= bytes_before - place.targets->memory_bytes();
  --target_count_;
  ++generation_;
  if (place.targets->empty()) {
    --pattern_count_;
    prune(place);
  }
  return true;
}

// ---- questions ----

// Hands each matching pattern's targets to `hit` until it returns false.
template <typename Hit>
void TopicIndex::visit(TenantId tenant, std::string_view topic, Hit hit) const {
  last_visited_ = 0;
  if (topic.size() > oap::kTopicMax) return;
  const Exact* exact = find_exact(tenant, topic, last_visited_);
  if (exact != nullptr && !hit(exact->targets)) return;
  const Node* root = find_root(tenant, last_visited_);
  if (root == nullptr) return;

  struct Step {
    const Node* node;
    std::size_t depth;
  };
  // Every step down replaces itself by at most two, so the stack grows by one a segment.
  std::array<Step, kSegmentsMax + 2> stack;
  std::size_t height = 0;
  stack[height++] = {root, 0};
  Segments segments(topic, key_);
  while (height > 0) {
    const auto [node, depth] = stack[--height];
    ++last_visited_;
    const Segments::Segment* segment = segments.at(depth);
    const TargetSet& here = segment == nullptr ? node->ending : node->rest;  // OAP-4.5: one or more
    if (!here.empty() && !hit(here)) return;
    if (segment == nullptr) continue;
    if (node->star) stack[height++] = {node->star.get(), depth + 1};  // OAP-4.4
    if (node->child_count == 0) continue;
    const Node* child =
        find_literal(node, segment->text(), child_hash(node, segment->hash), last_visited_);
    if (child != nullptr) stack[height++] = {child, depth + 1};
  }
}

void TopicIndex::match(TenantId tenant, std::string_view topic, std::vector<Target>& out) const {
  visit(tenant, topic, [&out](const TargetSet& targets) {
    const auto items = targets.items();
    out.insert(out.end(), items.begin(), items.end());
    return true;
  });
}

bool TopicIndex::any(TenantId tenant, std::string_view topic) const {
  bool found = false;
  visit(tenant, topic, [&found](const TargetSet&) {
    found = true;
    return false;
  });
  return found;
}

std::size_t TopicIndex::memory_bytes() const {
  return entry_bytes_ + exacts_.memory_bytes() + literals_.memory_bytes();
}

// ---- finding ----

// Both words of the tenant meet secret bits, so that no tenant makes the product a known value.
std::uint64_t TopicIndex::tenant_hash(TenantId tenant) const {
  return mix(tenant.hi ^ key_, tenant.lo ^ ~key_);
}

std::uint64_t TopicIndex::child_hash(const Node* parent, std::uint64_t segment_hash) const {
  return mix(parent->path_hash, segment_hash ^ key_);
}

TopicIndex::Exact* TopicIndex::find_exact(TenantId tenant, std::string_view topic,
                                          std::size_t& visited) const {
  if (exacts_.size() == 0) return nullptr;
  const std::uint64_t hash = keyed_hash(as_bytes(topic), tenant_hash(tenant));
  const auto same = [&](const std::unique_ptr<Exact>& entry) {
    return entry->tenant == tenant && entry->topic == topic;
  };
  const auto* found = exacts_.find(exacts_.fold(hash), same, visited);
  return found == nullptr ? nullptr : found->get();
}

TopicIndex::Node* TopicIndex::find_root(TenantId tenant, std::size_t& visited) const {
  if (node_count_ == 0) return nullptr;
  return find_literal(nullptr, bytes_of(tenant), tenant_hash(tenant), visited);
}

TopicIndex::Node* TopicIndex::find_literal(const Node* parent, std::string_view segment,
                                           std::uint64_t path_hash, std::size_t& visited) const {
  const auto same = [&](const std::unique_ptr<Node>& node) {
    return node->parent == parent && node->segment == segment;
  };
  const auto* found = literals_.find(literals_.fold(path_hash), same, visited);
  return found == nullptr ? nullptr : found->get();
}

TopicIndex::Place TopicIndex::find_place(TenantId tenant, std::string_view pattern) const {
  std::size_t visited = 0;
  if (!oap::has_wildcard(pattern)) {
    Exact* exact = find_exact(tenant, pattern, visited);
    return {exact, nullptr, exact == nullptr ? nullptr : &exact->targets};
  }
  Node* node = find_root(tenant, visited);
  while (node != nullptr && !pattern.empty()) {
    const std::string_view segment = take_segment(pattern);
    if (segment == kRest && pattern.empty()) return {nullptr, node, &node->rest};
    node = segment == kStar
               ? node->star.get()
               : find_literal(node, segment, child_hash(node, keyed_hash(as_bytes(segment), key_)),
                              visited);
  }
  if (node == nullptr) return {};
  return {nullptr, node, &node->ending};
}

// ---- making and pruning ----

TopicIndex::Place TopicIndex::make_place(TenantId tenant, std::string_view pattern) {
  std::size_t visited = 0;
  if (!oap::has_wildcard(pattern)) {
    Exact* exact = find_exact(tenant, pattern, visited);
    if (exact == nullptr) exact = make_exact(tenant, pattern);
    return {exact, nullptr, &exact->targets};
  }
  Node* node = find_root(tenant, visited);
  if (node == nullptr) node = make_node(nullptr, bytes_of(tenant), tenant_hash(tenant));
  while (!pattern.empty()) {
    const std::string_view segment = take_segment(pattern);
    if (segment == kRest && pattern.empty()) return {nullptr, node, &node->rest};
    node = segment == kStar ? star_of(node) : child_of(node, segment);
  }
  return {nullptr, node, &node->ending};
}

TopicIndex::Exact* TopicIndex::make_exact(TenantId tenant, std::string_view topic) {
  auto entry = std::make_unique<Exact>();
  Exact* made = entry.get();
  made->tenant = tenant;
  made->topic = topic;
  entry_bytes_ += sizeof(Exact) + heap_bytes(made->topic);
  const std::uint64_t hash = keyed_hash(as_bytes(topic), tenant_hash(tenant));
  exacts_.insert(exacts_.fold(hash), std::move(entry));
  return made;
}

std::unique_ptr<TopicIndex::Node> TopicIndex::new_node(Node* parent, std::string_view segment,
                                                       std::uint64_t path_hash) {
  auto node = std::make_unique<Node>();
  node->parent = parent;
  node->path_hash = path_hash;
  node->segment = segment;
  entry_bytes_ += sizeof(Node) + heap_bytes(node->segment);
  ++node_count_;
  return node;
}

TopicIndex::Node* TopicIndex::make_node(Node* parent, std::string_view segment,
                                        std::uint64_t path_hash) {
  auto node = new_node(parent, segment, path_hash);
  Node* made = node.get();
  literals_.insert(literals_.fold(path_hash), std::move(node));
  return made;
}

TopicIndex::Node* TopicIndex::star_of(Node* node) {
  if (!node->star) {
    const std::uint64_t hash = child_hash(node, keyed_hash(as_bytes(kStar), key_));
    node->star = new_node(node, kStar, hash);
    node->star->is_star = true;
  }
  return node->star.get();
}

TopicIndex::Node* TopicIndex::child_of(Node* node, std::string_view segment) {
  const std::uint64_t hash = child_hash(node, keyed_hash(as_bytes(segment), key_));
  std::size_t visited = 0;
  Node* child = find_literal(node, segment, hash, visited);
  if (child != nullptr) return child;
  ++node->child_count;
  return make_node(node, segment, hash);
}

void TopicIndex::prune(const Place& place) {
  if (place.exact == nullptr) {
    prune_up(place.node);
    return;
  }
  const Exact* exact = place.exact;
  entry_bytes_ -= sizeof(Exact) + heap_bytes(exact->topic);
  const std::uint64_t hash = keyed_hash(as_bytes(exact->topic), tenant_hash(exact->tenant));
  exacts_.take(exacts_.fold(hash), [exact](const auto& entry) { return entry.get() == exact; });
}

void TopicIndex::prune_up(Node* node) {
  while (node != nullptr && node->bare()) {
    Node* parent = node->parent;
    entry_bytes_ -= sizeof(Node) + heap_bytes(node->segment);
    --node_count_;
    if (node->is_star) {
      parent->star.reset();
    } else {
      if (parent != nullptr) --parent->child_count;
      literals_.take(literals_.fold(node->path_hash),
                     [node](const auto& entry) { return entry.get() == node; });
    }
    node = parent;
  }
}

}  // namespace ron::gossip
