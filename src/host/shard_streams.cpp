// A shard's streams: handshakes, reading into the scratch slab, writing what the machine has.
#include <algorithm>
#include <array>

#include "host/doors.hpp"

namespace ron::host {

using transport::HandshakeStatus;
using transport::IoResult;
using transport::IoStatus;

namespace {

node::ChannelKind channel_kind(transport::StreamKind kind) {
  switch (kind) {
    case transport::StreamKind::kTcp: return node::ChannelKind::kTcp;
    case transport::StreamKind::kTls: return node::ChannelKind::kTls;
    case transport::StreamKind::kUnix: return node::ChannelKind::kUnix;
    case transport::StreamKind::kMem: break;
  }
  return node::ChannelKind::kMem;
}

}  // namespace

Link* ShardHost::find(SessionId id) {
  if (id.slot() >= links_.size()) return nullptr;
  Link* link = links_[id.slot()].get();
  return link != nullptr && link->id == id ? link : nullptr;
}

void ShardHost::mark_ready(Link& link) {
  if (!std::exchange(link.in_ready, true)) ready_.push_back(link.id);
}

void ShardHost::mark_flush(Link& link) {
  if (!std::exchange(link.in_flush, true)) flush_.push_back(link.id);
}

void ShardHost::link_ready(Link& link) { mark_ready(link); }

void ShardHost::link_writable(Link& link) {
  link.blocked = false;
  const bool read_too = std::exchange(link.read_waits_for_write, false);
  if (link.phase == Link::Phase::kShaking || read_too) mark_ready(link);
  if (link.phase != Link::Phase::kShaking) mark_flush(link);
}

void ShardHost::tell(EventKind kind, const Link& link, Event event) {
  const transport::StreamFacts& facts = link.stream->facts();
  event.kind = kind;
  event.shard = self_;
  event.session = link.id;
  event.channel = channel_kind(facts.kind);
  event.peer = link.peer;
  event.uid = facts.peer_uid;
  event.group = facts.group;
  event.cipher = facts.cipher;
  event.hybrid = facts.hybrid;
  event.authenticated = facts.peer_authenticated;
  event.peer_name = facts.peer_name();
  event.dialed = link.dialed;
  if (facts.is_node) event.peer_node = facts.peer->node;
  event.lifetime = now_ - link.accepted;
  shared_.tell(event);
}

/// Closes the stream; the Link itself lives to the end of the turn, for whoever still holds it.
void ShardHost::drop(Link& link) {
  --stats_.streams;
  if (link.phase == Link::Phase::kShaking &&
      link.stream->facts().kind == transport::StreamKind::kTls) {
    --stats_.shaking;
  }
  stats_.lifetime_seconds.add(to_seconds(now_ - link.accepted));
  if (!link.dialed) {
    shared_.limiter.with([](transport::AcceptLimiter& limiter) { limiter.release(); });
  }
  link.watch = runtime::Watch();
  link.stream->close();
  closing_.push_back(std::move(links_[link.id.slot()]));
}

/// The stream is dead: the machine forgets the session.
void ShardHost::lost(Link& link) {
  ++stats_.streams_lost;
  shard_.handle(node::StreamLost{link.id}, now_, actions_);
  tell(EventKind::kSessionClosed, link, {.was_open = link.counted_open});
  drop(link);
}

// ---- handshake ---------------------------------------------------------------------------------

void ShardHost::shake(Link& link) {
  switch (link.stream->handshake()) {
    case HandshakeStatus::kWantRead: link.watch.want_read(); break;
    case HandshakeStatus::kWantWrite: link.watch.want_write(); break;
    case HandshakeStatus::kFailed: tls_failed(link); break;
    case HandshakeStatus::kDone: shaken(link); break;
  }
}

void ShardHost::shaken(Link& link) {
  const transport::StreamFacts& facts = link.stream->facts();
  link.phase = Link::Phase::kOpen;
  if (facts.kind == transport::StreamKind::kTls) {
    --stats_.shaking;
    ++stats_.tls_handshakes;
    stats_.handshake_seconds.add(to_seconds(now_ - link.accepted));
  }
  // OAP-3.14: the machine tells the client what the handshake really agreed on.
  node::Channel channel{.kind = channel_kind(facts.kind),
                        .hybrid = facts.hybrid,
                        .authenticated = facts.peer_authenticated};
  if (facts.is_node) channel.certificate = facts.peer->node;
  const SessionId id = link.id;
  shard_.handle(node::ChannelReady{.session = id, .channel = channel}, now_, actions_);
  obey();
  if (Link* still = find(id)) {
    if (still->stream->wants_write()) still->watch.want_write();
    read_some(*still);  // the hello may have come along with the end of the handshake
  }
}

void ShardHost::tls_failed(Link& link) {
  const transport::Failure& failure = link.stream->failure();
  ++stats_.tls_failures[static_cast<std::size_t>(failure.kind)];
  shard_.handle(node::StreamLost{link.id}, now_, actions_);
  tell(EventKind::kTlsFailed, link,
       {.text = failure.text, .failure = failure.kind, .alert = failure.alert});
  // Closed at once, unread bytes would turn into a reset that overtakes the alert.
  link.watch = runtime::Watch();
  fade_out(link.stream->take_socket());
  drop(link);
}

// ---- reading -----------------------------------------------------------------------------------

// The scratch slab is filled from the front whenever nobody holds a part of it; else what is left
// of it is used up first.
Slice ShardHost::scratch_room() {
  if (scratch_.empty() || (!scratch_.unique() && kScratch - scratch_at_ < kScratchLeft)) {
    scratch_ = Slice::allocate(kScratch, &shard_.meter());
    scratch_at_ = 0;
  } else if (scratch_.unique()) {
    scratch_at_ = 0;
  }
  return scratch_.sub(scratch_at_, kScratch - scratch_at_);
}

// The rest of a large frame is read where it belongs, all else into the scratch slab.
MutableBytes ShardHost::read_room(SessionId id, bool discard, Slice& scratch) {
  if (!discard) {
    if (const MutableBytes room = shard_.read_room(id); !room.empty()) return room;
  }
  scratch = scratch_room();
  return scratch.mutable_bytes();
}

/// Hands a read to the machine. False when the session went away by it.
bool ShardHost::take_in(SessionId id, Slice& scratch, std::size_t bytes) {
  if (scratch.empty()) {
    shard_.filled(id, bytes, now_, actions_);
  } else {
    Slice read = scratch.sub(0, bytes);
    scratch = Slice();
    scratch_at_ += bytes;
    shard_.received(id, std::move(read), now_, actions_);
  }
  obey();
  return find(id) != nullptr;
}

void ShardHost::read_some(Link& link) {
  const SessionId id = link.id;
  std::size_t budget = kReadPerTurn;
  while (!link.read_ended) {
    const bool discard = shard_.discards(id);
    if (!discard && !shard_.wants_read(id)) return;  // kResume or kFinishWrite comes back here
    Slice scratch;
    const IoResult got = link.stream->read_into(read_room(id, discard, scratch));
    switch (got.status) {
      case IoStatus::kWouldBlock:
        if (link.stream->wants_write()) link.watch.want_write();
        link.read_waits_for_write = got.more && link.stream->wants_write();
        if (!link.read_waits_for_write) link.watch.want_read();
        return;
      case IoStatus::kError: lost(link); return;
      case IoStatus::kEof:
        link.read_ended = true;
        shard_.handle(node::PeerFinished{id}, now_, actions_);
        obey();
        return;
      case IoStatus::kOk: break;
    }
    turn_read_ += got.bytes;
    if (!discard && !take_in(id, scratch, got.bytes)) return;
    if (!got.more) {
      link.watch.want_read();
      return;
    }
    budget -= std::min(budget, got.bytes);
    if (budget == 0) {
      mark_ready(link);  // others first
      return;
    }
  }
}

// ---- writing -----------------------------------------------------------------------------------

void ShardHost::write_some(Link& link) {
  if (link.blocked || link.phase == Link::Phase::kShaking) return;
  const SessionId id = link.id;
  std::array<IoPiece, kPieces> pieces;
  std::size_t budget = kWritePerTurn;
  while (budget > 0) {
    const std::size_t count = shard_.gather(id, pieces, kGather, now_);
    const IoResult done =
        count > 0 ? link.stream->write({pieces.data(), count}) : link.stream->flush();
    if (done.bytes > 0) shard_.wrote(id, done.bytes, now_, actions_);
    if (done.status == IoStatus::kError) {
      lost(link);
      return;
    }
    if (done.status == IoStatus::kWouldBlock) {
      link.blocked = true;
      link.watch.want_write();
      return;
    }
    if (count == 0 || !shard_.pending(id)) break;
    budget -= std::min(budget, done.bytes);
  }
  if (budget == 0) mark_flush(link);  // others first
  if (link.phase == Link::Phase::kEnding) finish_write(link);
}

void ShardHost::finish_write(Link& link) {
  if (link.fin_sent || link.blocked || shard_.pending(link.id)) return;
  const IoResult done = link.stream->shutdown_write();
  if (done.status == IoStatus::kWouldBlock) {
    link.blocked = true;
    link.watch.want_write();
    return;
  }
  link.fin_sent = true;
}

}  // namespace ron::host
