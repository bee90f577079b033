#include "node/mail_links.hpp"

namespace ron::node {

namespace {

// What frames of peers, and for peers, count.
std::optional<std::size_t> peer_bytes(const ShardMail& mail) {
  if (const auto* frame = std::get_if<PeerFrameMail>(&mail.body)) return frame->frame.size();
  if (const auto* send = std::get_if<PeerSendMail>(&mail.body)) return send->frame.size();
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> counted_bytes(const ShardMail& mail) {
  if (const auto* publish = std::get_if<PublishMail>(&mail.body)) return publish->bytes();
  return peer_bytes(mail);
}

MailLinks::MailLinks(const NodeConfig& config, ShardIndex self, unsigned count)
    : config_(&config), self_(self), links_(count) {}

bool MailLinks::worth_lending(const Link& link, const Slice& frames) const {
  return frames.size() >= config_->lend_from &&
         link.bytes + frames.slab_size() <= config_->mail_bytes / 2;
}

bool MailLinks::publish(ShardIndex to, PublishMail mail, const Slice& frames) {
  Link& link = links_[to];
  Sent sent;
  if (worth_lending(link, frames)) {
    const bool neighbour = !link.sent.empty() && link.sent.back().loan.same_block(frames);
    mail.lent = frames.bytes();
    sent = {frames, neighbour ? 0 : frames.slab_size()};
  } else {
    mail.frames = Slice::copy_of(frames.bytes(), nullptr);
    sent.charge = frames.size();
  }
  link.bytes += sent.charge;
  link.sent.push_back(std::move(sent));
  return push(to, ShardMail{self_, std::move(mail)});
}

bool MailLinks::push(ShardIndex to, ShardMail mail) {
  Link& link = links_[to];
  const bool was_empty = link.outbox.empty();
  if (const auto bytes = peer_bytes(mail)) {
    link.bytes += *bytes;
    link.sent.push_back({{}, *bytes});
  }
  link.outbox.push_back(std::move(mail));
  judge(link);
  return was_empty;
}

std::optional<ShardMail> MailLinks::take(ShardIndex to) {
  Link& link = links_[to];
  if (link.outbox.empty()) return std::nullopt;
  ShardMail mail = link.outbox.pop_front();
  judge(link);
  return mail;
}

void MailLinks::consumed(ShardIndex by, const ConsumedMail& report) {
  Link& link = links_[by];
  for (std::uint32_t i = 0; i < report.messages; ++i) {
    const Sent back = link.sent.pop_front();
    const bool still_lent = !link.sent.empty() && back.loan.same_block(link.sent.front().loan);
    if (still_lent) {
      link.sent.front().charge += back.charge;  // the block stays for the next one
    } else {
      link.bytes -= back.charge;
    }
  }
  judge(link);
}

MailLinks::Load MailLinks::load() const {
  Load all;
  for (const Link& link : links_) {
    all.messages += link.held();
    all.bytes += link.bytes;
  }
  return all;
}

// Half-way down before it counts as free again, so that sessions are not paused and resumed by
// turns.
void MailLinks::judge(Link& link) {
  const std::size_t messages = link.held();
  const bool over = link.bytes >= config_->mail_bytes || messages >= config_->mail_messages;
  const bool low = link.bytes <= config_->mail_bytes / 2 && messages <= config_->mail_messages / 2;
  if (!link.congested && over) {
    link.congested = true;
    ++congested_;
  } else if (link.congested && low) {
    link.congested = false;
    --congested_;
  }
}

}  // namespace ron::node
