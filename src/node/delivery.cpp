#include "node/delivery.hpp"

#include <algorithm>
#include <tuple>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace ron::node {
namespace {

// Lanes are chosen by tenant and topic, so that one topic keeps its order. // OAP-4.41 OAP-5.16
unsigned lane_of(TenantId tenant, std::string_view topic, std::uint64_t key) {
  const std::uint64_t hash = keyed_hash(as_bytes(topic), key ^ mix(tenant.hi, tenant.lo));
  return static_cast<unsigned>(hash % gossip::kGossipLanes);
}

std::size_t slot(ShedReason reason) { return static_cast<std::size_t>(reason); }

}  // namespace

Delivery::Delivery(ShardCore& core, const Publication& publication)
    : core_(core),
      publication_(publication),
      lane_(lane_of(publication.tenant, publication.topic, core.config_.lane_key)),
      stamp_(++core.match_stamp_),
      plain_(core.matched_) {
  RON_CHECK(plain_.empty());  // deliveries do not nest
}

void Delivery::find_subscribers() {
  for (const gossip::Target& target :
       core_.subscriptions_.match(publication_.tenant, publication_.topic)) {
    const Interest interest = Interest::of(target);
    if (interest.kind == Interest::Kind::kShard) {
      plain_shards_ |= 1ULL << interest.shard;
    } else if (interest.kind == Interest::Kind::kMember) {
      candidates_.push_back({interest.group, interest.session, interest.echo});
    } else if (Session* session = core_.find(interest.session)) {
      const bool again = session->match_stamp == stamp_;
      if (!again) plain_.push_back(session);  // OAP-4.34
      session->echo_matched = interest.echo || (again && session->echo_matched);
      session->match_stamp = stamp_;
    }
  }
}

ShardCore::Delivered Delivery::to_all(std::uint64_t ticket) {
  find_subscribers();
  core_.subscriptions_.count(publication_.run->frames, publication_.run->bytes.size());
  to_plain();
  if (!candidates_.empty()) {
    pieces_.resize(core_.count_);
    to_groups();
  }
  if (!core_.alone()) to_shards(ticket);
  return delivered_;
}

std::uint32_t Delivery::to_local(bool plain, std::span<const MemberPiece> pieces) {
  find_subscribers();
  if (plain) {
    to_plain();
  } else {
    // The publisher's shard knew of no plain subscriber here yet, so nobody gets a plain copy.
    for (Session* session : plain_) session->match_stamp = stamp_ - 1;
  }
  for (const MemberPiece& piece : pieces) {
    to_member(piece.member, {piece.offset, piece.size, piece.count});
  }
  return delivered_.to;
}

void Delivery::to_plain() {
  for (Session* session : plain_) {
    if (session == publication_.publisher && !session->echo_matched) {  // OAP-4.35
      session->match_stamp = stamp_ - 1;  // it got no copy, so a group may still choose it
      continue;
    }
    push(*session, variant_for(*session));
  }
}

void Delivery::to_groups() {
  const auto by_group = [](const Candidate& c) { return std::tuple(c.group, c.session, !c.echo); };
  std::ranges::sort(candidates_, {}, by_group);
  std::vector<SessionId> members;
  for (std::size_t i = 0; i < candidates_.size();) {
    const gossip::GroupIndex group = candidates_[i].group;
    members.clear();
    for (; i < candidates_.size() && candidates_[i].group == group; ++i) {
      const Candidate& candidate = candidates_[i];
      const bool repeated = !members.empty() && members.back() == candidate.session;
      const bool own =
          publication_.publisher != nullptr && publication_.publisher->id == candidate.session;
      if (!repeated && (!own || candidate.echo)) members.push_back(candidate.session);  // OAP-4.37
    }
    if (!members.empty()) to_group(group, members);
  }
}

