#include "oap/peer_kinds.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "oap/cbor_model.hpp"
#include "oap/envelope.hpp"
#include "oap/topic.hpp"

namespace ron::oap {
namespace {

using Bytes = std::vector<std::uint8_t>;
using model::Value;

// Messages are views: their payloads must stay.
Message read(const Bytes& payload) {
  const auto message = read_message(payload);
  EXPECT_TRUE(message) << (message ? "" : message.error());
  return message ? *message : Message{};
}

// Canonical by the independent encoder (OAP-2.3), and of the kind it says.
void expect_canonical(const Bytes& payload, std::string_view kind) {
  const auto value = model::decode(payload);
  ASSERT_TRUE(value);
  EXPECT_EQ(model::canonical(*value), payload);
  EXPECT_EQ(read(payload).kind, kind);
}

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

Value uint(std::uint64_t number) { return {.major = 0, .number = number}; }
Value text(std::string_view content) { return {.major = 3, .text = bytes_of(content)}; }
Value bytes(std::size_t size) { return {.major = 2, .text = Bytes(size, 7)}; }
Value list(std::vector<Value> items) { return {.major = 4, .items = std::move(items)}; }
Value map(const std::vector<std::pair<std::string, Value>>& entries) {
  Value out{.major = 5};
  for (const auto& [key, value] : entries) out.add(bytes_of(key), value);
  return out;
}
Value truth() { return {.major = 7, .number = 21}; }

// The payload with one entry replaced, added, or, with nothing, taken out.
Bytes changed(const Bytes& payload, std::string_view key, const std::optional<Value>& to) {
  const auto value = model::decode(payload);
  Value out{.major = 5};
  for (std::size_t i = 0; i < value->keys.size(); ++i) {
    if (value->keys[i] != bytes_of(key)) out.add(value->keys[i], value->items[i]);
  }
  if (to) out.add(bytes_of(key), *to);
  return model::canonical(out);
}

template <typename T>
Fault fault_of(Decoded<T> (*reader)(const Message&), const Bytes& payload) {
  const auto decoded = reader(read(payload));
  return decoded ? Fault("none") : decoded.error();
}

std::uint64_t number() {
  return *rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(),
                         rc::gen::element<std::uint64_t>(0, 1, 23, 24, 255, 256, 65535, 65536,
                                                         UINT64_C(1) << 32U, UINT64_MAX));
}

std::uint64_t positive() { return std::max<std::uint64_t>(1, number()); }

template <std::size_t Size>
std::array<std::uint8_t, Size> some_bytes() {
  std::array<std::uint8_t, Size> out{};
  for (std::uint8_t& byte : out) byte = *rc::gen::arbitrary<std::uint8_t>();
  return out;
}

// ---- relay -------------------------------------------------------------------------------------

Bytes relay_payload(const Relay& relay) {
  Bytes payload = write_relay_head(relay);
  payload.insert(payload.end(), relay.message.begin(), relay.message.end());
  return payload;
}

bool same(const Relay& a, const Relay& b) {
  return a.origin == b.origin && a.epoch == b.epoch && a.seq == b.seq &&
         a.message.data() == b.message.data() && a.message.size() == b.message.size();
}

RC_GTEST_PROP(peer_kinds, relay, ()) {  // OAP-9.26
  const Bytes message(*rc::gen::element<std::size_t>(1, 23, 24, 300, 70'000), 0x61);
  const Relay relay{some_bytes<16>(), number(), positive(), message};
  const Bytes payload = relay_payload(relay);
  expect_canonical(payload, "relay");
  const auto again = read_relay(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->origin == relay.origin);
  RC_ASSERT(again->epoch == relay.epoch);
  RC_ASSERT(again->seq == relay.seq);
  RC_ASSERT(equal(again->message, message));
  RC_ASSERT(again->message.data() + message.size() == payload.data() + payload.size());
  const auto usual = read_usual_relay(payload);
  RC_ASSERT(usual.has_value());
  RC_ASSERT(same(*usual, *again));
}

TEST(peer_kinds, relay_faults) {  // OAP-9.36 OAP-9.37 OAP-9.38
  const Bytes message(5, 1);
  const Bytes good = relay_payload({{}, 1, 1, message});
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_relay, changed(good, key, to));
  };
  EXPECT_EQ(fault("unknown", truth()), "relay.message is not the last of its map");
  EXPECT_EQ(fault("any", truth()), "none") << "what stands before it may be unknown";
  for (const std::string_view key : {"seq", "epoch", "origin", "message"}) {
    EXPECT_EQ(fault(key, {}), "relay lacks seq, epoch, origin or message") << key;
  }
  EXPECT_EQ(fault("seq", text("1")), "relay.seq is not a uint >= 1");
  EXPECT_EQ(fault("seq", uint(0)), "relay.seq is not a uint >= 1");
  EXPECT_EQ(fault("epoch", truth()), "relay.epoch is not a uint");
  EXPECT_EQ(fault("origin", bytes(15)), "relay.origin is not 16 bytes");
  EXPECT_EQ(fault("origin", bytes(17)), "relay.origin is not 16 bytes");
  const Fault size = "relay.message is not 1 byte to 1 MiB of bytes";
  EXPECT_EQ(fault("message", text("x")), size);
  EXPECT_EQ(fault("message", bytes(0)), size);
  EXPECT_EQ(fault("message", bytes(kMaxFrame)), "none");
  EXPECT_EQ(fault("message", bytes(kMaxFrame + 1)), size);
  EXPECT_FALSE(read_usual_relay(changed(good, "message", bytes(kMaxFrame + 1))));
  EXPECT_FALSE(read_usual_relay(changed(good, "message", bytes(0))));
  EXPECT_FALSE(read_usual_relay(changed(good, "seq", uint(0))));
  EXPECT_FALSE(read_usual_relay({}));
}

// The four keys before `message` in any order (OAP-2.4); nothing behind it.
TEST(peer_kinds, relay_keys_in_any_order_but_message) {
  const Bytes message(3, 9);
  const auto canonical = model::decode(relay_payload({{}, 5, 6, message}));
  ASSERT_TRUE(canonical);
  for (std::size_t first = 0; first < 5; ++first) {
    Value turned{.major = 5};
    turned.add(canonical->keys[first], canonical->items[first]);
    for (std::size_t i = 0; i < 5; ++i) {
      if (i != first) turned.add(canonical->keys[i], canonical->items[i]);
    }
    Bytes payload;
    model::encode(payload, turned, false);
    EXPECT_EQ(read_relay(read(payload)).has_value(), first != 4);
    EXPECT_EQ(read_usual_relay(payload).has_value(), first == 0);
  }
}

// Whatever is done to a payload: what the short way takes, the long way takes, and reads the same.
RC_GTEST_PROP(peer_kinds, usual_relay_agrees_with_the_long_way, ()) {
  const Bytes message(*rc::gen::element<std::size_t>(1, 24, 300), 0x61);
  Bytes payload = relay_payload({some_bytes<16>(), number(), positive(), message});
  const int changes = *rc::gen::inRange(0, 3);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(payload.size(), 80));
    payload[at] = static_cast<std::uint8_t>(*rc::gen::inRange(0, 256));
  }
  if (*rc::gen::inRange(0, 4) == 0) payload.pop_back();
  const auto usual = read_usual_relay(payload);
  if (!usual) return;
  const auto long_way = read_message(payload);
  RC_ASSERT(long_way && long_way->kind == "relay");
  const auto slow = read_relay(*long_way);
  RC_ASSERT(slow.has_value());
  RC_ASSERT(same(*usual, *slow));
}

