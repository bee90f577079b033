// The loop on epoll. Interest in reading stays registered, level-triggered, so that a session that
// is read again and again costs no system call between its reads; interest nobody has any more is
// taken back when it makes itself felt.
#include "runtime/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "runtime/guarded.hpp"
#include "runtime/wakeup.hpp"

namespace ron::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using Job = std::move_only_function<void()>;

constexpr std::size_t kBatch = 256;  // events of one turn
// Input told in vain before the interest in it is taken back: whoever was told may just wait for
// its turn, and to ask anew costs more than to hear of it again.
constexpr std::uint8_t kPatience = 4;

Clock::time_point origin() {
  // A second before the first call, so that no instant of a run is zero or negative.
  static const Clock::time_point at = Clock::now() - std::chrono::seconds(1);
  return at;
}

}  // namespace

Instant monotonic_now() {
  const Clock::time_point from = origin();
  return Instant(std::chrono::duration_cast<Duration>(Clock::now() - from));
}

struct Watch::Impl {
  Loop::Impl* loop;
  ReadyListener* listener;  // none: the Watch has gone, events of this turn fall on deaf ears
  int fd;
  bool waits_read = false;
  bool waits_write = false;
  std::uint8_t registered = 0;  // what epoll watches for; 0 = not there at all
  std::uint8_t in_vain = 0;     // input told though nobody waited for it

  void want(bool Impl::* waits, std::uint32_t event);
  void happened(std::uint32_t events);
  void leave() noexcept;

 private:
  void change(std::uint32_t events);
};

class Loop::Impl {
 public:
  Impl() : epoll(::epoll_create1(EPOLL_CLOEXEC)), bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    RON_CHECK(epoll >= 0 && bell >= 0);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    RON_CHECK(::epoll_ctl(epoll, EPOLL_CTL_ADD, bell, &event) == 0);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    bury();
    ::close(bell);
    ::close(epoll);
  }

  void turn(bool may_sleep) {
    Events events;
    int timeout = 0;
    const bool sleeps = may_sleep && (timeout = left()) != 0 && wakeup.prepare_sleep();
    const int count = sleeps ? wait(events, timeout) : ask(events, 0);
    if (sleeps) wakeup.woke();
    if (busy_poll > Duration::zero() && count > 0) busy_until = monotonic_now() + busy_poll;
    for (int i = 0; i < count; ++i) happened(events[static_cast<std::size_t>(i)]);
    bury();
    run_jobs();
  }

  int epoll;
  Instant timer = Instant::never();
  Duration busy_poll{0};
  Instant busy_until;  // when it has asked long enough
  Wakeup<> wakeup;
  Guarded<std::vector<Job>> jobs;
  std::vector<Watch::Impl*> dead;  // gone in this turn; its events may still name them

  void ring() {
    if (!wakeup.notify()) return;
    const std::uint64_t one = 1;
    static_cast<void>(::write(bell, &one, sizeof one));
  }

 private:
  using Events = std::array<epoll_event, kBatch>;

  int ask(Events& events, int timeout) const {
    return ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout);
  }

  // While it asks it counts as asleep: other threads ring the bell, which is among what it asks
  // for.
  int wait(Events& events, int timeout) const {
    while (busy_poll > Duration::zero()) {
      const int count = ask(events, 0);
      const Instant now = monotonic_now();
      if (count != 0 || timer <= now) return count;
      if (busy_until <= now) break;
    }
    return ask(events, timeout);
  }

  // Milliseconds to the timer, rounded up; -1 without one. A timer that is due is used up.
  int left() {
    if (timer.is_never()) return -1;
    const Duration wait = timer - monotonic_now();
    if (wait <= Duration::zero()) {
      timer = Instant::never();
      return 0;
    }
    constexpr std::int64_t kLongest = 3'600'000;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    return static_cast<int>(std::min<std::int64_t>(ms, kLongest));
  }

  void happened(const epoll_event& event) const {
    if (event.data.ptr != nullptr) {
      static_cast<Watch::Impl*>(event.data.ptr)->happened(event.events);
      return;
    }
    std::uint64_t rung = 0;
    static_cast<void>(::read(bell, &rung, sizeof rung));
  }

  void bury() {
    for (const Watch::Impl* watch : dead) delete watch;
    dead.clear();
  }

  void run_jobs() {
    std::vector<Job> due;
    jobs.with([&](std::vector<Job>& waiting) { due.swap(waiting); });
    for (Job& job : due) job();
  }

  int bell;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() = default;

void Loop::turn(bool may_sleep) { impl_->turn(may_sleep); }

void Loop::set_timer(Instant at) { impl_->timer = at; }

void Loop::set_busy_poll(Duration most) {
  impl_->busy_poll = most;
  impl_->busy_until = monotonic_now() + most;
}

void Loop::post(Job job) {
  impl_->jobs.with([&](std::vector<Job>& waiting) { waiting.push_back(std::move(job)); });
  impl_->ring();
}

void Loop::ring() { impl_->ring(); }

void Watch::Impl::change(std::uint32_t events) {
  const int what = events == 0 ? EPOLL_CTL_DEL : registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{.events = events, .data = {.ptr = this}};
  if (::epoll_ctl(loop->epoll, what, fd, &event) != 0) {
    // For want of kernel memory or of watches (fs.epoll.max_user_watches).
    throw std::system_error(errno, std::generic_category(), "cannot watch a descriptor");
  }
  registered = static_cast<std::uint8_t>(events);  // EPOLLIN, EPOLLOUT
}

void Watch::Impl::leave() noexcept {
  if (registered != 0) ::epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, nullptr);
  listener = nullptr;
  loop->dead.push_back(this);
}

void Watch::Impl::want(bool Impl::* waits, std::uint32_t event) {
  this->*waits = true;
  if ((registered & event) == 0) change(registered | event);
}

void Watch::Impl::happened(std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool read = broken || (events & EPOLLIN) != 0;
  const bool write = broken || (events & EPOLLOUT) != 0;
  if (listener == nullptr) return;
  std::uint32_t unwanted = 0;
  if (waits_read) in_vain = 0;
  if (read && !waits_read && (broken || ++in_vain > kPatience)) unwanted |= EPOLLIN;
  if (write && !waits_write) unwanted |= EPOLLOUT;
  // A broken descriptor is reported whatever is asked for; with nobody to hear it, it has to leave.
  const bool leave = broken && unwanted == (EPOLLIN | EPOLLOUT);
  if (leave || (registered & unwanted) != 0) change(leave ? 0 : registered & ~unwanted);
  if (read && std::exchange(waits_read, false)) listener->readable();
  if (write && listener != nullptr && std::exchange(waits_write, false)) listener->writable();
}

Watch::Watch(Loop& loop, int fd, ReadyListener& listener)
    : impl_(new Impl{.loop = loop.impl_.get(), .listener = &listener, .fd = fd}) {}

Watch::Watch(Watch&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

Watch::~Watch() {
  if (impl_ != nullptr) impl_->leave();
}

void Watch::want_read() {
  if (impl_ != nullptr && !impl_->waits_read) impl_->want(&Impl::waits_read, EPOLLIN);
}

void Watch::want_write() {
  if (impl_ != nullptr && !impl_->waits_write) impl_->want(&Impl::waits_write, EPOLLOUT);
}

}  // namespace ron::runtime
