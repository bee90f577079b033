#include "oap/kinds.hpp"

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

std::string ascii() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')); }

std::uint64_t number() {
  return *rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(),
                         rc::gen::element<std::uint64_t>(0, 23, 24, 255, 256, 65536, UINT64_MAX));
}

template <typename T>
std::optional<T> maybe(const T& value) {
  return *rc::gen::arbitrary<bool>() ? std::optional<T>(value) : std::nullopt;
}

RC_GTEST_PROP(kinds, hello, ()) {  // OAP-3.4 OAP-3.5 OAP-3.6 OAP-3.7 OAP-3.8 OAP-3.9
  Hello hello;
  const std::string token = ascii();
  const std::string agent = ascii().substr(0, 64);
  hello.pq = *rc::gen::arbitrary<bool>() ? Pq::kHybrid : Pq::kOff;
  hello.comp_zstd = *rc::gen::arbitrary<bool>();
  hello.version_1 = *rc::gen::arbitrary<bool>();
  hello.max_frame = *rc::gen::inRange<std::uint32_t>(kMinMaxFrame, UINT32_MAX);
  hello.token = maybe(std::string_view(token));
  hello.window = maybe(std::uint64_t{1} + number() / 2);
  hello.agent = agent;
  if (*rc::gen::arbitrary<bool>()) {
    hello.role = Role::kPeer;
    hello.node.emplace().fill(*rc::gen::arbitrary<std::uint8_t>());
    hello.epoch = number();
  }
  const Bytes payload = write_hello(hello);
  expect_canonical(payload, "hello");
  const auto again = read_hello(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->pq == hello.pq);
  RC_ASSERT(again->comp_zstd == hello.comp_zstd);
  RC_ASSERT(again->version_1 == hello.version_1);  // OAP-3.15: the session judges it
  RC_ASSERT(again->max_frame == hello.max_frame);
  RC_ASSERT(again->token == hello.token);
  RC_ASSERT(again->window == hello.window);
  RC_ASSERT(again->agent == hello.agent);
  RC_ASSERT(again->role == hello.role);
  RC_ASSERT(again->node == hello.node);
  RC_ASSERT(again->epoch == hello.epoch);
}

RC_GTEST_PROP(kinds, hello_ack, ()) {  // OAP-3.12
  HelloAck ack;
  const std::string agent = ascii().substr(0, 64);
  ack.node.fill(*rc::gen::arbitrary<std::uint8_t>());
  ack.pq = *rc::gen::arbitrary<bool>() ? Pq::kHybrid : Pq::kOff;
  ack.comp_zstd = *rc::gen::arbitrary<bool>();
  ack.limits = {number(), number(), number(), number(), number(), number()};
  ack.session = number();
  ack.agent = agent;
  const Bytes payload = write_hello_ack(ack);
  expect_canonical(payload, "hello_ack");
  const auto again = read_hello_ack(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->node == ack.node);
  RC_ASSERT(again->pq == ack.pq);
  RC_ASSERT(again->comp_zstd == ack.comp_zstd);
  RC_ASSERT(again->limits.fps == ack.limits.fps);
  RC_ASSERT(again->limits.rps == ack.limits.rps);
  RC_ASSERT(again->limits.chunk == ack.limits.chunk);
  RC_ASSERT(again->limits.window == ack.limits.window);
  RC_ASSERT(again->limits.inflight == ack.limits.inflight);
  RC_ASSERT(again->limits.max_frame == ack.limits.max_frame);
  RC_ASSERT(again->session == ack.session);
  RC_ASSERT(again->agent == ack.agent);
}