// ---- probes ------------------------------------------------------------------------------------

TEST(peer_kinds, relay_of_a_probe) {  // OAP-9.84
  const Bytes message(5, 1);
  const Bytes good = relay_payload({{}, 1, 1, message, true});
  expect_canonical(good, "relay");
  const auto again = read_relay(read(good));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->trace);
  EXPECT_FALSE(read_relay(read(relay_payload({{}, 1, 1, message})))->trace);
  EXPECT_EQ(fault_of(read_relay, changed(good, "trace", uint(1))), "relay.trace is not a bool");
}

RC_GTEST_PROP(peer_kinds, traced, ()) {  // OAP-9.85
  const Traced traced{some_bytes<16>(), number(),         positive(),
                      some_bytes<32>(), some_bytes<32>(), std::min(number(), kTracedBackMost)};
  const Bytes payload = write_traced(traced);
  expect_canonical(payload, "traced");
  const auto again = read_traced(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == traced);
}

TEST(peer_kinds, traced_faults) {  // OAP-9.85
  const Bytes good = write_traced({{}, 1, 1, {}, {}, 0});
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_traced, changed(good, key, to));
  };
  EXPECT_EQ(fault("unknown", truth()), "none");
  for (const std::string_view key : {"seq", "back", "from", "node", "epoch", "origin"}) {
    EXPECT_EQ(fault(key, {}), "traced lacks seq, back, from, node, epoch or origin") << key;
  }
  EXPECT_EQ(fault("seq", uint(0)), "traced.seq is not a uint >= 1");
  EXPECT_EQ(fault("back", uint(kTracedBackMost)), "none");
  EXPECT_EQ(fault("back", uint(kTracedBackMost + 1)),
            "traced.back is not 0 to 3600000000 microseconds");
  EXPECT_EQ(fault("from", bytes(31)), "traced.from is not 32 bytes");
  EXPECT_EQ(fault("node", text("x")), "traced.node is not 32 bytes");
  EXPECT_EQ(fault("epoch", truth()), "traced.epoch is not a uint");
  EXPECT_EQ(fault("origin", bytes(32)), "traced.origin is not 16 bytes");
}

