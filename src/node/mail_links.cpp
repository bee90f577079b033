#include "node/mail_links.hpp"

namespace ron::node {

std::optional<std::size_t> counted_bytes(const ShardMail& mail) {
  if (const auto* publish = std::get_if<PublishMail>(&mail.body)) return publish->frames.size();
  if (const auto* frame = std::get_if<PeerFrameMail>(&mail.body)) return frame->frame.size();
  if (const auto* send = std::get_if<PeerSendMail>(&mail.body)) return send->frame.size();
  return std::nullopt;
}

MailLinks::MailLinks(const NodeConfig& config, ShardIndex self, unsigned count)
    : config_(&config), self_(self), links_(count) {}

bool MailLinks::push(ShardIndex to, ShardMail mail) {
  Link& link = links_[to];
  const bool was_empty = link.outbox.empty();
  if (const auto bytes = counted_bytes(mail)) {
    link.bytes += *bytes;
    ++link.messages;
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
  link.bytes -= report.bytes;
  link.messages -= report.messages;
  judge(link);
}

void MailLinks::note_done(ShardIndex from, std::size_t bytes) {
  ++links_[from].done.messages;
  links_[from].done.bytes += bytes;
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
