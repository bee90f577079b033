#include "trace_view.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "mesh_view.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

struct Hop {
  std::string node, from;
  std::chrono::microseconds after;
};

std::vector<Hop> hops_of(const Json& traced) {
  std::vector<Hop> out;
  for (const Json& each : at(traced, "nodes")) {
    const auto after = static_cast<std::int64_t>(count_at(each, "after_us"));
    out.push_back({text_at(each, "node"), text_at(each, "from"), std::chrono::microseconds(after)});
  }
  std::ranges::sort(out, [](const Hop& a, const Hop& b) {
    return std::pair(a.after, a.node) < std::pair(b.after, b.node);
  });
  return out;
}

class Tree {
 public:
  explicit Tree(const std::vector<Hop>& hops) {
    for (const Hop& hop : hops) {
      below_[hop.from].push_back(&hop);
      answered_.insert(hop.node);
    }
  }

  bool answered(const std::string& node) const { return answered_.contains(node); }
  bool told(const std::string& node) const { return told_.contains(node); }

  /// A line for `node`, and one for each below it.
  void tell(const std::string& node, const std::string& text) {
    told_.insert(node);
    table_.add({short_id(node), text});
    std::vector<std::pair<const Hop*, std::size_t>> next;
    push_below(next, node, 1);
    while (!next.empty()) {
      const auto [hop, depth] = next.back();
      next.pop_back();
      if (!told_.insert(hop->node).second) continue;
      deepest_ = std::max(deepest_, depth);
      table_.add({std::string(2 * depth, ' ') + short_id(hop->node), time_text(hop->after)});
      push_below(next, hop->node, depth + 1);
    }
  }

  std::size_t deepest() const { return deepest_; }
  std::string text() const { return table_.text(); }

 private:
  void push_below(std::vector<std::pair<const Hop*, std::size_t>>& next, const std::string& node,
                  std::size_t depth) {
    const std::vector<const Hop*>& all = below_[node];
    for (auto hop = all.rbegin(); hop != all.rend(); ++hop) next.emplace_back(*hop, depth);
  }

  std::map<std::string, std::vector<const Hop*>> below_;
  std::set<std::string> answered_, told_;
  std::size_t deepest_ = 0;
  Table table_{{{"node", Align::kLeft, 200}, {"after", Align::kRight}}};
};

}  // namespace

std::string trace_tree(const Json& traced) {
  const std::vector<Hop> hops = hops_of(traced);
  Tree tree(hops);
  tree.tell(text_at(traced, "node"), "published");
  for (const Hop& hop : hops) {
    if (!tree.answered(hop.from) && !tree.told(hop.from)) tree.tell(hop.from, "no answer");
  }
  for (const Hop& hop : hops) {  // nodes that name each other
    if (!tree.told(hop.node)) tree.tell(hop.node, time_text(hop.after));
  }
  return tree.text() + "\n" + count_text(hops.size()) +
         " nodes had it; longest way: " + count_text(tree.deepest()) +
         (tree.deepest() == 1 ? " link.\n" : " links.\n");
}

}  // namespace ron::cli
