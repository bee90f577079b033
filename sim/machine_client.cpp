#include "sim/machine_client.hpp"

#include <algorithm>
#include <array>

namespace ron::sim {
namespace {

using namespace std::chrono_literals;
using session::ClientState;

// Nothing on the way to the node bunches up what left it at an even pace.
bool even_way(const Profile& profile) {
  return !profile.faults && profile.pipe.capacity >= 64U * 1024 &&
         profile.read_most >= 64U * 1024 && profile.config.mail_messages >= 1024 &&
         profile.config.mail_bytes >= (4U << 20U) &&
         profile.config.session.lanes.answers_watermark >= 96;
}

std::uint64_t digest_of(ByteView payload) { return keyed_hash(payload, 7); }

}  // namespace

// ---- deeds -------------------------------------------------------------------------------------

void MachineClient::act() {
  if (!client_) {
    if (!calm_ && world_.choice.chance(1, 2)) begin();
    return;
  }
  if (!active()) return;
  const std::uint64_t what = world_.choice.index(10);
  if (what < 6) {
    publish();
  } else if (what < 9) {
    subscribe(true);
  } else if (world_.choice.chance(1, 2)) {
    subscribe(false);
  } else if (world_.profile.faults && world_.choice.chance(1, 8)) {
    handle(session::Close{});
  }
}

void MachineClient::begin() {
  Choice& choice = world_.choice;
  session::ClientOptions options;
  options.reconnect = false;
  options.comp = choice.chance(1, 2);
  options.compress = false;
  const std::uint64_t windows[] = {1U << 20U, 0, 1, 700};
  options.window = windows[choice.index(std::size(windows))];
  options.max_frame = choice.chance(1, 2) ? oap::kMaxFrame : 1024;
  options.times = world_.profile.config.times;
  ++life_;
  patterns_.clear();
  asked_.clear();
  group_.clear();
  unconsumed_ = 0;
  attempt_ = 0;
  armed_ = Instant::never();
  session_ = static_cast<std::uint32_t>(world_.history.sessions.size());
  world_.history.sessions.emplace_back();
  record().client = number_;
  record().window = options.window;
  if (!world_.profile.groups.empty() && (world_.profile.crowd || choice.chance(1, 4))) {
    group_ = world_.profile.groups[choice.index(world_.profile.groups.size())];
  }
  record().group = group_;
  client_ = std::make_unique<session::Client>(options, choice);
  handle(session::Connect{});
}

void MachineClient::publish() {
  Choice& choice = world_.choice;
  const std::string& topic = world_.profile.topics[choice.index(world_.profile.topics.size())];
  const TenantId tenant = world_.profile.tenants[choice.index(world_.profile.tenants.size())];
  for (std::uint64_t burst = choice.pick(1, 8); burst > 0 && active(); --burst) {
    const auto index = static_cast<std::uint32_t>(world_.history.publications.size());
    std::vector<std::uint8_t> data(8 + choice.index(world_.profile.data_most + 1), 0x5a);
    store_be<std::uint64_t>(data.data(), index);
    oap::GossipOut gossip;
    gossip.topic = topic;
    gossip.data = data;
    const std::vector<std::uint8_t> payload = oap::write_gossip(gossip);
    const bool fits = payload.size() <= client_->max_payload() &&
                      client_->has_room(payload.size() + oap::kHeaderSize);
    if (!fits) return;
    session::Send send;
    const bool acked = choice.chance(1, 5);
    send.mode = acked ? session::Mode::kAcked : session::Mode::kPlain;
    send.ticket = acked ? next_ticket_++ : 0;
    send.frame = oap::make_frame(oap::kEvent, tenant, 0, payload);
    if (acked) asked_[send.ticket].publication = index;
    Publication publication;
    publication.publisher = session_;
    publication.tenant = tenant;
    publication.topic = topic;
    publication.digest = digest_of(payload);
    publication.payload_size = static_cast<std::uint32_t>(payload.size());
    publication.wants_answer = acked;
    publication.corr = kAnyCorr;
    publication.sent = world_.stamp();
    world_.history.publications.push_back(std::move(publication));
    handle(send);
  }
}

// The machine counts subscriptions; to keep the model simple each pattern is held once.
void MachineClient::subscribe(bool add) {
  Choice& choice = world_.choice;
  const TenantId tenant = world_.profile.tenants[choice.index(world_.profile.tenants.size())];
  const std::string& pattern =
      world_.profile.patterns[choice.index(world_.profile.patterns.size())];
  const auto key = std::pair(tenant, pattern);
  if (patterns_.contains(key) == add) return;
  if (add) {
    patterns_.insert(key);
  } else {
    patterns_.erase(key);
  }
  session::Subscribe command;
  command.ticket = next_ticket_++;
  command.add = add;
  command.tenant = tenant;
  command.patterns = {pattern};
  command.group = group_;
  command.echo = add && choice.chance(1, 3);
  SubOp op;
  op.session = session_;
  op.tenant = tenant;
  op.pattern = pattern;
  op.group = group_;
  op.add = add;
  op.echo = command.echo;
  op.sent = world_.stamp();
  asked_[command.ticket].ops.push_back(static_cast<std::uint32_t>(world_.history.sub_ops.size()));
  world_.history.sub_ops.push_back(std::move(op));
  handle(command);
}

// ---- driving the machine -----------------------------------------------------------------------

void MachineClient::handle(const session::ClientInput& input) {
  if (!client_) return;
  client_->handle(input, world_.now(), actions_);
  obey();
}

void MachineClient::obey() {
  if (busy_) return;
  busy_ = true;
  while (!actions_.orders.empty() || !actions_.events.empty()) {
    session::ClientActions taken;
    std::swap(taken, actions_);
    for (const session::ClientOrder& order : taken.orders) obey(order);
    for (const session::ClientEvent& event : taken.events) {
      std::visit([this](const auto& value) { on(value); }, event);
    }
  }
  busy_ = false;
  if (client_ && client_->state() == ClientState::kEnded) {
    client_.reset();
    close_conn();
  }
  arm();
}

void MachineClient::obey(const session::ClientOrder& order) {
  using Kind = session::ClientOrder::Kind;
  switch (order.kind) {
    case Kind::kDial: return dial(order.attempt);
    case Kind::kFlush:
      world_.schedule.after(Duration{0}, [this, life = life_] {
        if (life == life_) push();
      });
      return;
    case Kind::kFinishWrite:
      finish_write_ = true;
      world_.schedule.after(Duration{0}, [this, life = life_] {
        if (life == life_) push();
      });
      return;
    case Kind::kClose: return close_conn();
    case Kind::kResume: return read();
  }
}

void MachineClient::dial(std::uint32_t attempt) {
  attempt_ = attempt;
  finish_write_ = false;
  written_.emplace(oap::kMaxFrame, nullptr);
  written_end_ = 0;
  conn_ = &world_.dial(number_);
  const auto mine = [this, conn = conn_] { return conn_ == conn; };
  conn_->down.on_readable = [this, mine] {
    if (mine()) read();
  };
  conn_->up.on_writable = [this, mine] {
    if (mine()) push();
  };
  const bool local = conn_->channel.kind == node::ChannelKind::kUnix;
  world_.schedule.after(Duration{0}, [this, mine, attempt, local] {
    if (mine()) handle(session::Opened{attempt, conn_->channel.hybrid, local});
  });
}

void MachineClient::read() {
  if (!client_ || conn_ == nullptr) return;
  Pipe& pipe = conn_->down;
  while (client_ && conn_ != nullptr && pipe.readable() > 0 && client_->wants_read()) {
    const std::vector<std::uint8_t> bytes = pipe.read(64U * 1024);
    client_->received(Slice::copy_of(bytes, nullptr), world_.now(), actions_);
    obey();
  }
  if (!client_ || conn_ == nullptr || pipe.readable() > 0) return;
  if (pipe.at_fin()) {
    if (conn_->drained && active()) record().complete = record().drained = true;
    handle(session::PeerFinished{attempt_});
  } else if (pipe.broken()) {
    handle(session::StreamLost{attempt_, "reset"});
  }
}

void MachineClient::push() {
  while (client_ && conn_ != nullptr) {
    if (conn_->up.broken()) return read();  // FIN or reset stands behind what can still be read
    if (conn_->up.room() == 0) return;
    std::array<session::IoPiece, 4> pieces;
    const std::size_t count = client_->gather(pieces, world_.profile.gather_most, world_.now());
    if (count == 0) {
      if (finish_write_) conn_->up.finish();
      break;
    }
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView piece(static_cast<const std::uint8_t*>(pieces[i].data), pieces[i].size);
      const std::size_t took = conn_->up.write(piece);
      watch_written(piece.first(took));
      taken += took;
      if (took < piece.size()) break;
    }
    client_->wrote(taken, world_.now(), actions_);
    obey();
  }
  arm();
}

