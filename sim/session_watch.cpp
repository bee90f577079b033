#include "sim/session_watch.hpp"

#include <string>

namespace ron::sim {

SessionWatch::SessionWatch(World& world, Conn& conn, std::uint32_t session)
    : world_(world),
      conn_(conn),
      session_(session),
      up_(oap::kMaxFrame, nullptr),
      down_(oap::kMaxFrame, nullptr) {}

// ---- client to node ----------------------------------------------------------------------------

void SessionWatch::wrote(ByteView bytes) {
  Slice input = Slice::copy_of(bytes, nullptr);
  while (!input.empty()) {
    auto next = up_.next(input);
    if (!next) return world_.fail("a client machine wrote what does not parse");
    if (!*next) return;
    const oap::Frame& frame = **next;
    end_ += frame.header.wire_size();
    const auto message = oap::read_message(frame.payload());
    if (!message) return world_.fail("a client machine wrote a payload that is not legal");
    sent(frame, *message);
  }
}

void SessionWatch::sent(const oap::Frame& frame, const oap::Message& message) {
  const oap::Header& header = frame.header;
  if (message.kind == "gossip") return sent_publication(frame, message);
  if (message.kind == "sub") return sent_sub(header, message, true);
  if (message.kind == "unsub") return sent_sub(header, message, false);
  if (message.kind == "hello") {
    record().hello_sent = world_.stamp();
    waiting_[header.corr].hello = true;
  } else if (message.kind == "credit") {
    granted_ += oap::read_credit(message).value_or(0);
  }
}

void SessionWatch::sent_publication(const oap::Frame& frame, const oap::Message& message) {
  const auto gossip = oap::read_gossip(message);
  const auto index = static_cast<std::uint32_t>(load_be<std::uint64_t>(gossip->data.data()));
  Publication& publication = world_.history.publications[index];
  if (publication.fate != Fate::kUnsent) {
    return world_.fail("publication " + std::to_string(index) + " was handed to a stream twice");
  }
  publication.fate = Fate::kUnknown;
  publication.publisher = session_;
  publication.sent = world_.stamp();
  record().counted_sent += frame.header.wire_size();
  conn_.unsettled.push_back({end_, index, world_.profile.config.auth_off});
  if (!publication.wants_answer) {
    const bool may = conn_.may_publish(world_.profile.config.auth_off, publication.tenant);
    if (!may) ++record().refusals_due;
    return;
  }
  ++record().answers_due;
  waiting_[frame.header.corr].publication = index;
}

void SessionWatch::sent_sub(const oap::Header& header, const oap::Message& message, bool add) {
  const auto sub = oap::read_sub(message);
  if (!sub) return world_.fail("a client machine wrote a sub that does not decode");
  std::vector<SubOp>& ops = world_.history.sub_ops;
  Waiting& waiting = waiting_[header.corr];
  SubOp op;
  op.session = session_;
  op.tenant = header.tenant;
  op.group = sub->group.value_or("");
  op.add = add;
  op.echo = sub->echo.value_or(false);
  op.sent = world_.stamp();
  oap::CborArray patterns(sub->topics);
  oap::CborItem pattern;
  while (patterns.next(pattern)) {
    op.pattern = pattern.text();
    waiting.ops.push_back(static_cast<std::uint32_t>(ops.size()));
    ops.push_back(op);
  }
  ++record().answers_due;
}

bool SessionWatch::holds(TenantId tenant, std::string_view pattern) const {
  bool held = false;
  for (const SubOp& op : world_.history.sub_ops) {
    const bool same = op.session == session_ && op.tenant == tenant && op.pattern == pattern;
    if (same && !op.refused && op.answered < kNever) held = op.add;
  }
  return held;
}

// ---- node to client ----------------------------------------------------------------------------

void SessionWatch::got(ByteView bytes) {
  Slice input = Slice::copy_of(bytes, nullptr);
  while (!input.empty()) {
    auto next = down_.next(input);
    if (!next) return world_.fail("the node sent a frame that does not parse");
    if (!*next) return;
    arrived(**next);
  }
}

void SessionWatch::arrived(const oap::Frame& frame) {
  // Nothing but publications is ever compressed.
  const bool comp = frame.header.has(oap::kComp);
  const auto message = oap::read_message(frame.payload());
  if (!comp && !message) return world_.fail("the node sent a payload that is not legal");
  if (comp || message->kind == "gossip") {
    const std::uint64_t window = record().window;
    if (window > 0 && received_ >= granted_ + window) {
      world_.fail("a counted frame without credit, session " + std::to_string(session_));
    }
    received_ += frame.header.wire_size();
  } else if (frame.header.has(oap::kResp)) {
    answered(frame.header.corr, *message);
  } else {
    told(*message);
  }
}

void SessionWatch::answered(CorrId corr, const oap::Message& message) {
  const auto error = oap::read_error(message);
  if (error) note_not_ready(error->code);
  const auto at = waiting_.find(corr);
  if (at == waiting_.end()) {
    if (!error || corr != 0) world_.fail("an answer that nothing asked for");
    return;
  }
  const Waiting waiting = std::move(at->second);
  waiting_.erase(at);
  const Stamp now = world_.stamp();
  if (waiting.hello) {
    record().hello_answered = now;
    if (error) record().hello_refused = error->code;
    const auto ack = oap::read_hello_ack(message);
    record().established = ack.has_value();
    if (ack) record().max_frame = static_cast<std::uint32_t>(ack->limits.max_frame);
    return;
  }
  ++record().answers_got;
  for (const std::uint32_t op : waiting.ops) {
    world_.history.sub_ops[op].answered = now;
    world_.history.sub_ops[op].refused = error.has_value();
  }
  if (!waiting.publication) return;
  Publication& publication = world_.history.publications[*waiting.publication];
  publication.fate = error ? Fate::kRefused : Fate::kAccepted;
  if (const auto ack = oap::read_ack(message); ack && !error) publication.to = ack->to;
}

void SessionWatch::told(const oap::Message& message) {
  if (message.kind == "credit") {
    record().credit_back += oap::read_credit(message).value_or(0);
    if (record().credit_back > record().counted_sent)
      world_.fail("more credit back than was spent");
  } else if (message.kind == "refused") {
    const auto refused = oap::read_refused(message);
    if (!refused || refused->dropped == 0) return world_.fail("a refused of nothing");
    record().refused_told[std::string(refused->code)] += refused->dropped;
    note_not_ready(refused->code);
  }
}

void SessionWatch::note_not_ready(std::string_view code) {
  if (!record().established || code != "NotReady" || record().not_ready < kNever) return;
  record().not_ready = world_.stamp();
}

}  // namespace ron::sim