RC_GTEST_PROP(kinds, gossip, ()) {  // OAP-4.12 OAP-4.13 OAP-4.14 OAP-4.17
  GossipOut out;
  std::string topic = ascii().substr(0, kTopicMax);
  if (!is_topic(topic)) topic = "fallback";
  const auto data = *rc::gen::arbitrary<Bytes>();
  const std::string reply = ascii();
  out.topic = topic;
  out.data = data;
  out.ts = number();
  out.fanout = number();
  out.reply = maybe(std::string_view(reply));
  const std::string mode = ascii();
  out.mode = maybe(std::string_view(mode));
  const int headers = *rc::gen::inRange(0, 6);
  for (int i = 0; i < headers; ++i) out.hdr.emplace_back(ascii().substr(0, 2), ascii());
  const Bytes payload = write_gossip(out);
  expect_canonical(payload, "gossip");
  const auto again = read_gossip(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->topic == out.topic);
  RC_ASSERT(equal(again->data, out.data));
  RC_ASSERT(again->ts == out.ts);
  RC_ASSERT(again->fanout == out.fanout);
  RC_ASSERT(again->reply == out.reply);
  RC_ASSERT(again->mode == out.mode);
}

RC_GTEST_PROP(kinds, gap, ()) {  // OAP-4.63
  Gap out{.epoch = number(), .first = *rc::gen::inRange<std::uint64_t>(1, 1000)};
  for (std::uint8_t& byte : out.origin) byte = *rc::gen::arbitrary<std::uint8_t>();
  out.last = out.first + *rc::gen::inRange<std::uint64_t>(0, 1000);
  out.count = *rc::gen::inRange<std::uint64_t>(1, out.last - out.first + 2);
  const Bytes payload = write_gap(out);
  expect_canonical(payload, "gap");
  const auto again = read_gap(read(payload));
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->origin == out.origin);
  RC_ASSERT(again->epoch == out.epoch);
  RC_ASSERT(again->first == out.first);
  RC_ASSERT(again->last == out.last);
  RC_ASSERT(again->count == out.count);
  for (const Gap& odd :
       {Gap{out.origin, 1, out.first, out.last, 0},
        Gap{out.origin, 1, out.first, out.last, out.last - out.first + 2},
        Gap{out.origin, 1, 0, out.last, 1}, Gap{out.origin, 1, out.last + 1, out.last, 1}}) {
    RC_ASSERT(!read_gap(read(write_gap(odd))).has_value());
  }
}

RC_GTEST_PROP(kinds, sub_and_unsub, ()) {  // OAP-4.19 OAP-4.25
  SubOut out;
  out.topics = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::elementOf(std::vector<std::string>{"a", "a/*", "a/**", "**", "b/c", "x*"})));
  out.echo = *rc::gen::arbitrary<bool>();
  out.group = ascii().substr(0, kGroupMax);
  for (const bool sub : {true, false}) {
    const Bytes payload = sub ? write_sub(out) : write_unsub(out);
    expect_canonical(payload, sub ? "sub" : "unsub");
    const Message message = read(payload);
    const auto again = read_sub(message);
    RC_ASSERT(again.has_value());
    std::vector<std::string> topics;
    CborArray list(again->topics);
    CborItem item;
    while (list.next(item)) topics.emplace_back(item.text());
    RC_ASSERT(topics == out.topics);
    RC_ASSERT(again->echo.value_or(false) == (sub && out.echo));
    RC_ASSERT(again->group.value_or("") == out.group);
  }
}

