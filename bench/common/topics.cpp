#include "bench/common/topics.hpp"

#include <cstdint>

namespace ron::bench {
namespace {

constexpr std::uint64_t kWords = 32;  // a level

// Words of 2 to 9 bytes; each level has its own.
std::string word(std::size_t level, std::uint64_t number) {
  static constexpr std::string_view kStem = "temporal";
  std::string text(kStem.substr(0, (number * 7 + level) % kStem.size()));
  text += static_cast<char>('a' + level);
  text += static_cast<char>('A' + number % 26);
  if (number >= 26) text += 'x';
  return text;
}

std::string join(const std::vector<std::string>& segments) {
  std::string text;
  for (const std::string& segment : segments) {
    if (!text.empty()) text += '/';
    text += segment;
  }
  return text;
}

std::vector<std::string> random_path(Choice& choice, std::size_t least, std::size_t most) {
  std::vector<std::string> segments(choice.pick(least, most));
  for (std::size_t i = 0; i < segments.size(); ++i) segments[i] = word(i, choice.index(kWords));
  return segments;
}

}  // namespace

std::string random_topic(Choice& choice) { return join(random_path(choice, 2, 6)); }

std::vector<std::string> random_topics(std::size_t count) {
  SeedChoice choice(3);
  std::vector<std::string> topics(count);
  for (std::string& topic : topics) topic = random_topic(choice);
  return topics;
}

std::string random_wildcard(Choice& choice) {
  if (choice.chance(1, 2)) return join(random_path(choice, 2, 5)) + "/**";
  std::vector<std::string> segments = random_path(choice, 3, 6);
  const std::uint64_t stars = choice.pick(1, 2);
  for (std::uint64_t i = 0; i < stars; ++i) segments[choice.index(segments.size())] = "*";
  return join(segments);
}

void subscribe_wildcards(gossip::TopicIndex& index, std::size_t count) {
  SeedChoice choice(4);
  for (std::uint64_t i = 0; i < count; ++i) index.add({}, random_wildcard(choice), {i, 0});
}

}  // namespace ron::bench
