// link, unlink, ping, candidates: how neighbours find and keep each other (docs/OAP-1.md section
// 9).
#include "oap/fields.hpp"
#include "oap/peer_kinds.hpp"
#include "oap/wire_error.hpp"

namespace ron::oap {
namespace {

// OAP-9.43
bool take_addr(const CborItem& item, std::string_view& out) {
  return take(item, out) && !out.empty() && out.size() <= kPeerAddrMax && !has_control(out);
}

bool take_peer(const CborItem& item, PeerAddr& peer) {
  if (item.type != CborType::kMap) return false;
  bool addr = false;
  bool node = false;
  CborMap fields(item);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "addr") {
      if (!take_addr(value, peer.addr)) return false;
      addr = true;
    } else if (key == "node") {
      if (!take(value, peer.node)) return false;
      node = true;
    }
  }
  return addr && node;
}

// OAP-9.44
bool is_peer_list(const CborItem& item) {
  if (item.type != CborType::kArray || item.number > kPeersMax) return false;
  CborArray peers(item);
  CborItem peer;
  PeerAddr addr;
  while (peers.next(peer)) {
    if (!take_peer(peer, addr)) return false;
  }
  return true;
}

void write_list(CborWriter& to, std::span<const PeerAddr> peers) {
  to.array(peers.size());
  for (const PeerAddr& peer : peers) {
    to.map(2);
    to.key("addr").text(peer.addr);
    to.key("node").bytes(peer.node);
  }
}

std::vector<std::uint8_t> write_only_kind(std::string_view kind) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(1);
  to.key("kind").text(kind);
  return out;
}

}  // namespace

bool PeerAddrs::next(PeerAddr& peer) {
  CborItem item;
  if (!array_ || !array_->next(item)) return false;
  --left_;
  return take_peer(item, peer);
}

// OAP-9.32 OAP-9.66 OAP-9.67 OAP-9.68
Decoded<LinkRequest> read_link(const Message& message) {
  LinkRequest link;
  bool prio = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "addr") {
      if (!take_addr(value, link.addr)) return faulty("link.addr is not an address");
    } else if (key == "leaf") {
      if (!take(value, link.leaf)) return faulty("link.leaf is not a bool");
    } else if (key == "prio") {
      if (!take(value, link.prio)) return faulty("link.prio is not a bool");
      prio = true;
    }
  }
  if (!prio) return faulty("link lacks prio");
  return link;
}

std::vector<std::uint8_t> write_link(const LinkRequest& link) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2U + (link.addr.empty() ? 0U : 1U) + (link.leaf ? 1U : 0U));
  if (!link.addr.empty()) to.key("addr").text(link.addr);
  to.key("kind").text("link");
  if (link.leaf) to.key("leaf").boolean(true);
  to.key("prio").boolean(link.prio);
  return out;
}

// OAP-9.33
std::vector<std::uint8_t> write_unlink() { return write_only_kind("unlink"); }

// OAP-9.35
std::vector<std::uint8_t> write_ping() { return write_only_kind("ping"); }

// OAP-9.34
Decoded<PeerAddrs> read_peers(const Message& message) {
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key != "add") continue;
    if (!is_peer_list(value)) return faulty("peers.add is not a list of at most 32 candidates");
    return PeerAddrs(value);
  }
  return faulty("peers lacks add");
}

std::vector<std::uint8_t> write_peers(std::span<const PeerAddr> peers) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2);
  to.key("add");
  write_list(to, peers);
  to.key("kind").text("peers");
  return out;
}

// OAP-9.65; beside another code `peers` is an unknown key (OAP-2.5).
Decoded<PeerAddrs> read_busy_peers(const Message& error) {
  std::string_view code;
  CborItem peers;
  bool told = false;
  CborMap fields(error.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "code") {
      if (!take(value, code)) return faulty("error.code is not text");
    } else if (key == "peers") {
      peers = value;
      told = true;
    }
  }
  if (!told || code != name(Code::kBusy)) return PeerAddrs();
  if (!is_peer_list(peers)) return faulty("error.peers is not a list of at most 32 candidates");
  return PeerAddrs(peers);
}

std::vector<std::uint8_t> write_busy(std::string_view text, std::span<const PeerAddr> peers) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(peers.empty() ? 3 : 4);
  to.key("msg").text(text);
  to.key("code").text(name(Code::kBusy));
  to.key("kind").text("error");
  if (!peers.empty()) {
    to.key("peers");
    write_list(to, peers);
  }
  return out;
}

}  // namespace ron::oap
