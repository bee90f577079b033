#include "load.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common.hpp"

namespace ron::peers {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kForever = UINT64_MAX / 4;

}  // namespace

Load::Load(const Options& options, Codec& codec, Plan& plan, int epoll)
    : options_(options),
      codec_(codec),
      plan_(plan),
      epoll_(epoll),
      timed_(options.rate > 0),
      slowest_(static_cast<std::size_t>(options.topics)),
      buffer_(1U << 20U) {
  if (options.pid != 0 && clock_getcpuclockid(options.pid, &server_clock_) != 0) die("pid");
  if (timed_) {
    measured_.latency.reserve(
        static_cast<std::size_t>(options.rate * options.secs * options.subs * 1.1) + 1000);
  }
}

Sample Load::sample() const {
  return {now_ns(), options_.pid != 0 ? cpu_seconds(server_clock_) : 0,
          cpu_seconds(CLOCK_PROCESS_CPUTIME_ID), delivered_, calls};
}

std::uint64_t Load::due() const {
  std::uint64_t sum = 0;
  for (const auto& session : plan_.publishers) sum += session->due();
  return sum;
}

bool Load::frame_open() const {
  return !timed_ && std::any_of(plan_.publishers.begin(), plan_.publishers.end(),
                                [](const auto& p) { return p->sent_bytes % p->frame != 0; });
}

Measured Load::run() {
  const std::uint64_t start = now_ns();
  const auto measure_at = start + static_cast<std::uint64_t>(options_.warm * 1e9);
  const auto stop_at = measure_at + static_cast<std::uint64_t>(options_.secs * 1e9);
  std::uint64_t give_up = 0;
  first_send_ = next_send_ = start;
  stall(true);
  for (;;) {
    const std::uint64_t now = now_ns();
    if (measured_.begin.at == 0 && now >= measure_at) {
      measured_.begin = sample();
      measuring_ = true;
    }
    std::uint64_t sent = 0;
    for (const auto& session : plan_.publishers) sent += session->sent;
    if (measuring_ && (now >= stop_at || sent >= options_.max_msgs)) {
      measured_.end = sample();
      measuring_ = false;
      stop_ = true;
      give_up = now + 15 * kSecond;
      stall(false);
    }
    if (stop_ && ((delivered_ + codec_.lagged >= due() && !frame_open()) || now > give_up)) break;
    if (!timed_) {
      update_windows();
      publish();
    } else if (!stop_) {
      publish_at_rate(now);
    }
    receive();
  }
  measured_.lost = static_cast<std::int64_t>(due() - delivered_ - codec_.lagged);
  return std::move(measured_);
}

void Load::update_windows() {
  for (std::size_t topic = 0; topic < slowest_.size(); ++topic) {
    std::uint64_t least = kForever;
    for (const Session* session : plan_.by_topic[topic]) {
      if (!session->stalled) least = std::min(least, session->got * session->scale);
    }
    slowest_[topic] = least;
  }
  if (!options_.shuffle && options_.rare == 0) return;
  const std::uint64_t least = *std::min_element(slowest_.begin(), slowest_.end());
  std::fill(slowest_.begin(), slowest_.end(), least);
}

void Load::publish() {
  const auto sharing = static_cast<std::uint64_t>(std::max(1, options_.pubs / options_.topics));
  for (const auto& each : plan_.publishers) {
    Session& session = *each;
    if (!session.channel.writable) continue;
    if (session.sent_bytes % session.frame == 0) send_pending(session);
    const std::uint64_t window = std::max(options_.min_window, options_.window / session.frame);
    std::uint64_t limit = slowest_[static_cast<std::size_t>(session.topic)] / sharing + window;
    if (stop_) limit = (session.sent_bytes + session.frame - 1) / session.frame;  // the open frame
    const std::uint64_t limit_bytes = limit * session.frame;
    if (limit_bytes <= session.sent_bytes) continue;
    const std::uint64_t room = limit_bytes - session.sent_bytes;
    const std::uint64_t batch = std::min<std::uint64_t>(window * session.frame / 8, 65536);
    if (stop_ || room >= batch) publish_some(session, limit_bytes);
  }
}

