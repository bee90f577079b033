// The short way through a gossip payload: one pass that checks and reads at once.
//
// Publishers order their keys as they like and sizes vary, so the pass decides little by branches:
// every entry is taken the same way, whatever it is, and a branch only leaves for the long way.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "oap/kinds.hpp"
#include "oap/topic.hpp"

namespace ron::oap {
namespace {

// A key's place: twice its size and the second bit of its first letter tell them all apart.
enum Place : unsigned { kTs = 4, kData = 8, kKind = 9, kTopic = 10, kReply = 11, kFanout = 13 };
constexpr unsigned kPlaces = 16;
constexpr unsigned kNeeded = 1U << kTs | 1U << kData | 1U << kKind | 1U << kTopic | 1U << kFanout;

constexpr unsigned kSmall = 24;     // forms of a head under it are the number itself
constexpr unsigned kFormMost = 27;  // the others: 1, 2, 4, 8 bytes follow
constexpr std::array<std::uint64_t, kFormMost + 1> kLeast = [] {  // number of a form // OAP-2.10
  std::array<std::uint64_t, kFormMost + 1> least{};
  least[24] = kSmall;
  least[25] = 0x100;
  least[26] = 0x10000;
  least[27] = 0x100000000;
  return least;
}();

// What an entry of each place looks like. Words hold what stands first in their lowest byte.
struct Shape {
  std::uint64_t mask = 0;     // of the key with its head
  std::uint64_t key = 1;      // under the mask; nothing equals that of a place without a key
  std::uint64_t content = 0;  // all ones where bytes follow the head of the value
  std::uint64_t major = 0;    // of the value
};

constexpr Shape shape_of(std::string_view key, unsigned major) {
  std::uint64_t word = 0x60U | key.size();
  for (std::size_t i = 0; i < key.size(); ++i) {
    word |= std::uint64_t{static_cast<std::uint8_t>(key[i])} << (8 * (i + 1));
  }
  const std::uint64_t mask = UINT64_MAX >> (8 * (7 - key.size()));
  return {mask, word, major == 0 ? 0 : UINT64_MAX, major};
}

constexpr auto kShapes = [] {
  constexpr unsigned kUint = 0;
  constexpr unsigned kBytes = 2;
  constexpr unsigned kText = 3;
  std::array<Shape, kPlaces> shapes{};
  shapes[kTs] = shape_of("ts", kUint);
  shapes[kData] = shape_of("data", kBytes);
  shapes[kKind] = shape_of("kind", kText);
  shapes[kTopic] = shape_of("topic", kText);
  shapes[kReply] = shape_of("reply", kText);
  shapes[kFanout] = shape_of("fanout", kUint);
  return shapes;
}();

struct Value {
  const std::uint8_t* content;
  std::uint64_t number;  // or the content's size

  ByteView bytes() const { return {content, static_cast<std::size_t>(number)}; }
};

using Word = std::uint64_t;

// Eight bytes at `at`, zeros for those behind `end`; anything when all of them are. There must be
// eight bytes in front of `end`.
Word word_within(const std::uint8_t* at, const std::uint8_t* end) {
  const std::uint8_t* const from = std::min(at, end - sizeof(Word));
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word >> (8 * static_cast<std::size_t>(at - from) & 63U);
}

// Takes the entry at `at`: its key and its value, which is returned in `value`. The place of the
// entry, or kPlaces for anything unusual. What the next entry waits for is the size of this one, so
// that is found with as few steps as can be: the key and the first byte of the value's head are one
// load, since no key has more than six letters.
unsigned take_entry(const std::uint8_t*& at, const std::uint8_t* end, Value& value) {
  if (at >= end) return kPlaces;
  const Word word = word_within(at, end);
  const auto size = static_cast<unsigned>(word & 7U);
  const auto head = static_cast<unsigned>(word >> ((8 * size + 8) & 63U)) & 0xffU;
  const unsigned form = head & 31U;
  const Word small = form < kSmall ? ~Word{0} : 0;  // a mask, so that nobody makes it a branch
  const std::size_t extra = (std::size_t{1} << (form & 3U)) & ~small;
  const Word behind = std::byteswap(word_within(at + 2 + size, end));
  const Word number = (form & small) | (behind >> ((8 * (8 - extra)) & 63U) & ~small);

  const unsigned place = 2 * size + static_cast<unsigned>(word >> 9U & 1U);
  const Shape& shape = kShapes[place];
  if ((word & shape.mask) != shape.key || head >> 5U != shape.major) return kPlaces;
  if (form > kFormMost || number < kLeast[form]) return kPlaces;
  const std::size_t front = 2 + size + extra;
  const auto left = static_cast<std::size_t>(end - at);
  const Word content = number & shape.content;
  if (front > left || content > left - front) return kPlaces;
  value = {at + front, number};
  at += front + content;
  return place;
}

}  // namespace

std::optional<Gossip> read_usual_gossip(ByteView payload) {
  if (payload.size() <= sizeof(Word) || payload[0] < 0xa5 || payload[0] > 0xa6) return std::nullopt;
  const std::uint8_t* at = payload.data() + 1;
  const std::uint8_t* const end = payload.data() + payload.size();
  std::array<Value, kPlaces> values;
  unsigned seen = 0;
  const unsigned entries = payload[0] & 15U;
  for (unsigned left = entries; left > 0; --left) {
    Value value{};
    const unsigned place = take_entry(at, end, value);
    if (place == kPlaces) return std::nullopt;
    values[place] = value;
    seen |= 1U << place;
  }
  // As many different keys as entries: none stands there twice. // OAP-2.13
  const bool replies = entries == 6;
  if (seen != (kNeeded | (replies ? 1U << kReply : 0)) || at != end) return std::nullopt;
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
