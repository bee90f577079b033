#include "session.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "common.hpp"

namespace ron::peers {
namespace {

constexpr std::uint64_t kSetupMax = 120ULL * 1'000'000'000;

class Setups {
 public:
  Setups(const Options& options, Codec& codec, SSL_CTX* context, int epoll)
      : options_(options), codec_(codec), context_(context), epoll_(epoll) {}

  void start(Session& session) const {
    const bool other = session.role == Role::kPublisher && options_.pub_port != 0;
    session.channel.connect(options_, other ? options_.pub_port : options_.port);
    watch(EPOLL_CTL_ADD, session, EPOLLIN | EPOLLOUT);
  }

  /// True when the session is ready.
  bool go_on(Session& session, std::uint32_t events) const {
    if (session.connecting && !connected(session, events)) return false;
    if (options_.tls && !session.channel.tls() && !greeted(session)) return false;
    if (!session.channel.handshake()) return false;
    send_out(session);
    std::array<char, 16384> buffer{};
    while (const std::size_t got = session.channel.read(buffer.data(), buffer.size())) {
      session.in.append(buffer.data(), got);
      if (got < buffer.size() && !session.channel.tls()) break;
    }
    const Setup made =
        codec_.setup(session.role, session.in, session.out, session.patterns.front(), session.step);
    if (made == Setup::kRefused) die("session refused");
    send_out(session);
    if (made == Setup::kReady) settle(session);
    return made == Setup::kReady;
  }

 private:
  void watch(int operation, Session& session, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &session;
    if (epoll_ctl(epoll_, operation, session.channel.fd(), &event) != 0) die("epoll_ctl");
  }

  // False: nothing more can be done now.
  bool connected(Session& session, std::uint32_t events) const {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return false;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(session.channel.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    if (error != 0) die("connect");
    session.connecting = false;
    watch(EPOLL_CTL_MOD, session, EPOLLIN);
    if (options_.tls && codec_.greets_before_tls()) return false;
    greet(session);
    return true;
  }

  void greet(Session& session) const {
    if (options_.tls) {
      session.channel.start_tls(context_, codec_.alpn(), session.role == Role::kSubscriber);
    }
    session.out = codec_.hello(session.role, session.patterns, session.id, options_.tls);
  }

  // The server's clear-text greeting is one line.
  bool greeted(Session& session) const {
    std::array<char, 4096> line{};
    const std::size_t got = session.channel.read(line.data(), line.size());
    if (std::find(line.begin(), line.begin() + got, '\n') == line.begin() + got) return false;
    greet(session);
    return true;
  }

  static void send_out(Session& session) {
    while (!session.out.empty()) {
      const std::size_t sent = session.channel.write(session.out.data(), session.out.size());
      session.out.erase(0, sent);
      if (sent == 0) session.channel.wait_writable();
    }
    session.channel.flush();
  }

  void settle(Session& session) const {
    session.ready = true;
    session.limited = codec_.send_window > 0;
    session.credit = static_cast<std::int64_t>(codec_.send_window);
    const bool publisher = session.role == Role::kPublisher;
    if (session.role == Role::kSubscriber) {
      if (session.in.size() > session.carry.size()) die("too much before the first delivery");
      session.carried = session.in.copy(session.carry.data(), session.carry.size());
    }
    if (session.role == Role::kSubscriber || codec_.ignores_answers()) session.in.clear();
    watch(EPOLL_CTL_MOD, session,
          publisher ? EPOLLIN | EPOLLOUT | static_cast<std::uint32_t>(EPOLLET) : EPOLLIN);
  }

  const Options& options_;
  Codec& codec_;
  SSL_CTX* context_;
  int epoll_;
};

}  // namespace

double open_sessions(Sessions& sessions, const Options& options, Codec& codec, SSL_CTX* context,
                     int epoll) {
  const Setups setups(options, codec, context, epoll);
  const std::uint64_t begin = now_ns();
  const auto at_once = static_cast<std::size_t>(options.connect_at_once);
  std::size_t started = 0;
  std::size_t ready = 0;
  std::array<epoll_event, 512> events{};
  while (ready < sessions.size()) {
    while (started < sessions.size() && started - ready < at_once) {
      setups.start(*sessions[started++]);
    }
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 5000);
    if (count <= 0) die("set-up timed out");
    for (int i = 0; i < count; ++i) {
      auto& session = *static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!session.ready && setups.go_on(session, events[static_cast<std::size_t>(i)].events)) {
        ++ready;
      }
    }
    if (now_ns() - begin > kSetupMax) die("set-up took over 120 s");
  }
  return static_cast<double>(now_ns() - begin) * 1e-9;
}

void send_pending(Session& session) {
  if (session.pending.empty()) return;
  session.pending.erase(0, session.channel.write(session.pending.data(), session.pending.size()));
}

}  // namespace ron::peers