RC_GTEST_PROP(kinds, control, ()) {
  const std::string text = ascii();
  Ack ack{number(), true, maybe(number()), maybe(number())};  // OAP-4.16 OAP-4.46
  expect_canonical(write_ack(ack), "ack");
  const auto ack_again = read_ack(read(write_ack(ack)));
  RC_ASSERT(ack_again && ack_again->for_corr == ack.for_corr && ack_again->to == ack.to &&
            ack_again->links == ack.links);

  WireError error{.code = static_cast<Code>(*rc::gen::inRange<int>(0, kCodeCount)), .text = text};
  error.retry_after_ms = *rc::gen::arbitrary<std::uint32_t>();
  const Bytes error_payload = write_error(error);  // OAP-4.47
  expect_canonical(error_payload, "error");
  const auto error_again = read_error(read(error_payload));
  RC_ASSERT(error_again && code_of(error_again->code) == error.code && error_again->msg == text);
  RC_ASSERT(error_again->retry_after_ms.value_or(0) == error.retry_after_ms);

  const std::uint64_t n = number();
  expect_canonical(write_keep(), "keep");       // OAP-3.33
  expect_canonical(write_credit(n), "credit");  // OAP-5.9
  RC_ASSERT(read_credit(read(write_credit(n))).value() == n);
  expect_canonical(write_lagged(n), "lagged");  // OAP-4.43
  RC_ASSERT(read_lagged(read(write_lagged(n))).value() == n);
  const Bytes refused_payload = write_refused("Busy", n);  // OAP-1.31
  expect_canonical(refused_payload, "refused");
  const auto refused = read_refused(read(refused_payload));
  RC_ASSERT(refused && refused->code == "Busy" && refused->dropped == n);

  const ByeOut bye{text, std::vector<std::string>(*rc::gen::inRange<std::size_t>(0, 4), text),
                   maybe(n)};  // OAP-6.1
  const Bytes bye_payload = write_bye(bye);
  expect_canonical(bye_payload, "bye");
  const auto bye_again = read_bye(read(bye_payload));
  RC_ASSERT(bye_again && bye_again->reason == text && bye_again->after_ms == bye.after_ms);
  RC_ASSERT((bye_again->alt ? bye_again->alt->number : 0) == bye.alt.size());
}

// Every reader stands whatever legal map it is given.
RC_GTEST_PROP(kinds, readers_survive_flipped_bytes, ()) {
  GossipOut gossip;
  gossip.topic = "a/b";
  gossip.hdr = {{"k", "v"}};
  std::vector<Bytes> payloads{write_hello({}),
                              write_hello_ack({}),
                              write_gossip(gossip),
                              write_sub({{"a"}, true, "g"}),
                              write_ack({}),
                              write_error({}),
                              write_bye({"r", {"a"}, 1}),
                              write_refused("c", 1)};
  Bytes payload = *rc::gen::elementOf(payloads);
  const int flips = *rc::gen::inRange(1, 4);
  for (int i = 0; i < flips; ++i) {
    payload[*rc::gen::inRange<std::size_t>(0, payload.size())] =
        *rc::gen::arbitrary<std::uint8_t>();
  }
  const auto message = read_message(payload);
  RC_ASSERT(!message || model::decode(payload).has_value());
  if (!message) return;
  (void)read_hello(*message);
  (void)read_hello_ack(*message);
  const auto again = read_gossip(*message);
  RC_ASSERT(!again || is_topic(again->topic));
  (void)read_sub(*message);
  (void)read_ack(*message);
  (void)read_error(*message);
  (void)read_bye(*message);
  (void)read_refused(*message);
}

TEST(kinds, message_faults) {  // OAP-2.8 OAP-2.9 OAP-2.18
  EXPECT_EQ(read_message({}).error(), "payload is empty");
  EXPECT_EQ(read_message(Bytes{0x80}).error(), "payload is not a map");
  EXPECT_EQ(read_message(Bytes{0xa0}).error(), "kind is missing");
  EXPECT_EQ(read_message(Bytes{0xa1, 0x64, 'k', 'i', 'n', 'd', 1}).error(), "kind is not text");
  EXPECT_EQ(read_message(Bytes{0xa0, 0}).error(), "bytes after the message");
  const Bytes inner{0xa1, 0x61, 'x', 0xa1, 0x64, 'k', 'i', 'n', 'd', 0x60};
  EXPECT_EQ(read_message(inner).error(), "kind is missing") << "only the message map counts";
}

TEST(kinds, kind_is_found_at_the_very_end) {
  const Bytes payload{0xa2, 0x61, 'z', 0xf6, 0x64, 'k', 'i', 'n', 'd', 0x60};
  EXPECT_EQ(read(payload).kind, "");
}

