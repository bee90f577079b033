// What other shards say, and answers that wait for them.
#include "node/core.hpp"

namespace ron::node {

void ShardCore::mail(ShardMail message, Instant now, Actions& out) {
  const Call call(*this, now, out);
  const ShardIndex from = message.from;
  std::visit([&](auto& body) { on_mail(from, body); }, message.body);
}

void ShardCore::on_mail(ShardIndex from, PublishMail& mail) {
  const Delivered delivered = deliver_mail(mail);
  mail_.note_done(from);
  if (mail.ticket != 0) send_mail(from, AcceptedMail{mail.ticket, delivered.to, delivered.links});
}

void ShardCore::on_mail(ShardIndex from, ConsumedMail& mail) {
  mail_.consumed(from, mail);
  if (!mail_.congested() && !paused_.empty()) resume_paused();
}

void ShardCore::on_mail(ShardIndex, AcceptedMail& mail) {
  settle(mail.ticket, mail.to, mail.links);
}

void ShardCore::on_mail(ShardIndex from, InterestMail& mail) {
  want(mail.tenant, mail.pattern, mail.add);
  mail.add ? subscriptions_.add_shard(mail.tenant, mail.pattern, from)
           : subscriptions_.remove_shard(mail.tenant, mail.pattern, from);
}

void ShardCore::on_mail(ShardIndex, GroupMail& mail) {
  const Subscriptions::Membership membership{mail.tenant, mail.pattern,   mail.group,
                                             mail.member, mail.max_frame, mail.echo};
  mail.add ? add_member(membership) : remove_member(membership);
}

void ShardCore::on_mail(ShardIndex from, BarrierMail& mail) {
  send_mail(from, AppliedMail{mail.ticket});
}

void ShardCore::on_mail(ShardIndex, AppliedMail& mail) { settle(mail.ticket, 0, 0); }

void ShardCore::on_mail(ShardIndex, RoomMail& mail) {
  subscriptions_.groups().set_full_lanes(mail.member, mail.full_lanes);
}

// ---- answers that wait -------------------------------------------------------------------------

void ShardCore::expect(std::uint64_t ticket, Pending pending) {
  pending_.emplace(ticket, std::move(pending));
}

void ShardCore::answer_after_barrier(Session& session, const Incoming& in,
                                     std::vector<SubscriptionKey> leaving) {
  const std::uint64_t ticket = next_ticket();
  session.leaving.insert(session.leaving.end(), leaving.begin(), leaving.end());
  expect(ticket, {.session = session.id,
                  .corr = in.header.corr,
                  .tenant = in.header.tenant,
                  .waiting = count_ - 1,
                  .leaving = std::move(leaving)});
  if (alone()) {
    pending_.at(ticket).waiting = 1;
    settle(ticket, 0, 0);
  } else {
    send_to_others(BarrierMail{ticket});
  }
}

void ShardCore::settle(std::uint64_t ticket, std::uint32_t to, std::uint32_t links) {
  const auto at = pending_.find(ticket);
  if (at == pending_.end()) return;
  Pending& pending = at->second;
  pending.to += to;
  pending.links += links;
  if (--pending.waiting > 0) return;
  const Pending done = std::move(pending);
  pending_.erase(at);
  Session* session = find(done.session);
  if (session == nullptr || session->phase != Phase::kActive) return;
  for (const SubscriptionKey& key : done.leaving) {
    std::erase(session->leaving, key);
    if (session->subscriptions.contains(key)) continue;  // subscribed again meanwhile
    remove_member({key.tenant, key.pattern, key.group, session->id, 0, false});
  }
  oap::Ack ack;
  ack.for_corr = done.corr;
  if (done.publication) {
    ack.to = done.to;
    ack.links = done.links;
  }
  answer_ack(*session, done.corr, done.tenant, ack);
  answered_late(*session);
}

// An answer that was not given at once may have been all that a session that has finished waits
// for.
void ShardCore::answered_late(Session& session) {
  const bool all_read = !session.paused && session.input.empty();
  if (session.fin_received && all_read && session.phase == Phase::kActive) end_of_input(session);
}

// Group members' room is known to the other shards as it changes, so that their choices can avoid
// a full lane. A lane that lost something counts as full until an eighth of the bounds is free, so
// that a member just short of room for the usual message is not chosen for ever. What is on its way
// when a lane fills may still be lost, and is then counted.
void ShardCore::tell_room(Session& session, std::uint8_t shed) {
  constexpr std::size_t kTypicalFrame = 1024;
  if (alone()) return;
  const gossip::LaneLimits& limits = config_.session.lanes;
  std::uint8_t full = 0;
  for (unsigned lane = 0; lane < gossip::kGossipLanes; ++lane) {
    const auto bit = static_cast<std::uint8_t>(1U << lane);
    const bool was_full = ((session.full_lanes_told | shed) & bit) != 0;
    const bool room = was_full ? session.egress.has_room(lane, limits.gossip_frames / 8,
                                                         limits.gossip_bytes / 8, limits)
                               : session.egress.has_room(lane, 1, kTypicalFrame, limits);
    if (!room) full = static_cast<std::uint8_t>(full | bit);
  }
  if (full == session.full_lanes_told) return;
  session.full_lanes_told = full;
  send_to_others(RoomMail{session.id, full});
}

}  // namespace ron::node
