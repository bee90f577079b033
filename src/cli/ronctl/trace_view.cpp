#include "trace_view.hpp"

#include <algorithm>
#include <utility>

#include "mesh_view.hpp"
#include "table.hpp"

namespace ron::cli {
namespace {

bool tells_link_to(const TracedNode& from, const std::string& node) {
  return std::ranges::any_of(at(from.mesh, "links"),
                             [&](const Json& link) { return text_at(link, "node") == node; });
}

std::string label(const TracedNode& node) {
  const std::string name = text_at(node.mesh, "name");
  return name.empty() ? short_id(node.node) : name;
}

std::string from_text(const std::vector<TracedNode>& nodes, std::size_t place) {
  if (place == 0) return "published here";
  if (!nodes[place].after) return "";
  std::string text;
  for (const std::size_t from : earlier_neighbours(nodes, place)) {
    text += (text.empty() ? "" : ", ") + label(nodes[from]);
  }
  return text.empty() ? "unclear" : text;
}

}  // namespace

void order_by_arrival(std::vector<TracedNode>& nodes) {
  if (nodes.empty()) return;
  std::sort(nodes.begin() + 1, nodes.end(), [](const TracedNode& a, const TracedNode& b) {
    const auto most = std::chrono::nanoseconds::max();
    return std::pair(a.after.value_or(most), a.url) < std::pair(b.after.value_or(most), b.url);
  });
}

std::vector<std::size_t> earlier_neighbours(const std::vector<TracedNode>& nodes, std::size_t at) {
  std::vector<std::size_t> out;
  const TracedNode& to = nodes[at];
  for (std::size_t i = 0; i < at && to.after; ++i) {
    if (tells_link_to(nodes[i], to.node) || tells_link_to(to, nodes[i].node)) out.push_back(i);
  }
  return out;
}

std::string trace_table(const std::vector<TracedNode>& nodes) {
  Table table({{"node"},
               {"name"},
               {"role"},
               {"after", Align::kRight},
               {"links", Align::kRight},
               {"from one of", Align::kLeft, 60}});
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const TracedNode& node = nodes[i];
    const Json& links = at(node.mesh, "links");
    table.add({short_id(node.node), text_at(node.mesh, "name"), text_at(node.mesh, "role"),
               node.after ? time_text(*node.after) : "never",
               links.is_array() ? count_text(links.size()) : "", from_text(nodes, i)});
  }
  return table.text();
}

Json trace_json(const std::vector<TracedNode>& nodes) {
  Json out = Json::array();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const TracedNode& node = nodes[i];
    Json from = Json::array();
    for (const std::size_t each : earlier_neighbours(nodes, i)) from.push_back(nodes[each].node);
    Json one = {{"node", node.node},
                {"url", node.url},
                {"name", text_at(node.mesh, "name")},
                {"role", text_at(node.mesh, "role")},
                {"way_us", node.way.count() / 1000},
                {"after_us", nullptr},
                {"from", from}};
    if (node.after) one["after_us"] = node.after->count() / 1000;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace ron::cli
