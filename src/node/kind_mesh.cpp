// Kinds between nodes: relay, interest, ihave, graft, link, ping and the rest (docs/OAP-1.md
// section 9). The machine of the mesh judges and acts on them; here they only find their way to it.
#include "node/core.hpp"

namespace ron::node {

void handle_mesh(ShardCore& core, Session& session, const Incoming& in) {
  if (in.wants_answer) session.open.close(in.header.corr);  // the mesh answers when it likes
  core.to_mesh(session, in);
}

void ShardCore::to_mesh(Session& session, const Incoming& in) {
  if (!seat_) {
    send_mail(kMeshShard, PeerFrameMail{session.id, Slice::copy_of(in.frame.bytes(), nullptr)});
    return;
  }
  const auto fault =
      seat_->machine.received(session.id, {in.header, in.message, in.frame}, now_, seat_->orders);
  if (fault) reject(session, in.header, {oap::Code::kBadFrame, *fault, false, 0});
}

// ---- what other shards' sessions say, on the shard of the mesh ---------------------------------

void ShardCore::on_mail(ShardIndex from, PeerUpMail& mail) {
  static_cast<void>(from);
  seat_->machine.session_up({mail.session, mail.node, mail.epoch, {}}, now_, seat_->orders);
}

void ShardCore::on_mail(ShardIndex, PeerDownMail& mail) {
  seat_->machine.session_down(mail.session, now_, seat_->orders);
}

void ShardCore::on_mail(ShardIndex from, PeerFrameMail& mail) {
  mail.frame.charge_to(&meter_);
  const oap::Header header = oap::read_header(mail.frame.data());
  const auto message = oap::read_message(mail.frame.bytes().subspan(oap::kHeaderSize));
  RON_CHECK(message.has_value());  // its shard has looked
  const auto fault =
      seat_->machine.received(mail.session, {header, *message, mail.frame}, now_, seat_->orders);
  if (fault) send_mail(from, PeerFaultMail{mail.session, header, *fault});
  mail_.note_done(from);
}

void ShardCore::on_mail(ShardIndex, PeerShedMail& mail) {
  seat_->machine.shed(mail.session, mail.shed, now_);
}

// ---- what the mesh says, on the shard of the session -------------------------------------------

void ShardCore::on_mail(ShardIndex, PeerFaultMail& mail) {
  Session* session = find(mail.session);
  if (session == nullptr || session->phase != Phase::kActive) return;
  reject(*session, mail.header, {oap::Code::kBadFrame, mail.fault, false, 0});
}

void ShardCore::on_mail(ShardIndex from, PeerSendMail& mail) {
  mail.frame.charge_to(&meter_);
  send_to_peers(mail.frame, mail.to);
  mail_.note_done(from);
}

void ShardCore::on_mail(ShardIndex, PeerCloseMail& mail) { close_peer(mail.session, mail.error); }

void ShardCore::on_mail(ShardIndex, GapMail& mail) { tell_gap(mail.gap); }

}  // namespace ron::node
