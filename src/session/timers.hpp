// The timers of one session, as state (docs/OAP-1.md section 3).
//
// Each side of a session keeps one. Nothing here fires: the owner asks `next` for the deadline to
// arm and `due` for what has come, so no timer can be stale.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace ron::session {

using namespace std::chrono_literals;

struct TimeLimits {
  Duration handshake = 3s;     // from accept, TLS included
  Duration read = 5s;          // for a whole frame from its first byte ...
  Duration read_per_64k = 1s;  // ... and this for each 64 KiB of its len
  Duration write = 5s;         // without progress
  Duration idle = 15s;         // without a frame from the other side
  Duration linger = 1s;        // discarding input after an orderly close
};

enum class Due : std::uint8_t { kNothing, kHandshake, kRead, kWrite, kIdle, kKeep, kLinger };

class Timers {
 public:
  /// The handshake time runs from `opened`. `limits` must outlive the timers.
  Timers(const TimeLimits& limits, Instant opened);

  /// The handshake is done: idle and keepalive begin.
  void established(Instant now);

  /// The handshake is done, and whether the other side lives is judged by somebody else.
  void established_without_idle();

  /// A whole frame came from, or went to, the other side.
  void frame_received(Instant now);
  void frame_sent(Instant now);

  /// A frame is unfinished; `len` as announced, 0 while unknown. Called after every read; the time
  /// runs from the first call of a frame.
  void frame_partial(std::uint32_t len, Instant now);
  /// No frame is unfinished.
  void frame_complete();

  /// Reading is withheld by this side: the read and idle timers stand still meanwhile.
  void reading_paused(Instant now);
  void reading_resumed(Instant now);

  /// Bytes wait for the stream: the time runs from the first call, and again from each progress.
  void write_waits(Instant now);
  void write_progress(Instant now);
  void write_done();

  /// The session has ended in order and discards input; nothing but this timer runs.
  void lingering(Instant now);

  /// The session flushes its last bytes: only the write timer runs, at most for its full time.
  void closing(Instant now);

  Instant next() const;
  Due due(Instant now) const;

 private:
  const TimeLimits* limits_;
  Instant handshake_;
  Instant read_ = Instant::never();
  Instant write_ = Instant::never();
  Instant idle_ = Instant::never();
  Instant keep_ = Instant::never();
  Instant linger_ = Instant::never();
  Instant partial_since_ = Instant::never();
  Instant paused_at_ = Instant::never();
};

}  // namespace ron::session
