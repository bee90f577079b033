#include "rates.hpp"

#include <algorithm>

#include "session_table.hpp"

namespace ron::cli {
namespace {

double rank(const SessionFlow& session, TopOrder order) {
  switch (order) {
    case TopOrder::kTraffic: return session.flow.bytes_in + session.flow.bytes_out;
    case TopOrder::kQueued: return static_cast<double>(session.queued_bytes);
    case TopOrder::kDropped: return session.flow.dropped;
    case TopOrder::kPublished: return session.flow.published;
    case TopOrder::kDelivered: return session.flow.delivered;
    case TopOrder::kAge: return session.age;
    case TopOrder::kId: break;
  }
  return -static_cast<double>(session.id);
}

}  // namespace

double rate(double before, double now, double seconds) {
  return seconds <= 0 || now < before ? 0 : (now - before) / seconds;
}

RateMeter::Counters RateMeter::of_node(const Json& status) {
  return {.published = number_at(status, "totals.published"),
          .delivered = number_at(status, "totals.delivered"),
          .dropped = number_at(status, "totals.dropped"),
          .bytes_in = number_at(status, "totals.bytes_rx"),
          .bytes_out = number_at(status, "totals.bytes_tx")};
}

RateMeter::Counters RateMeter::of_session(const Json& session) {
  return {.published = number_at(session, "published.frames"),
          .delivered = number_at(session, "delivered.frames"),
          .dropped = number_at(session, "dropped"),
          .bytes_in = number_at(session, "published.bytes"),
          .bytes_out = number_at(session, "delivered.bytes")};
}

Flow RateMeter::flow(const Counters& before, const Counters& now, double seconds) {
  return {.published = rate(before.published, now.published, seconds),
          .delivered = rate(before.delivered, now.delivered, seconds),
          .dropped = rate(before.dropped, now.dropped, seconds),
          .bytes_in = rate(before.bytes_in, now.bytes_in, seconds),
          .bytes_out = rate(before.bytes_out, now.bytes_out, seconds)};
}

SessionFlow RateMeter::read_session(const Json& session, double elapsed) const {
  SessionFlow out;
  out.id = count_at(session, "id");
  out.who = who(session);
  out.channel = text_at(session, "channel");
  out.state = flag_at(session, "tap") ? "tap" : text_at(session, "state");
  out.age = number_at(session, "age_s");
  out.queued = count_at(session, "queued.frames");
  out.queued_bytes = count_at(session, "queued.bytes");
  const auto before = sessions_.find(out.id);
  const bool known = before != sessions_.end();
  // A session that was not among those asked for last time may be old: its totals are no rate.
  if (known || out.age <= elapsed)
    out.flow = flow(known ? before->second : Counters{}, of_session(session), elapsed);
  return out;
}

Interval RateMeter::read(const Json& status, const Json& sessions, double seconds, TopOrder order) {
  const Json& list = at(sessions, "sessions");
  const double elapsed = first_ ? 0 : seconds - at_;
  const Counters node = of_node(status);
  const double cpu = number_at(status, "process.cpu_seconds");
  Interval out;
  out.seconds = elapsed;
  out.ready = flag_at(status, "ready");
  out.draining = flag_at(status, "draining");
  out.sessions = count_at(status, "totals.sessions");
  out.subscriptions = count_at(status, "totals.subscriptions");
  out.queued = count_at(status, "totals.queued_frames");
  out.queue_bytes = count_at(status, "totals.queue_bytes");
  out.queue_capacity = count_at(status, "totals.queue_capacity");
  out.memory = count_at(status, "process.memory_bytes");
  out.open_fds = count_at(status, "process.open_fds");
  out.max_fds = count_at(status, "process.max_fds");
  out.cpu = rate(cpu_, cpu, elapsed);
  out.flow = flow(node_, node, elapsed);
  std::map<std::uint64_t, Counters> now;
  for (const Json& session : list) {
    out.busiest.push_back(read_session(session, elapsed));
    now[out.busiest.back().id] = of_session(session);
  }
  std::ranges::sort(out.busiest, [order](const SessionFlow& a, const SessionFlow& b) {
    const double left = rank(a, order);
    const double right = rank(b, order);
    return left != right ? left > right : a.id < b.id;
  });
  first_ = false;
  at_ = seconds;
  cpu_ = cpu;
  node_ = node;
  sessions_ = std::move(now);
  return out;
}

}  // namespace ron::cli
