// The short way through a gossip payload: one pass that checks and reads at once.
//
// Publishers order their keys as they like and sizes vary, so the pass decides little by branches:
// every entry is taken the same way, and what it was is judged at the end.
#include <array>
#include <cstring>

#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace ron::oap {
namespace {

// A key's place: twice its size and the second bit of its first letter tell them all apart.
enum Place : unsigned { kTs = 4, kData = 8, kKind = 9, kTopic = 10, kReply = 11, kFanout = 13 };
constexpr unsigned kPlaces = 16;
constexpr unsigned kNeeded = 1U << kTs | 1U << kData | 1U << kKind | 1U << kTopic | 1U << kFanout;
constexpr std::size_t kKeyMost = 6;

constexpr std::uint64_t word_of(std::string_view text) {
  std::uint64_t word = 0;
  for (const char c : text) word = word << 8U | static_cast<std::uint8_t>(c);
  return word;
}

constexpr auto kNames = [] {
  std::array<std::uint64_t, kPlaces> names{};
  names[kTs] = word_of("ts");
  names[kData] = word_of("data");
  names[kKind] = word_of("kind");
  names[kTopic] = word_of("topic");
  names[kReply] = word_of("reply");
  names[kFanout] = word_of("fanout");
  return names;
}();

constexpr unsigned kUint = 0;
constexpr unsigned kBytes = 2;
constexpr unsigned kText = 3;

struct Value {
  const std::uint8_t* content;
  std::uint64_t number;  // or the content's size
  unsigned major;

  ByteView bytes() const { return {content, static_cast<std::size_t>(number)}; }
};

constexpr std::size_t kHeadMost = 9;
constexpr std::size_t kEntryMost = 1 + kKeyMost + kHeadMost;  // up to the content of a value

// What is behind the first byte of a head, and the least number that needs that much. // OAP-2.10
constexpr std::array<std::uint8_t, 8> kExtra = {1, 2, 4, 8, 0, 0, 0, 0};
constexpr std::array<std::uint64_t, 9> kLeast = {0, 24, 0x100, 0, 0x10000, 0, 0, 0, 0x100000000};

// Takes the entry at `at`, of which kEntryMost bytes may be read. Returns where the content of its
// value begins, and its place in `place`; nullptr for anything unusual.
const std::uint8_t* take_head(const std::uint8_t* at, unsigned& place, Value& value) {
  const unsigned size = *at ^ 0x60U;
  if (size - 2 > kKeyMost - 2) return nullptr;
  const std::uint64_t word = load_be<std::uint64_t>(at + 1) >> (64 - 8 * size);
  place = 2 * size + (at[1] >> 1U & 1U);
  if (kNames[place] != word) return nullptr;
  at += 1 + size;

  const unsigned form = *at & 31U;
  value.major = *at >> 5U;
  if (form < 24) {
    value.number = form;
    return at + 1;
  }
  const unsigned extra = kExtra[form - 24];
  if (extra == 0) return nullptr;
  value.number = load_be<std::uint64_t>(at + 1) >> (64 - 8 * extra);
  return value.number >= kLeast[extra] ? at + 1 + extra : nullptr;
}

}  // namespace

std::optional<Gossip> read_usual_gossip(ByteView payload) {
  if (payload.size() <= kEntryMost || payload[0] < 0xa5 || payload[0] > 0xa6) return std::nullopt;
  const std::uint8_t* at = payload.data() + 1;
  const std::uint8_t* const end = payload.data() + payload.size();
  std::array<Value, kPlaces> values;
  unsigned seen = 0;
  for (unsigned left = payload[0] & 15U; left > 0; --left) {
    std::array<std::uint8_t, 2 * kEntryMost> tail;
    const std::uint8_t* from = at;
    const auto have = static_cast<std::size_t>(end - at);
    if (have < kEntryMost) {  // the last entries, with zeros behind them
      std::memcpy(tail.data(), end - kEntryMost, kEntryMost);
      std::memset(tail.data() + kEntryMost, 0, kEntryMost);
      from = tail.data() + kEntryMost - have;
    }
    unsigned place = 0;
    Value value{};
    const std::uint8_t* const content = take_head(from, place, value);
    if (content == nullptr || (seen >> place & 1U) != 0) return std::nullopt;
    const std::size_t head = static_cast<std::size_t>(content - from);
    const bool string = value.major == kBytes || value.major == kText;
    const std::uint64_t size = string ? value.number : 0;
    if (head > have || size > have - head) return std::nullopt;
    value.content = at + head;
    at += head + size;
    values[place] = value;
    seen |= 1U << place;
  }
  const bool replies = (seen >> kReply & 1U) != 0;
  if ((seen & kNeeded) != kNeeded || at != end) return std::nullopt;
  if (values[kTs].major != kUint || values[kFanout].major != kUint ||
      values[kData].major != kBytes || values[kKind].major != kText ||
      values[kTopic].major != kText || (replies && values[kReply].major != kText)) {
    return std::nullopt;
  }
  Gossip gossip;
  gossip.topic = as_text(values[kTopic].bytes());
  if (as_text(values[kKind].bytes()) != "gossip" || !is_topic(gossip.topic)) return std::nullopt;
  if (replies) {
    if (!is_utf8(values[kReply].bytes())) return std::nullopt;
    gossip.reply = as_text(values[kReply].bytes());
  }
  gossip.data = values[kData].bytes();
  gossip.ts = values[kTs].number;
  gossip.fanout = values[kFanout].number;
  return gossip;
}

}  // namespace ron::oap
