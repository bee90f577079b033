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

}  // namespace

// ---- deeds -------------------------------------------------------------------------------------

void MachineClient::act() {
  if (!client_) {
    if (!calm_ && world_.choice.chance(1, 2)) begin();
    return;
  }
  // One that comes back may be asked for things while it is away.
  if (!active() && (!reconnects_ || world_.choice.chance(1, 2))) return;
  const std::uint64_t what = world_.choice.index(20);
  if (what < 12) {
    publish();
  } else if (what < 17) {
    subscribe(true);
  } else if (what < 19) {
    subscribe(false);
  } else if (world_.profile.weights.cut > 0 && world_.choice.chance(3, 4)) {
    cut();
  } else if (world_.profile.faults && world_.choice.chance(1, 4)) {
    handle(session::Close{});
  }
}

void MachineClient::begin() {
  Choice& choice = world_.choice;
  session::ClientOptions options;
  options.reconnect = reconnects_ = choice.chance(2, 3);
  options.backoff = {50ms, 1s};
  options.comp = choice.chance(1, 2);
  options.compress = false;
  const std::uint64_t windows[] = {1U << 20U, 0, 1, 700};
  options.window = window_ = windows[choice.index(std::size(windows))];
  options.max_frame = choice.chance(1, 2) ? oap::kMaxFrame : 1024;
  options.times = world_.profile.config.times;
  ++life_;
  held_.clear();
  asked_.clear();
  published_.clear();
  group_.clear();
  unconsumed_ = 0;
  attempt_ = 0;
  armed_ = Instant::never();
  if (!world_.profile.groups.empty() && (world_.profile.crowd || choice.chance(1, 4))) {
    group_ = world_.profile.groups[choice.index(world_.profile.groups.size())];
  }
  client_ = std::make_unique<session::Client>(options, choice);
  handle(session::Connect{});
}

// The link goes, and neither side knows why.
void MachineClient::cut() {
  if (conn_ == nullptr) return;
  world_.note("cut", number_, session_);
  conn_->up.reset();
  conn_->down.reset();
}

void MachineClient::publish() {
  Choice& choice = world_.choice;
  const std::string& topic = world_.profile.topics[choice.index(world_.profile.topics.size())];
  const TenantId tenant = world_.profile.tenants[choice.index(world_.profile.tenants.size())];
  for (std::uint64_t burst = choice.pick(1, 8); burst > 0 && client_; --burst) {
    const auto index = static_cast<std::uint32_t>(world_.history.publications.size());
    std::vector<std::uint8_t> data(8 + choice.index(world_.profile.data_most + 1), 0x5a);
    store_be<std::uint64_t>(data.data(), index);
    oap::GossipOut gossip;
    gossip.topic = topic;
    gossip.data = data;
    gossip.ts = 1'700'000'000;
    const std::vector<std::uint8_t> payload = oap::write_gossip(gossip);
    // The machine learns the node's limit with its first session, and would refuse what waits.
    const bool fits = payload.size() <= client_->max_payload() &&
                      payload.size() <= world_.profile.config.session.max_frame &&
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
    publication.fate = Fate::kUnsent;  // until its last byte goes: perhaps on a later session
    world_.history.publications.push_back(std::move(publication));
    published_.push_back(index);
    handle(send);
  }
}

