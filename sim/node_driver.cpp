#include "sim/node_driver.hpp"

#include <algorithm>
#include <array>

#include "sim/checkers/bounds.hpp"
#include "sim/world.hpp"

namespace ron::sim {
namespace {

using Kind = node::Action::Kind;

std::string text(std::uint64_t number) { return std::to_string(number); }

// Choice 0 is always the plain course of things: a fuzzer that has run out of bytes answers so.
bool rarely(Choice& choice, std::uint64_t one_in) { return choice.index(one_in) == one_in - 1; }

}  // namespace

NodeDriver::NodeDriver(World& world, unsigned node, unsigned self)
    : world_(world),
      node_(node),
      self_(self),
      first_(world.first_shard(node)),
      shard_(std::make_unique<node::Shard>(world.config_of(node), static_cast<ShardIndex>(self),
                                           world.shards_of(node), world.choice)),
      underway_(world.shards_of(node)) {
  arm();  // a member of a mesh dials at once
}

// ---- facts from outside ------------------------------------------------------------------------

void NodeDriver::accept(Conn& conn) {
  conn.channel = {node::ChannelKind::kTls, true, true, conn.certificate};
  if (!conn.certificate && world_.profile.vary_channels) {
    if (world_.choice.chance(1, 8)) conn.channel.kind = node::ChannelKind::kUnix;
    conn.channel.hybrid = world_.choice.chance(1, 2);
    conn.channel.authenticated = world_.choice.chance(3, 4);
  }
  if (!drained()) conn.session = shard_->open(world_.now());  // nobody listens after a drain
  if (!conn.session) {
    world_.note("not taken", conn.id);
    conn.in->reset();
    conn.out->reset();
    return;
  }
  shake_hands(conn);
}

void NodeDriver::shake_hands(Conn& conn) {
  sessions_[*conn.session] = &conn;
  const bool lazy = world_.profile.lazy_channel;
  const Duration wait = lazy ? std::chrono::milliseconds(world_.choice.index(50)) : Duration{0};
  const bool never = lazy && rarely(world_.choice, 32);  // a TLS handshake that hangs
  arm();
  if (never) return;
  world_.schedule.after(wait, [this, &conn] {
    if (!conn.session || conn.ready) return;
    conn.ready = true;
    shard_->handle(node::ChannelReady{*conn.session, conn.channel}, world_.now(), actions_);
    readable_.insert(conn.id);
    wake();
  });
}

// ---- dials -------------------------------------------------------------------------------------

void NodeDriver::dial(const mesh::Dial& dial) {
  connecting_.insert(dial.dial);
  const Duration wait = std::chrono::milliseconds(world_.choice.index(5));
  world_.schedule.after(wait, [this, dial] { connect(dial); });
}

void NodeDriver::connect(const mesh::Dial& dial) {
  if (connecting_.erase(dial.dial) == 0) return;  // it was given up
  std::optional<SessionId> session;
  if (!rarely(world_.choice, 16)) session = shard_->open_dialed(dial.dial, world_.now());
  if (session) {
    Conn& conn = world_.join(node_, dial.addr);
    conn.session = session;
    conn.channel = {node::ChannelKind::kTls, true, true, conn.certificate};
    shake_hands(conn);
  } else {
    shard_->handle(node::DialFailed{dial.dial}, world_.now(), actions_);
  }
  wake();
}

// ---- more facts --------------------------------------------------------------------------------

void NodeDriver::drain(Duration within) {
  shard_->handle(node::Drain{within, "the node is going down"}, world_.now(), actions_);
  wake();
}

void NodeDriver::readiness(bool ready) {
  shard_->handle(node::Readiness{ready}, world_.now(), actions_);
  wake();
}

void NodeDriver::conn_readable(Conn& conn) {
  if (!conn.session) return;
  readable_.insert(conn.id);
  wake();
}

void NodeDriver::conn_writable(Conn& conn) {
  if (!conn.session || !conn.wants_flush) return;
  flushable_.insert(conn.id);
  wake();
}

void NodeDriver::wake() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  const auto most = static_cast<std::uint64_t>(world_.profile.turn_delay.count());
  const std::uint64_t step = most / 4;
  const Duration wait(step == 0 ? 0 : static_cast<std::int64_t>(world_.choice.index(5) * step));
  world_.schedule.after(wait, [this] { turn(); });
}

bool NodeDriver::has_mail() const {
  for (unsigned to = 0; to < underway_count(); ++to) {
    if (to != self_ && shard_->has_mail(static_cast<ShardIndex>(to))) return true;
  }
  return false;
}

// ---- a turn ------------------------------------------------------------------------------------

