// The naive twin of TopicIndex: a list of subscriptions, and a matcher that tries them all.
//
// For tests and fuzzing. It shares no code with the index nor with oap::matches, so that a mistake
// must be made twice to stay hidden.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "gossip/target_set.hpp"

namespace ron::gossip {

class TopicIndexModel {
 public:
  bool add(TenantId tenant, std::string_view pattern, Target target) {
    Row row{tenant, std::string(pattern), target};
    if (std::find(rows_.begin(), rows_.end(), row) != rows_.end()) return false;
    rows_.push_back(std::move(row));
    return true;
  }

  bool remove(TenantId tenant, std::string_view pattern, Target target) {
    const auto at =
        std::find(rows_.begin(), rows_.end(), Row{tenant, std::string(pattern), target});
    if (at == rows_.end()) return false;
    rows_.erase(at);
    return true;
  }

  /// Sorted; compare with the index's result after sorting that.
  std::vector<Target> match(TenantId tenant, std::string_view topic) const {
    std::vector<Target> out;
    for (const Row& row : rows_) {
      if (row.tenant == tenant && fits(row.pattern, topic)) out.push_back(row.target);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  std::size_t target_count() const { return rows_.size(); }

  std::size_t pattern_count() const {
    std::vector<std::pair<TenantId, std::string>> seen;
    for (const Row& row : rows_) seen.emplace_back(row.tenant, row.pattern);
    std::sort(seen.begin(), seen.end());
    return static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
  }

  /// OAP/1 section 4 word by word, one segment a call.
  static bool fits(std::string_view pattern, std::string_view topic) {
    const auto [pattern_head, pattern_tail, pattern_more] = split(pattern);
    const auto [topic_head, topic_tail, topic_more] = split(topic);
    if (pattern_head == "**" && !pattern_more) return true;
    if (pattern_head != "*" && pattern_head != topic_head) return false;
    if (pattern_more != topic_more) return false;
    return !pattern_more || fits(pattern_tail, topic_tail);
  }

 private:
  struct Row {
    TenantId tenant;
    std::string pattern;
    Target target;
    friend bool operator==(const Row&, const Row&) = default;
  };

  static std::tuple<std::string_view, std::string_view, bool> split(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {text, {}, false};
    return {text.substr(0, slash), text.substr(slash + 1), true};
  }

  std::vector<Row> rows_;
};

}  // namespace ron::gossip