// Where in the stream each publication ends, so that the world knows when the node is done with it.
void MachineClient::watch_written(ByteView bytes) {
  Slice input = Slice::copy_of(bytes, nullptr);
  while (!input.empty()) {
    auto next = written_->next(input);
    if (!next) return world_.fail("a client machine wrote what does not parse");
    if (!*next) return;
    const oap::Frame& frame = **next;
    written_end_ += frame.header.wire_size();
    const auto message = oap::read_message(frame.payload());
    if (!message || message->kind != "gossip") continue;
    const auto gossip = oap::read_gossip(*message);
    const auto index = static_cast<std::uint32_t>(load_be<std::uint64_t>(gossip->data.data()));
    conn_->unsettled.push_back({written_end_, index, world_.profile.config.auth_off});
  }
}

void MachineClient::arm() {
  if (!client_) return;
  const Instant at = client_->next_deadline();
  if (at.is_never() || (at >= armed_ && armed_ > world_.now())) return;
  armed_ = at;
  world_.schedule.at(at, [this, life = life_] {
    if (life != life_ || !client_) return;
    armed_ = Instant::never();
    if (client_->next_deadline() <= world_.now()) {
      handle(session::Tick{});
    } else {
      arm();
    }
  });
}

void MachineClient::close_conn() {
  if (conn_ == nullptr) return;
  Conn* conn = std::exchange(conn_, nullptr);
  if (!conn->up.finished()) {
    conn->up.reset();
  }
  conn->down.reset();
}