void NodeDriver::turn() {
  turn_scheduled_ = false;
  if (shard_->next_deadline() <= world_.now()) {
    shard_->handle(node::Tick{}, world_.now(), actions_);
    obey();
  }
  take_mail_in();
  std::set<unsigned> readable;
  readable.swap(readable_);
  for (const unsigned id : readable) {
    Conn& conn = world_.conn(id);
    if (world_.profile.split_reads && rarely(world_.choice, 8)) {
      readable_.insert(id);  // next turn
      continue;
    }
    read(conn);
    if (!world_.profile.split_reads || world_.choice.chance(1, 2)) obey();
  }
  obey();
  std::set<unsigned> flushable;
  flushable.swap(flushable_);
  for (const unsigned id : flushable) flush(world_.conn(id));
  obey();
  for (unsigned to = 0; to < underway_count(); ++to) {
    if (to != self_) send_mail(to);
  }
  shard_->handle(node::TurnEnded{}, world_.now(), actions_);
  obey();
  check_bounds();
  world_.turn_over();
  if (!readable_.empty() || !flushable_.empty()) wake();
  arm();
}

void NodeDriver::arm() {
  const Instant at = shard_->next_deadline();
  if (at.is_never() || at >= armed_) return;
  armed_ = at;
  world_.schedule.at(at, [this, at] {
    if (armed_ == at) armed_ = Instant::never();
    if (shard_->next_deadline() <= world_.now()) {
      wake();
    } else {
      arm();
    }
  });
}

void NodeDriver::read(Conn& conn) {
  if (conn.session && conn.in->broken()) obey();  // what was ordered before the loss
  if (!conn.session) return;
  const SessionId id = *conn.session;
  if (conn.in->broken()) {
    world_.note("lost", conn.id);
    conn.discarding = true;
    conn.processed = conn.fed;
    sessions_.erase(id);
    conn.session.reset();
    shard_->handle(node::StreamLost{id}, world_.now(), actions_);
    return;
  }
  if (!conn.ready || !shard_->wants_read(id)) return;  // kResume comes back here
  std::size_t most = world_.profile.read_most;
  if (world_.profile.split_reads) most -= world_.choice.index(most);
  const MutableBytes room = shard_->read_room(id);
  const bool in_place = !room.empty() && (most & 1U) == 0;
  if (in_place) most = std::min(most, room.size());
  const std::vector<std::uint8_t> bytes = conn.in->read(most);
  if (!bytes.empty()) {
    world_.note("read", conn.id, bytes.size());
    conn.discarding = conn.discarding || shard_->discards(id);
    conn.fed += bytes.size();
    if (in_place) {
      std::ranges::copy(bytes, room.begin());
      shard_->filled(id, bytes.size(), world_.now(), actions_);
    } else {
      shard_->received(id, Slice::copy_of(bytes, &shard_->meter()), world_.now(), actions_);
    }
    note_processed(conn);
  }
  if (conn.in->readable() > 0) {
    readable_.insert(conn.id);
  } else if (conn.in->at_fin() && !conn.fin_told && shard_->wants_read(id)) {
    conn.fin_told = true;
    world_.note("fin", conn.id);
    shard_->handle(node::PeerFinished{id}, world_.now(), actions_);
  }
}

// What was read has been acted on, unless the session waits, or has stopped acting.
void NodeDriver::note_processed(Conn& conn) {
  if (!conn.session) return;
  const SessionId id = *conn.session;
  if (shard_->discards(id)) conn.discarding = true;
  if (conn.discarding || shard_->wants_read(id)) conn.processed = conn.fed;
}

void NodeDriver::take_mail_in() {
  for (unsigned from = 0; from < underway_count(); ++from) {
    if (from == self_) continue;
    MailRing& ring = world_.ring(at(from), at(self_));
    const bool freed = ring.arrived > 0;
    while (ring.arrived > 0) {
      node::ShardMail message = std::move(ring.messages.front());
      ring.messages.pop_front();
      --ring.arrived;
      world_.note("mail", from, self_, message.body.index());
      if (const auto* report = std::get_if<node::ConsumedMail>(&message.body)) {
        underway_[from].worked_off(report->messages);
      }
      shard_->mail(std::move(message), world_.now(), actions_);
      obey();
    }
    if (freed) world_.node(at(from)).wake();
  }
}

void NodeDriver::send_mail(unsigned to) {
  MailRing& ring = world_.ring(at(self_), at(to));
  while (ring.messages.size() < world_.profile.ring_capacity) {
    auto message = shard_->take_mail(static_cast<ShardIndex>(to));
    if (!message) return;
    if (const auto bytes = node::counted_bytes(*message)) {
      underway_[to].add(*bytes);
    }
    ring.messages.push_back(std::move(*message));
    const auto most = static_cast<std::uint64_t>(world_.profile.mail_delay.count());
    const Duration wait(most == 0 ? 0
                                  : static_cast<std::int64_t>(world_.choice.index(5) * (most / 4)));
    ring.last_arrival = std::max(ring.last_arrival, world_.now() + wait);
    world_.schedule.at(ring.last_arrival, [this, to, &ring] {
      ++ring.arrived;
      world_.node(at(to)).mail_arrived();
    });
  }
}

// ---- writing -----------------------------------------------------------------------------------

void NodeDriver::flush(Conn& conn) {
  while (conn.session && world_.step() && flush_once(conn)) {
  }
}

