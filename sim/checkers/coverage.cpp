#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

std::vector<std::string> segments(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

bool match_from(const std::vector<std::string>& pattern, std::size_t p,
                const std::vector<std::string>& topic, std::size_t t) {
  if (p == pattern.size()) return t == topic.size();
  if (t == topic.size()) return false;
  if (pattern[p] == "**") return true;  // the last segment, and something is left
  if (pattern[p] != "*" && pattern[p] != topic[t]) return false;
  return match_from(pattern, p + 1, topic, t + 1);
}

Cover either(Cover a, Cover b) { return {a.must || b.must, a.may || b.may}; }

}  // namespace

bool naive_match(const std::string& pattern, const std::string& topic) {
  return match_from(segments(pattern), 0, segments(topic), 0);
}

Coverage::Coverage(const History& history) : by_session_(history.sessions.size()) {
  for (const SubOp& op : history.sub_ops) {
    if (op.refused) continue;  // it changed nothing
    by_session_[op.session][{op.tenant, op.group, op.pattern}].push_back(&op);
  }
}

// State i holds after op i. It may have been met if op i may have come before the match, and the
// next one after it.
Cover Coverage::of(const Ops& ops, const Publication& publication, bool own) {
  const Stamp from = publication.sent;
  const Stamp upto = publication.settled;
  bool some = false;
  bool all = true;
  for (std::size_t i = 0; i <= ops.size(); ++i) {
    const bool begun = i == 0 || ops[i - 1]->sent <= upto;
    const bool not_over = i == ops.size() || ops[i]->answered >= from;
    if (!begun || !not_over) continue;
    const bool covers = i > 0 && ops[i - 1]->add && (!own || ops[i - 1]->echo);
    some = some || covers;
    all = all && covers;
  }
  return {all && some, some};
}

Cover Coverage::plain(std::uint32_t session, const Publication& publication) const {
  return grouped(session, "", publication);
}

Cover Coverage::grouped(std::uint32_t session, const std::string& group,
                        const Publication& publication) const {
  Cover cover;
  for (const auto& [key, ops] : by_session_[session]) {
    if (key.group != group || key.tenant != publication.tenant) continue;
    if (!naive_match(key.pattern, publication.topic)) continue;
    cover = either(cover, of(ops, publication, publication.publisher == session));
  }
  return cover;
}

Cover Coverage::any_group(std::uint32_t session, const Publication& publication) const {
  Cover cover;
  for (const auto& [key, ops] : by_session_[session]) {
    if (key.group.empty() || key.tenant != publication.tenant) continue;
    if (!naive_match(key.pattern, publication.topic)) continue;
    cover = either(cover, of(ops, publication, publication.publisher == session));
  }
  return cover;
}

bool Coverage::has_plain(std::uint32_t session) const {
  for (const auto& [key, ops] : by_session_[session]) {
    if (key.group.empty()) return true;
  }
  return false;
}

}  // namespace ron::sim
