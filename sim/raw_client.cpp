#include "sim/raw_client.hpp"

#include <algorithm>

#include "oap/comp.hpp"

namespace ron::sim {
namespace {

using namespace std::chrono_literals;

template <typename T>
const T& any_of(Choice& choice, const std::vector<T>& values) {
  return values[choice.index(values.size())];
}

constexpr CorrId kOddCorr = 0xdeadbeef;  // of frames that are wrong as a whole

}  // namespace

// ---- deeds -------------------------------------------------------------------------------------

void RawClient::act() {
  if (state_ == State::kIdle || state_ == State::kGone) {
    if (!calm_ && world_.choice.chance(1, 2)) connect();
  } else if (state_ == State::kActive) {
    act_active();
  } else if (state_ == State::kHello && world_.profile.weights.reset > 0 &&
             world_.choice.chance(1, 40)) {
    reset();
  }
}

void RawClient::act_active() {
  const Weights& w = world_.profile.weights;
  const std::uint32_t mischief =
      w.bye + w.garbage + w.half_close + w.reset + w.stall + w.repeat_corr + w.odd;
  const std::uint32_t all = w.sub + w.unsub + w.publish + w.acked + w.credit + w.pause + mischief;
  std::uint64_t at = world_.choice.index(all);
  const auto is = [&](std::uint32_t weight) {
    const bool here = at < weight;
    at -= here ? 0 : weight;
    return here;
  };
  if (is(w.sub)) return sub_something(true);
  if (is(w.publish)) return publish_something(How::kPlain);
  if (is(w.acked)) {
    return publish_something(world_.choice.chance(1, 2) ? How::kAcked : How::kRequest);
  }
  if (is(w.unsub)) return sub_something(false);
  if (is(w.pause)) {
    paused_until_ = world_.now() + std::chrono::milliseconds(world_.choice.pick(1, 2000));
    return;
  }
  if (is(w.credit)) return give_credit();
  misbehave();
}

void RawClient::misbehave() {
  const Weights& w = world_.profile.weights;
  const std::uint32_t all =
      w.bye + w.garbage + w.half_close + w.reset + w.stall + w.repeat_corr + w.odd;
  if (all == 0) return;
  std::uint64_t at = world_.choice.index(all);
  const auto is = [&](std::uint32_t weight) {
    const bool here = at < weight;
    at -= here ? 0 : weight;
    return here;
  };
  if (is(w.bye)) {
    oap::ByeOut bye;
    bye.reason = "enough";
    send(oap::kEvent, {}, 0, oap::write_bye(bye));
    half_close();
  } else if (is(w.garbage)) {
    garbage();
  } else if (is(w.half_close)) {
    half_close();
  } else if (is(w.reset)) {
    reset();
  } else if (is(w.stall)) {
    Pipe& pipe = world_.choice.chance(1, 2) ? conn_->up : conn_->down;
    pipe.stall(world_.now() + std::chrono::milliseconds(world_.choice.pick(1, 8000)));
  } else if (is(w.repeat_corr)) {
    repeat_corr();
  } else {
    odd_frame();
  }
}

void RawClient::connect() {
  conn_ = &world_.dial(number_);
  parser_.emplace(oap::kMaxHello, nullptr);
  waiting_.clear();
  out_.clear();
  out_end_ = 0;
  next_corr_ = 1;
  fin_wanted_ = false;
  comp_ = false;
  received_ = granted_ = owed_ = 0;
  paused_until_ = {};
  state_ = State::kHello;
  const auto mine = [this, conn = conn_] { return conn_ == conn; };
  conn_->down.on_readable = [this, mine] {
    if (mine()) wake_reader();
  };
  conn_->up.on_writable = [this, mine] {
    if (mine()) push();
  };
  session_ = static_cast<std::uint32_t>(world_.history.sessions.size());
  world_.history.sessions.emplace_back();
  draw_manners();
  record().client = number_;
  record().local = conn_->channel.kind == node::ChannelKind::kUnix;
  record().window = manners_.window.value_or(0);
  record().group = manners_.group;
  const bool wrong = !fixed_ && world_.profile.faults && world_.choice.chance(1, 24);
  wrong ? wrong_hello() : hello();
}

void RawClient::draw_manners() {
  if (fixed_) {
    manners_ = *fixed_;
    return;
  }
  Choice& choice = world_.choice;
  manners_ = {};
  const std::uint64_t windows[] = {1U << 20U, 0, 1, 200, 5000, 64U * 1024};
  const std::uint64_t window = windows[choice.index(std::size(windows))];
  if (window > 0) manners_.window = window;
  manners_.comp = choice.chance(1, 2);
  const std::uint32_t frames[] = {oap::kMaxFrame, 1024, 2000};
  manners_.max_frame = frames[choice.index(std::size(frames))];
  if (choice.chance(1, 4)) {
    manners_.credit = choice.chance(1, 2) ? CreditManner::kNone : CreditManner::kTooMuch;
  }
  if (!world_.profile.groups.empty() && (world_.profile.crowd || choice.chance(1, 2))) {
    manners_.group = any_of(choice, world_.profile.groups);
  }
  if (choice.chance(1, 4)) {
    manners_.read_most = choice.pick(1, 300);
    manners_.read_gap = std::chrono::microseconds(choice.pick(1, 5000));
  }
  honest_sender_ = choice.chance(1, 2);
}

void RawClient::hello() {
  oap::Hello hello;
  hello.version_1 = true;
  hello.max_frame = manners_.max_frame;
  hello.window = manners_.window;
  hello.comp_zstd = manners_.comp;
  hello.agent = "sim";
  Waiting waiting;
  waiting.what = Waiting::What::kHello;
  waiting_.emplace(next_corr_, waiting);
  record().hello_sent = world_.stamp();
  send(oap::kReq, {}, next_corr_++, oap::write_hello(hello));
}

void RawClient::wrong_hello() {
  oap::Hello hello;
  hello.version_1 = true;
  hello.max_frame = oap::kMaxFrame;
  std::uint16_t flags = oap::kReq;
  std::vector<std::uint8_t> payload;
  switch (world_.choice.index(6)) {
    case 0: hello.version_1 = false; break;
    case 1: hello.max_frame = 1023; break;
    case 2: hello.role = oap::Role::kPeer; break;
    case 3: hello.token = "macaroon:AAAA"; break;
    case 4:
      payload = oap::write_keep();
      flags = oap::kEvent;
      break;
    default: payload.assign(oap::kMaxHello + 1U, 0x60); break;
  }
  if (payload.empty()) payload = oap::write_hello(hello);
  record().sent_garbage = true;
  const CorrId corr = flags == oap::kReq ? next_corr_++ : 0;
  if (corr != 0) {
    waiting_.emplace(corr, Waiting{});
    ++record().answers_due;
  }
  send(flags, {}, corr, payload);
}

void RawClient::sub_something(bool add) {
  Choice& choice = world_.choice;
  std::vector<std::string> patterns;
  for (std::uint64_t i = choice.pick(1, 3); i > 0; --i) {
    patterns.push_back(any_of(choice, world_.profile.patterns));
  }
  const TenantId tenant = any_of(choice, world_.profile.tenants);
  // Members of a group mostly keep to it, so that exact statements can be made about the group.
  const bool grouped = !manners_.group.empty() && (world_.profile.crowd || choice.chance(9, 10));
  if (add) {
    subscribe(std::move(patterns), tenant, choice.chance(1, 3), grouped);
  } else {
    unsubscribe(std::move(patterns), tenant, grouped);
  }
}

void RawClient::subscribe(std::vector<std::string> patterns, TenantId tenant, bool echo,
                          bool grouped) {
  send_sub({std::move(patterns), echo, grouped ? manners_.group : ""}, tenant, true);
}

void RawClient::unsubscribe(std::vector<std::string> patterns, TenantId tenant, bool grouped) {
  send_sub({std::move(patterns), false, grouped ? manners_.group : ""}, tenant, false);
}

void RawClient::send_sub(const oap::SubOut& sub, TenantId tenant, bool add) {
  Waiting waiting;
  waiting.what = Waiting::What::kSub;
  std::vector<SubOp>& ops = world_.history.sub_ops;
  const Stamp sent = world_.stamp();
  for (const std::string& pattern : sub.topics) {
    waiting.ops.push_back(static_cast<std::uint32_t>(ops.size()));
    SubOp op;
    op.session = session_;
    op.tenant = tenant;
    op.pattern = pattern;
    op.group = sub.group;
    op.add = add;
    op.echo = sub.echo;
    op.sent = sent;
    ops.push_back(std::move(op));
  }
  ++record().answers_due;
  waiting_.emplace(next_corr_, std::move(waiting));
  send(oap::kReq, tenant, next_corr_++, add ? oap::write_sub(sub) : oap::write_unsub(sub));
}

void RawClient::publish_something(How how) {
  Choice& choice = world_.choice;
  const std::string& topic = any_of(choice, world_.profile.topics);
  const TenantId tenant = any_of(choice, world_.profile.tenants);
  const std::uint64_t burst = how == How::kPlain ? choice.pick(1, 12) : choice.pick(1, 2);
  for (std::uint64_t i = 0; i < burst; ++i) {
    publish(choice.chance(3, 4) ? topic : any_of(choice, world_.profile.topics), tenant,
            choice.index(world_.profile.data_most + 1), how);
  }
}

void RawClient::publish(const std::string& topic, TenantId tenant, std::size_t data_size, How how) {
  const std::uint64_t window = world_.history.facts.recv_window;
  if (honest_sender_ && window > 0 && record().counted_sent >= record().credit_back + window) {
    return;  // paces itself
  }
  const auto index = static_cast<std::uint32_t>(world_.history.publications.size());
  std::vector<std::uint8_t> data(8 + data_size);
  store_be<std::uint64_t>(data.data(), index);
  for (std::size_t i = 8; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7 / 16);
  oap::GossipOut gossip;
  gossip.topic = topic;
  gossip.data = data;
  gossip.ts = 1'700'000'000 + index;
  if (how == How::kRequest) gossip.reply = topic;
  const std::vector<std::uint8_t> payload = oap::write_gossip(gossip);
  if (payload.size() > max_frame_) return;

  Publication publication;
  publication.publisher = session_;
  publication.tenant = tenant;
  publication.topic = topic;
  publication.digest = digest_of(payload);
  publication.payload_size = static_cast<std::uint32_t>(payload.size());
  publication.wants_answer = how != How::kPlain;
  publication.corr = publication.wants_answer ? next_corr_++ : (index % 3 == 0 ? index : 0);
  publication.sent = world_.stamp();
  std::uint16_t flags = oap::kEvent;
  if (how == How::kAcked) flags = oap::kEvent | oap::kAckReq;
  if (how == How::kRequest) flags = oap::kReq;
  if (publication.wants_answer) {
    Waiting waiting;
    waiting.what = Waiting::What::kPublication;
    waiting.publication = index;
    waiting_.emplace(publication.corr, waiting);
    ++record().answers_due;
  }
  if (how == How::kPlain && !conn_->may_publish(world_.profile.config.auth_off, tenant)) {
    ++record().refusals_due;
  }
  const CorrId corr = publication.corr;
  world_.history.publications.push_back(std::move(publication));
  std::optional<std::vector<std::uint8_t>> small;
  if (comp_ && world_.choice.chance(1, 4)) small = oap::compress(payload);
  if (small) flags = static_cast<std::uint16_t>(flags | oap::kComp);
  const std::vector<std::uint8_t>& wire = small ? *small : payload;
  record().counted_sent += wire.size() + oap::kHeaderSize;
  // Settled once the node has worked off the stream up to here.
  const std::uint64_t end = out_end_ + wire.size() + oap::kHeaderSize;
  conn_->unsettled.push_back({end, index, world_.profile.config.auth_off});
  send(flags, tenant, corr, wire);
}

void RawClient::half_close() {
  fin_wanted_ = true;
  state_ = State::kLeaving;
  push();
}

void RawClient::reset() {
  world_.note("reset", number_);
  conn_->up.reset();
  conn_->down.reset();
  over();
}

void RawClient::repeat_corr() {
  oap::SubOut sub;
  sub.topics = {"nobody/subscribed/this"};
  const CorrId corr = next_corr_++;
  Waiting waiting;
  waiting.answers = 2;
  waiting_.emplace(corr, waiting);
  record().answers_due += 2;
  send(oap::kReq, {}, corr, oap::write_unsub(sub));
  send(oap::kReq, {}, corr, oap::write_unsub(sub));
}

// Wrong, but the session stays.
void RawClient::odd_frame() {
  const std::vector<std::uint8_t> unknown = {0xa1, 0x64, 'k', 'i', 'n', 'd', 0x63, 'h', 'm', 'm'};
  const std::vector<std::uint8_t> broken = {0xa1, 0x64, 'k', 'i', 'n', 'd', 0xff};
  const auto ask = [&](const std::vector<std::uint8_t>& payload) {
    waiting_.emplace(next_corr_, Waiting{});
    ++record().answers_due;
    send(oap::kReq, {}, next_corr_++, payload);
  };
  switch (world_.choice.index(6)) {
    case 0: return ask(unknown);
    case 1: return ask(broken);
    case 2: return send(oap::kEvent, {}, 0, unknown);
    case 3: ++record().refusals_due; return send(oap::kEvent, {}, 0, broken);
    case 4: return ask(oap::write_keep());
    default: return send(oap::kResp, {}, 99, oap::write_ack({}));
  }
}

// Wrong, and the end of the session.
void RawClient::garbage() {
  record().sent_garbage = true;
  Choice& choice = world_.choice;
  std::vector<std::uint8_t> bytes;
  switch (choice.index(4)) {
    case 0: {  // random bytes
      bytes.resize(choice.pick(4, 60));
      choice.fill(bytes);
      break;
    }
    case 1: {  // two of the exclusive flags
      const Slice frame = oap::make_frame(oap::kReq | oap::kEvent, {}, kOddCorr, oap::write_keep());
      bytes.assign(frame.bytes().begin(), frame.bytes().end());
      break;
    }
    case 2: {  // cut in the middle of a frame
      const Slice frame = oap::make_frame(oap::kEvent, {}, 0, oap::write_keep());
      const ByteView half = frame.bytes().first(choice.pick(1, frame.size() - 1));
      bytes.assign(half.begin(), half.end());
      send_raw(bytes);
      return half_close();
    }
    default: {  // a second hello
      oap::Hello hello;
      hello.version_1 = true;
      hello.max_frame = oap::kMaxFrame;
      waiting_.emplace(next_corr_, Waiting{});
      ++record().answers_due;
      return send(oap::kReq, {}, next_corr_++, oap::write_hello(hello));
    }
  }
  send_raw(bytes);
}

// ---- bytes out ---------------------------------------------------------------------------------

void RawClient::send(std::uint16_t flags, TenantId tenant, CorrId corr, ByteView payload) {
  send_raw(oap::make_frame(flags, tenant, corr, payload).bytes());
}

void RawClient::send_raw(ByteView bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  out_end_ += bytes.size();
  push();
}

void RawClient::push() {
  if (conn_ == nullptr || gone()) return;
  const std::size_t taken = conn_->up.write(out_);
  out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (out_.empty() && fin_wanted_) conn_->up.finish();
  if (conn_->up.broken()) wake_reader();
}

void RawClient::keep_alive() {
  if (state_ != State::kActive || fin_wanted_) return;
  if (out_.size() < 1000) send(oap::kEvent, {}, 0, oap::write_keep());
  world_.schedule.after(world_.profile.config.times.idle / 3, [this, session = session_] {
    if (session == session_) keep_alive();
  });
}

void RawClient::grant(std::uint64_t bytes) {
  if (bytes == 0 || fin_wanted_) return;
  granted_ += bytes;
  send(oap::kEvent, {}, 0, oap::write_credit(bytes));
}

void RawClient::give_credit() {
  if (!manners_.window) return;
  if (manners_.credit == CreditManner::kTooMuch && !calm_) {
    return grant(owed_ + world_.choice.pick(1, *manners_.window));
  }
  if (manners_.credit == CreditManner::kNone && !calm_ && !world_.choice.chance(1, 8)) return;
  grant(std::exchange(owed_, 0));
}

// ---- bytes in ----------------------------------------------------------------------------------

void RawClient::wake_reader() {
  if (read_scheduled_) return;
  read_scheduled_ = true;
  Instant when = std::max(paused_until_, world_.now() + (calm_ ? Duration{0} : manners_.read_gap));
  if (calm_) when = world_.now();
  world_.schedule.at(when, [this] {
    read_scheduled_ = false;
    if (!calm_ && world_.now() < paused_until_) return wake_reader();
    read();
  });
}

void RawClient::read() {
  if (conn_ == nullptr || gone()) return;
  const std::vector<std::uint8_t> bytes = conn_->down.read(calm_ ? 64U * 1024 : manners_.read_most);
  Slice input = Slice::copy_of(bytes, nullptr);
  while (!input.empty() && !gone()) {
    auto next = parser_->next(input);
    if (!next) return world_.fail("the node sent a frame that does not parse");
    if (!*next) break;
    on_frame(**next);
  }
  if (gone()) return;
  if (conn_->down.at_fin()) {
    if (parser_->mid_frame()) world_.fail("the node sent FIN inside a frame");
    if (conn_->drained && state_ == State::kActive) record().complete = record().drained = true;
    return over();
  }
  if (conn_->down.broken()) return over();
  if (conn_->down.readable() > 0) wake_reader();
}

void RawClient::on_frame(const oap::Frame& frame) {
  ByteView payload = frame.payload();
  std::vector<std::uint8_t> inflated;
  if (frame.header.has(oap::kComp)) {
    if (!comp_) return world_.fail("COMP towards a side that did not agree to it");
    auto plain = oap::decompress(payload, max_frame_);
    if (!plain) return world_.fail("COMP that does not inflate");
    inflated = std::move(*plain);
    payload = inflated;
  }
  const auto message = oap::read_message(payload);
  if (!message) return world_.fail("the node sent a payload that is not legal");
  world_.note("got", session_, frame.header.corr, digest_of(payload));
  if (frame.header.has(oap::kResp)) return on_response(frame, *message);
  if (frame.header.has(oap::kReq)) return world_.fail("the node sent a request");
  on_event(frame, *message, payload);
}

void RawClient::on_response(const oap::Frame& frame, const oap::Message& message) {
  const auto error = oap::read_error(message);
  if (error) {
    note_not_ready(error->code);
    const auto code = oap::code_of(error->code);
    world_.note("error", session_, frame.header.corr, code ? static_cast<unsigned>(*code) : 99U);
  }
  const auto at = waiting_.find(frame.header.corr);
  if (at == waiting_.end()) {
    const bool last_word =
        message.kind == "error" && (frame.header.corr == 0 || record().sent_garbage);
    if (!last_word)
      world_.fail("an answer that nothing asked for, corr " + std::to_string(frame.header.corr));
    return;
  }
  Waiting& waiting = at->second;
  if (waiting.what == Waiting::What::kHello) {
    waiting_.erase(at);
    record().hello_answered = world_.stamp();
    if (error) record().hello_refused = error->code;
    if (message.kind == "hello_ack") on_hello_ack(message);
    return;
  }
  ++record().answers_got;
  settle(waiting, message);
  if (--waiting.answers == 0) waiting_.erase(at);
}

void RawClient::note_not_ready(std::string_view code) {
  if (!record().established || code != "NotReady" || record().not_ready < kNever) return;
  record().not_ready = world_.stamp();
}

void RawClient::on_hello_ack(const oap::Message& message) {
  const auto ack = oap::read_hello_ack(message);
  if (!ack) return world_.fail("a hello_ack that does not decode");
  comp_ = ack->comp_zstd;
  max_frame_ = static_cast<std::uint32_t>(ack->limits.max_frame);
  if (max_frame_ > manners_.max_frame) world_.fail("max_frame answered over what was offered");
  parser_->set_max_payload(max_frame_);
  record().max_frame = max_frame_;
  record().established = true;
  if (state_ != State::kHello) return;
  state_ = State::kActive;
  keep_alive();
}

void RawClient::settle(Waiting& waiting, const oap::Message& message) {
  const Stamp now = world_.stamp();
  const bool ok = message.kind == "ack";
  if (waiting.what == Waiting::What::kSub) {
    for (const std::uint32_t op : waiting.ops) {
      world_.history.sub_ops[op].answered = now;
      world_.history.sub_ops[op].refused = !ok;
    }
  } else if (waiting.what == Waiting::What::kPublication) {
    Publication& publication = world_.history.publications[waiting.publication];
    publication.fate = ok ? Fate::kAccepted : Fate::kRefused;
    const auto ack = oap::read_ack(message);
    if (ok && ack) publication.to = ack->to;
    if (ok && (!ack || !ack->to || !ack->links))
      world_.fail("an ack of a gossip without to, links");
  }
}

void RawClient::on_event(const oap::Frame& frame, const oap::Message& message, ByteView payload) {
  if (message.kind == "gossip") return on_gossip(frame, message, payload);
  if (message.kind == "lagged") {
    const auto dropped = oap::read_lagged(message);
    if (!dropped || *dropped == 0) return world_.fail("a lagged of nothing");
    Arrival arrival;
    arrival.session = session_;
    arrival.lagged = *dropped;
    arrival.at = world_.stamp();
    world_.history.arrivals.push_back(arrival);
  } else if (message.kind == "credit") {
    const auto bytes = oap::read_credit(message);
    if (!bytes) return world_.fail("a credit that does not decode");
    record().credit_back += *bytes;
    if (record().credit_back > record().counted_sent && !record().sent_garbage) {
      world_.fail("more credit back than was spent");
    }
  } else if (message.kind == "refused") {
    const auto refused = oap::read_refused(message);
    if (!refused || refused->dropped == 0) return world_.fail("a refused of nothing");
    record().refused_told[std::string(refused->code)] += refused->dropped;
    note_not_ready(refused->code);
  } else if (message.kind != "keep" && message.kind != "bye") {
    world_.fail("an event of an unexpected kind");
  }
}

void RawClient::on_gossip(const oap::Frame& frame, const oap::Message& message, ByteView payload) {
  const auto gossip = oap::read_gossip(message);
  if (!gossip || gossip->data.size() < 8) return world_.fail("a gossip that does not decode");
  const std::uint64_t wire = frame.header.wire_size();
  if (manners_.window && received_ >= granted_ + *manners_.window) {
    world_.fail("a counted frame without credit, session " + std::to_string(session_));
  }
  received_ += wire;
  Arrival arrival;
  arrival.session = session_;
  arrival.publication = static_cast<std::uint32_t>(load_be<std::uint64_t>(gossip->data.data()));
  arrival.digest = digest_of(payload);
  arrival.tenant = frame.header.tenant;
  arrival.corr = frame.header.corr;
  arrival.flags_ok = (frame.header.flags & ~oap::kComp) == oap::kEvent;
  arrival.at = world_.stamp();
  world_.history.arrivals.push_back(arrival);
  if (!manners_.window) return;
  owed_ += wire;
  if (calm_ || owed_ >= *manners_.window / 2) give_credit();
}

// ---- the end -----------------------------------------------------------------------------------

void RawClient::over() {
  if (gone()) return;
  world_.note("over", number_, session_);
  record().ended = world_.stamp();
  if (!conn_->up.finished() && !conn_->up.broken()) conn_->up.finish();
  conn_->down.reset();
  state_ = State::kGone;
  out_.clear();
}

void RawClient::calm() {
  calm_ = true;
  if (gone()) return;
  paused_until_ = {};
  if (state_ == State::kActive) give_credit();
  wake_reader();
  push();
}

bool RawClient::resting() const {
  if (gone()) return true;
  return state_ == State::kActive && out_.empty() && conn_->up.idle() && conn_->down.idle() &&
         waiting_.empty() && conn_->unsettled.empty();
}

void RawClient::conclude() {
  if (state_ == State::kActive && conn_->session) record().complete = true;
}

}  // namespace ron::sim