// False when there is nothing to write, or no room.
bool NodeDriver::flush_once(Conn& conn) {
  const SessionId id = *conn.session;
  if (conn.out->broken()) {  // the other side answers with a reset, noticed by reading
    if (shard_->pending(id)) conn.in->reset();
    return false;
  }
  if (conn.out->room() == 0 && !conn.out->finished()) {
    conn.wants_flush = true;
    return false;
  }
  std::array<IoPiece, 8> pieces;
  const bool partial = world_.profile.partial_writes;
  const std::size_t most = pieces.size() - (partial ? world_.choice.index(pieces.size()) : 0);
  std::size_t count =
      shard_->gather(id, std::span(pieces).first(most), world_.profile.gather_most, world_.now());
  if (count == 0) {
    conn.wants_flush = false;
    if (conn.finish_write) conn.out->finish();
    return false;
  }
  if (conn.out->finished()) {
    world_.fail("bytes after FIN on conn " + text(conn.id));
    return false;
  }
  std::size_t taken = 0;
  bool full = false;
  for (std::size_t i = 0; i < count && !full; ++i) {
    std::size_t size = pieces[i].size;
    if (partial && rarely(world_.choice, 4)) size -= world_.choice.index(size + 1);
    const ByteView piece(static_cast<const std::uint8_t*>(pieces[i].data), size);
    const std::size_t took = conn.out->write(piece);
    taken += took;
    full = took < pieces[i].size;
  }
  world_.note("write", conn.id, taken);
  shard_->wrote(id, taken, world_.now(), actions_);
  note_processed(conn);
  obey();
  if (taken == 0) flushable_.insert(conn.id);  // the stream took nothing this time
  return taken > 0;
}

// ---- orders ------------------------------------------------------------------------------------

void NodeDriver::obey() {
  while (!actions_.empty() && world_.step()) {
    node::Actions taken;
    taken.swap(actions_);
    for (const node::Action& action : taken) obey(action);
  }
}

void NodeDriver::obey(const node::Action& action) {
  if (action.kind == Kind::kMail) return send_mail(action.shard);
  if (action.kind == Kind::kDrained) {
    world_.note("drained", self_, action.count);
    if (++drained_ > 1) world_.fail("shard " + text(self_) + " drained twice");
    cut_off_ = action.count;
    return;
  }
  if (action.kind == Kind::kDial) {
    while (const auto next = shard_->take_dial()) dial(*next);
    return;
  }
  if (action.kind == Kind::kCancelDial) {
    while (const auto given_up = shard_->take_cancelled_dial()) connecting_.erase(*given_up);
    return;
  }
  if (action.kind == Kind::kExpelled) {
    while (shard_->take_expelled()) world_.note("expelled", self_, 1);
    return;
  }
  const auto at = sessions_.find(action.session);
  if (at == sessions_.end()) {
    world_.fail("an order for a session that is gone, kind " +
                text(static_cast<std::uint64_t>(action.kind)));
    return;
  }
  Conn& conn = *at->second;
  switch (action.kind) {
    case Kind::kFlush:
      conn.wants_flush = true;
      flushable_.insert(conn.id);
      break;
    case Kind::kFinishWrite:
      conn.finish_write = true;
      conn.wants_flush = true;
      flushable_.insert(conn.id);
      break;
    case Kind::kClose: close(conn, action); break;
    case Kind::kResume:
      note_processed(conn);
      readable_.insert(conn.id);
      break;
    case Kind::kEstablished:
      conn.established = true;
      world_.note("established", conn.id);
      break;
    case Kind::kMail:
    case Kind::kControl:  // no channel of these worlds may ask
    case Kind::kDrained:
    case Kind::kDial:
    case Kind::kExpelled:
    case Kind::kCancelDial: break;
  }
}

void NodeDriver::close(Conn& conn, const node::Action& action) {
  world_.note("close", conn.id, static_cast<std::uint64_t>(action.reason));
  if (conn.established && action.reason == node::CloseReason::kRefused) {
    world_.fail("conn " + text(conn.id) + " was refused after its handshake");
  }
  sessions_.erase(*conn.session);
  conn.session.reset();
  conn.closed_by_node = true;
  conn.drained = action.reason == node::CloseReason::kDrained;
  conn.discarding = true;
  conn.processed = conn.fed;
  flushable_.erase(conn.id);
  if (conn.finish_write) conn.out->finish();
  if (!conn.out->finished()) conn.out->reset();
  conn.in->reset();
}

// ---- manners -----------------------------------------------------------------------------------

void NodeDriver::check_bounds() {
  Gauges gauges;
  gauges.stats = shard_->stats();
  for (const auto& [id, conn] : sessions_) gauges.answers.push_back(shard_->answers_waiting(id));
  for (unsigned to = 0; to < underway_count(); ++to) {
    if (to == self_) continue;
    const node::Shard::Outbox outbox = shard_->outbox(static_cast<ShardIndex>(to));
    gauges.mail.push_back({outbox.messages, outbox.publications + underway_[to].sizes.size(),
                           outbox.bytes + underway_[to].bytes});
  }
  if (auto verdict = sim::check_bounds(gauges, world_.profile)) world_.fail(*verdict);
}

}  // namespace ron::sim
