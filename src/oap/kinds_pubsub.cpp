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

using Header = std::pair<std::string, std::string>;

// The headers in canonical order; of two with one name the later counts.
std::vector<const Header*> in_order(const std::vector<Header>& headers) {
  std::vector<const Header*> sorted;
  sorted.reserve(headers.size());
  for (const Header& header : headers) sorted.push_back(&header);
  std::sort(sorted.begin(), sorted.end(), [](const Header* a, const Header* b) {
    return a->first == b->first ? a < b : key_before(a->first, b->first);
  });
  std::size_t kept = 0;
  for (const Header* header : sorted) {
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
    for (const Header* header : headers) to.key(header->first).text(header->second);
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
    }
  }
  if (sub.tap && sub.group) return faulty("a tap is in no group");
  if (!topics) return faulty("topics is missing");
  return sub;
}

namespace {

std::vector<std::uint8_t> write_topics(std::string_view kind, const SubOut& sub, bool echo,
                                       bool tap) {
  std::vector<std::uint8_t> out;
  CborWriter to(out);
  to.map(2U + (echo ? 1U : 0U) + (tap ? 1U : 0U) + (sub.group.empty() ? 0U : 1U));
  if (tap) to.key("tap").boolean(true);
  if (echo) to.key("echo").boolean(true);
  to.key("kind").text(kind);
  if (!sub.group.empty()) to.key("group").text(sub.group);
  to.key("topics").array(sub.topics.size());
  for (const std::string& topic : sub.topics) to.text(topic);
  return out;
}

}  // namespace

std::vector<std::uint8_t> write_sub(const SubOut& sub) {
  return write_topics("sub", sub, sub.echo, sub.tap);
}

std::vector<std::uint8_t> write_unsub(const SubOut& sub) {
  return write_topics("unsub", sub, false, false);
}

}  // namespace ron::oap