// ---- ihave, iwant, idontwant -------------------------------------------------------------------

IdRange some_range() {
  IdRange range{some_bytes<16>(), number(), positive(), 0, 0};
  const auto span = *rc::gen::element<std::uint64_t>(0, 1, 100, 65'535);
  range.first = std::min(range.first, UINT64_MAX - span);
  range.last = range.first + span;
  range.check = *rc::gen::arbitrary<bool>() ? number() : 0;
  return range;
}

RC_GTEST_PROP(peer_kinds, ids, ()) {  // OAP-9.28 OAP-9.54
  std::vector<IdRange> ids;
  const auto count = *rc::gen::element<std::size_t>(0, 1, 3, 24);
  for (std::size_t i = 0; i < count; ++i) ids.push_back(some_range());
  for (const IdsKind kind : {IdsKind::kIhave, IdsKind::kIwant, IdsKind::kIdontwant}) {
    const Bytes payload = write_ids(kind, ids);
    expect_canonical(payload, name(kind));
    auto again = read_ids(read(payload));
    RC_ASSERT(again.has_value());
    for (std::size_t i = 0; i < count; ++i) {
      RC_ASSERT(again->count() == count - i);
      IdRange range;
      RC_ASSERT(again->next(range));
      RC_ASSERT(range == ids[i]);
    }
    IdRange none;
    RC_ASSERT(!again->next(none));
    RC_ASSERT(again->count() == 0U);
  }
}

TEST(peer_kinds, ids_names) {
  EXPECT_EQ(name(IdsKind::kIhave), "ihave");
  EXPECT_EQ(name(IdsKind::kIwant), "iwant");
  EXPECT_EQ(name(IdsKind::kIdontwant), "idontwant");
}

TEST(peer_kinds, ids_at_most_512) {
  const std::vector<IdRange> ids(kIdsMax + 1, IdRange{{}, 1, 1, 1, 1});
  const Bytes most = write_ids(IdsKind::kIhave, std::span(ids).first(kIdsMax));
  EXPECT_EQ(fault_of(read_ids, most), "none");
  const Bytes over = write_ids(IdsKind::kIhave, ids);
  EXPECT_EQ(fault_of(read_ids, over), "ids has more than 512 entries");
}

TEST(peer_kinds, ids_faults) {  // OAP-9.40
  const Bytes good = write_ids(IdsKind::kIwant, {});
  const auto fault = [&good](const std::optional<Value>& ids) {
    return fault_of(read_ids, changed(good, "ids", ids));
  };
  const auto one = [&fault](std::vector<Value> entry) { return fault(list({list(entry)})); };
  EXPECT_EQ(fault({}), "ids is missing");
  EXPECT_EQ(fault(uint(1)), "ids is not a list");
  const Fault wrong = "ids holds something but a range of messages";
  EXPECT_EQ(fault(list({uint(1)})), wrong);
  EXPECT_EQ(fault(list({map({})})), wrong);
  const Value origin = bytes(16);
  EXPECT_EQ(one({origin, uint(0), uint(1), uint(65'536)}), "none");
  EXPECT_EQ(one({origin, uint(0), uint(1), uint(65'537)}), wrong) << "more than 2^16 messages";
  EXPECT_EQ(one({origin, uint(0), uint(1), uint(1), uint(0)}), "none") << "check is not told";
  EXPECT_EQ(one({origin, uint(0), uint(0), uint(1)}), wrong) << "there is no message 0";
  EXPECT_EQ(one({origin, uint(0), uint(2), uint(1)}), wrong);
  EXPECT_EQ(one({origin, uint(0), uint(1)}), wrong);
  EXPECT_EQ(one({origin, uint(0), uint(1), uint(1), uint(1), uint(1)}), wrong);
  EXPECT_EQ(one({bytes(15), uint(0), uint(1), uint(1)}), wrong);
  EXPECT_EQ(one({uint(0), uint(0), uint(1), uint(1)}), wrong);
  EXPECT_EQ(one({origin, truth(), uint(1), uint(1)}), wrong);
  EXPECT_EQ(one({origin, uint(0), text("1"), uint(1)}), wrong);
  EXPECT_EQ(one({origin, uint(0), uint(1), bytes(1)}), wrong);
  EXPECT_EQ(one({origin, uint(0), uint(1), uint(1), bytes(8)}), wrong);
}

// ---- graft, prune ------------------------------------------------------------------------------

RC_GTEST_PROP(peer_kinds, tree_change, ()) {  // OAP-9.29
  TreeChange change;
  change.graft = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) change.origin = some_bytes<16>();
  if (*rc::gen::arbitrary<bool>()) change.topic = "a/b";
  if (change.topic && *rc::gen::arbitrary<bool>()) change.tenant = TenantId{number(), number()};
  const Bytes payload = write_tree_change(change);
  expect_canonical(payload, change.graft ? "graft" : "prune");
  const auto again = read_tree_change(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->graft == change.graft);
  RC_ASSERT(again->origin == change.origin);
  RC_ASSERT(again->topic == change.topic);
  RC_ASSERT(again->tenant == change.tenant);
}

TEST(peer_kinds, tree_change_faults) {  // OAP-9.41
  const Bytes good = write_tree_change({true, OriginId{}, "t", TenantId{}});
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_tree_change, changed(good, key, to));
  };
  EXPECT_EQ(fault("topic", text("a/*")), "topic of a tree is not a valid topic");
  EXPECT_EQ(fault("topic", uint(1)), "topic of a tree is not a valid topic");
  EXPECT_EQ(fault("origin", bytes(32)), "origin of a tree is not 16 bytes");
  EXPECT_EQ(fault("origin", text("o")), "origin of a tree is not 16 bytes");
  EXPECT_EQ(fault("tenant", bytes(8)), "tenant of a tree is not 16 bytes");
  EXPECT_EQ(fault("topic", {}), "a tree has a tenant but no topic");
}

// ---- link, peers, Busy -------------------------------------------------------------------------

RC_GTEST_PROP(peer_kinds, link, ()) {  // OAP-9.32 OAP-9.66 OAP-9.67 OAP-9.68
  LinkRequest link;
  link.prio = *rc::gen::arbitrary<bool>();
  link.leaf = *rc::gen::arbitrary<bool>();
  const std::string addr(*rc::gen::element<std::size_t>(0, 1, kPeerAddrMax), 'a');
  link.addr = addr;
  const Bytes payload = write_link(link);
  expect_canonical(payload, "link");
  const auto again = read_link(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->prio == link.prio);
  RC_ASSERT(again->leaf == link.leaf);
  RC_ASSERT(again->addr == link.addr);
}

TEST(peer_kinds, link_faults) {  // OAP-9.43
  const Bytes good = write_link({true, true, "host:1"});
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_link, changed(good, key, to));
  };
  EXPECT_EQ(fault("prio", {}), "link lacks prio");
  EXPECT_EQ(fault("prio", uint(1)), "link.prio is not a bool");
  EXPECT_EQ(fault("leaf", text("yes")), "link.leaf is not a bool");
  for (const std::string& addr :
       {std::string(), std::string(kPeerAddrMax + 1, 'a'), std::string("host\n:1"),
        std::string("\x7f"), std::string("\xc2\x85"), std::string("a\0b", 3)}) {
    EXPECT_EQ(fault("addr", text(addr)), "link.addr is not an address") << addr;
  }
  EXPECT_EQ(fault("addr", uint(1)), "link.addr is not an address");
}

TEST(peer_kinds, messages_that_are_only_a_kind) {  // OAP-9.31 OAP-9.33 OAP-9.35
  expect_canonical(write_unlink(), "unlink");
  expect_canonical(write_ping(), "ping");
  expect_canonical(write_interest_all(), "interest_all");
}

void expect_peers(PeerAddrs got, const std::vector<PeerAddr>& want) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got.count(), want.size() - i);
    PeerAddr peer;
    ASSERT_TRUE(got.next(peer));
    EXPECT_EQ(peer.addr, want[i].addr);
    EXPECT_EQ(peer.node, want[i].node);
  }
  PeerAddr none;
  EXPECT_FALSE(got.next(none));
}

RC_GTEST_PROP(peer_kinds, candidates, ()) {  // OAP-9.34 OAP-9.65
  std::vector<PeerAddr> peers;
  const auto count = *rc::gen::inRange<std::size_t>(0, kPeersMax + 1);
  for (std::size_t i = 0; i < count; ++i) peers.push_back({"node.example:9443", some_bytes<32>()});
  const Bytes told = write_peers(peers);
  expect_canonical(told, "peers");
  const auto again = read_peers(read(told));
  RC_ASSERT(again.has_value());
  expect_peers(*again, peers);

  const Bytes busy = write_busy("no room", peers);
  expect_canonical(busy, "error");
  const auto error = read_error(read(busy));
  RC_ASSERT(error && error->code == "Busy" && error->msg == "no room");
  const auto offered = read_busy_peers(read(busy));
  RC_ASSERT(offered.has_value());
  expect_peers(*offered, peers);
}

TEST(peer_kinds, candidates_faults) {  // OAP-9.43 OAP-9.44
  const Bytes peers = write_peers({});
  const Bytes busy = write_busy("no room", {});
  const auto faults = [&](const Value& add) {
    const Fault fault = fault_of(read_peers, changed(peers, "add", add));
    const Fault in_busy = fault_of(read_busy_peers, changed(busy, "peers", add));
    if (fault == "none") {
      EXPECT_EQ(in_busy, "none");
      return false;
    }
    EXPECT_EQ(fault, "peers.add is not a list of at most 32 candidates");
    EXPECT_EQ(in_busy, "error.peers is not a list of at most 32 candidates");
    return true;
  };
  const Value good = map({{"addr", text("a:1")}, {"node", bytes(32)}});
  EXPECT_FALSE(faults(list(std::vector<Value>(kPeersMax, good))));
  EXPECT_TRUE(faults(list(std::vector<Value>(kPeersMax + 1, good))));
  EXPECT_FALSE(faults(list({map({{"addr", text("a")}, {"node", bytes(32)}, {"x", uint(1)}})})));
  EXPECT_TRUE(faults(uint(1)));
  EXPECT_TRUE(faults(list({uint(1)})));
  EXPECT_TRUE(faults(list({map({{"addr", text("a:1")}})})));
  EXPECT_TRUE(faults(list({map({{"node", bytes(32)}})})));
  EXPECT_TRUE(faults(list({good, map({{"addr", text("")}, {"node", bytes(32)}})})));
  EXPECT_TRUE(faults(list({map({{"addr", uint(1)}, {"node", bytes(32)}})})));
  EXPECT_TRUE(faults(list({map({{"addr", text("a\t")}, {"node", bytes(32)}})})));
  EXPECT_TRUE(faults(list({map({{"addr", text("a:1")}, {"node", bytes(31)}})})));
  EXPECT_EQ(fault_of(read_peers, changed(peers, "add", {})), "peers lacks add");
  EXPECT_EQ(fault_of(read_busy_peers, changed(busy, "code", uint(1))), "error.code is not text");
}

TEST(peer_kinds, candidates_beside_another_code_are_an_unknown_key) {  // OAP-2.5
  const PeerAddr peer{"a:1", {}};
  const Bytes busy = write_busy("no room", std::span(&peer, 1));
  auto other = read_busy_peers(read(changed(busy, "code", text("NotReady"))));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->count(), 0U);
  const Bytes broken = changed(changed(busy, "code", text("NotReady")), "peers", uint(1));
  EXPECT_TRUE(read_busy_peers(read(broken)));
}

