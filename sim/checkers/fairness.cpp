#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sim/checkers/checkers.hpp"
#include "sim/checkers/coverage.hpp"

namespace ron::sim {
namespace {

constexpr Duration kWindow = std::chrono::seconds(1);

// One message of a group: who got it, and who else could have. Shares are counted generously: as
// if nobody but those who could for certain had been there to share with.
struct Message {
  Instant at;
  std::pair<Stamp, std::uint32_t> order;
  std::uint32_t got = 0;
  std::vector<std::uint32_t> may;
  std::vector<std::uint32_t> must;

  double share_of(std::uint32_t session) const {
    const bool certain = std::ranges::find(must, session) != must.end();
    return 1 / static_cast<double>(must.size() + (certain ? 0 : 1));
  }
};

// A run goes to members in pieces, so what a member is ahead or behind is one piece; and no run is
// longer than a series of plain publications of one session on one topic.
std::uint64_t longest_series(const History& history) {
  struct Series {
    const Publication* last = nullptr;
    std::uint64_t length = 0;
  };
  std::map<std::uint32_t, Series> by_publisher;
  std::uint64_t longest = 1;
  for (const Publication& publication : history.publications) {
    Series& series = by_publisher[publication.publisher];
    const bool same = series.last != nullptr && !publication.wants_answer &&
                      !series.last->wants_answer && series.last->topic == publication.topic &&
                      series.last->tenant == publication.tenant;
    series = {&publication, same ? series.length + 1 : 1};
    longest = std::max(longest, series.length);
  }
  return longest;
}

class GroupTurns {
 public:
  GroupTurns(const History& history, const Coverage& coverage, std::string group)
      : history_(history), coverage_(coverage), group_(std::move(group)) {
    for (std::uint32_t s = 0; s < history.sessions.size(); ++s) {
      const SessionRecord& record = history.sessions[s];
      if (record.group == group_ && record.established) members_.push_back(s);
    }
  }

  // With plain subscriptions too nobody knows by which one a copy came.
  bool judgeable() const {
    return members_.size() > 1 &&
           std::ranges::none_of(members_, [&](std::uint32_t s) { return coverage_.has_plain(s); });
  }

  // Of one tenant, in the order in which they were chosen for.
  std::vector<Message> messages(TenantId tenant) const {
    std::vector<Message> all;
    for (const Arrival& arrival : history_.arrivals) {
      if (arrival.lagged > 0 || std::ranges::find(members_, arrival.session) == members_.end()) {
        continue;
      }
      const Publication& publication = history_.publications[arrival.publication];
      if (publication.tenant != tenant || publication.settled == kNever) continue;
      Message message{publication.settled_at,
                      {publication.settled, arrival.publication},
                      arrival.session,
                      {},
                      {}};
      find_eligible(publication, message);
      all.push_back(std::move(message));
    }
    std::ranges::sort(all, {}, &Message::order);
    return all;
  }

 private:
  void find_eligible(const Publication& publication, Message& message) const {
    for (const std::uint32_t s : members_) {
      const SessionRecord& record = history_.sessions[s];
      const Cover cover = coverage_.grouped(s, group_, publication);
      if (!cover.may || record.max_frame < publication.payload_size) continue;
      message.may.push_back(s);
      if (cover.must && record.complete) message.must.push_back(s);
    }
  }

  const History& history_;
  const Coverage& coverage_;
  std::string group_;
  std::vector<std::uint32_t> members_;
};

struct Turn {
  double share = 0;
  std::uint64_t got = 0;
};

// Slides a window over the messages; the first member with more than twice its share and `slack`.
Verdict judge(const std::vector<Message>& messages, double slack) {
  std::map<std::uint32_t, Turn> turns;
  const auto count = [&](const Message& message, int sign) {
    turns[message.got].got += static_cast<std::uint64_t>(sign);
    for (const std::uint32_t s : message.may) turns[s].share += sign * message.share_of(s);
  };
  std::size_t first = 0;
  for (const Message& message : messages) {
    count(message, 1);
    while (messages[first].at + kWindow < message.at) count(messages[first++], -1);
    const Turn& turn = turns[message.got];
    if (static_cast<double>(turn.got) <= 2 * turn.share + slack) continue;
    return "session " + std::to_string(message.got) + " got " + std::to_string(turn.got) +
           " messages within a second, its share was " + std::to_string(turn.share);
  }
  return std::nullopt;
}

}  // namespace

Verdict check_fairness(const History& history) {
  std::uint64_t bytes = 0;
  for (const Publication& publication : history.publications) bytes += publication.payload_size;
  if (bytes > history.facts.room_bytes) return std::nullopt;  // some lane may be full
  const Coverage coverage(history);
  std::map<std::string, std::map<TenantId, bool>> groups;
  for (const SubOp& op : history.sub_ops) {
    if (!op.group.empty()) groups[op.group][op.tenant] = true;
  }
  // Each shard chooses for its own publishers.
  const double slack = static_cast<double>(longest_series(history) * history.facts.shards);
  for (const auto& [group, tenants] : groups) {
    const GroupTurns turns(history, coverage, group);
    if (!turns.judgeable()) continue;
    for (const auto& [tenant, any] : tenants) {
      if (auto verdict = judge(turns.messages(tenant), slack))
        return "group " + group + ": " + *verdict;
    }
  }
  return std::nullopt;
}

}  // namespace ron::sim