// ---- what it says ------------------------------------------------------------------------------

void MachineClient::on(const session::Connected& event) {
  record().established = true;
  record().max_frame = static_cast<std::uint32_t>(event.ack.limits.max_frame);
}

void MachineClient::on(const session::Disconnected&) {
  if (!record().complete) record().ended = world_.stamp();
  world_.note("machine over", number_, session_);
}

void MachineClient::on(const session::MessageIn& event) {
  Arrival arrival;
  arrival.session = session_;
  if (event.gossip.data.size() < 8) return world_.fail("a gossip that nobody sent");
  arrival.publication =
      static_cast<std::uint32_t>(load_be<std::uint64_t>(event.gossip.data.data()));
  arrival.digest = digest_of(event.payload);
  arrival.tenant = event.tenant;
  arrival.corr = event.corr;
  arrival.at = world_.stamp();
  world_.history.arrivals.push_back(arrival);
  world_.note("machine got", session_, arrival.publication);
  unconsumed_ += event.wire_bytes;
  const bool slow = !calm_ && world_.choice.chance(1, 4);
  const Duration wait = slow ? std::chrono::milliseconds(world_.choice.index(200)) : Duration{0};
  world_.schedule.after(wait, [this, life = life_, bytes = event.wire_bytes, to = event.attempt] {
    if (life != life_) return;
    unconsumed_ -= bytes;
    handle(session::Consumed{to, bytes});
  });
}

void MachineClient::on(const session::Answer& event) {
  const auto at = asked_.find(event.ticket);
  if (at == asked_.end()) return world_.fail("a ticket answered twice, or never given");
  const Stamp now = world_.stamp();
  // After its end a machine answers by itself what nobody knows.
  const bool in_session =
      active() && (!event.error || event.error->failure <= session::Failure::kInternal);
  for (const std::uint32_t op : at->second.ops) {
    if (!in_session) continue;  // nobody knows whether it was done
    world_.history.sub_ops[op].answered = now;
    world_.history.sub_ops[op].refused = event.error.has_value();
  }
  if (at->second.publication && in_session) {
    Publication& publication = world_.history.publications[*at->second.publication];
    publication.fate = event.error ? Fate::kRefused : Fate::kAccepted;
    if (!event.error) publication.to = event.ack.to;
  }
  if (event.error && event.error->failure == session::Failure::kQuotaExceeded &&
      event.error->message != "too many subscriptions of this session" &&
      event.error->message != "too many subscriptions on this node" && even_way(world_.profile)) {
    world_.fail("a client that paces itself was refused: " + event.error->message);
  }
  asked_.erase(at);
}

void MachineClient::on(const session::Lagged& event) {
  Arrival arrival;
  arrival.session = session_;
  arrival.lagged = event.dropped;
  arrival.at = world_.stamp();
  world_.history.arrivals.push_back(arrival);
}

void MachineClient::on(const session::RefusedEvents& event) {
  if (!active()) return;  // by the machine itself: what it could not send any more
  record().refused_told[event.code] += event.dropped;
  if (event.failure == session::Failure::kQuotaExceeded && even_way(world_.profile)) {
    world_.fail("a client that paces itself lost " + std::to_string(event.dropped) +
                " publications to a rate");
  }
}

void MachineClient::on(const session::Ended&) {
  if (!asked_.empty()) world_.fail("a machine ended with tickets that it never answered");
}

// ---- the end -----------------------------------------------------------------------------------

void MachineClient::calm() {
  calm_ = true;
  read();
  push();
}

bool MachineClient::resting() const {
  if (!client_) return true;
  if (!active() || conn_ == nullptr) return false;
  return client_->queued() == 0 && asked_.empty() && unconsumed_ == 0 && conn_->up.idle() &&
         conn_->down.idle() && conn_->unsettled.empty();
}

void MachineClient::conclude() {
  if (active() && conn_ != nullptr && conn_->session) record().complete = true;
}

}  // namespace ron::sim
