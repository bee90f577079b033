// A shard's doors: accepting, refusing, and letting failed handshakes fade out.
#include <algorithm>
#include <array>

#include "host/doors.hpp"
#include "transport/plain_stream.hpp"

namespace ron::host {

using transport::AcceptProblem;
using transport::Admission;

void ShardHost::accept_from(Door& door) {
  now_ = runtime::monotonic_now();
  for (unsigned i = 0; i < kAcceptsPerTurn; ++i) {
    auto accepted = door.listener.accept();
    if (accepted) {
      welcome(std::move(*accepted));
      continue;
    }
    switch (accepted.error()) {
      case AcceptProblem::kNone: door.watch.want_read(); return;
      case AcceptProblem::kNoFiles: pause(door); return;
      case AcceptProblem::kRefused:
        ++stats_.refused_uid;
        refuse(Refusal::kUid, {});
        break;
      case AcceptProblem::kGone: ++stats_.accept_errors; break;
    }
  }
  door.watch.want_read();
}

void ShardHost::refuse(Refusal why, const transport::Accepted& accepted) {
  const std::string peer = accepted.peer.size() > 0 ? accepted.peer.text() : std::string();
  shared_.tell({.kind = EventKind::kAcceptRefused, .shard = self_, .peer = peer, .refusal = why});
}

// Rate and ceiling come before any work for the stranger.
void ShardHost::welcome(transport::Accepted accepted) {
  const bool is_unix = accepted.peer.size() == 0;
  const Admission admission = shared_.limiter.with([&](transport::AcceptLimiter& limiter) {
    return is_unix ? limiter.admit_unix() : limiter.admit(accepted.peer.source(), now_);
  });
  switch (admission) {
    case Admission::kTooFast:
      ++stats_.refused_rate;
      refuse(Refusal::kRate, accepted);
      return;
    case Admission::kFull:
      ++stats_.refused_full;
      refuse(Refusal::kFull, accepted);
      return;
    case Admission::kAdmitted: break;
  }
  ++stats_.accepted;
  if (!is_unix || shared_.shards.size() == 1) {
    open_link(std::move(accepted));
    return;
  }
  // There is one Unix socket: its connections go round the shards.
  const unsigned to = next_unix_shard_++ % static_cast<unsigned>(shared_.shards.size());
  shared_.shards[to]->adopt(std::move(accepted));
}

void ShardHost::adopt(transport::Accepted accepted) {
  loop_.post([this, accepted = std::move(accepted)]() mutable {
    now_ = runtime::monotonic_now();
    open_link(std::move(accepted));
  });
}

void ShardHost::open_link(transport::Accepted accepted) {
  const std::optional<SessionId> id = shard_.open(now_);  // OAP-3.2: time runs, TLS included
  if (!id || stopping_) {
    if (id) shard_.handle(node::StreamLost{*id}, now_, actions_);
    shared_.limiter.with([](transport::AcceptLimiter& limiter) { limiter.release(); });
    return;
  }
  transport::StreamFacts facts;
  std::unique_ptr<transport::Stream> stream;
  std::string peer;
  const std::shared_ptr<const crypto::TlsContext> tls = shared_.tls.load();
  if (accepted.peer.size() == 0) {
    facts = {
        .kind = transport::StreamKind::kUnix, .peer_authenticated = true, .peer_uid = accepted.uid};
    stream = std::make_unique<transport::PlainStream>(std::move(accepted.socket), facts);
  } else if (tls == nullptr) {
    peer = accepted.peer.text();
    facts.kind = transport::StreamKind::kTcp;
    stream = std::make_unique<transport::PlainStream>(std::move(accepted.socket), facts);
  } else {
    peer = accepted.peer.text();
    stream = std::make_unique<transport::TlsStream>(std::move(accepted.socket), facts,
                                                    transport::TlsStreamOptions{.context = tls},
                                                    tls_buffers_);
    ++stats_.shaking;
  }
  if (links_.size() <= id->slot()) links_.resize(id->slot() + 1);
  auto& slot = links_[id->slot()];
  slot = std::make_unique<Link>(*this, *id, std::move(stream), now_);
  slot->peer = std::move(peer);
  slot->watch = runtime::Watch(loop_, slot->stream->fd(), *slot);
  ++stats_.streams;
  if (slot->stream->facts().kind == transport::StreamKind::kTls) {
    slot->watch.want_read();  // nothing to do before the client's hello
  } else {
    mark_ready(*slot);
  }
}

// Out of descriptors: what waits in the backlog is looked at again a little later.
void ShardHost::pause(Door& door) {
  ++stats_.no_files;
  door.paused_until = now_ + kPause;
  refuse(Refusal::kNoFiles, {});
}

void ShardHost::resume_doors() {
  for (Door& door : doors_) {
    if (door.paused_until > now_) continue;
    door.paused_until = Instant::never();
    door.watch.want_read();
  }
}

// A socket file that somebody removed is made anew; until that works the listener is deaf, which
// readiness tells.
void ShardHost::mend_doors() {
  stats_.deaf = 0;
  const bool try_again = now_ - mended_at_ >= kMendEvery;
  for (Door& door : doors_) {
    if (door.listener.intact()) continue;
    ++stats_.deaf;
    if (!try_again) continue;
    mended_at_ = now_;
    auto anew =
        transport::Listener::unix_socket(shared_.settings.uds_path, shared_.settings.allow_uids);
    if (!anew) continue;
    doors_.emplace_back(*this, std::move(*anew));
    doors_.back().watch.want_read();
    shared_.tell(
        {.kind = EventKind::kListening, .shard = self_, .text = shared_.settings.uds_path});
    doors_.remove_if([&](const Door& each) { return &each == &door; });
    return;
  }
}

void ShardHost::close_doors() {
  for (Door& door : doors_) {
    const std::string text = door.listener.text();
    shared_.tell({.kind = EventKind::kListenerClosed, .shard = self_, .text = text});
  }
  doors_.clear();
}

// ---- fading ------------------------------------------------------------------------------------

void ShardHost::Fading::readable() {
  std::array<std::uint8_t, 4096> discarded;
  for (unsigned i = 0; i < 16; ++i) {
    const transport::IoResult got = socket.receive(discarded);
    if (got.status == transport::IoStatus::kWouldBlock) break;
    if (got.status != transport::IoStatus::kOk) {
      end = Instant();  // taken away at the end of the turn
      return;
    }
  }
  watch.want_read();
}

void ShardHost::fade_out(transport::Socket socket) {
  if (!socket.is_open() || fading_.size() >= kFadingMax) return;
  socket.finish();
  fading_.emplace_back(*this, std::move(socket), now_ + kFadeTime);
  fading_.back().watch.want_read();
}

void ShardHost::expire_fading() {
  std::erase_if(fading_, [this](const Fading& fading) { return fading.end <= now_; });
}

}  // namespace ron::host