// ---- origin ------------------------------------------------------------------------------------

RC_GTEST_PROP(peer_kinds, origin, ()) {  // OAP-9.27
  const Bytes key(*rc::gen::element<std::size_t>(1, 44, kPeerKeyMax), 1);
  const Bytes sig(*rc::gen::element<std::size_t>(1, 64, kPeerSigMax), 2);
  const std::uint64_t epoch = number();
  const Bytes payload = write_origin({key, sig, epoch});
  expect_canonical(payload, "origin");
  const auto again = read_origin(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(equal(again->key, key));
  RC_ASSERT(equal(again->sig, sig));
  RC_ASSERT(again->epoch == epoch);
}

TEST(peer_kinds, origin_faults) {  // OAP-9.39
  const Bytes some(8, 3);
  const Bytes good = write_origin({some, some, 1});
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_origin, changed(good, key, to));
  };
  for (const std::string_view key : {"key", "sig", "epoch"}) {
    EXPECT_EQ(fault(key, {}), "origin lacks key, sig or epoch") << key;
  }
  EXPECT_EQ(fault("epoch", bytes(8)), "origin.epoch is not a uint");
  for (const Value& wrong : {bytes(0), bytes(kPeerKeyMax + 1), text("k")}) {
    EXPECT_EQ(fault("key", wrong), "origin.key is not 1 to 4096 bytes");
  }
  for (const Value& wrong : {bytes(0), bytes(kPeerSigMax + 1), text("k")}) {
    EXPECT_EQ(fault("sig", wrong), "origin.sig is not 1 to 8192 bytes");
  }
}

