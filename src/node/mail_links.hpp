// The way to the other shards of the node: one outbox a shard, bounded by pausing whoever fills it.
//
// Mail is never dropped. A link that holds more than its budget (waiting here, in the ring, or not
// yet worked off over there) is congested; the shard then stops reading the sessions that feed it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ring.hpp"
#include "node/config.hpp"
#include "node/mail.hpp"

namespace ron::node {

class MailLinks {
 public:
  MailLinks(const NodeConfig& config, ShardIndex self, unsigned count);

  unsigned others() const { return static_cast<unsigned>(links_.size()) - 1; }

  /// Queues a message. True when the outbox was empty: the driver must be told.
  template <typename Body>
  bool send(ShardIndex to, Body body) {
    return push(to, ShardMail{self_, std::move(body)});
  }

  std::optional<ShardMail> take(ShardIndex to);
  bool has(ShardIndex to) const { return !links_[to].outbox.empty(); }

  template <typename Visit>
  void each(ShardIndex to, Visit visit) const {
    const Ring<ShardMail>& outbox = links_[to].outbox;
    for (std::size_t i = 0; i < outbox.size(); ++i) visit(outbox[i]);
  }

  /// The other shard worked off messages of ours that count.
  void consumed(ShardIndex by, const ConsumedMail& report);

  /// Notes that a message of another shard that counts was worked off here.
  void note_done(ShardIndex from, std::size_t bytes);
  /// Reports what was noted; calls `woken(shard)` where an outbox was empty.
  template <typename Woken>
  void report(Woken woken) {
    for (std::size_t i = 0; i < links_.size(); ++i) {
      Link& link = links_[i];
      const auto to = static_cast<ShardIndex>(i);
      if (link.done.messages == 0) continue;
      if (send(to, link.done)) woken(to);
      link.done = {};
    }
  }

  bool congested() const { return congested_ > 0; }
  /// Is twice the budget on its way? Then whoever can lose something should.
  bool overfull(ShardIndex to) const { return links_[to].bytes / 2 >= config_->mail_bytes; }
  /// What is on its way: waits here, in the ring, or is not yet worked off over there.
  struct Load {
    std::size_t messages = 0, bytes = 0;
  };
  Load load() const;

 private:
  struct Link {
    Ring<ShardMail> outbox;
    std::size_t bytes = 0;       // of messages with frames not yet worked off
    std::uint32_t messages = 0;  // the same; and mail of other kinds still in the outbox
    bool congested = false;
    ConsumedMail done;
    std::size_t held() const { return std::max<std::size_t>(messages, outbox.size()); }
  };
  bool push(ShardIndex to, ShardMail mail);
  void judge(Link& link);

  const NodeConfig* config_;
  ShardIndex self_;
  unsigned congested_ = 0;
  std::vector<Link> links_;
};

}  // namespace ron::node
