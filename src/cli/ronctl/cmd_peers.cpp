// ronctl peers: the nodes of the mesh that a node knows; dialing and dropping them.
#include <CLI/CLI.hpp>

#include <memory>

#include "common.hpp"
#include "format.hpp"
#include "mesh_view.hpp"
#include "session_table.hpp"

namespace ron::cli {
namespace {

struct Peers {
  std::uint32_t limit = 100;
  std::string addr, id;
};

// Ids are written in lowercase; who copies one from elsewhere may have it in capitals.
std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

int run_list(const Context& context, const Peers& args) {
  const Answer answer = ask(context, "peers", {{"limit", std::to_string(args.limit)}});
  if (context.json) {
    print_answer(answer);
    return kOk;
  }
  const Json& peers = at(answer.json, "peers");
  print(peer_table(peers));
  const std::uint64_t total = count_at(answer.json, "total");
  if (total > peers.size())
    print(count_text(peers.size()) + " of " + count_text(total) + " nodes (--limit shows more)\n");
  const std::string named = named_table(at(answer.json, "named"));
  if (!named.empty()) print("\n" + named);
  print(incomplete_note(answer.json));
  return kOk;
}

int run_dial(const Context& context, const Peers& args) {
  ControlArgs request = {{"addr", args.addr}};
  if (!args.id.empty()) request.emplace_back("id", lower(args.id));
  const Answer answer = ask(context, "dial", request);
  const std::string addr = escaped(args.addr);
  if (context.json)
    print_answer(answer);
  else
    print(addr + " is dialed until it answers or 'ronctl peers hangup " + addr +
          "'; 'ronctl peers list' tells how it goes\n");
  return kOk;
}

// The one peer whose id begins so; `itself` where that is the node that is asked.
Json find_peer(const Context& context, sdk::Client& client, const std::string& text, bool& itself) {
  const std::string id = lower(text);
  const Answer answer = ask(context, client, "peers", {{"limit", "2000"}});
  const Answer mesh = ask(context, client, "mesh");
  Json found;
  itself = text_at(mesh.json, "node").starts_with(id);
  if (itself) found = {{"node", text_at(mesh.json, "node")}, {"state", "self"}};
  for (const Json& peer : at(answer.json, "peers")) {
    if (!text_at(peer, "node").starts_with(id)) continue;
    if (!found.is_null())
      throw Failed{kRefused, "several nodes have ids that begin with " + id + ": write more of it"};
    found = peer;
  }
  if (found.is_null())
    throw Failed{kRefused, "no node is known whose id begins with " + id + " (ronctl peers list)"};
  return found;
}

int run_hangup(const Context& context, const Peers& args) {
  sdk::Client client = connect_operator(context);
  ControlArgs request;
  if (args.id.contains(':')) {
    request = {{"addr", args.id}};
  } else {
    bool itself = false;
    request = {{"id", text_at(find_peer(context, client, args.id, itself), "node")}};
    if (itself) throw Failed{kRefused, request.front().second + " is this node itself"};
  }
  const Answer answer = ask(context, client, "hangup", request);
  if (context.json) print_answer(answer);
  return kOk;
}

int run_explain(const Context& context, const Peers& args) {
  sdk::Client client = connect_operator(context);
  bool itself = false;
  const Json peer = find_peer(context, client, args.id, itself);
  const Answer sessions = ask(context, client, "sessions", {{"limit", "2000"}, {"order", "id"}});
  Json session;
  for (const Json& one : at(sessions.json, "sessions")) {
    if (at(peer, "session").is_number() && count_at(one, "id") == count_at(peer, "session"))
      session = one;
  }
  if (context.json)
    print(Json{{"peer", peer}, {"session", session}}.dump() + "\n");
  else
    print(explained(peer, session));
  return kOk;
}

}  // namespace

void add_peers(CLI::App& app, Context& context, Run& run) {
  CLI::App* group = app.add_subcommand("peers", "Nodes of the mesh that the node knows");
  group->require_subcommand(1);
  auto args = std::make_shared<Peers>();
  using Action = int (*)(const Context&, const Peers&);
  const auto add = [&](const char* name, const char* about, Action action) {
    CLI::App* command = group->add_subcommand(name, about);
    command->callback([&context, &run, args, action] {
      run = [&context, args, action] { return action(context, *args); };
    });
    return command;
  };
  CLI::App* command = add(
      "list", "Neighbours first, then those remembered, and named peers without a link", run_list);
  command->add_option("--limit", args->limit, "At most so many (1 to 2000)")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  command = add("dial", "Dial a node now, and again whenever it does not answer", run_dial);
  command->add_option("ADDR", args->addr, "HOST:PORT")->required();
  command->add_option("--id", args->id, "Whoever answers must be this node (64 hex digits)");
  command->footer(
      "The node must be one that may be a peer: 'peers', mesh.peers_file, mesh.allow and "
      "mesh.ca_path\nof the configuration say who may. Holds until the node is started again, or "
      "'ronctl peers hangup ADDR'.");
  command =
      add("hangup", "Drop the link to a node and forget it; dial an address no more", run_hangup);
  command
      ->add_option("ID", args->id, "Its id, the first digits of it, or HOST:PORT as it was dialed")
      ->required();
  command->footer(
      "Who may be a peer is not changed by this: it may come back. A peer that the configuration "
      "names\nis dialed again with the next reload.");
  command = add("explain", "What there is to say about one of them", run_explain);
  command->add_option("ID", args->id, "Its id, or the first digits of it")->required();
}

}  // namespace ron::cli
