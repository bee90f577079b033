// The messages between nodes as the vectors of test/vectors/peers.json have them; for
// vectors_test.cpp.
#pragma once

#include "oap/peer_kinds.hpp"
#include "oap/vectors_test_fields.hpp"

namespace ron::oap::vectors {

inline Read read_relay_vector(const Message& message) {
  return read_as(read_relay(message), [](const Relay& relay, Read& read) {
    read.fields = {{"seq", plain(relay.seq)},
                   {"epoch", plain(relay.epoch)},
                   {"origin", plain_bytes(relay.origin)},
                   {"message", plain_bytes(relay.message)}};
    if (relay.trace) read.fields["trace"] = true;
    read.again = write_relay_head(relay);
    read.again.insert(read.again.end(), relay.message.begin(), relay.message.end());
  });
}

inline Read read_traced_vector(const Message& message) {
  return read_as(read_traced(message), [](const Traced& traced, Read& read) {
    read.fields = {{"seq", plain(traced.seq)},         {"back", plain(traced.back)},
                   {"from", plain_bytes(traced.from)}, {"node", plain_bytes(traced.node)},
                   {"epoch", plain(traced.epoch)},     {"origin", plain_bytes(traced.origin)}};
    read.again = write_traced(traced);
  });
}

inline Read read_origin_vector(const Message& message) {
  return read_as(read_origin(message), [](const OriginStatement& origin, Read& read) {
    read.fields = {{"key", plain_bytes(origin.key)},
                   {"sig", plain_bytes(origin.sig)},
                   {"epoch", plain(origin.epoch)}};
    read.again = write_origin(origin);
  });
}

inline Read read_ids_vector(const Message& message, IdsKind kind) {
  return read_as(read_ids(message), [&message, kind](IdRanges ids, Read& read) {
    // `check` 0 and its absence are one; which of them it was only the bytes know.
    CborMap fields(message.map);
    std::string_view key;
    CborItem list;
    while (fields.next(key, list) && key != "ids") continue;
    CborArray entries(list);
    CborItem entry;
    Json all = Json::array();
    std::vector<IdRange> ranges;
    IdRange range;
    while (ids.next(range) && entries.next(entry)) {
      all.push_back(
          {plain_bytes(range.origin), plain(range.epoch), plain(range.first), plain(range.last)});
      if (entry.number == 5) all.back().push_back(plain(range.check));
      ranges.push_back(range);
    }
    read.fields["ids"] = all;
    read.again = write_ids(kind, ranges);
  });
}

inline Json plain_tenant(TenantId tenant) {
  std::array<std::uint8_t, 16> bytes{};
  store_be(bytes.data(), tenant.hi);
  store_be(bytes.data() + 8, tenant.lo);
  return plain_bytes(bytes);
}

inline Read read_tree_vector(const Message& message) {
  return read_as(read_tree_change(message), [](const TreeChange& change, Read& read) {
    read.fields = Json::object();
    put(read.fields, "topic", change.topic);
    if (change.origin) read.fields["origin"] = plain_bytes(*change.origin);
    if (change.tenant) read.fields["tenant"] = plain_tenant(*change.tenant);
    read.again = write_tree_change(change);
  });
}

inline Json plain_sets(InterestSets sets, std::vector<InterestOut::Set>& out) {
  Json all = Json::array();
  InterestSet set;
  while (sets.next(set)) {
    const Json topics = plain_list(set.topics);
    all.push_back({{"tenant", plain_tenant(set.tenant)}, {"topics", topics}});
    out.emplace_back(set.tenant, std::vector<std::string>(topics));
  }
  return all;
}

inline Read read_interest_vector(const Message& message) {
  return read_as(read_interest(message), [](const Interest& interest, Read& read) {
    InterestOut out;
    read.fields["add"] = plain_sets(interest.add, out.add);
    read.fields["remove"] = plain_sets(interest.remove, out.remove);
    read.fields["seq"] = plain(interest.seq);
    read.fields["digest"] = plain_bytes(interest.digest);
    out.seq = interest.seq;
    out.digest = interest.digest;
    read.again = write_interest(out);
  });
}

inline Read read_link_vector(const Message& message) {
  return read_as(read_link(message), [](const LinkRequest& link, Read& read) {
    read.fields["prio"] = link.prio;
    if (link.leaf) read.fields["leaf"] = true;
    if (!link.addr.empty()) read.fields["addr"] = plain(link.addr);
    read.again = write_link(link);
  });
}

inline std::vector<PeerAddr> plain_peers(PeerAddrs list, Json& out) {
  std::vector<PeerAddr> peers;
  out = Json::array();
  PeerAddr peer;
  while (list.next(peer)) {
    peers.push_back(peer);
    out.push_back({{"addr", plain(peer.addr)}, {"node", plain_bytes(peer.node)}});
  }
  return peers;
}

inline Read read_peers_vector(const Message& message) {
  return read_as(read_peers(message), [](const PeerAddrs& list, Read& read) {
    read.again = write_peers(plain_peers(list, read.fields["add"]));
  });
}

inline Read read_busy_vector(const Message& message) {
  return read_as(read_busy_peers(message), [&message](const PeerAddrs& list, Read& read) {
    const auto error = read_error(message);
    read.fields = {{"code", plain(error->code)}, {"msg", plain(error->msg)}};
    read.again = write_busy(error->msg, plain_peers(list, read.fields["peers"]));
  });
}

inline bool has_key(const Message& message, std::string_view name) {
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == name) return true;
  }
  return false;
}

/// Nothing for a message that is not of section 9.
inline std::optional<Read> read_any_peer_kind(const Message& message) {
  const std::string_view kind = message.kind;
  if (kind == "relay") return read_relay_vector(message);
  if (kind == "origin") return read_origin_vector(message);
  if (kind == "traced") return read_traced_vector(message);
  for (const IdsKind ids : {IdsKind::kIhave, IdsKind::kIwant, IdsKind::kIdontwant}) {
    if (kind == name(ids)) return read_ids_vector(message, ids);
  }
  if (kind == "graft" || kind == "prune") return read_tree_vector(message);
  if (kind == "interest") return read_interest_vector(message);
  if (kind == "interest_all") return Read{{}, Json::object(), write_interest_all()};
  if (kind == "link") return read_link_vector(message);
  if (kind == "unlink") return Read{{}, Json::object(), write_unlink()};
  if (kind == "peers") return read_peers_vector(message);
  if (kind == "ping") return Read{{}, Json::object(), write_ping()};
  if (kind == "error" && has_key(message, "peers")) return read_busy_vector(message);
  return std::nullopt;
}

}  // namespace ron::oap::vectors