// Shares the run out in pieces, so that nobody gets more than its share of a long one. // OAP-4.39
void Delivery::to_group(gossip::GroupIndex group, std::span<const SessionId> members) {
  const gossip::Run& run = *publication_.run;
  const auto count = static_cast<std::uint32_t>(members.size());
  std::uint32_t share = (run.frames + count - 1) / count;
  std::uint32_t left = run.frames;
  std::uint32_t offset = 0;
  while (left > 0) {
    Part part = next_part(offset, std::min(share, left));
    const auto room = [&](const gossip::Groups::Member& m) { return has_room(m, part); };
    const bool last_try = part.frames == 1;
    const auto* chosen =
        core_.subscriptions_.groups().choose(group, members, part.frames, last_try, room);
    if (chosen == nullptr && !last_try) {
      share = 1;  // nobody has room for a whole piece: frame by frame from here
      continue;
    }
    if (chosen != nullptr) to_member(chosen->session, part);
    offset += part.size;
    left -= part.frames;
  }
}

Delivery::Part Delivery::next_part(std::uint32_t offset, std::uint32_t frames) const {
  const Slice& bytes = publication_.run->bytes;
  Part part{offset, 0, frames};
  for (std::uint32_t i = 0; i < frames; ++i) {
    part.size += static_cast<std::uint32_t>(gossip::frame_size(bytes.data() + offset + part.size));
  }
  return part;
}

bool Delivery::has_room(const gossip::Groups::Member& member, const Part& part) const {
  const gossip::Run& run = *publication_.run;
  const bool single = part.frames == 1 && !publication_.comp;
  const std::uint32_t largest =
      single ? part.size - static_cast<std::uint32_t>(oap::kHeaderSize) : run.largest;
  if (largest > member.max_frame) return false;
  if (member.session.shard() != core_.self_) return ((member.full_lanes >> lane_) & 1U) == 0;
  const Session* session = core_.find(member.session);
  return session != nullptr && !core_.over_budget() &&
         session->egress.has_room(lane_, part.frames, part.size, core_.config_.session.lanes);
}

void Delivery::to_member(SessionId member, const Part& part) {
  if (member.shard() != core_.self_) {
    pieces_[member.shard()].push_back({member, part.offset, part.size, part.frames});
    return;
  }
  Session* session = core_.find(member);
  if (session == nullptr || session->phase != Phase::kActive) {
    core_.stats_.group_misses += part.frames;
    return;
  }
  if (session->match_stamp == stamp_) return;  // has its plain copy // OAP-4.38
  const bool whole = part.frames == publication_.run->frames;
  if (whole) {
    push(*session, variant_for(*session));
  } else {
    push(*session, run_of(part));
  }
}

gossip::RunRef Delivery::run_of(const Part& part) const {
  const gossip::Run& run = *publication_.run;
  const auto largest =
      part.frames == 1 ? part.size - static_cast<std::uint32_t>(oap::kHeaderSize) : run.largest;
  return gossip::RunRef::make(run.bytes.sub(part.offset, part.size), part.frames, largest);
}