TEST(peer_kinds, origin_signed_bytes) {  // OAP-9.24
  NodeId node{};
  node.fill(0xaa);
  Bytes want = bytes_of("ron-origin-v1");
  want.insert(want.end(), node.begin(), node.end());
  for (const std::uint8_t byte : Bytes{1, 2, 3, 4, 5, 6, 7, 8}) want.push_back(byte);
  EXPECT_EQ(origin_signed_bytes(node, 0x0102030405060708), want);
}

// ---- interest ----------------------------------------------------------------------------------

std::vector<InterestOut::Set> sets_of(InterestSets sets) {
  std::vector<InterestOut::Set> out;
  InterestSet set;
  while (sets.next(set)) {
    auto& [tenant, topics] = out.emplace_back();
    tenant = set.tenant;
    CborArray patterns(set.topics);
    CborItem pattern;
    while (patterns.next(pattern)) topics.emplace_back(pattern.text());
  }
  return out;
}

std::vector<InterestOut::Set> some_sets() {
  std::vector<InterestOut::Set> out(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& [tenant, topics] : out) {
    tenant = {number(), number()};
    topics = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
        rc::gen::elementOf(std::vector<std::string>{"a", "a/*", "a/**", "**", "b/c"})));
  }
  return out;
}

RC_GTEST_PROP(peer_kinds, interest, ()) {  // OAP-9.30
  const InterestOut interest{some_sets(), some_sets(), positive(), some_bytes<16>()};
  const Bytes payload = write_interest(interest);
  expect_canonical(payload, "interest");
  const auto again = read_interest(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->seq == interest.seq);
  RC_ASSERT(again->digest == interest.digest);
  RC_ASSERT(sets_of(again->add) == interest.add);
  RC_ASSERT(sets_of(again->remove) == interest.remove);
}