TEST(kinds, of_two_headers_with_one_name_the_later_counts) {
  GossipOut out;
  out.topic = "t";
  out.hdr = {{"b", "1"}, {"a", "2"}, {"b", "3"}};
  GossipOut same = out;
  same.hdr = {{"a", "2"}, {"b", "3"}};
  EXPECT_EQ(write_gossip(out), write_gossip(same));
  expect_canonical(write_gossip(out), "gossip");
}

TEST(kinds, reply_and_hdr_are_not_examined) {  // OAP-4.17
  Bytes payload;
  CborWriter to(payload);
  to.map(7);
  to.key("ts").uint(0);
  to.key("hdr").uint(1);
  to.key("data").bytes({});
  to.key("kind").text("gossip");
  to.key("reply").uint(2);
  to.key("topic").text("t");
  to.key("fanout").uint(0);
  const auto gossip = read_gossip(read(payload));
  ASSERT_TRUE(gossip);
  EXPECT_FALSE(gossip->reply);
}

TEST(kinds, echo_is_no_field_of_unsub) {  // OAP-4.25 OAP-2.5
  for (const std::string_view kind : {"sub", "unsub"}) {
    Bytes payload;
    CborWriter to(payload);
    to.map(3);
    to.key("echo").uint(7);
    to.key("kind").text(kind);
    to.key("topics").array(1);
    to.text("a");
    EXPECT_EQ(read_sub(read(payload)).has_value(), kind == "unsub");
  }
}

TEST(kinds, large_max_frame_is_clamped) {  // OAP-3.18: the answer is the smaller one anyway
  Bytes payload = write_hello({.max_frame = UINT32_MAX});
  payload.resize(payload.size() - 5);
  for (const std::uint8_t byte : Bytes{0x1b, 0, 0, 0, 1, 0, 0, 0, 0}) payload.push_back(byte);
  const auto hello = read_hello(read(payload));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->max_frame, UINT32_MAX);
}

// ---- the short way to gossip
// ---------------------------------------------------------------------

std::optional<Gossip> read_the_long_way(ByteView payload) {
  const auto message = read_message(payload);
  if (!message || message->kind != "gossip") return std::nullopt;
  const auto gossip = read_gossip(*message);
  return gossip ? std::optional(*gossip) : std::nullopt;
}

bool same_gossip(const Gossip& a, const Gossip& b) {
  return a.topic.data() == b.topic.data() && a.topic == b.topic && a.data.data() == b.data.data() &&
         a.data.size() == b.data.size() && a.ts == b.ts && a.fanout == b.fanout &&
         a.reply == b.reply;
}