void Delivery::push(Session& session, const gossip::RunRef& run) {
  if (session.phase != Phase::kActive) return;
  ShardStats& stats = core_.stats_;
  const auto lane_bit = static_cast<std::uint8_t>(1U << lane_);
  if (core_.over_budget()) {
    // The analyzer loses what a counted reference holds. NOLINTNEXTLINE(clang-analyzer-core.*)
    session.egress.note_lost(lane_, run->frames);
    stats.shed[slot(ShedReason::kBudget)] += run->frames;
    session.counters.dropped += run->frames;
    if (session.has_groups) core_.tell_room(session, lane_bit);
    core_.mark_flush(session);
    return;
  }
  gossip::PushResult result;
  {
    const LaneMeter meter(stats, session.egress);
    result = session.egress.push(lane_, run, session.max_frame, core_.config_.session.lanes);
  }
  stats.delivered += result.queued;  // delivered or counted, never silent // OAP-4.42
  stats.size_tx.add(run->bytes.size() / run->frames, result.queued);
  stats.shed[slot(ShedReason::kFull)] += result.shed_full;
  stats.shed[slot(ShedReason::kTooLarge)] += result.shed_too_large;
  session.counters.delivered += result.queued;
  session.counters.delivered_bytes += run->bytes.size() / run->frames * result.queued;
  session.counters.dropped += result.shed_full + result.shed_too_large;
  if (result.queued > 0) {
    if (!session.tap) ++delivered_.to;
    if (core_.turn_runs_.empty() || &*core_.turn_runs_.back().run != &*run) {
      core_.turn_runs_.push_back({run, session.id, lane_});
    }
  }
  if (session.has_groups) core_.tell_room(session, result.shed_full > 0 ? lane_bit : 0);
  if (result.disconnect) {
    core_.fatal(session, {oap::Code::kBusy, "this subscriber is too slow", true, 0}, 0,
                CloseReason::kSlow);
  } else if (session.egress.sendable(session.send.may_send())) {
    core_.mark_flush(session);
  }
}

// COMP goes only to a side that agreed to it; the others share one inflated copy. // OAP-4.33
const gossip::RunRef& Delivery::variant_for(const Session& session) {
  return session.comp ? publication_.run : plain_run();
}

const gossip::RunRef& Delivery::plain_run() {
  if (!publication_.comp) return publication_.run;
  if (!inflated_) {
    const oap::Header header = oap::read_header(publication_.run->bytes.data());
    Slice frame =
        oap::make_frame(oap::kEvent, header.tenant, header.corr, publication_.inflated, nullptr);
    inflated_ = gossip::RunRef::make(std::move(frame), 1, publication_.run->largest);
  }
  return inflated_;
}

void Delivery::to_shards(std::uint64_t ticket) {
  for (unsigned i = 0; i < core_.count_; ++i) {
    const auto to = static_cast<ShardIndex>(i);
    const bool plain = ((plain_shards_ >> to) & 1U) != 0;
    const bool chosen = !pieces_.empty() && !pieces_[to].empty();
    const bool mesh = to == kMeshShard && publication_.publisher != nullptr && core_.has_mesh();
    if (to == core_.self_ || (!plain && !chosen && !mesh)) continue;
    PublishMail mail;
    mail.tenant = publication_.tenant;
    mail.topic = publication_.topic;
    mail.count = publication_.run->frames;
    mail.largest = publication_.run->largest;
    mail.plain = plain;
    mail.mesh = mesh;
    if (chosen) mail.pieces = std::move(pieces_[to]);
    mail.ticket = ticket;
    if (core_.mail_.publish(to, std::move(mail), plain_run()->bytes)) core_.order_mail(to);
    if (ticket != 0) ++delivered_.waiting;
  }
}

// ---- the core's side ---------------------------------------------------------------------------

ShardCore::Delivered ShardCore::deliver(const Publication& publication, std::uint64_t ticket) {
  Delivered delivered = Delivery(*this, publication).to_all(ticket);
  const bool own = publication.publisher != nullptr;
  if (seat_ && own) delivered.links = publish_to_mesh(publication);
  return delivered;
}

ShardCore::Delivered ShardCore::deliver_mail(PublishMail& mail) {
  if (mail.frames.empty()) {
    mail.frames = Slice::borrow(mail.lent, &meter_);
    borrowed_.push_back(mail.frames);
  } else {
    mail.frames.charge_to(&meter_);
  }
  Publication publication;
  publication.tenant = mail.tenant;
  publication.topic = mail.topic;
  publication.run = gossip::RunRef::make(std::move(mail.frames), mail.count, mail.largest);
  Delivered delivered;
  if (mail.plain || !mail.pieces.empty()) {
    delivered.to = Delivery(*this, publication).to_local(mail.plain, mail.pieces);
  }
  if (mail.mesh) delivered.links = publish_to_mesh(publication);
  return delivered;
}

}  // namespace ron::node
