#include "mesh_view.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "table.hpp"

namespace ron::cli {
namespace {

constexpr std::size_t kShortId = 16;

bool is_active(const Json& peer) { return text_at(peer, "state") == "active"; }

std::string number_text(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string both(const Json& mesh, const std::string& path) {
  return count_text(count_at(mesh, path + ".tx")) + " sent, " +
         count_text(count_at(mesh, path + ".rx")) + " received";
}

std::string count_of(const Json& mesh, std::string_view path) {
  return count_text(count_at(mesh, path));
}

std::string lag_text(const Json& mesh, const std::string& path) {
  const double lag = number_at(mesh, path);
  return lag > 0 ? number_text("%.1f ms", lag) : "-";
}

// How late pushed copies are, and how many do not come; nothing where an older node does not tell.
std::string lag_and_loss(const Json& mesh) {
  if (!at(mesh, "relay.lag_ms").is_object()) return "";
  return lag_text(mesh, "relay.lag_ms.trees") + " on trees of their own, " +
         lag_text(mesh, "relay.lag_ms.shared") +
         " on the shared tree, behind the first announcement; " +
         number_text("%.1f", 100 * number_at(mesh, "relay.loss")) + " % of pushed copies lost";
}

std::string shared_text(const Json& trees) {
  const bool in = flag_at(trees, "shared_in");
  const bool out = flag_at(trees, "shared_out");
  return in && out ? "in, out" : in ? "in" : out ? "out" : "-";
}

// For a quoted string of Graphviz.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

// What became of a named peer that has no link.
std::string plight(const Json& peer) {
  const std::string state = text_at(peer, "state");
  if (state == "self") return "this node itself answers there";
  std::string out = "not linked";
  if (state == "dialing") out += ", being dialed";
  if (state == "spare") out += ", dialed when a link is missing";
  const std::uint64_t failed = count_at(peer, "failed");
  if (failed == 0) return out;
  const std::string why = text_at(peer, "failure");
  out += "; " + counted_text(failed, "dial") + " failed";
  return out + (why.empty() ? ", no answer" : ", the last known: " + why);
}

// At each end of a line: how many trees come in there.
std::string tree_ends(const Json& trees) {
  if (count_at(trees, "in") + count_at(trees, "out") == 0) return "";
  return ", taillabel=" + quoted(count_of(trees, "in")) +
         ", headlabel=" + quoted(count_of(trees, "out"));
}

// What a misdeed means, and what to do about it.
std::string_view advice(std::string_view misdeed) {
  if (misdeed == "malformed") return "frames that break the protocol: compare versions";
  if (misdeed == "unsolicited") return "messages nobody asked it for";
  if (misdeed == "broken_promise") return "messages it announced and never sent";
  if (misdeed == "slow")
    return "does not take in time what is relayed to it, and asks for it later: look at its CPU "
           "and "
           "at the network between";
  if (misdeed == "variant") return "one more version of a message that has many";
  return "";
}

std::string behaviour(const Json& score) {
  const Json& reasons = at(score, "reasons");
  if (reasons.empty()) return "Nothing is held against it.\n";
  const std::string standing = text_at(score, "standing");
  std::string out = number_text("%.1f", number_at(score, "points")) + " points are held against it";
  if (at(score, "disconnect_from").is_number())
    out += " (announcements are refused from " + count_of(score, "shed_from") +
           ", it is let go from " + count_of(score, "disconnect_from") + ")";
  if (standing == "good") out += ", which is nothing to act on; they fade.\n";
  if (standing == "warned") out += ": watch it. They fade.\n";
  if (standing == "shed") out += ": its announcements are refused until they fade.\n";
  if (standing == "disconnect") out += ": it is let go until they fade.\n";
  if (standing != "good" && standing != "warned" && !flag_at(score, "acts"))
    out += "(Not done: mesh.score_dry_run, or too few other links would be left.)\n";
  Table table(
      {{"misdeed"}, {"count", Align::kRight}, {"points", Align::kRight}, {"", Align::kLeft, 120}});
  for (const Json& reason : reasons) {
    const std::string misdeed = text_at(reason, "misdeed");
    table.add({misdeed, count_text(count_at(reason, "count")),
               number_text("%.1f", number_at(reason, "points")), std::string(advice(misdeed))});
  }
  return out + "\n" + table.text();
}

}  // namespace

std::string short_id(const std::string& id) { return id.substr(0, kShortId); }

std::string rtt_text(const Json& peer) {
  const double rtt = number_at(peer, "rtt_ms");
  return rtt > 0 ? number_text("%.1f ms", rtt) : "-";
}

std::string peer_table(const Json& peers) {
  Table table({{"node"},
               {"address", Align::kLeft, 40},
               {"state"},
               {"role"},
               {"round trip", Align::kRight},
               {"since", Align::kRight}});
  for (const Json& peer : peers) {
    const bool active = is_active(peer);
    table.add({short_id(text_at(peer, "node")), text_at(peer, "addr"), text_at(peer, "state"),
               text_at(peer, "role"), active ? rtt_text(peer) : "",
               active ? age_text(number_at(peer, "since_s")) : ""});
  }
  return table.text();
}

std::string named_table(const Json& named) {
  if (named.empty()) return "";
  Table table({{"named peer", Align::kLeft, 40}, {"node"}, {"", Align::kLeft, 160}});
  for (const Json& peer : named) {
    const std::string pinned = short_id(text_at(peer, "id"));
    const std::string found = short_id(text_at(peer, "node"));
    table.add({text_at(peer, "addr"), pinned.empty() ? found : pinned, plight(peer)});
  }
  return table.text();
}

std::string link_table(const Json& links) {
  Table table({{"node"},
               {"address", Align::kLeft, 40},
               {"role"},
               {"round trip", Align::kRight},
               {"trees in", Align::kRight},
               {"trees out", Align::kRight},
               {"shared tree"},
               {"since", Align::kRight}});
  for (const Json& link : links) {
    const Json& trees = at(link, "trees");
    const bool has = trees.is_object();
    table.add({short_id(text_at(link, "node")), text_at(link, "addr"), text_at(link, "role"),
               rtt_text(link), has ? count_of(trees, "in") : "-",
               has ? count_of(trees, "out") : "-", has ? shared_text(trees) : "-",
               age_text(number_at(link, "since_s"))});
  }
  return table.text();
}

std::string mesh_facts(const Json& mesh) {
  Facts facts;
  facts.add("node", text_at(mesh, "node"));
  facts.add("role", text_at(mesh, "role"));
  facts.add("links", count_of(mesh, "views.active") + " to relays, " +
                         count_of(mesh, "views.leaves") + " to leaves; " +
                         count_of(mesh, "views.passive") + " nodes remembered, " +
                         count_of(mesh, "views.dialing") + " being dialed");
  facts.add("since start", count_of(mesh, "views.links_up") + " came up, " +
                               count_of(mesh, "views.links_lost") + " died; " +
                               count_of(mesh, "views.dials_failed") + " of " +
                               count_of(mesh, "views.dials") + " dials failed");
  facts.add("published", count_of(mesh, "relay.published") + " messages");
  facts.add("received", count_of(mesh, "relay.received") + " messages, " +
                            count_of(mesh, "relay.delivered") + " of them new; redundancy " +
                            number_text("%.2f", number_at(mesh, "relay.redundancy")) +
                            " in the last minute");
  facts.add("forwarded", count_of(mesh, "relay.forwarded") + " copies");
  facts.add("trees", count_of(mesh, "relay.trees.origins") + " origins known, " +
                         count_of(mesh, "relay.trees.hot") + " with a tree of their own");
  facts.add("lag", lag_and_loss(mesh));
  facts.add("grafts", both(mesh, "relay.grafts"));
  facts.add("prunes", both(mesh, "relay.prunes"));
  facts.add("repair", count_of(mesh, "relay.repaired") + " messages came late, " +
                          count_of(mesh, "relay.given_up") + " never; " +
                          count_of(mesh, "relay.repair.messages") + " kept (" +
                          bytes_text(number_at(mesh, "relay.repair.bytes")) + ")");
  return facts.text();
}

std::string mesh_dot(const std::vector<Json>& meshes) {
  std::string out = "graph mesh {\n  node [shape=box, fontname=monospace];\n";
  std::set<std::string> told;
  for (const Json& mesh : meshes) {
    const std::string id = text_at(mesh, "node");
    const bool leaf = text_at(mesh, "role") == "leaf";
    out += "  " + quoted(short_id(id)) +
           " [label=" + quoted(text_at(mesh, "name") + " " + short_id(id)) +
           (leaf ? ", style=dashed" : "") + "];\n";
    for (const Json& link : at(mesh, "links")) {
      const std::string other = text_at(link, "node");
      const auto [first, second] = std::minmax(id, other);
      if (!told.insert(first + second).second) continue;  // its other end told it
      out += "  " + quoted(short_id(id)) + " -- " + quoted(short_id(other)) +
             " [label=" + quoted(rtt_text(link)) + tree_ends(at(link, "trees")) + "];\n";
    }
  }
  return out + "}\n";
}

std::string explained(const Json& peer, const Json& session) {
  Facts facts;
  facts.add("node", text_at(peer, "node"));
  facts.add("address", text_at(peer, "addr"));
  facts.add("state", text_at(peer, "state"));
  if (text_at(peer, "state") == "self")
    return facts.text() +
           "\nThis is the node itself that was asked. 'ronctl mesh' shows its links.\n";
  if (!is_active(peer)) {
    return facts.text() +
           "\nNo link: this node is remembered, and is dialed when a link is missing or now and "
           "then\nby chance. 'ronctl peers dial' dials it now.\n";
  }
  facts.add("role", text_at(peer, "role"));
  facts.add("round trip", rtt_text(peer));
  facts.add("link", "up for " + age_text(number_at(peer, "since_s")));
  if (const Json& trees = at(peer, "trees"); trees.is_object())
    facts.add("trees", count_of(trees, "in") + " come in over it, " + count_of(trees, "out") +
                           " go out; shared tree: " + shared_text(trees));
  if (session.is_object()) {
    facts.add("session", count_of(session, "id") + " over " + text_at(session, "kex"));
    facts.add("quiet", "for " + age_text(number_at(session, "quiet_s")));
    facts.add("waiting", count_of(session, "queued.frames") + " messages, " +
                             bytes_text(number_at(session, "queued.bytes")));
    facts.add("dropped", count_of(session, "dropped") + " messages for it");
  }
  return facts.text() + "\n" + behaviour(at(peer, "score"));
}

}  // namespace ron::cli
