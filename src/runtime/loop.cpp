#include "runtime/loop.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "base/check.hpp"
#include "runtime/wakeup.hpp"

namespace ron::runtime {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

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

class Loop::Impl final : public ReadyListener {
 public:
  Impl() : context(1), timer(context), bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    RON_CHECK(bell >= 0);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    watch = Watch();
    ::close(bell);
  }

  void readable() override {
    std::uint64_t rung = 0;
    static_cast<void>(::read(bell, &rung, sizeof rung));
    watch.want_read();
  }
  void writable() override {}

  void arm(Instant at) {
    if (at.is_never() || at >= armed) return;
    armed = at;
    timer.expires_at(origin() + std::chrono::duration_cast<Clock::duration>(at.since_origin()));
    timer.async_wait([this](const boost::system::error_code& error) {
      if (!error) armed = Instant::never();
    });
  }

  asio::io_context context;
  asio::steady_timer timer;
  Instant armed = Instant::never();
  int bell;
  Wakeup<> wakeup;
  Watch watch;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  impl_->watch = Watch(*this, impl_->bell, *impl_);
  impl_->watch.want_read();
}

Loop::~Loop() = default;

void Loop::turn(bool may_sleep) {
  impl_->context.restart();
  if (may_sleep && impl_->wakeup.prepare_sleep()) {
    impl_->context.run_one();
    impl_->wakeup.woke();
  }
  impl_->context.poll();
}

void Loop::set_timer(Instant at) { impl_->arm(at); }

void Loop::post(std::move_only_function<void()> job) { asio::post(impl_->context, std::move(job)); }

void Loop::ring() {
  if (!impl_->wakeup.notify()) return;
  const std::uint64_t one = 1;
  static_cast<void>(::write(impl_->bell, &one, sizeof one));
}

// Shared by the Watch and by the waits it has asked for. A wait that completes after the Watch has
// gone finds no listener.
struct Watch::Impl {
  Impl(asio::io_context& context, int fd, ReadyListener& to)
      : descriptor(context, fd), listener(&to) {}

  static void release(Impl* impl) {
    if (--impl->references == 0) delete impl;
  }

  asio::posix::stream_descriptor descriptor;
  ReadyListener* listener;
  unsigned references = 1;
  bool waits_read = false;
  bool waits_write = false;
};

namespace {

template <typename Impl>
class Pending {
 public:
  Pending(Impl* impl, bool write) : impl_(impl), write_(write) { ++impl_->references; }
  Pending(Pending&& other) noexcept
      : impl_(std::exchange(other.impl_, nullptr)), write_(other.write_) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  Pending& operator=(Pending&&) = delete;
  ~Pending() {
    if (impl_ != nullptr) Impl::release(impl_);
  }

  void operator()(const boost::system::error_code& /*cancelled*/) {
    (write_ ? impl_->waits_write : impl_->waits_read) = false;
    if (impl_->listener == nullptr) return;
    if (write_) {
      impl_->listener->writable();
    } else {
      impl_->listener->readable();
    }
  }

 private:
  Impl* impl_;
  bool write_;
};

}  // namespace

Watch::Watch(Loop& loop, int fd, ReadyListener& listener)
    : impl_(new Impl(loop.impl_->context, fd, listener)) {}

Watch::Watch(Watch&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}

Watch& Watch::operator=(Watch&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

Watch::~Watch() {
  if (impl_ == nullptr) return;
  impl_->listener = nullptr;
  impl_->descriptor.release();
  Impl::release(impl_);
}

void Watch::want_read() {
  if (impl_ == nullptr || std::exchange(impl_->waits_read, true)) return;
  impl_->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                               Pending<Impl>(impl_, false));
}

void Watch::want_write() {
  if (impl_ == nullptr || std::exchange(impl_->waits_write, true)) return;
  impl_->descriptor.async_wait(asio::posix::descriptor_base::wait_write,
                               Pending<Impl>(impl_, true));
}

}  // namespace ron::runtime
