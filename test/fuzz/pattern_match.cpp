// Bytes become subscriptions, removals and publications; index, cache and naive twin must agree.
//
// Input: 8 bytes of hash key, 1 byte of cache size, then operations. An operation byte holds what
// to do (2 bits), the tenant (1 bit), the target (3 bits) and whether the text is raw (1 bit). Text
// follows as one length byte and that many bytes. Raw bytes are used as they are; otherwise each
// byte picks a segment of a small alphabet, so that patterns and topics meet often. Text that is no
// pattern or no topic is checked for that and left out, as the node does.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "gossip/match_cache.hpp"
#include "gossip/topic_index.hpp"
#include "gossip/topic_index_model.hpp"
#include "oap/topic.hpp"

namespace {

using ron::TenantId;
using ron::gossip::MatchCache;
using ron::gossip::Target;
using ron::gossip::TopicIndex;
using ron::gossip::TopicIndexModel;

constexpr std::size_t kOpsMax = 400;  // the twin is linear; long inputs teach nothing new
constexpr std::array<std::string_view, 8> kWords = {"a",  "b",   "*", "**",
                                                    "a*", "***", "c", "\xC3\xA9"};

class Input {
 public:
  explicit Input(ron::ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }

  std::string text(bool raw) {
    const std::size_t size = std::min<std::size_t>(byte(), bytes_.size());
    const std::string_view taken = ron::as_text(bytes_.first(size));
    bytes_ = bytes_.subspan(size);
    if (raw) return std::string(taken);
    std::string path;
    for (const char c : taken) {
      if (!path.empty()) path += '/';
      path += kWords[static_cast<std::uint8_t>(c) % kWords.size()];
    }
    return path;
  }

 private:
  ron::ByteView bytes_;
};

class Trial {
 public:
  Trial(std::uint64_t key, std::size_t entries)
      : index_(key),
        cache_({.hash_key = ~key, .entries_max = entries, .bytes_max = entries * 64}) {}

  void subscribe(TenantId tenant, const std::string& text, Target target) {
    if (!ron::oap::is_pattern(text)) return;
    RON_CHECK(index_.add(tenant, text, target) == model_.add(tenant, text, target));
    added_.push_back({tenant, text, target});
  }

  void unsubscribe(TenantId tenant, const std::string& text, Target target) {
    if (!ron::oap::is_pattern(text)) return;
    RON_CHECK(index_.remove(tenant, text, target) == model_.remove(tenant, text, target));
  }

  void publish(TenantId tenant, const std::string& text) {
    if (!ron::oap::is_topic(text)) return;
    RON_CHECK(ron::oap::is_pattern(text) && !ron::oap::has_wildcard(text));
    std::vector<Target> got;
    index_.match(tenant, text, got);
    RON_CHECK(std::ranges::equal(got, cache_.match(index_, tenant, text)));
    std::sort(got.begin(), got.end());
    RON_CHECK(got == model_.match(tenant, text));
    RON_CHECK(index_.any(tenant, text) == !got.empty());
  }

  void compare_counts() const {
    RON_CHECK(index_.target_count() == model_.target_count());
    RON_CHECK(index_.pattern_count() == model_.pattern_count());
  }

  void empty_out() {
    for (const Row& row : added_) index_.remove(row.tenant, row.text, row.target);
    RON_CHECK(index_.memory_bytes() == 0 && index_.node_count() == 0);
  }

 private:
  struct Row {
    TenantId tenant;
    std::string text;
    Target target;
  };
  TopicIndex index_;
  MatchCache cache_;
  TopicIndexModel model_;
  std::vector<Row> added_;
};

void compare_matchers(const std::string& pattern, const std::string& topic) {
  if (!ron::oap::is_pattern(pattern) || !ron::oap::is_topic(topic)) return;
  RON_CHECK(ron::oap::matches(pattern, topic) == TopicIndexModel::fits(pattern, topic));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  std::uint64_t key = 0;
  for (int i = 0; i < 8; ++i) key = (key << 8U) | input.byte();
  Trial trial(key, input.byte());
  for (std::size_t ops = 0; ops < kOpsMax && !input.empty(); ++ops) {
    const unsigned op = input.byte();
    const bool raw = (op & 0x40U) != 0;
    const TenantId tenant{0, (op >> 2U) & 1U};
    const Target target{(op >> 3U) & 7U, 0};
    const std::string text = input.text(raw);
    if ((op & 3U) == 0) trial.subscribe(tenant, text, target);
    if ((op & 3U) == 1) trial.unsubscribe(tenant, text, target);
    if ((op & 3U) == 2) trial.publish(tenant, text);
    if ((op & 3U) == 3) compare_matchers(text, input.text(raw));
  }
  trial.compare_counts();
  trial.empty_out();
  return 0;
}
