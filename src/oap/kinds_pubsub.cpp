// gossip, sub and unsub (docs/OAP-1.md section 4).
#include <algorithm>

#include "oap/fields.hpp"
#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace ron::oap {
namespace {

constexpr unsigned kTs = 1;
constexpr unsigned kData = 2;
constexpr unsigned kTopic = 4;
constexpr unsigned kFanout = 8;
constexpr unsigned kGossipFields = kTs | kData | kTopic | kFanout;

using NamedText = std::pair<std::string, std::string>;

// The headers in canonical order; of two with one name the later counts.
std::vector<const NamedText*> in_order(const std::vector<NamedText>& headers) {
  std::vector<const NamedText*> sorted;
  sorted.reserve(headers.size());
  for (const NamedText& header : headers) sorted.push_back(&header);
  std::sort(sorted.begin(), sorted.end(), [](const NamedText* a, const NamedText* b) {
    return a->first == b->first ? a < b : key_before(a->first, b->first);
  });
  std::size_t kept = 0;
  for (const NamedText* header : sorted) {
    if (kept > 0 && sorted[kept - 1]->first == header->first) --kept;
    sorted[kept++] = header;
  }
  sorted.resize(kept);
  return sorted;
}

// Room for the fixed keys and heads of a gossip map, so that writing it allocates once.
constexpr std::size_t kGossipOverhead = 96;

}  // namespace

// OAP-4.12 OAP-4.13 OAP-4.14
Decoded<Gossip> read_gossip(const Message& message) {
  Gossip gossip;
  unsigned seen = 0;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "ts") {
      if (!take(value, gossip.ts)) return faulty("gossip.ts is not a uint");
      seen |= kTs;
    } else if (key == "data") {
      if (!take(value, gossip.data)) return faulty("gossip.data is not bytes");
      seen |= kData;
    } else if (key == "topic") {
      if (!take(value, gossip.topic)) return faulty("gossip.topic is not text");
      if (!is_topic(gossip.topic)) return faulty("gossip.topic is not a valid topic");
      seen |= kTopic;
    } else if (key == "fanout") {
      if (!take(value, gossip.fanout)) return faulty("gossip.fanout is not a uint");
      seen |= kFanout;
    } else if (key == "reply" && value.type == CborType::kText) {
      gossip.reply = value.text();  // OAP-4.17: of any other type it is not ours to refuse
    } else if (key == "mode") {     // OAP-4.61
      if (!take(value, gossip.mode)) return faulty("gossip.mode is not text");
    }
  }
  if (seen != kGossipFields) return faulty("gossip lacks ts, data, topic or fanout");
  return gossip;
}

std::vector<std::uint8_t> write_gossip(const GossipOut& gossip) {
  const auto headers = in_order(gossip.hdr);
  std::vector<std::uint8_t> out;
  out.reserve(gossip.topic.size() + gossip.data.size() + kGossipOverhead +
              (gossip.reply ? gossip.reply->size() : 0));
  CborWriter to(out);
  to.map(5U + (headers.empty() ? 0U : 1U) + (gossip.reply ? 1U : 0U) + (gossip.mode ? 1U : 0U));
  to.key("ts").uint(gossip.ts);
  if (!headers.empty()) {
    to.key("hdr").map(headers.size());
    for (const NamedText* header : headers) to.key(header->first).text(header->second);
  }
  to.key("data").bytes(gossip.data);
  to.key("kind").text("gossip");
  if (gossip.mode) to.key("mode").text(*gossip.mode);
  if (gossip.reply) to.key("reply").text(*gossip.reply);
  to.key("topic").text(gossip.topic);
  to.key("fanout").uint(gossip.fanout);
  return out;
}

// OAP-4.19 OAP-4.25; `echo` is no field of unsub, so there it is an unknown key (OAP-2.5).
Decoded<Sub> read_sub(const Message& message) {
  Sub sub;
  bool topics = false;
  const bool has_echo = message.kind != "unsub";
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "topics") {
      // OAP-4.21 OAP-4.28
      if (!valid_patterns(value)) return faulty("topics is not a list of valid patterns");
      sub.topics = value;
      topics = true;
    } else if (key == "echo" && has_echo) {
      if (!take(value, sub.echo.emplace())) return faulty("sub.echo is not a bool");
    } else if (key == "group") {
      if (!take(value, sub.group) || sub.group->empty() || sub.group->size() > kGroupMax) {
        return faulty("group is not text of 1 to 64 bytes");
      }
    } else if (key == "tap" && has_echo) {
      if (!take(value, sub.tap)) return faulty("sub.tap is not a bool");
    } else if (key == "gaps" && has_echo) {  // OAP-4.62
      if (!take(value, sub.gaps)) return faulty("sub.gaps is not a bool");
    }
  }
  if (sub.tap && sub.group) return faulty("a tap is in no group");
  if (!topics) return faulty("topics is missing");
  return sub;
}

namespace {

std::vector<std::uint8_t> write_topics(std::string_view kind, const SubOut& sub) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  const bool asks = kind == "sub";  // unsub has none of these
  const auto flag = [&](bool set) { return asks && set ? 1U : 0U; };
  to.map(2U + flag(sub.echo) + flag(sub.tap) + flag(sub.gaps) + (sub.group.empty() ? 0U : 1U));
  if (flag(sub.tap) > 0) to.key("tap").boolean(true);
  if (flag(sub.echo) > 0) to.key("echo").boolean(true);
  if (flag(sub.gaps) > 0) to.key("gaps").boolean(true);
  to.key("kind").text(kind);
  if (!sub.group.empty()) to.key("group").text(sub.group);
  to.key("topics").array(sub.topics.size());
  for (const std::string& topic : sub.topics) to.text(topic);
  return out;
}

}  // namespace

// OAP-4.63
Decoded<Gap> read_gap(const Message& message) {
  Gap gap;
  bool origin = false;
  bool epoch = false;
  CborMap fields(message.map);
  std::string_view key;
  CborItem value;
  while (fields.next(key, value)) {
    if (key == "origin") {
      if (!take(value, gap.origin)) return faulty("gap.origin is not 16 bytes");
      origin = true;
    } else if (key == "epoch") {
      if (!take(value, gap.epoch)) return faulty("gap.epoch is not a uint");
      epoch = true;
    } else if (key == "first") {
      if (!take(value, gap.first)) return faulty("gap.first is not a uint");
    } else if (key == "last") {
      if (!take(value, gap.last)) return faulty("gap.last is not a uint");
    } else if (key == "count") {
      if (!take(value, gap.count)) return faulty("gap.count is not a uint");
    }
  }
  if (!origin || !epoch) return faulty("gap lacks origin or epoch");
  const bool adds_up = gap.first > 0 && gap.first <= gap.last && gap.count > 0 &&
                       gap.count - 1 <= gap.last - gap.first;
  if (!adds_up) return faulty("gap.count does not fit first and last");
  return gap;
}

std::vector<std::uint8_t> write_gap(const Gap& gap) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(6);
  to.key("kind").text("gap");
  to.key("last").uint(gap.last);
  to.key("count").uint(gap.count);
  to.key("epoch").uint(gap.epoch);
  to.key("first").uint(gap.first);
  to.key("origin").bytes(gap.origin);
  return out;
}

std::vector<std::uint8_t> write_sub(const SubOut& sub) { return write_topics("sub", sub); }

std::vector<std::uint8_t> write_unsub(const SubOut& sub) { return write_topics("unsub", sub); }

}  // namespace ron::oap
