// One thread's event loop: waits until a file descriptor is ready, the timer is due, or another
// thread has something, and says so. It moves no bytes; that is its owner's.
//
// The owner's turn: `turn(may_sleep)` runs every callback that is due, each watched descriptor at
// most once per arming, so a turn always ends however busy the sockets are. All calls but `post`
// and `ring` belong to the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.hpp"

namespace ron::runtime {

/// Monotonic time since the process's origin; the same origin for all threads.
Instant monotonic_now();

/// Told when a watched descriptor is ready. Called in `turn` only.
class ReadyListener {
 public:
  virtual void readable() = 0;
  virtual void writable() = 0;

 protected:
  ~ReadyListener() = default;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs what is ready. With `may_sleep` and nothing ready it first sleeps until something is.
  /// Sleeping takes part in the wake-up handshake (wakeup.hpp): when another thread called `ring`
  /// since the last turn, it does not sleep.
  void turn(bool may_sleep);

  /// The next turn that sleeps returns within a millisecond of `at`; never() for no timer. Replaces
  /// the timer that was set before. One that was due has been used up.
  void set_timer(Instant at);

  /// Trades CPU time for latency: a turn that may sleep first asks again and again, until `most`
  /// has passed since something was ready. Keeps a CPU busy for that long after each event. Zero,
  /// as a loop begins: sleep at once.
  void set_busy_poll(Duration most);

  /// Any thread: runs `job` on the loop's thread in a coming turn. For rare control, not for data.
  void post(std::move_only_function<void()> job);

  /// Any thread: after publishing work (in a ring). Costs one exchange, and one write to an eventfd
  /// when the loop sleeps.
  void ring();

 private:
  friend class Watch;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Interest of one listener in one descriptor. Does not own the descriptor; must go before it is
/// closed, and before its loop. After the destructor no callback comes. Asking throws
/// std::system_error when the kernel has no room for one more watch.
class Watch {
 public:
  Watch() = default;
  Watch(Loop& loop, int fd, ReadyListener& listener);
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();

  /// Asks for one `readable` (also at end of stream and at an error). Repeating is harmless.
  void want_read();
  /// Asks for one `writable`.
  void want_write();
  explicit operator bool() const { return impl_ != nullptr; }

 private:
  friend class Loop;
  struct Impl;
  Impl* impl_ = nullptr;  // the loop frees it once no event can name it
};

}  // namespace ron::runtime
