#include "node/shard.hpp"

#include "node/core.hpp"

namespace ron::node {

class Shard::Impl : public ShardCore {
 public:
  using ShardCore::ShardCore;
};

Shard::Shard(const NodeConfig& config, ShardIndex self, unsigned count, Choice& choice)
    : impl_(std::make_unique<Impl>(config, self, count, choice)) {}
Shard::~Shard() = default;

std::optional<SessionId> Shard::open(Instant accepted) { return impl_->open(accepted); }

std::optional<SessionId> Shard::open_dialed(mesh::DialId dial, Instant now) noexcept {
  return impl_->open_dialed(dial, now);
}
std::optional<mesh::Dial> Shard::take_dial() noexcept { return impl_->take_dial(); }
std::optional<mesh::Expelled> Shard::take_expelled() noexcept { return impl_->take_expelled(); }
std::optional<mesh::DialId> Shard::take_cancelled_dial() noexcept {
  return impl_->take_cancelled_dial();
}

void Shard::handle(const Input& in, Instant now, Actions& out) noexcept {
  impl_->handle(in, now, out);
}
void Shard::received(SessionId session, Slice bytes, Instant now, Actions& out) noexcept {
  impl_->received(session, std::move(bytes), now, out);
}
MutableBytes Shard::read_room(SessionId session) noexcept { return impl_->read_room(session); }
void Shard::filled(SessionId session, std::size_t bytes, Instant now, Actions& out) noexcept {
  impl_->filled(session, bytes, now, out);
}
bool Shard::wants_read(SessionId session) const noexcept { return impl_->wants_read(session); }
bool Shard::discards(SessionId session) const noexcept { return impl_->discards(session); }

std::size_t Shard::gather(SessionId session, std::span<IoPiece> into, std::size_t max_bytes,
                          Instant now) noexcept {
  return impl_->gather(session, into, max_bytes, now);
}
void Shard::wrote(SessionId session, std::size_t bytes, Instant now, Actions& out) noexcept {
  impl_->wrote(session, bytes, now, out);
}
bool Shard::pending(SessionId session) const noexcept { return impl_->pending(session); }

std::optional<ShardMail> Shard::take_mail(ShardIndex to) noexcept { return impl_->take_mail(to); }
bool Shard::has_mail(ShardIndex to) const noexcept { return impl_->has_mail(to); }
std::uint32_t Shard::answers_waiting(SessionId session) const noexcept {
  return impl_->answers_waiting(session);
}
Shard::Outbox Shard::outbox(ShardIndex to) const noexcept {
  Outbox all;
  impl_->each_waiting(to, [&](const ShardMail& mail) {
    ++all.messages;
    if (const auto bytes = counted_bytes(mail)) {
      ++all.publications;
      all.bytes += *bytes;
    }
  });
  return all;
}
void Shard::mail(ShardMail message, Instant now, Actions& out) noexcept {
  impl_->mail(std::move(message), now, out);
}

std::optional<ControlRequest> Shard::take_control() noexcept { return impl_->take_control(); }
void Shard::reconfigure(const LiveConfig& live, Instant now) noexcept {
  impl_->reconfigure(live, now);
}
std::vector<SessionView> Shard::sessions(Instant now) const { return impl_->session_views(now); }
std::vector<PatternView> Shard::patterns() const { return impl_->pattern_views(); }
std::vector<TopicView> Shard::topics() const { return impl_->topic_views(); }

std::vector<mesh::PeerView> Shard::peers(Instant now) const { return impl_->peers(now); }
std::vector<mesh::NamedView> Shard::named_peers() const { return impl_->named_peers(); }
std::vector<mesh::Trace> Shard::traces() const { return impl_->traces(); }
mesh::Scores::Explanation Shard::explain(const NodeId& node, Instant now) const {
  return impl_->explain(node, now);
}
const mesh::MembershipStats* Shard::membership() const noexcept { return impl_->membership(); }
const mesh::RelayStats* Shard::relay() const noexcept { return impl_->relay(); }

Instant Shard::next_deadline() const noexcept { return impl_->next_deadline(); }
const ShardStats& Shard::stats() const noexcept { return impl_->stats(); }
std::uint64_t Shard::queued_bytes() const noexcept { return impl_->queued_bytes(); }
std::size_t Shard::held_bytes() const noexcept { return impl_->held_bytes(); }
SlabMeter& Shard::meter() noexcept { return impl_->meter(); }

}  // namespace ron::node