TEST(usual_gossip, takes_the_short_way) {
  GossipOut out;
  out.topic = "a/b";
  const Bytes data(300);
  out.data = data;
  for (const std::uint64_t ts : {0ULL, 23ULL, 24ULL, 255ULL, 65'536ULL, 1ULL << 40U}) {
    out.ts = ts;
    out.reply = ts > 100 ? std::optional<std::string_view>("in/box") : std::nullopt;
    const Bytes payload = write_gossip(out);
    const auto usual = read_usual_gossip(payload);
    ASSERT_TRUE(usual) << ts;
    EXPECT_TRUE(same_gossip(*usual, *read_the_long_way(payload)));
  }
  out.hdr = {{"x", "y"}};
  EXPECT_FALSE(read_usual_gossip(write_gossip(out))) << "headers are judged the long way";
  EXPECT_FALSE(read_usual_gossip({}));
}

using Entries = std::vector<Bytes>;

// The entries of a gossip map, each encoded by itself.
Entries gossip_entries(std::uint64_t ts, std::size_t data_size, std::string_view topic) {
  const auto entry = [](std::string_view key, const auto& write) {
    Bytes out;
    CborWriter to(out);
    to.map(1);
    write(to.key(key));
    out.erase(out.begin());
    return out;
  };
  return {entry("ts", [&](CborWriter& to) { to.uint(ts); }),
          entry("data", [&](CborWriter& to) { to.bytes(Bytes(data_size, 'd')); }),
          entry("kind", [](CborWriter& to) { to.text("gossip"); }),
          entry("topic", [&](CborWriter& to) { to.text(topic); }),
          entry("fanout", [](CborWriter& to) { to.uint(7); }),
          entry("reply", [](CborWriter& to) { to.text("in/box"); })};
}

Bytes map_of(const Entries& entries) {
  Bytes out{static_cast<std::uint8_t>(0xa0 + entries.size())};
  for (const Bytes& entry : entries) out.insert(out.end(), entry.begin(), entry.end());
  return out;
}

TEST(usual_gossip, takes_every_order_of_keys_and_no_part_of_it) {
  for (const std::size_t count : {5U, 6U}) {
    Entries entries = gossip_entries(1'780'000'000'000, 30, "a/b");
    entries.resize(count);
    std::sort(entries.begin(), entries.end());
    do {
      const Bytes payload = map_of(entries);
      const auto usual = read_usual_gossip(payload);
      ASSERT_TRUE(usual);
      EXPECT_TRUE(same_gossip(*usual, *read_the_long_way(payload)));
      for (std::size_t size = payload.size() - 12; size < payload.size(); ++size) {
        const Bytes part(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(read_usual_gossip(part));
      }
    } while (std::next_permutation(entries.begin(), entries.end()));
  }
}

TEST(usual_gossip, leaves_a_key_that_stands_there_twice) {
  const Entries entries = gossip_entries(70'000, 5, "a");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < entries.size(); ++j) {
      Entries twice = entries;
      twice[j] = entries[i];
      EXPECT_EQ(read_usual_gossip(map_of(twice)).has_value(), i == j);
    }
  }
}

TEST(usual_gossip, leaves_heads_of_a_reserved_form_or_not_shortest) {  // OAP-2.10 OAP-2.11
  const Entries entries = gossip_entries(5, 5, "a");
  for (const Bytes& ts :
       {Bytes{0x18, 5}, Bytes{0x19, 0, 200}, Bytes{0x1a, 0, 0, 200, 0},
        Bytes{0x1b, 0, 0, 0, 0, 200, 0, 0, 0}, Bytes{0x1c}, Bytes{0x1d}, Bytes{0x1e}, Bytes{0x1f},
        Bytes{0x1f, 255, 255, 255, 255, 255, 255, 255, 255}}) {
    Entries odd = entries;
    odd[0].resize(3);
    odd[0].insert(odd[0].end(), ts.begin(), ts.end());
    EXPECT_FALSE(read_usual_gossip(map_of(odd)));
    std::swap(odd.front(), odd.back());
    EXPECT_FALSE(read_usual_gossip(map_of(odd)));
  }
}

// Whatever is done to a payload: what the short way takes, the long way takes, and reads the same.
RC_GTEST_PROP(usual_gossip, agrees_with_the_long_way, ()) {
  using Texts = std::vector<std::string_view>;
  Entries entries =
      gossip_entries(*rc::gen::elementOf(std::vector<std::uint64_t>{1, 30, 70'000, 1ULL << 40U}),
                     *rc::gen::elementOf(std::vector<std::size_t>{0, 5, 24, 300}),
                     *rc::gen::elementOf(Texts{"a", "a/b", "metrics/cpu/0", "\xc3\xa4"}));
  if (*rc::gen::arbitrary<bool>()) entries.pop_back();
  for (std::size_t i = entries.size(); i > 1; --i) {
    std::swap(entries[i - 1], entries[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  Bytes payload = map_of(entries);
  const int changes = *rc::gen::inRange(0, 4);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(payload.size(), 80));
    payload[at] = static_cast<std::uint8_t>(*rc::gen::inRange(0, 256));
  }
  if (*rc::gen::inRange(0, 4) == 0) payload.pop_back();
  const auto usual = read_usual_gossip(payload);
  if (!usual) return;
  const auto slow = read_the_long_way(payload);
  RC_ASSERT(slow.has_value());
  RC_ASSERT(same_gossip(*usual, *slow));
}

}  // namespace
}  // namespace ron::oap
