// gossip: a publication (docs/OAP-1.md section 4.2).
#include "node/core.hpp"

namespace ron::node {

void handle_gossip(ShardCore& core, Session& session, const Incoming& in) {
  const auto gossip =
      in.gossip != nullptr ? oap::Decoded<oap::Gossip>(*in.gossip) : oap::read_gossip(in.message);
  if (!gossip) {
    core.refuse(session, in.header, {oap::Code::kBadFrame, gossip.error(), false, 0});
    return;
  }
  if (!in.wants_answer && !in.header.has(oap::kComp)) {
    core.add_to_run(session, in, *gossip);
    return;
  }
  core.flush_run();
  if (session.phase != Phase::kActive) return;  // the run before cost it its session
  core.count_published(session, in.header.wire_size());

  // What leaves is an EVENT, whatever it came as; all else stays. // OAP-4.30 OAP-4.31 OAP-4.32
  const bool comp = in.header.has(oap::kComp);
  oap::rewrite_flags(in.frame.mutable_bytes().data(),
                     static_cast<std::uint16_t>(oap::kEvent | (comp ? oap::kComp : 0)));
  Publication publication;
  publication.publisher = &session;
  publication.tenant = in.header.tenant;
  publication.topic = gossip->topic;
  publication.run =
      gossip::RunRef::make(in.frame, 1, static_cast<std::uint32_t>(in.payload.size()));
  publication.comp = comp;
  publication.inflated = comp ? in.payload : ByteView{};

  const std::uint64_t ticket = in.wants_answer && !core.alone() ? core.next_ticket() : 0;
  const SessionId id = session.id;
  const auto delivered = core.deliver(publication, ticket);
  if (!in.wants_answer || session.phase != Phase::kActive) return;
  if (delivered.waiting > 0) {
    core.expect(ticket, {.session = id,
                         .corr = in.header.corr,
                         .tenant = in.header.tenant,
                         .publication = true,
                         .waiting = delivered.waiting,
                         .to = delivered.to,
                         .links = delivered.links,
                         .leaving = {}});
    return;
  }
  oap::Ack ack;  // OAP-4.15 OAP-4.16
  ack.for_corr = in.header.corr;
  ack.to = delivered.to;
  ack.links = delivered.links;
  core.answer_ack(session, in.header.corr, in.header.tenant, ack);
}

}  // namespace ron::node