TEST(peer_kinds, interest_faults) {
  const InterestOut plain{{{{}, {"a"}}}, {{{}, {"b"}}}, 1, {}};
  const Bytes good = write_interest(plain);
  const auto fault = [&good](std::string_view key, const std::optional<Value>& to) {
    return fault_of(read_interest, changed(good, key, to));
  };
  for (const std::string_view key : {"add", "remove", "seq", "digest"}) {
    EXPECT_EQ(fault(key, {}), "interest lacks add, seq, digest or remove") << key;
  }
  EXPECT_EQ(fault("seq", uint(0)), "interest.seq is not a uint >= 1");
  EXPECT_EQ(fault("seq", text("")), "interest.seq is not a uint >= 1");
  EXPECT_EQ(fault("digest", bytes(32)), "interest.digest is not 16 bytes");
  const Value topics = list({text("a")});
  for (const Value& wrong : {uint(1), list({uint(1)}), list({map({{"topics", topics}})}),
                             list({map({{"tenant", bytes(16)}})}),
                             list({map({{"tenant", bytes(15)}, {"topics", topics}})}),
                             list({map({{"tenant", bytes(16)}, {"topics", uint(1)}})}),
                             list({map({{"tenant", bytes(16)}, {"topics", list({})}})}),
                             list({map({{"tenant", bytes(16)}, {"topics", list({text("a//b")})}})}),
                             list({map({{"tenant", bytes(16)}, {"topics", list({bytes(1)})}})})}) {
    EXPECT_EQ(fault("add", wrong), "interest.add is broken");
    EXPECT_EQ(fault("remove", wrong), "interest.remove is broken");
  }
}