// The machine counts subscriptions; to keep the model simple each pattern is held once.
void MachineClient::subscribe(bool add) {
  Choice& choice = world_.choice;
  const TenantId tenant = world_.profile.tenants[choice.index(world_.profile.tenants.size())];
  const std::string& pattern =
      world_.profile.patterns[choice.index(world_.profile.patterns.size())];
  const Wish wish(tenant, pattern);
  if (held_.contains(wish) == add) return;
  session::Subscribe command;
  command.ticket = next_ticket_++;
  command.add = add;
  command.tenant = tenant;
  command.patterns = {pattern};
  command.group = group_;
  command.echo = add && choice.chance(1, 3);
  asked_[command.ticket].wish = wish;
  if (add) {
    held_[wish] = {command.ticket, false};
  } else {
    held_.erase(wish);
  }
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
  while ((!actions_.orders.empty() || !actions_.events.empty()) && world_.step()) {
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
  conn_ = &world_.dial(number_);
  session_ = static_cast<std::uint32_t>(world_.history.sessions.size());
  world_.history.sessions.emplace_back();
  record().client = number_;
  record().window = window_;
  record().group = group_;
  record().comeback = attempt > 1;
  record().local = conn_->channel.kind == node::ChannelKind::kUnix;
  watch_.emplace(world_, *conn_, session_);
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
  while (client_ && conn_ != nullptr && pipe.readable() > 0 && client_->wants_read() &&
         world_.step()) {
    const std::vector<std::uint8_t> bytes = pipe.read(64U * 1024);
    watch_->got(bytes);
    client_->received(Slice::copy_of(bytes, nullptr), world_.now(), actions_);
    obey();
  }
  if (!client_ || conn_ == nullptr || pipe.readable() > 0) return;
  if (pipe.at_fin()) {
    if (conn_->drained && in_session()) record().complete = record().drained = true;
    handle(session::PeerFinished{attempt_});
  } else if (pipe.broken()) {
    handle(session::StreamLost{attempt_, "reset"});
  }
}

void MachineClient::push() {
  while (client_ && conn_ != nullptr && world_.step()) {
    if (conn_->up.broken()) return read();  // FIN or reset stands behind what can still be read
    if (conn_->up.room() == 0) return;
    std::array<IoPiece, 4> pieces;
    const std::size_t count = client_->gather(pieces, world_.profile.gather_most, world_.now());
    if (count == 0) {
      if (finish_write_) conn_->up.finish();
      break;
    }
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView piece(static_cast<const std::uint8_t*>(pieces[i].data), pieces[i].size);
      const std::size_t took = conn_->up.write(piece);
      watch_->wrote(piece.first(took));
      taken += took;
      if (took < piece.size()) break;
    }
    client_->wrote(taken, world_.now(), actions_);
    obey();
  }
  arm();
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
  const Asked asked = at->second;
  asked_.erase(at);
  if (asked.publication && !event.error &&
      world_.history.publications[*asked.publication].fate != Fate::kAccepted) {
    world_.fail("a machine says that publication " + std::to_string(*asked.publication) +
                " was accepted");
  }
  const auto held = asked.wish ? held_.find(*asked.wish) : held_.end();
  if (held != held_.end() && held->second.ticket == event.ticket) {
    held->second.confirmed = true;
    if (event.error) held_.erase(held);
  }
  if (event.error && event.error->failure == session::Failure::kQuotaExceeded &&
      event.error->message != "too many subscriptions of this session" &&
      event.error->message != "too many subscriptions on this node" && even_way(world_.profile)) {
    world_.fail("a client that paces itself was refused: " + event.error->message);
  }
}

void MachineClient::on(const session::SubscriptionLost& event) {
  for (const std::string& pattern : event.patterns) held_.erase({event.tenant, pattern});
}

void MachineClient::on(const session::Lagged& event) {
  Arrival arrival;
  arrival.session = session_;
  arrival.lagged = event.dropped;
  arrival.at = world_.stamp();
  world_.history.arrivals.push_back(arrival);
}

void MachineClient::on(const session::RefusedEvents& event) {
  if (event.failure == session::Failure::kQuotaExceeded && even_way(world_.profile)) {
    world_.fail("a client that paces itself lost " + std::to_string(event.dropped) +
                " publications to a rate");
  }
}

void MachineClient::on(const session::Ended&) {
  if (!asked_.empty()) world_.fail("a machine ended with tickets that it never answered");
}

// ---- the end -----------------------------------------------------------------------------------

// A node that leaves, or has no room for all, may never take it back.
bool MachineClient::may_starve() const {
  const node::NodeConfig& config = world_.profile.config;
  return world_.draining() || config.max_sessions < 1024 || config.session.patterns < 1024 ||
         config.subscriptions_max < 1'000'000;
}

void MachineClient::calm() {
  calm_ = true;
  read();
  push();
  world_.schedule.after(20s, [this] {
    if (client_ && !resting() && may_starve()) handle(session::Close{});
  });
}

bool MachineClient::resting() const {
  if (!client_) return true;
  if (!active() || conn_ == nullptr) return false;
  return client_->queued() == 0 && asked_.empty() && unconsumed_ == 0 && watch_->settled() &&
         conn_->up.idle() && conn_->down.idle() && conn_->unsettled.empty();
}

void MachineClient::conclude() {
  if (!active() || conn_ == nullptr || !conn_->session) return;
  record().complete = true;
  for (const std::uint32_t index : published_) {
    if (world_.history.publications[index].fate != Fate::kUnsent) continue;
    world_.fail("publication " + std::to_string(index) + " never left its client");
  }
  for (const auto& [wish, state] : held_) {
    if (!state.confirmed || may_starve() || watch_->holds(wish.first, wish.second)) continue;
    world_.fail("session " + std::to_string(session_) + " is without the subscription to " +
                wish.second + " that its client holds");
  }
}

}  // namespace ron::sim
