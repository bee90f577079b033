#include "session/timers.hpp"

#include <algorithm>

namespace ron::session {

Timers::Timers(const TimeLimits& limits, Instant opened)
    : limits_(&limits), handshake_(opened + limits.handshake) {}

void Timers::established(Instant now) {
  handshake_ = Instant::never();
  idle_ = now + limits_->idle;
  keep_ = now + limits_->idle / 3;  // OAP-3.33
}

void Timers::established_without_idle() { handshake_ = Instant::never(); }

// OAP-3.32
void Timers::frame_received(Instant now) {
  if (!idle_.is_never()) idle_ = now + limits_->idle;
}

void Timers::frame_sent(Instant now) {
  if (!keep_.is_never()) keep_ = now + limits_->idle / 3;
}

// OAP-3.29
void Timers::frame_partial(std::uint32_t len, Instant now) {
  if (partial_since_.is_never()) partial_since_ = now;
  const std::int64_t steps = len / (64 * 1024);
  read_ = partial_since_ + limits_->read + limits_->read_per_64k * steps;
}

void Timers::frame_complete() {
  partial_since_ = Instant::never();
  read_ = Instant::never();
}

// OAP-3.30
void Timers::reading_paused(Instant now) {
  if (paused_at_.is_never()) paused_at_ = now;
}

void Timers::reading_resumed(Instant now) {
  if (paused_at_.is_never()) return;
  const Duration stood_still = now - paused_at_;
  paused_at_ = Instant::never();
  if (!partial_since_.is_never()) {
    partial_since_ = partial_since_ + stood_still;
    read_ = read_ + stood_still;
  }
  if (!idle_.is_never()) idle_ = idle_ + stood_still;
}

// OAP-3.31
void Timers::write_waits(Instant now) {
  if (write_.is_never()) write_ = now + limits_->write;
}

void Timers::write_progress(Instant now) {
  if (!write_.is_never()) write_ = now + limits_->write;
}

void Timers::write_done() { write_ = Instant::never(); }

void Timers::lingering(Instant now) {
  handshake_ = read_ = write_ = idle_ = keep_ = partial_since_ = Instant::never();
  linger_ = now + limits_->linger;
}

void Timers::closing(Instant now) {
  handshake_ = read_ = idle_ = keep_ = partial_since_ = Instant::never();
  write_ = now + limits_->write;
}

Instant Timers::next() const {
  const Instant inward = paused_at_.is_never() ? std::min(read_, idle_) : Instant::never();
  return std::min({handshake_, inward, write_, keep_, linger_});
}

Due Timers::due(Instant now) const {
  if (linger_ <= now) return Due::kLinger;
  if (handshake_ <= now) return Due::kHandshake;
  if (write_ <= now) return Due::kWrite;
  if (paused_at_.is_never()) {
    if (read_ <= now) return Due::kRead;
    if (idle_ <= now) return Due::kIdle;
  }
  if (keep_ <= now) return Due::kKeep;
  return Due::kNothing;
}

}  // namespace ron::session
