// Dialing peers: from the mesh's order to a connected socket, which then is a link like any other.
//
// Nothing here waits: names are resolved on a thread of their own, connecting is watched by the
// loop. How long a dial may take is the mesh's to say: it gives up what it no longer wants.
#include <algorithm>

#include "host/doors.hpp"

namespace ron::host {

using transport::Socket;

void ShardHost::start_dials() {
  while (auto order = shard_.take_dial()) {
    Dial& dial = dials_.emplace_back(*this, std::move(*order));
    const auto at = transport::split_host_port(dial.order.addr);
    if (dials_.size() > kDialsMax) {
      dial_failed(dial, "too many peers are being dialed");
    } else if (!at) {
      dial_failed(dial, at.error());
    } else {
      // The answer may come when this shard is gone.
      transport::resolve_later(*at,
                               [alive = alive_, id = dial.order.dial](transport::Addresses known) {
                                 alive->with([&](ShardHost* host) {
                                   if (host == nullptr) return;
                                   host->loop_.post([host, id, known = std::move(known)]() mutable {
                                     host->addresses_known(id, std::move(known));
                                   });
                                 });
                               });
    }
  }
}

void ShardHost::addresses_known(mesh::DialId id, transport::Addresses addresses) {
  now_ = runtime::monotonic_now();
  const auto dial = std::ranges::find_if(
      dials_, [id](const Dial& each) { return each.order.dial == id && !each.over; });
  if (dial == dials_.end()) return;  // given up meanwhile
  if (!addresses) return dial_failed(*dial, addresses.error());
  dial->addresses = std::move(*addresses);
  try_next(*dial);
}

void ShardHost::try_next(Dial& dial) {
  dial.watch = runtime::Watch();
  dial.socket.close();
  std::string why = "no address";
  while (dial.next < dial.addresses.size()) {
    auto socket = Socket::connect(dial.addresses[dial.next++]);
    if (!socket) {
      why = std::move(socket.error());
      continue;
    }
    dial.socket = std::move(*socket);
    dial.watch = runtime::Watch(loop_, dial.socket.fd(), dial);
    dial.watch.want_write();
    const bool others = dial.next < dial.addresses.size();
    dial.hurry_at = others ? now_ + kNextAddress : Instant::never();
    return;
  }
  dial_failed(dial, why);
}

void ShardHost::dial_progress(Dial& dial) {
  if (dial.over) return;
  now_ = runtime::monotonic_now();
  std::string why;
  switch (dial.socket.connect_progress(&why)) {
    case Socket::Progress::kWait: dial.watch.want_write(); return;
    case Socket::Progress::kDone: dialed(dial); return;
    case Socket::Progress::kFailed: break;
  }
  if (dial.next < dial.addresses.size()) return try_next(dial);
  dial_failed(dial, why);
}

void ShardHost::dialed(Dial& dial) {
  const std::shared_ptr<const crypto::TlsContext> tls = shared_.peer_tls.load();
  const std::optional<SessionId> id =
      stopping_ ? std::nullopt : shard_.open_dialed(dial.order.dial, now_);
  if (!id) return dial_failed(dial, "no room for its session");
  dial.over = true;
  dial.watch = runtime::Watch();
  dial.hurry_at = Instant::never();
  if (links_.size() <= id->slot()) links_.resize(id->slot() + 1);
  auto& slot = links_[id->slot()];
  auto stream = std::make_unique<transport::TlsStream>(
      std::move(dial.socket), transport::StreamFacts{},
      transport::TlsStreamOptions{.context = tls, .server_name = {}}, tls_buffers_);
  slot = std::make_unique<Link>(*this, *id, std::move(stream), now_);
  slot->dialed = true;
  slot->peer = dial.order.addr;
  slot->watch = runtime::Watch(loop_, slot->stream->fd(), *slot);
  ++stats_.streams;
  ++stats_.shaking;
  mark_ready(*slot);  // this side speaks first
}

void ShardHost::dial_failed(Dial& dial, std::string_view why) {
  dial.over = true;
  dial.watch = runtime::Watch();
  dial.hurry_at = Instant::never();
  dial.socket.close();
  shared_.tell({.kind = EventKind::kDialFailed,
                .shard = self_,
                .channel = node::ChannelKind::kTls,
                .peer = dial.order.addr,
                .text = why,
                .dialed = true,
                .peer_node = dial.order.node});
  shard_.handle(node::DialFailed{dial.order.dial}, now_, actions_);
}

void ShardHost::cancel_dials() {
  while (const auto id = shard_.take_cancelled_dial()) {
    for (Dial& dial : dials_) {
      if (dial.order.dial != *id) continue;
      dial.over = true;
      dial.watch = runtime::Watch();
      dial.hurry_at = Instant::never();
      dial.socket.close();
    }
  }
}

void ShardHost::expire_dials() {
  for (Dial& dial : dials_) {
    if (!dial.over && dial.hurry_at <= now_) try_next(dial);
  }
  dials_.remove_if([](const Dial& dial) { return dial.over; });
}

}  // namespace ron::host