void Load::publish_some(Session& session, std::uint64_t limit_bytes) const {
  std::uint64_t room = limit_bytes - session.sent_bytes;
  if (session.limited && !stop_) {
    if (session.credit <= 0) return;
    room = std::min(room, static_cast<std::uint64_t>(session.credit));
  }
  while (room > 0) {
    const std::size_t most = std::min<std::uint64_t>(room, session.batch.size() - session.offset);
    const std::size_t sent = session.channel.write(session.batch.data() + session.offset, most);
    if (sent == 0) break;
    session.offset += sent;
    if (session.offset == session.batch.size()) session.offset = 0;
    session.sent_bytes += sent;
    session.credit -= static_cast<std::int64_t>(sent);
    room -= sent;
    if (sent < most) {
      if (!session.channel.tls()) session.channel.writable = false;
      break;
    }
  }
  session.sent = (session.sent_bytes + session.frame - 1) / session.frame;
}

// Each message carries the time at which it was to be sent: a late generator is a late delivery.
void Load::publish_at_rate(std::uint64_t now) {
  const double gap = 1e9 / options_.rate;
  while (now >= next_send_) {
    Session& session = *plan_.publishers[sent_at_rate_ % plan_.publishers.size()];
    if (next_send_ + kSecond < now) die("the open loop fell 1 s behind");
    measured_.late_max = std::max(measured_.late_max, now - next_send_);
    std::memcpy(session.batch.data() + session.payload_at, &next_send_, sizeof next_send_);
    codec_.vary(session.batch.data(), sent_at_rate_);
    std::size_t offset = 0;
    while (offset < session.frame) {
      const std::size_t sent =
          session.channel.write(session.batch.data() + offset, session.frame - offset);
      offset += sent;
      if (sent > 0) continue;
      session.channel.wait_writable();
    }
    session.credit -= static_cast<std::int64_t>(session.frame);
    if (session.limited && session.credit <= 0) die("the open loop ran out of credit");
    ++session.sent;
    ++sent_at_rate_;
    next_send_ = first_send_ + static_cast<std::uint64_t>(static_cast<double>(sent_at_rate_) * gap);
    now = now_ns();
  }
}

void Load::receive() {
  const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
  if (count < 0 && errno != EINTR) die("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    receive_one(*static_cast<Session*>(event.data.ptr), event.events);
  }
}

void Load::receive_one(Session& session, std::uint32_t events) {
  switch (session.role) {
    case Role::kSubscriber: subscriber_input(session); break;
    case Role::kIdle: idle_input(session); break;
    case Role::kPublisher:
      if ((events & EPOLLOUT) != 0) {
        session.channel.writable = true;
        session.channel.flush();
      }
      if ((events & (EPOLLIN | EPOLLHUP)) != 0) publisher_input(session);
  }
}

// Stalled subscribers are taken out of epoll, so that they cost the generator nothing.
void Load::stall(bool on) {
  for (const auto& each : plan_.subscribers) {
    if (!each->stalled) continue;
    epoll_event event{};
    event.events = on ? 0U : static_cast<std::uint32_t>(EPOLLIN);
    event.data.ptr = each.get();
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, each->channel.fd(), &event) != 0) die("epoll_ctl");
  }
}

void Load::fall_behind(std::uint64_t bytes) {
  for (const auto& each : plan_.subscribers) each->stalled = true;
  stall(true);
  for (const auto& each : plan_.publishers) {
    Session& session = *each;
    const std::uint64_t limit = bytes / session.frame * session.frame;
    while (session.sent_bytes < limit) {
      publish_some(session, limit);
      receive();
    }
    for (int unsent = 1; unsent > 0;) {
      session.channel.flush();
      if (ioctl(session.channel.fd(), SIOCOUTQ, &unsent) != 0) die("SIOCOUTQ");
    }
  }
}

Measured Load::catch_up() {
  stop_ = true;
  measured_.begin = sample();
  stall(false);
  const std::uint64_t give_up = now_ns() + 60 * kSecond;
  while (delivered_ + codec_.lagged < due() && now_ns() < give_up) receive();
  measured_.end = sample();
  measured_.lost = static_cast<std::int64_t>(due() - delivered_ - codec_.lagged);
  return std::move(measured_);
}

}  // namespace ron::peers