// OAP-9.42
TEST(peer_kinds, interest_of_at_most_1024_patterns) {
  InterestOut interest{{{{}, std::vector<std::string>(kInterestMax - 1, "a")}}, {}, 1, {}};
  interest.remove = {{{}, {"b"}}};
  EXPECT_EQ(fault_of(read_interest, write_interest(interest)), "none");
  interest.remove[0].second.emplace_back("c");
  EXPECT_EQ(fault_of(read_interest, write_interest(interest)),
            "interest has more than 1024 patterns");
}

// ---- all ---------------------------------------------------------------------------------------

// Walks everything a decoder returned; what its bounds allow must be walkable.
void walk(const Message& message) {
  if (const auto relay = read_relay(message)) RC_ASSERT(relay->seq > 0);
  if (auto ids = read_ids(message)) {
    IdRange range;
    while (ids->next(range)) RC_ASSERT(range.first <= range.last);
    RC_ASSERT(ids->count() == 0U);
  }
  (void)read_tree_change(message);
  (void)read_link(message);
  PeerAddr peer;
  if (auto peers = read_peers(message)) {
    while (peers->next(peer)) RC_ASSERT(!peer.addr.empty());
  }
  if (auto peers = read_busy_peers(message)) {
    while (peers->next(peer)) RC_ASSERT(!peer.addr.empty());
  }
  (void)read_origin(message);
  if (const auto interest = read_interest(message)) {
    for (const auto& list : {sets_of(interest->add), sets_of(interest->remove)}) {
      for (const auto& [tenant, topics] : list) {
        for (const std::string& topic : topics) RC_ASSERT(is_pattern(topic));
      }
    }
  }
}

RC_GTEST_PROP(peer_kinds, readers_survive_flipped_bytes, ()) {
  const Bytes some(9, 4);
  const PeerAddr peer{"a:1", {}};
  const IdRange range{{}, 1, 1, 2, 3};
  Bytes payload = *rc::gen::elementOf(std::vector<Bytes>{
      relay_payload({{}, 1, 1, some}), write_ids(IdsKind::kIhave, std::span(&range, 1)),
      write_tree_change({true, OriginId{}, "t", TenantId{}}), write_link({true, true, "a:1"}),
      write_peers(std::span(&peer, 1)), write_busy("no room", std::span(&peer, 1)),
      write_origin({some, some, 1}), write_interest({{{{}, {"a"}}}, {{{}, {"b"}}}, 1, {}})});
  const int flips = *rc::gen::inRange(1, 4);
  for (int i = 0; i < flips; ++i) {
    payload[*rc::gen::inRange<std::size_t>(0, payload.size())] =
        *rc::gen::arbitrary<std::uint8_t>();
  }
  const auto message = read_message(payload);
  if (message) walk(*message);
}

}  // namespace
}  // namespace ron::oap
